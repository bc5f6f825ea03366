//! `node-execute`: one attempt at a node of a plan, as an engine's job starts it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod attempts;
mod claims;
mod ends;
#[cfg(feature = "flyte")]
mod flows;
mod plan;
mod refused;
