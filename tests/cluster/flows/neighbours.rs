//! Tasks of Python in workflows of ours.

use nebulakit::prelude::*;

use crate::constructs::double;

/// `neighbours.doubled`, which the suite registers with flytekit.
#[task(reference(project = "flytesnacks", domain = "development", name = "neighbours.doubled", version = "flows-1"))]
fn doubled(x: i64) -> i64;

#[workflow]
fn between(x: Promise<i64>) -> Promise<i64> {
    doubled::node(double::node(doubled::node(x)))
}
