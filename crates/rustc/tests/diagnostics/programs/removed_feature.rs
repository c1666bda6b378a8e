#![feature(box_syntax)]
