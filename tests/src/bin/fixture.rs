//! Tasks of every kind, for the tests that drive a real process; no example to follow.
#![allow(missing_docs, reason = "the names say what the tests need")]

#[path = "fixture/beside.rs"]
mod beside;
#[path = "fixture/cluster.rs"]
mod cluster;
#[path = "fixture/containers.rs"]
mod containers;
#[path = "fixture/data.rs"]
mod data;
#[path = "fixture/defaults.rs"]
mod defaults;
#[path = "fixture/endings.rs"]
mod endings;
#[path = "fixture/forms.rs"]
mod forms;
#[path = "fixture/golden.rs"]
mod golden;
#[path = "fixture/hostile.rs"]
mod hostile;
#[path = "fixture/marks.rs"]
mod marks;
#[path = "fixture/supervised.rs"]
mod supervised;
#[path = "fixture/surroundings.rs"]
mod surroundings;
#[cfg(feature = "schema")]
#[path = "fixture/tables.rs"]
mod tables;
#[path = "fixture/types.rs"]
mod types;

nebulakit::main!();
