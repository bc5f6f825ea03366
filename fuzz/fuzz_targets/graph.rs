//! Any bytes as a graph in JSON.
#![no_main]

#[path = "../graphs.rs"]
mod graphs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| graphs::graph(bytes));
