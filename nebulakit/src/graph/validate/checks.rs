//! What is found while a graph is looked through, and what is known of the workflow that is looked at.

use std::collections::HashMap;

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::{TypeKind, castable};

use super::entities::Entities;
use crate::graph::Graph;
use crate::graph::node::Node;
use crate::graph::problem::{Problem, Problems};

/// How deep conditions nest in arms of conditions, tests in tests, and lists and maps of promises in one another; in levels.
///
/// Deeper ones are a problem. People do not read more, protobuf's readers take 100 messages within one another, of which a condition takes
/// four, and JSON's readers take 128 levels, of which a condition takes seven.
pub const MAX_NESTING: usize = 10;

/// What is found in a graph.
pub(super) struct Checks<'g> {
    pub(super) entities: Entities<'g>,
    pub(super) problems: Problems,
    /// Which types fit which, by their addresses: thousands of nodes run the same few tasks.
    casts: HashMap<(usize, usize), bool>,
}

impl<'g> Checks<'g> {
    pub(super) fn new(entities: Entities<'g>) -> Self {
        Self { entities, problems: Problems::new(), casts: HashMap::new() }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Whether the platform takes `given` for `asked`.
    pub(super) fn fits(&mut self, given: &'g LiteralType, asked: &'g LiteralType) -> bool {
        if let (TypeKind::Simple(given), TypeKind::Simple(asked)) = (&given.kind, &asked.kind)
            && given != asked
        {
            return false;
        }
        let addresses = (std::ptr::from_ref(given).addr(), std::ptr::from_ref(asked).addr());
        *self.casts.entry(addresses).or_insert_with(|| castable(given, asked))
    }
}

/// A node, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Stand<'g> {
    pub(super) node: &'g Node,
    pub(super) scope: usize,
    pub(super) index: usize,
}

/// The workflow that is looked at.
pub(super) struct Workflow<'g> {
    pub(super) graph: &'g Graph,
    pub(super) stands: HashMap<&'g str, Stand<'g>>,
    /// The scopes around what is looked at and the index in each, the outermost first; empty in the handler of failures.
    pub(super) position: Vec<(usize, usize)>,
    /// In which scope a node needs which, by their indexes.
    pub(super) needs: Vec<(usize, usize, usize)>,
    pub(super) in_handler: bool,
}
