//! Any bytes as a table in Parquet, Arrow IPC or CSV, with little memory.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[path = "../tables.rs"]
mod tables;

/// More than this is an allocation that fails, which ends the process.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

libfuzzer_sys::fuzz_target!(init: tables::only_our_own_panics_are_faults(), |bytes: &[u8]| {
    let limit = MEMORY.allocated() + (64 << 20) + 20 * bytes.len();
    MEMORY.set_limit(limit).expect("it is more than there is");
    tables::table(bytes);
    MEMORY.set_limit(usize::MAX).expect("there is no limit");
});
