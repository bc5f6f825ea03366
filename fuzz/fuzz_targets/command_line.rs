//! Any words as a command line, with little memory.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[path = "../command_line.rs"]
mod command_line;

/// More than this is an allocation that fails, which ends the process.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limit = MEMORY.allocated() + (192 << 20) + 200 * bytes.len();
    MEMORY.set_limit(limit).expect("it is more than there is");
    let _ = command_line::command_line(bytes);
    MEMORY.set_limit(usize::MAX).expect("there is no limit");
});
