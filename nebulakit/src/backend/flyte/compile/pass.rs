//! Nodes that give on what they take: the platform compares only whole values, and an arm of a condition is always a node.

use nebulakit_types::wire::flyteidl::core::TaskTemplate;
use nebulakit_types::{Interface, LiteralType, Variable};
use sha2::{Digest as _, Sha256};

use super::options::Options;
use super::tasks;
use crate::task::template::passing;

/// How many bytes of a digest are in a name.
const DIGEST: usize = 4;

/// A task that gives on what it takes: one for each set of names and types in a workflow.
pub(super) struct Pass {
    pub(super) name: String,
    variables: Vec<Variable>,
}

impl Pass {
    /// The task of `workflow` that gives on these.
    pub(super) fn of<'v>(workflow: &str, variables: impl IntoIterator<Item = (&'v str, LiteralType)>) -> Self {
        let described =
            |(name, literal_type): (&str, LiteralType)| Variable { description: name.to_owned(), ..Variable::new(name, literal_type) };
        let variables: Vec<_> = variables.into_iter().map(described).collect();
        let digest = Sha256::digest(Interface { inputs: variables.clone(), outputs: Vec::new() }.encode());
        let digest: String = digest.iter().take(DIGEST).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{workflow}.pass-{digest}"), variables }
    }

    /// As it is registered.
    pub(super) fn template(&self, options: &Options) -> TaskTemplate {
        tasks::registered(passing(&options.binary, &self.variables), &self.name, &options.image, options)
    }
}
