//! Any bytes as a field of a struct, and as a struct.
#![no_main]

#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::packed(bytes));
