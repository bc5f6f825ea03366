//! What is found while a graph is looked through, and what is known of the workflow that is looked at.

use std::collections::HashMap;

use nebulakit_types::literal_type::{TypeKind, castable_within};
use nebulakit_types::{Literal, LiteralType};

use super::entities::Entities;
use super::fits;
use crate::graph::Graph;
use crate::graph::node::Node;
use crate::graph::problem::{Problem, ProblemKind, Problems};

/// How deep conditions nest in arms of conditions, tests in tests, and lists and maps of promises in one another; in levels.
///
/// Deeper ones are a problem. People do not read more, protobuf's readers take 100 messages within one another, of which a condition takes
/// four, and JSON's readers take 128 levels, of which a condition takes seven.
pub const MAX_NESTING: usize = 10;

/// How many problems of one graph are told.
pub const MAX_PROBLEMS: usize = 1_000;

/// How many comparisons a graph takes at most, of the sort that grows faster than its text: of unions with unions, of structs whose schemas refer
/// to themselves, of the signals of many launch plans. Graphs that people write take a few thousand.
pub const MAX_COMPARISONS: u64 = 10_000_000;

/// What is found in a graph.
pub(super) struct Checks<'g> {
    pub(super) entities: Entities<'g>,
    pub(super) problems: Problems,
    /// Which types fit which, by their addresses: thousands of nodes run the same few tasks.
    casts: HashMap<(usize, usize), bool>,
    /// What is left of [`MAX_COMPARISONS`]. Without any left, everything fits, and the graph is refused in the end.
    left: u64,
}

impl<'g> Checks<'g> {
    pub(super) fn new(entities: Entities<'g>) -> Self {
        Self { entities, problems: Problems::new(), casts: HashMap::new(), left: MAX_COMPARISONS }
    }

    /// Adds a problem; beyond [`MAX_PROBLEMS`], that there are more.
    pub(super) fn report(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(problem);
        } else if !self.is_full() {
            self.problems.push(Problem::new(ProblemKind::Limit, format!("there are more than the {MAX_PROBLEMS} problems above")));
        }
    }

    /// Whether nothing more is told.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() > MAX_PROBLEMS
    }

    /// Takes comparisons from those that are left; whether any are left then.
    pub(super) fn spend(&mut self, comparisons: u64) -> bool {
        self.left = self.left.saturating_sub(comparisons);
        self.left > 0
    }

    /// Everything that was found.
    pub(super) fn problems(mut self) -> Problems {
        if self.left == 0 {
            let message = format!("the graph takes more than {MAX_COMPARISONS} comparisons of types and signals");
            let hint = "use smaller unions and structs, or fewer launch plans in one workflow";
            self.problems.push(Problem::new(ProblemKind::Limit, message).at(self.entities.graph.at.clone()).hint(hint));
        }
        self.problems
    }

    /// Whether the platform takes a constant for `asked`.
    pub(super) fn constant_fits(&mut self, literal: &Literal, asked: &LiteralType) -> bool {
        fits::fits(literal, asked, &mut self.left) || self.left == 0
    }

    /// Whether the platform takes `given` for `asked`.
    pub(super) fn fits(&mut self, given: &'g LiteralType, asked: &'g LiteralType) -> bool {
        if let (TypeKind::Simple(given), TypeKind::Simple(asked)) = (&given.kind, &asked.kind)
            && given != asked
        {
            return false;
        }
        let addresses = (std::ptr::from_ref(given).addr(), std::ptr::from_ref(asked).addr());
        let left = &mut self.left;
        *self.casts.entry(addresses).or_insert_with(|| castable_within(given, asked, left) || *left == 0)
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
