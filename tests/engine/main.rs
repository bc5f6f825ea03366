//! The double drives executions as the platform does.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]
#![allow(dead_code, reason = "the program runs what is only named here")]

mod flows;
#[path = "../workflow/twins.rs"]
mod twins;

mod door;
mod faults;
mod looked;
mod messages;
mod recorded_admin;
mod recorded_refusals;
mod recorded_runs;
mod runs;
mod shown;
mod uploads;

use std::path::Path;

use nebulakit::backend::flyte::RegisterOptions;
use nebulakit::backend::flyte::compile::{Compiled, Options, Program, compile};
use nebulakit::graph::Graph;
use nebulakit_tests::flyte::{DOMAIN, Double, PROJECT};

/// A double whose images hold the program.
fn double() -> Double {
    let folder = Path::new(env!("CARGO_BIN_EXE_engine")).parent().unwrap();
    Double::start(["app:1", "ghcr.io/nebula/override:v2"].map(|image| (image, folder.to_owned())))
}

fn compiled(program: &Program) -> Compiled {
    compile(program, &Options::new("app:1", "engine").target(PROJECT, DOMAIN, "v1")).unwrap()
}

/// The same, with these workflows registered by the client.
async fn registered(graphs: impl IntoIterator<Item = Graph>) -> Double {
    let double = double();
    register(&double, Program::of(graphs)).await;
    double
}

async fn register(double: &Double, program: Program) {
    let entities = compiled(&program).entities;
    let registration = double.client().register(&entities, &RegisterOptions::default()).await.unwrap();
    assert!(registration.is_success(), "{registration}");
}
