//! The program whose commands the double starts.
#![allow(dead_code, reason = "the tests read what else is there")]

mod flows;
#[path = "../workflow/twins.rs"]
mod twins;

nebulakit::main!();
