//! Workflows as data: what is wrong with one, its JSON, its schedules, its pictures, and asserts on it.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test fails by panicking, and is told to write its pictures anew")]

mod asserts;
mod drawing;
mod hostile;
mod json;
mod problems;
mod schedules;
mod schema;
mod size;

use nebulakit::graph::Graph;
use serde_json::Value;

/// A valid graph with a node of every kind.
const ALL_KINDS: &str = include_str!("all_kinds.json");

fn all_kinds() -> Graph {
    Graph::from_json(ALL_KINDS).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The same as a tree, to be damaged.
fn document() -> Value {
    serde_json::from_str(ALL_KINDS).unwrap()
}
