//! Workflows that a cluster runs: every construct that a graph can hold, and every way to end.
#![allow(missing_docs, reason = "the names say what the suite needs")]

mod constructs;
mod fates;
mod neighbours;
mod plans;

nebulakit::main!();
