//! The local backend keeps the promises of backends, in every strategy, and a backend that does not is told which it breaks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broken;
mod command;
mod local;

nebulakit::testing::backend_conformance::register!();
