//! A program whose launch plan and whose task name files of the machine that registers them.

use nebulakit::prelude::*;

#[task(name = "app.count")]
fn count(table: File, #[default(File::from_path("default.csv"))] other: File) -> i64 {
    let _ = (table, other);
    0
}

#[workflow(name = "app.daily")]
fn daily(table: Promise<File>) -> Promise<i64> {
    count::node(table, Default)
}

/// Every day with the same table.
#[launch_plan(name = "app.nightly")]
fn nightly() -> Promise<i64> {
    daily::node(File::from_path("limits.csv"))
}

nebulakit::main!();
