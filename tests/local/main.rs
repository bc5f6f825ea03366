//! Workflows and tasks that run in this process: what a graph says is what happens.
#![allow(clippy::cast_precision_loss, clippy::unwrap_used, reason = "the tasks are small, and a test fails by panicking")]

mod cache;
mod conditions;
mod dynamic;
mod failures;
mod folders;
mod gates;
mod guide;
mod keeps;
mod many;
mod maps;
mod mocks;
mod recorded;
mod resumed;
mod rules;
mod shapes;
mod usage;
mod values;

/// The bytes of a literal.
fn literal<T: nebulakit::NebulaType>(value: &T) -> Vec<u8> {
    nebulakit::types::encode(value, &nebulakit::types::Dialect::FLYTE_1).unwrap()
}
