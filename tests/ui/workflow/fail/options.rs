#[path = "../tasks.rs"]
mod tasks;

use nebulakit::prelude::*;
use tasks::*;

#[workflow(on_failure = clean_up)]
fn names_its_handler(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[workflow(cron = "0 2 * * *", retries = 3, keep_goin)]
fn has_options_of_others(x: Promise<i64>) -> Promise<i64> {
    double::node(x)
}

#[launch_plan(cron = "hourly")]
fn alias(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(cron = "0 2 * *")]
fn four_fields(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(cron = "0 2 * * *", every = "10m")]
fn two_schedules(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(every = "10m", kickoff = x)]
fn fixed_rate_with_kickoff(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(every = "10s")]
fn too_often(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(cron = "0 2 * * *", kickoff = y)]
fn unknown_kickoff(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(kickoff = x)]
fn kickoff_without_a_schedule(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[launch_plan(notify(email = ["somebody"], on = [done]), max_parallelism = 0, fixed_inputs(x = 1))]
fn wrong_values(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}

#[task(reference(project = "p", domain = "d", name = "n"))]
fn without_a_version(x: i64) -> i64;

#[task(strategy = "process")]
fn quoted_strategy(x: i64) -> i64 {
    x
}

#[task(strategy = proces)]
fn misspelt_strategy(x: i64) -> i64 {
    x
}

fn main() {}
