//! Graphs as what Flyte 1 registers: beside what flytekit registers, and beside what the platform refuses.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod arms;
mod dynamic;
mod golden;
mod mapped;
mod marks;
mod pass;
mod ran;
mod refused;
mod size;
#[path = "../workflow/twins.rs"]
mod twins;
mod whole;

use nebulakit::backend::flyte::compile::{Compiled, Entity, Options, Program, compile};
use nebulakit::graph::{Graph, Problems};
use nebulakit_types::wire::flyteidl::admin::{LaunchPlanSpec, TaskSpec, WorkflowSpec};

/// What the golden projects were registered with.
fn options() -> Options {
    Options::new("ghcr.io/nebula/golden:v1", "/app").target("flytesnacks", "development", "v1")
}

fn compiled(graph: Result<Graph, Problems>) -> Compiled {
    compile(&Program::of([graph.unwrap()]), &options()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Why a workflow is refused, as text.
fn refusal(graph: Result<Graph, Problems>) -> String {
    match graph.and_then(|graph| compile(&Program::of([graph]), &options())) {
        Ok(_) => String::new(),
        Err(problems) => problems.to_string(),
    }
}

fn task<'c>(compiled: &'c Compiled, name: &str) -> &'c TaskSpec {
    let found = compiled.entities.iter().find_map(|entity| match entity {
        Entity::Task { id, spec, .. } if id.name == name => Some(&**spec),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no task {name} among {:?}", names(compiled)))
}

fn workflow<'c>(compiled: &'c Compiled, name: &str) -> &'c WorkflowSpec {
    let found = compiled.entities.iter().find_map(|entity| match entity {
        Entity::Workflow { id, spec } if id.name == name => Some(&**spec),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no workflow {name} among {:?}", names(compiled)))
}

fn launch_plan<'c>(compiled: &'c Compiled, name: &str) -> &'c LaunchPlanSpec {
    let found = compiled.entities.iter().find_map(|entity| match entity {
        Entity::LaunchPlan { id, plan, .. } if id.name == name => plan.spec.as_ref(),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no launch plan {name} among {:?}", names(compiled)))
}

fn names(compiled: &Compiled) -> Vec<&str> {
    compiled.entities.iter().map(|entity| &*entity.id().name).collect()
}
