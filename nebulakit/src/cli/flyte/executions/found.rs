//! Which execution and which of its nodes are meant.

use clap::ArgMatches;
use nebulakit_types::visible;

use crate::backend::flyte::{ClientError, ClientErrorKind, Execution, ExecutionId, ExecutionNode};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::{self, failed};
use crate::cli::word::word;
use crate::services::config::Config;

/// The execution that the command line names.
pub(super) fn named(matches: &ArgMatches, config: &Config) -> Result<ExecutionId, Complaint> {
    let (project, domain) = (place::project(matches, config), place::domain(matches, config));
    ExecutionId::parse(word(matches, "execution"), project.as_deref(), Some(&domain)).map_err(|error| {
        let complaint = Complaint { exit: crate::process::exit::Exit::Usage, ..failed(&error) };
        match project {
            Some(_) => complaint,
            None => complaint.or_hint("hint: `--project` names a project, and so does `task.project` in the configuration file"),
        }
    })
}

/// A node.
pub(super) struct Found {
    /// The execution that it is in: that of a launch plan, where the path leads through its node.
    pub(super) execution: Execution,
    pub(super) node: ExecutionNode,
    /// The element, if one of a map is meant.
    pub(super) element: Option<u32>,
}

/// The node that is called so: by its path, by its id, or by its path in the execution that a node launched; `[5]` behind it is an element of a map. A path of
/// the run that was recorded here is one too.
///
/// # Errors
/// There is none, with the paths that there are.
pub(super) async fn node(mut execution: Execution, name: &str) -> Result<Found, ClientError> {
    let mut rest = name.to_owned();
    loop {
        let nodes = execution.nodes().await?;
        let all: Vec<_> = nodes.iter().flat_map(ExecutionNode::walk).collect();
        let within = in_maps(&rest, |path| all.iter().any(|node| node.path.as_str() == path && maps_workflow(node)));
        let (path, element) = match within.strip_suffix(']').and_then(|path| path.rsplit_once('[')) {
            Some((path, index)) => (path, Some(index.parse().map_err(|_| missing(name, &[], &execution))?)),
            None => (within.as_str(), None),
        };
        if let Some(node) = all.iter().find(|node| node.path.as_str() == path).or_else(|| all.iter().find(|node| node.id == path)) {
            return Ok(Found { node: (*node).clone(), element, execution });
        }
        let launched = all.iter().find_map(|node| {
            let inner = within.strip_prefix(node.path.as_str())?.strip_prefix('/')?;
            Some((node.execution.clone()?, inner.to_owned()))
        });
        match launched {
            Some((id, inner)) => (execution, rest) = (execution.client().execution_of(id), inner),
            None => return Err(missing(path, &all, &execution)),
        }
    }
}

/// Whether a node is a map of a workflow: a dynamic task that was generated for it, whose nodes `n0`, `n1` and so on are the elements.
fn maps_workflow(node: &ExecutionNode) -> bool {
    let task = node.last_attempt().and_then(|attempt| attempt.task.name.rsplit('.').next());
    node.is_dynamic && !node.is_map && task.is_some_and(|last| last.starts_with("map-"))
}

/// A path with the elements of maps of workflows as the nodes that they are on the platform.
fn in_maps(path: &str, maps_workflow: impl Fn(&str) -> bool) -> String {
    let mut found = String::new();
    for segment in path.split('/') {
        if !found.is_empty() {
            found.push('/');
        }
        let element = segment.strip_suffix(']').and_then(|segment| segment.split_once('['));
        match element.filter(|(id, _)| maps_workflow(&format!("{found}{id}"))) {
            Some((id, index)) => found.push_str(&format!("{id}/n{index}")),
            None => found.push_str(segment),
        }
    }
    found
}

fn missing(name: &str, nodes: &[&ExecutionNode], execution: &Execution) -> ClientError {
    let paths: Vec<_> = nodes.iter().take(20).map(|node| format!("`{}`", visible::line(&node.path))).collect();
    let has = match (paths.len(), nodes.len()) {
        (0, _) => String::new(),
        (shown, all) if shown < all => format!("; it has {} and {} more", paths.join(", "), all - shown),
        _ => format!("; it has {}", paths.join(", ")),
    };
    let message = format!("the execution `{}` has no node `{}`{has}", execution.id().name, visible::line(name));
    ClientError::of(ClientErrorKind::NotFound, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_maps_of_workflows_are_nodes_of_the_platform() {
        let maps_workflow = |path: &str| ["n0", "n0/n2/n1"].contains(&path);
        for (ours, theirs) in [
            ("n0", "n0"),
            ("n0[2]", "n0/n2"),
            ("n0[2]/n0", "n0/n2/n0"),
            ("n0[2]/n1[10]/n3", "n0/n2/n1/n10/n3"),
            ("n0[2]/n4[7]", "n0/n2/n4[7]"),
            ("n3[7]", "n3[7]"),
            ("", ""),
        ] {
            assert_eq!(in_maps(ours, maps_workflow), theirs);
        }
    }
}
