//! A task that does next to nothing: what a container costs by itself.

use nebulakit::prelude::*;

/// Adds two numbers.
#[task]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

nebulakit::main!();
