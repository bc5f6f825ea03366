//! A graph that is registered before it is launched, under a version that is the same for the same graph.

use super::super::client::FlyteClient;
use super::super::compile::{Options, Program, compile};
use super::super::register::{RegisterOptions, version_of};
use super::is_task;
use crate::backend::RunError;
use crate::graph::Graph;
use crate::task::registry::registry;

/// Registers a graph in the project and the domain of the client; its version.
pub(super) async fn registered(client: &FlyteClient, graph: &Graph, options: &Options) -> Result<String, RunError> {
    let program = match registry().iter().find(|task| is_task(graph) && task.name == graph.name) {
        Some(task) => Program::default().with_task(task),
        None => Program::of([graph.clone()]),
    };
    let version = version_of(&compile(&program, options).map_err(RunError::Graph)?.entities);
    let options = options.clone().target(client.known_project()?, client.domain(), &version);
    let compiled = compile(&program, &options).map_err(RunError::Graph)?;
    let registration = client.register(&compiled.entities, &RegisterOptions::default()).await?;
    if registration.is_success() {
        return Ok(version);
    }
    let refused = registration.entities.iter().filter(|entity| !entity.is_registered());
    Err(RunError::Refused(refused.map(|entity| entity.to_string().trim_end().to_owned()).collect()))
}
