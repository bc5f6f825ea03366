//! A graph as the files of a plan.

use std::path::PathBuf;

use bytes::Bytes;

use super::backend::{NAME, SnakemakeBackend};
use super::refused::refused;
use super::rules::rules;
use super::snakefile::{Head, RUN, limits, profile, snakefile};
use crate::backend::inputs::unfit;
use crate::backend::{Options, Plan, RunError, needs};
use crate::graph::Graph;
use crate::task::mock::Mocks;

/// The program of the jobs, from the plan's folder: a link to the copy that has its digest.
pub(super) const PROGRAM: &str = "bin/program";

/// The logger plugin, and where Python looks for it.
const PLUGIN: (&str, &str) = ("plugins/snakemake_logger_plugin_nebulakit/__init__.py", include_str!("plugin.py"));

/// The plan of a graph.
///
/// # Errors
/// With everything that is wrong with it.
pub(super) fn compiled(backend: &SnakemakeBackend, graph: &Graph, options: &Options) -> Result<Plan, RunError> {
    let mut reasons = needs::missing(graph, &Mocks::default());
    reasons.extend(refused(graph));
    if !options.is_checked {
        reasons.extend(unfit(graph, &Bytes::copy_from_slice(&options.inputs)).map_err(RunError::Inputs)?);
    }
    let unknown = options.of_a_folder().filter(|name| ["from", "strict", "keep"].contains(name));
    reasons.extend(unknown.map(|name| format!("`Options::{name}` is for runs by our own driver, and Snakemake drives this one")));
    if !reasons.is_empty() {
        return Err(RunError::Refused(reasons));
    }
    let rules = rules(graph);
    let head = Head { graph, program: PROGRAM, has_benchmarks: backend.has_benchmarks, image: backend.image.as_deref() };
    let json = graph.to_json().map_err(RunError::Graph)?;
    let file = |name: &str, contents: Vec<u8>| (PathBuf::from(name), contents);
    let files = vec![
        file("graph.json", json.into_bytes()),
        file("inputs.pb", options.inputs.clone()),
        file("Snakefile", snakefile(&head, &rules).into_bytes()),
        file("run.sh", RUN.as_bytes().to_vec()),
        file("profiles/default/config.yaml", profile(graph, &limits(&rules, &backend.limits)).into_bytes()),
        file(PLUGIN.0, PLUGIN.1.as_bytes().to_vec()),
    ];
    Ok(Plan { backend: NAME.into(), graph: graph.clone(), options: options.clone(), files })
}
