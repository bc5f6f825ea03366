//! Any bytes as a configuration file, and as the value of each setting in the environment.
#![no_main]

#[path = "../config.rs"]
mod config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::config(bytes));
