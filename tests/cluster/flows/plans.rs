//! Launch plans: with fixed and free inputs, as nodes, and by the clock.

use nebulakit::prelude::*;

use crate::constructs::total;

#[workflow]
fn sums(a: Promise<i64>, b: Promise<i64>, #[default(100)] c: Promise<i64>) -> Promise<i64> {
    total::node([a, b, c])
}

/// `a` is fixed, `b` has a default of its own, and `c` that of the workflow.
#[launch_plan(labels("suite" = "flows"), max_parallelism = 5)]
fn planned(#[default(20)] b: Promise<i64>) -> Promise<i64> {
    sums::node(1, b, Default)
}

#[workflow]
fn plans(b: Promise<i64>) -> Promise<i64> {
    total::node([planned::node(b), planned::node(Default)])
}

/// Every minute.
#[launch_plan(cron = "* * * * *")]
fn by_the_clock() -> Promise<i64> {
    sums::node(1, 2, 3)
}
