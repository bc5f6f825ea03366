//! A workflow as plain data: what its nodes run, what feeds them, and where in the source that was written.
//!
//! A graph knows no promise, no registry and no platform. `#[workflow]` makes one of what its result reaches; every backend compiles from it;
//! what is wrong with one is told as [`Problems`], everything at once.

mod binding;
mod condition;
mod cut;
mod draw;
mod form;
mod json;
mod launch_plan;
mod node;
mod overrides;
mod place;
mod problem;
mod schedule;
mod unique;
mod uses;
mod validate;
mod variable;

use std::borrow::Cow;
use std::collections::BTreeMap;

use nebulakit_types::Interface;
use serde::{Deserialize, Serialize};

pub use self::binding::{Binding, Bound, NodeId, Step};
pub use self::condition::{Comparison, Test};
#[cfg(feature = "run")]
pub(crate) use self::draw::Mark;
#[cfg(feature = "testing")]
pub(crate) use self::draw::{Labels, binding};
#[cfg(feature = "run")]
pub use self::draw::{MAX_SVG_ROWS, MAX_SVG_SHAPES};
#[cfg(feature = "run")]
pub(crate) use self::draw::{nodes, remarks};
pub use self::json::VERSION;
pub use self::launch_plan::{LaunchPlan, Notification, Phase};
pub use self::node::{Arm, Branch, GATE_OUTPUT, Gate, Kind, Map, Mapped, Node, Otherwise, Scope, Success};
pub use self::overrides::{Amounts, Cache, Overrides, Resources};
pub use self::place::Place;
pub use self::problem::{End, Problem, ProblemKind, Problems};
pub use self::schedule::Schedule;
pub use self::uses::{Home, Reference, ReferenceKind, Task};
pub use self::validate::{MAX_COMPARISONS, MAX_NESTING, MAX_PROBLEMS};
pub(crate) use self::validate::{is_optional, label, optional_of, part};
pub use self::variable::{Input, Output};
use crate::task::definition::described;

/// A workflow or a launch plan as data.
///
/// Names of tasks, of references and of workflows stand for the entries of [`tasks`](Self::tasks), [`references`](Self::references) and
/// [`workflows`](Self::workflows), which the outermost graph has for itself and for all workflows in it: a graph is whole without the
/// program that it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Graph {
    /// The full name, segments joined by dots.
    pub name: Cow<'static, str>,
    /// The doc comment; empty where there is none.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub doc: Cow<'static, str>,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What it takes, in the order of the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Input>,
    /// What it gives, in the order of the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
    /// Its nodes, and what feeds its outputs.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub body: Scope,
    /// The node that runs when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Box<Node>>,
    /// Whether nodes that do not need the failed one still run; else a failure stops everything.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_going: bool,
    /// Whether its nodes may run on machines that can be taken away, where they do not say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// What makes it a launch plan: its body is then one node, the workflow that it launches, with constants for what is fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_plan: Option<Box<LaunchPlan>>,
    /// The tasks that it and the workflows in it use, by their full names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub tasks: BTreeMap<Cow<'static, str>, Task>,
    /// What it and the workflows in it use of other projects, by its full name in this program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub references: BTreeMap<Cow<'static, str>, Reference>,
    /// The workflows and launch plans that it and the workflows in it use, by their full names. Their own tables are empty.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub workflows: BTreeMap<Cow<'static, str>, Graph>,
}

impl Graph {
    /// Makes a graph without inputs, outputs and nodes.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            doc: Cow::Borrowed(""),
            at: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            body: Scope::default(),
            on_failure: None,
            keep_going: false,
            interruptible: None,
            launch_plan: None,
            tasks: BTreeMap::new(),
            references: BTreeMap::new(),
            workflows: BTreeMap::new(),
        }
    }

    /// Goes through all nodes, those of the workflows in it, of arms and failure handlers among them, each with the workflow that has it.
    #[cfg(feature = "run")]
    pub(crate) fn each_node<'g>(&'g self, see: &mut dyn FnMut(&'g Self, &'g Node)) {
        for workflow in std::iter::once(self).chain(self.workflows.values()) {
            workflow.body.each_node(&mut |node| see(workflow, node));
            workflow.on_failure.iter().for_each(|node| see(workflow, node));
        }
    }

    /// What it takes and gives.
    #[must_use]
    pub fn interface(&self) -> Interface {
        Interface {
            inputs: self.inputs.iter().map(|input| described(&input.name, input.literal_type.clone(), &input.doc)).collect(),
            outputs: self.outputs.iter().map(|output| described(&output.name, output.literal_type.clone(), "")).collect(),
        }
    }
}
