//! A program whose tasks and workflows are launched.

#[path = "tasks.rs"]
mod tasks;

// What the suite of backends runs on a cluster runs in this program.
nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
