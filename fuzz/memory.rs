//! The memory of the targets that read tables: little more than the input is long, so that a few bytes that claim much end the process.

use std::alloc::System;

use cap::Cap;

/// More than the limit is an allocation that fails.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// What an input may take, however short it is.
const LEAST: usize = 64 << 20;

/// What it may take besides, for each of its bytes.
const FOR_EACH_BYTE: usize = 20;

/// Runs `property` on `bytes` with little memory.
pub fn limited(bytes: &[u8], property: impl FnOnce(&[u8])) {
    let limit = MEMORY.allocated() + LEAST + FOR_EACH_BYTE * bytes.len();
    MEMORY.set_limit(limit).expect("it is more than there is");
    property(bytes);
    MEMORY.set_limit(usize::MAX).expect("there is no limit");
}
