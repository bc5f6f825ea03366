// The tasks that the cases are made with.
use std::collections::HashMap;

use nebulakit::prelude::*;

#[derive(NebulaType, Debug, Clone)]
pub struct Config {
    pub rate: f64,
    pub depth: i64,
}

#[derive(TaskOutputs)]
pub struct Division {
    pub quotient: i64,
    pub remainder: i64,
}

#[task]
pub fn split(corpus: Directory, #[default(8)] parts: i64) -> Vec<File> {
    let _ = (corpus, parts);
    vec![]
}

#[task]
pub fn count(shard: File) -> HashMap<String, i64> {
    let _ = shard;
    HashMap::new()
}

#[task]
pub fn double(x: i64) -> i64 {
    2 * x
}

#[task]
pub fn scale(x: f64) -> f64 {
    x
}

#[task]
pub fn greet(name: String) -> String {
    name
}

#[task]
pub fn maybe(x: Option<i64>) -> Option<i64> {
    x
}

#[task]
pub fn sum(xs: Vec<i64>) -> i64 {
    xs.iter().sum()
}

#[task]
pub fn configure() -> Config {
    Config { rate: 1.0, depth: 1 }
}

#[task]
pub fn divide(a: i64, b: i64) -> Division {
    Division { quotient: a / b, remainder: a % b }
}

#[task]
pub fn pair(a: i64) -> (i64, String) {
    (a, String::new())
}

#[task]
pub fn log(text: String) {
    let _ = text;
}

#[task]
pub fn clean_up(x: i64, err: Option<FlyteError>) {
    let _ = (x, err);
}

#[task(reference(project = "p", domain = "d", name = "n", version = "v"))]
pub fn far(x: i64) -> i64;

#[workflow]
pub fn quadruple(x: Promise<i64>) -> Promise<i64> {
    double::node(double::node(x))
}

#[launch_plan(reference(project = "p", domain = "d", name = "n", version = "v"))]
pub fn far_plan(x: Promise<i64>) -> Promise<i64>;

#[launch_plan]
pub fn plan(x: Promise<i64>) -> Promise<i64> {
    quadruple::node(x)
}
