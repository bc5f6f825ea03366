//! The workflows that are measured on a cluster, beside those of `benches/python/onto_flyte.py`: all of them run one task.

use nebulakit::prelude::*;

/// Adds two numbers.
#[task(name = "onto_flyte.add")]
fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Twenty nodes, each fed by the one before.
#[workflow(name = "onto_flyte.chain_20")]
fn chain_20() -> Promise<i64> {
    (0..20).fold(Promise::of(1), |sum, _| add::node(sum, 1))
}

/// One node for each number below.
fn doubled(most: i64) -> Promise<Vec<i64>> {
    let numbers: Vec<_> = (0..most).collect();
    add::map(numbers.clone(), numbers)
}

#[workflow(name = "onto_flyte.map_20")]
fn map_20() -> Promise<Vec<i64>> {
    doubled(20)
}

#[workflow(name = "onto_flyte.map_100")]
fn map_100() -> Promise<Vec<i64>> {
    doubled(100)
}

#[workflow(name = "onto_flyte.map_500")]
fn map_500() -> Promise<Vec<i64>> {
    doubled(500)
}

/// A task that makes one node for each number below.
#[task(name = "onto_flyte.fan_out")]
fn fan_out(most: i64) -> Promise<Vec<i64>> {
    (0..most).map(|number| add::node(number, number)).collect()
}

#[workflow(name = "onto_flyte.dynamic_50")]
fn dynamic_50() -> Promise<Vec<i64>> {
    fan_out::node(50)
}

/// Workflows that lie in each other: each adds one, and the rest is done by the next.
macro_rules! nested {
    ($name:ident = $full:literal) => {
        #[workflow(name = $full)]
        fn $name(x: Promise<i64>) -> Promise<i64> {
            add::node(x, 1)
        }
    };
    ($name:ident = $full:literal, $next:ident = $($rest:tt)*) => {
        #[workflow(name = $full)]
        fn $name(x: Promise<i64>) -> Promise<i64> {
            $next::node(add::node(x, 1))
        }
        nested!($next = $($rest)*);
    };
}

nested!(
    level_1 = "onto_flyte.level_1",
    level_2 = "onto_flyte.level_2",
    level_3 = "onto_flyte.level_3",
    level_4 = "onto_flyte.level_4",
    level_5 = "onto_flyte.level_5",
    level_6 = "onto_flyte.level_6",
    level_7 = "onto_flyte.level_7",
    level_8 = "onto_flyte.level_8",
    level_9 = "onto_flyte.level_9",
    level_10 = "onto_flyte.level_10",
    level_11 = "onto_flyte.level_11",
    level_12 = "onto_flyte.level_12",
    level_13 = "onto_flyte.level_13",
    level_14 = "onto_flyte.level_14",
    level_15 = "onto_flyte.level_15",
    level_16 = "onto_flyte.level_16",
    level_17 = "onto_flyte.level_17",
    level_18 = "onto_flyte.level_18",
    level_19 = "onto_flyte.level_19",
    level_20 = "onto_flyte.level_20"
);

#[workflow(name = "onto_flyte.nested_20")]
fn nested_20() -> Promise<i64> {
    level_1::node(1)
}

nebulakit::main!();
