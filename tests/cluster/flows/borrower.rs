//! A map of a workflow that runs a task of Python: the control plane says its template, so this can be registered and not packaged.
#![allow(missing_docs, reason = "the names say what the suite needs")]

use nebulakit::prelude::*;

/// `neighbours.doubled`, which the suite registers with flytekit.
#[task(reference(project = "flytesnacks", domain = "development", name = "neighbours.doubled", version = "flows-1"))]
fn doubled(x: i64) -> i64;

#[task]
fn total(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[workflow]
fn four_times(x: Promise<i64>) -> Promise<i64> {
    doubled::node(doubled::node(x))
}

#[workflow]
fn mapped(xs: Promise<Vec<i64>>) -> Promise<i64> {
    total::node(four_times::map(xs))
}

nebulakit::main!();
