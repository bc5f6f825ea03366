//! Any bytes as a literal, and as files that literals refer to, with little memory.
#![no_main]

use std::alloc::System;

use cap::Cap;

#[path = "../properties.rs"]
mod properties;
#[path = "../references.rs"]
mod references;

/// More than this is an allocation that fails, which ends the process.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let limit = MEMORY.allocated() + (256 << 20) + 100 * bytes.len();
    MEMORY.set_limit(limit).expect("it is more than there is");
    properties::literal(bytes);
    references::references(bytes);
    MEMORY.set_limit(usize::MAX).expect("there is no limit");
});
