#![no_std]
extern crate no_such_crate;
