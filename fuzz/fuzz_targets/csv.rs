//! Any bytes as a table in CSV, with little memory.
#![no_main]

#[path = "../memory.rs"]
mod memory;
#[path = "../tables.rs"]
mod tables;

use tables::Format;

libfuzzer_sys::fuzz_target!(init: tables::only_our_own_panics_are_faults(), |bytes: &[u8]| {
    memory::limited(bytes, |bytes| tables::table(Format::Csv, bytes));
});
