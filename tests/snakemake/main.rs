//! The Snakemake backend keeps the promises of backends, on a real Snakemake: `SNAKEMAKE` names it, and `.ci/snakemake` installs it.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking; it asks where Snakemake is")]

mod conformance;
mod faults;

nebulakit::testing::backend_conformance::register!();

/// The program of the jobs.
const PROGRAM: &str = env!("CARGO_BIN_EXE_snakemake_flows");
