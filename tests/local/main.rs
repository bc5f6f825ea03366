//! Workflows and tasks that run in this process: what a graph says is what happens.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used, reason = "the tasks are small, and a test fails by panicking")]

mod cache;
mod conditions;
mod dynamic;
mod failures;
mod folders;
mod gates;
mod guide;
mod maps;
mod mocks;
mod recorded;
mod rules;
mod shapes;
mod usage;
mod values;
