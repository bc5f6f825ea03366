//! A program that registers a dynamic task, which runs what is registered elsewhere.

use nebulakit::prelude::*;

#[task(reference(project = "ml", domain = "production", name = "ml.classify", version = "2026"))]
fn classify(x: i64) -> i64;

#[task(name = "app.borrows")]
fn borrows(x: i64) -> Promise<i64> {
    classify::node(x)
}

nebulakit::main!();
