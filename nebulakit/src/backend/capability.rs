//! What graphs can need, and what a backend can do.

use std::collections::BTreeSet;
use std::fmt;

use crate::graph::{Graph, Home, Kind, Mapped, Node, Success};

/// What a graph can need from a backend, besides tasks of this program that feed each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Capability {
    /// A task for each element of a list.
    Map,
    /// A workflow for each element of a list.
    MapOfWorkflows,
    /// A map in which some elements may fail.
    PartialSuccess,
    /// A condition.
    Condition,
    /// A gate that waits for an answer.
    Gate,
    /// A pause of a fixed time.
    Sleep,
    /// A node that runs when the workflow has failed.
    FailureHandler,
    /// After a failure, nodes that do not depend on the failed node still run.
    KeepGoing,
    /// A launch plan as a node.
    LaunchPlan,
    /// A task or a launch plan that is registered elsewhere.
    Reference,
    /// A task that is a program in an image.
    ContainerTask,
    /// A task that returns a graph.
    DynamicTask,
}

/// What a backend can do.
///
/// # Examples
/// ```
/// use nebulakit::backend::{Capabilities, Capability};
///
/// let all = Capabilities::all();
/// assert!(all.has(Capability::Gate) && !all.without(Capability::Gate).has(Capability::Gate));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities(BTreeSet<Capability>);

impl Capabilities {
    /// Only tasks of this program that feed each other.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Everything that a graph can need.
    #[must_use]
    pub fn all() -> Self {
        use Capability as Can;
        Self(BTreeSet::from([
            Can::Map,
            Can::MapOfWorkflows,
            Can::PartialSuccess,
            Can::Condition,
            Can::Gate,
            Can::Sleep,
            Can::FailureHandler,
            Can::KeepGoing,
            Can::LaunchPlan,
            Can::Reference,
            Can::ContainerTask,
            Can::DynamicTask,
        ]))
    }

    /// Adds a capability.
    #[must_use]
    pub fn with(mut self, capability: Capability) -> Self {
        self.0.insert(capability);
        self
    }

    /// Removes a capability.
    #[must_use]
    pub fn without(mut self, capability: Capability) -> Self {
        self.0.remove(&capability);
        self
    }

    /// Whether `capability` is included.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.0.contains(&capability)
    }

    /// Everything that `graph` and the workflows in it need but that is not included, each with what needs it.
    #[must_use]
    pub fn missing(&self, graph: &Graph) -> Vec<String> {
        let mut missing = Vec::new();
        for workflow in std::iter::once(graph).chain(graph.workflows.values()) {
            let mut needs = |who: fmt::Arguments<'_>, capability| {
                if !self.has(capability) {
                    missing.push(format!("{who} {capability}"));
                }
            };
            let name = &workflow.name;
            if workflow.keep_going {
                needs(format_args!("`{name}`"), Capability::KeepGoing);
            }
            if workflow.on_failure.is_some() {
                needs(format_args!("`{name}`"), Capability::FailureHandler);
            }
            workflow.body.each_node(&mut |node| {
                for capability in of_node(graph, node) {
                    needs(format_args!("the node {} of `{name}`", node.id), capability);
                }
            });
        }
        missing
    }
}

/// What a node needs.
fn of_node(graph: &Graph, node: &Node) -> Vec<Capability> {
    match &node.kind {
        Kind::Task(name) => of_task(graph, name),
        Kind::Workflow(_) => Vec::new(),
        Kind::LaunchPlan(_) => vec![Capability::LaunchPlan],
        Kind::Reference(_) => vec![Capability::Reference],
        Kind::Map(map) => {
            let mut needs = match &map.of {
                Mapped::Task(name) => of_task(graph, name),
                Mapped::Workflow(_) => vec![Capability::MapOfWorkflows],
            };
            needs.push(Capability::Map);
            if map.success != Success::All {
                needs.push(Capability::PartialSuccess);
            }
            needs
        }
        Kind::Branch(_) => vec![Capability::Condition],
        Kind::Approve(_) | Kind::Wait(_) => vec![Capability::Gate],
        Kind::Sleep(_) => vec![Capability::Sleep],
    }
}

fn of_task(graph: &Graph, name: &str) -> Vec<Capability> {
    let Some(task) = graph.tasks.get(name) else { return Vec::new() };
    let container = (!matches!(task.home, Home::Here)).then_some(Capability::ContainerTask);
    container.into_iter().chain(task.is_dynamic.then_some(Capability::DynamicTask)).collect()
}

/// Written as a predicate of what needs it: `maps a workflow`.
impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Map => "is a map",
            Self::MapOfWorkflows => "maps a workflow",
            Self::PartialSuccess => "is a map of which some elements may fail",
            Self::Condition => "is a condition",
            Self::Gate => "waits for somebody",
            Self::Sleep => "waits for a time",
            Self::FailureHandler => "has a failure handler",
            Self::KeepGoing => "keeps going after a failure",
            Self::LaunchPlan => "is a launch plan",
            Self::Reference => "is registered elsewhere",
            Self::ContainerTask => "is a program in an image",
            Self::DynamicTask => "gives a graph while it runs",
        })
    }
}
