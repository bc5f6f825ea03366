//! Nodes, and what they run.

use std::borrow::Cow;
use std::time::Duration;

use nebulakit_types::LiteralType;
use serde::{Deserialize, Serialize};

use super::binding::{Binding, Bound, NodeId};
use super::condition::Test;
use super::form;
use super::overrides::Overrides;
use super::place::Place;
use super::variable::Output;

/// The output of a gate, and the input of what is to be approved.
pub const GATE_OUTPUT: &str = "o0";

/// The nodes of a workflow, or of an arm of a condition, and what they give together.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Each node after those that it needs, else in the order of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Node>,
    /// What feeds the outputs of the workflow or the condition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Bound>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Node {
    /// The id, unique in its workflow: `n0`, `n1`, .. in the order of the source; in an arm of the condition `n2` they are `n2-n0`, ..
    pub id: NodeId,
    /// Where it is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
    /// What it runs.
    #[serde(rename = "run")]
    pub kind: Kind,
    /// What feeds its inputs. An input that is not here is left to its default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<Bound>,
    /// Nodes that run before it, besides those that feed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<NodeId>,
    /// What it asks for in place of what it runs asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrides: Option<Box<Overrides>>,
}

/// What a node runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Kind {
    /// A task of [`Graph::tasks`](super::Graph::tasks): a function of this program, or a container of its own.
    Task(Cow<'static, str>),
    /// A workflow of [`Graph::workflows`](super::Graph::workflows), within this execution.
    Workflow(Cow<'static, str>),
    /// A launch plan of [`Graph::workflows`](super::Graph::workflows), as an execution of its own.
    LaunchPlan(Cow<'static, str>),
    /// A task or a launch plan that is registered elsewhere, of [`Graph::references`](super::Graph::references).
    Reference(Cow<'static, str>),
    /// A task or a workflow, for each element of a list.
    Map(Box<Map>),
    /// The first arm whose test holds.
    Branch(Box<Branch>),
    /// Waits until somebody approves the value, which it gives on.
    Approve(Box<Gate>),
    /// Waits until somebody gives a value.
    Wait(Box<Gate>),
    /// Waits for a time.
    Sleep(#[serde(with = "form::duration")] Duration),
}

/// A task or a workflow for each element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Map {
    /// What runs for each element.
    pub of: Mapped,
    /// The inputs whose lists are gone through, an element for each run; all other inputs are the same for every run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapped: Vec<Cow<'static, str>>,
    /// How many run at once, 0 for all of them; [`None`] leaves it to the platform, which may have a limit for all nodes of an execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// How many must succeed.
    #[serde(default, skip_serializing_if = "Success::is_all")]
    pub success: Success,
}

/// What a map runs for each element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Mapped {
    /// A task of [`Graph::tasks`](super::Graph::tasks).
    Task(Cow<'static, str>),
    /// A workflow of [`Graph::workflows`](super::Graph::workflows).
    Workflow(Cow<'static, str>),
}

/// How many elements of a map must succeed; where not all have to, those that fail are none.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Success {
    /// All of them.
    #[default]
    All,
    /// That many.
    Count(u32),
    /// That part of them, above 0 and up to 1.
    Ratio(f32),
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Branch {
    /// The arms, at least one, in the order in which they are tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<Arm>,
    /// What happens where no test holds.
    pub otherwise: Otherwise,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
}

/// An arm of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// When it is taken.
    #[serde(rename = "when")]
    pub test: Test,
    /// What it needs that nothing else needs, and what it gives.
    pub body: Scope,
    /// Where it is written, if elsewhere than its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// What a condition does where no test holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Otherwise {
    /// It goes on.
    Run(Scope),
    /// It fails with this message.
    Fail(String),
}

/// A gate that waits for somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The signal, which names the gate to that somebody.
    pub signal: Cow<'static, str>,
    /// What it gives, as the output [`GATE_OUTPUT`]; of an approval, what [`GATE_OUTPUT`] takes as well.
    #[serde(rename = "type", with = "form::literal_type")]
    pub literal_type: LiteralType,
}

impl Map {
    /// Makes a map over the lists that are given to `mapped`, all elements of which must succeed.
    #[must_use]
    pub fn new(of: Mapped, mapped: Vec<Cow<'static, str>>) -> Self {
        Self { of, mapped, concurrency: None, success: Success::All }
    }
}

impl Success {
    /// Whether all elements have to succeed.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// Whether elements may fail, whose outputs are none then.
    pub(crate) fn lets_some_fail(self) -> bool {
        match self {
            Self::All => false,
            Self::Count(_) => true,
            Self::Ratio(ratio) => ratio < 1.0,
        }
    }
}

impl Mapped {
    /// The name of the task or workflow.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Task(name) | Self::Workflow(name) => name,
        }
    }
}

impl Branch {
    /// Makes a condition.
    #[must_use]
    pub fn new(arms: Vec<Arm>, otherwise: Otherwise, outputs: Vec<Output>) -> Self {
        Self { arms, otherwise, outputs }
    }

    /// What the arms hold, in order, and last what happens where no test holds, if it does not fail.
    pub fn scopes(&self) -> impl DoubleEndedIterator<Item = &Scope> {
        let otherwise = match &self.otherwise {
            Otherwise::Run(scope) => Some(scope),
            Otherwise::Fail(_) => None,
        };
        self.arms.iter().map(|arm| &arm.body).chain(otherwise)
    }
}

impl Scope {
    /// The node of that id, here or in an arm of a condition.
    #[cfg(feature = "run")]
    pub(crate) fn find(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find_map(|node| match &node.kind {
            _ if node.id == *id => Some(node),
            Kind::Branch(branch) => branch.scopes().find_map(|scope| scope.find(id)),
            _ => None,
        })
    }

    /// Goes through its nodes and those of the arms in it.
    #[cfg(feature = "run")]
    pub(crate) fn each_node<'g>(&'g self, see: &mut dyn FnMut(&'g Node)) {
        for node in &self.nodes {
            see(node);
            if let Kind::Branch(branch) = &node.kind {
                branch.scopes().for_each(|scope| scope.each_node(see));
            }
        }
    }

    /// Whether it has neither nodes nor outputs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty() && self.outputs.is_empty()
    }
}

impl Node {
    /// Makes a node that nothing feeds.
    #[must_use]
    pub fn new(id: impl Into<NodeId>, kind: Kind) -> Self {
        Self { id: id.into(), at: None, kind, inputs: Vec::new(), after: Vec::new(), overrides: None }
    }

    /// The task that it runs, or that its elements run, if it is one that this program may have.
    #[cfg(feature = "run")]
    pub(crate) fn task(&self) -> Option<&str> {
        match &self.kind {
            Kind::Task(name) | Kind::Reference(name) => Some(name),
            Kind::Map(map) => match &map.of {
                Mapped::Task(name) => Some(name),
                Mapped::Workflow(_) => None,
            },
            _ => None,
        }
    }

    /// Feeds the input `name`.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, binding: Binding) -> Self {
        self.inputs.push(Bound::new(name, binding));
        self
    }

    /// What feeds the input `name`.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Binding> {
        self.inputs.iter().find(|bound| bound.name == name).map(|bound| &bound.binding)
    }
}
