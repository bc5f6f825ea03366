//! What messages show of URLs, and what the settings, files and prefixes of strangers can do to a task.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../nebulakit-types/tests/fault_server/mod.rs"]
mod fault_server;

mod configuration;
mod limits;
mod matrix;
mod prefixes;
mod processes;
mod urls;
