//! A node in a graph: its workflow, and the conditions that it is in.

use crate::graph::{Graph, Kind, Mapped, Node, Scope};
use crate::run::NodePath;

/// A node in a graph.
pub(super) struct Spot<'g> {
    /// The workflow that it is a node of.
    pub(super) workflow: &'g Graph,
    /// The node that runs that workflow; [`None`] for the run's own.
    pub(super) parent: Option<NodePath>,
    pub(super) node: &'g Node,
    /// The conditions and workflows that it is in, outermost first.
    pub(super) around: Vec<Around>,
}

/// What a node is in.
pub(super) enum Around {
    /// A workflow that a node runs.
    Workflow(NodePath),
    /// An arm of a condition, by its place.
    Arm(NodePath, usize),
}

impl<'g> Spot<'g> {
    /// The node at `path`, without the index of an element.
    pub(super) fn find(graph: &'g Graph, path: &str) -> Option<Self> {
        let (mut workflow, mut parent, mut around) = (graph, None, Vec::new());
        let mut segments = path.split('/').peekable();
        while let Some(segment) = segments.next() {
            let node = within(&workflow.body, segment, parent.as_ref(), &mut around)?;
            if segments.peek().is_none() {
                return Some(Self { workflow, parent, node, around });
            }
            let (Kind::Workflow(name) | Kind::LaunchPlan(name)) = &node.kind else { return None };
            let path = NodePath::below(parent.as_ref(), segment);
            around.push(Around::Workflow(path.clone()));
            (workflow, parent) = (graph.workflows.get(name)?, Some(path));
        }
        None
    }

    /// The failure handler of the run.
    pub(super) fn of(graph: &'g Graph, handler: &'g Node) -> Self {
        Self { workflow: graph, parent: None, node: handler, around: Vec::new() }
    }

    /// Whether its outputs are not those of a task that it runs: a graph is given, or a workflow is run for each element.
    pub(super) fn is_grown(&self, graph: &Graph) -> bool {
        self.node.task().is_none_or(|name| graph.tasks.get(name).is_some_and(|task| task.is_dynamic))
    }

    /// What it runs, for people.
    pub(super) fn what(&self) -> &'g str {
        match &self.node.kind {
            Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => name,
            Kind::Map(map) => map.of.name(),
            Kind::Branch(_) => "when",
            Kind::Approve(_) => "approve",
            Kind::Wait(_) => "wait",
            Kind::Sleep(_) => "sleep",
        }
    }
}

/// The names of what a node gives.
pub(super) fn outputs<'g>(graph: &'g Graph, node: &'g Node) -> Vec<&'g str> {
    let outputs = match &node.kind {
        Kind::Task(name) => graph.tasks.get(name).map(|task| &task.outputs),
        Kind::Reference(name) => graph.references.get(name).map(|reference| &reference.outputs),
        Kind::Workflow(name) | Kind::LaunchPlan(name) => graph.workflows.get(name).map(|workflow| &workflow.outputs),
        Kind::Map(map) => match &map.of {
            Mapped::Task(name) => graph.tasks.get(name).map(|task| &task.outputs),
            Mapped::Workflow(name) => graph.workflows.get(name).map(|workflow| &workflow.outputs),
        },
        Kind::Branch(branch) => Some(&branch.outputs),
        Kind::Approve(_) | Kind::Wait(_) => return vec![crate::graph::GATE_OUTPUT],
        Kind::Sleep(_) => None,
    };
    outputs.map_or_else(Vec::new, |outputs| outputs.iter().map(|output| &*output.name).collect())
}

/// The node `id` of a scope or of an arm in it; `around` gets the arms.
fn within<'g>(scope: &'g Scope, id: &str, parent: Option<&NodePath>, around: &mut Vec<Around>) -> Option<&'g Node> {
    for node in &scope.nodes {
        if node.id == *id {
            return Some(node);
        }
        let Kind::Branch(branch) = &node.kind else { continue };
        for (arm, scope) in branch.scopes().enumerate() {
            around.push(Around::Arm(NodePath::below(parent, &node.id), arm));
            if let Some(found) = within(scope, id, parent, around) {
                return Some(found);
            }
            around.pop();
        }
    }
    None
}
