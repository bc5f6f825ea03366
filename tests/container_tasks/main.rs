//! Container tasks: programs in images of their own, whose inputs and outputs are files. Nothing here needs an engine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod as_copilot;
mod declared;
mod driven;
mod hostile;
