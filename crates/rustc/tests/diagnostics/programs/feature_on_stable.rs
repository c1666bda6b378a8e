#![feature(arbitrary_self_types)]
