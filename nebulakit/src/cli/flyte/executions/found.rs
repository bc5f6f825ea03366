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

/// The node that is called so: by its path, by its id, or by its path in the execution that a node launched; `[5]` behind it is an element of a map.
///
/// # Errors
/// There is none, with the paths that there are.
pub(super) async fn node(mut execution: Execution, name: &str) -> Result<Found, ClientError> {
    let (path, element) = match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((path, index)) => (path, Some(index.parse().map_err(|_| missing(name, &[], &execution))?)),
        None => (name, None),
    };
    let mut rest = path;
    loop {
        let nodes = execution.nodes().await?;
        let all: Vec<_> = nodes.iter().flat_map(ExecutionNode::walk).collect();
        if let Some(node) = all.iter().find(|node| node.path.as_str() == rest).or_else(|| all.iter().find(|node| node.id == rest)) {
            return Ok(Found { node: (*node).clone(), element, execution });
        }
        let launched = all.iter().find_map(|node| {
            let within = rest.strip_prefix(node.path.as_str())?.strip_prefix('/')?;
            Some((node.execution.clone()?, within))
        });
        match launched {
            Some((id, within)) => (execution, rest) = (execution.client().execution_of(id), within),
            None => return Err(missing(rest, &all, &execution)),
        }
    }
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
