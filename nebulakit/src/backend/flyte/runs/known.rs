//! The nodes of a graph by their paths, and where they are among those of an execution.
//!
//! The platform has nodes that a graph does not have: those that were generated for parts of values and for arms of conditions. What is in a dynamic
//! task, a launch plan and a map is known only there.

use std::collections::BTreeMap;

use nebulakit_types::LiteralType;

use crate::graph::{Binding, Graph, Home, Kind, Mapped, Node, Otherwise, Scope};
use crate::run::{Arm, GateTakes, NodePath};

/// How deep workflows can be in each other; none is deeper.
const DEEPEST: usize = 64;

/// What is known of a node.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// What it runs, or what kind of node it is.
    pub(super) of: String,
    pub(super) what: What,
    /// The nodes that it needs.
    pub(super) needs: Vec<NodePath>,
    /// Whether it runs when the workflow of the run has failed.
    pub(super) is_handler: bool,
}

/// What kind of node it is, as far as that matters here.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum What {
    /// It runs a task that is tried, perhaps more than once; a dynamic one has nodes of its own.
    Task,
    Workflow,
    Map,
    Condition,
    Gate {
        signal: String,
        takes: GateTakes,
    },
    Sleep,
    /// What is in it is another execution.
    LaunchPlan,
}

/// The nodes of a graph.
#[derive(Debug)]
pub(super) struct Nodes {
    nodes: BTreeMap<NodePath, Known>,
    /// The arm that each node of an arm is in: the condition and the arm.
    arms: BTreeMap<NodePath, (NodePath, Arm)>,
    /// Paths in which everything is taken as it comes.
    open: Vec<NodePath>,
    /// The only node of a task that is run alone, which the platform calls by the task's name.
    alone: Option<NodePath>,
}

impl Nodes {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut found = Self { nodes: BTreeMap::new(), arms: BTreeMap::new(), open: Vec::new(), alone: None };
        found.workflow(graph, graph, None, 0);
        if let ([node], true) = (graph.body.nodes.as_slice(), is_task(graph)) {
            found.alone = Some(NodePath::below(None, &node.id));
        }
        found
    }

    pub(super) fn get(&self, path: &NodePath) -> Option<&Known> {
        self.nodes.get(path)
    }

    /// The type of the value that the gate of a signal takes, if it takes one.
    pub(super) fn takes(&self, signal: &str) -> Option<&LiteralType> {
        self.nodes.values().find_map(|known| match &known.what {
            What::Gate { signal: of, takes: GateTakes::Value(literal_type) } if of == signal => Some(&**literal_type),
            _ => None,
        })
    }

    /// All nodes that are in no arm, with their paths.
    pub(super) fn outside_arms(&self) -> impl Iterator<Item = (&NodePath, &Known)> {
        self.nodes.iter().filter(|(path, _)| !self.arms.contains_key(*path))
    }

    /// The condition that a node of the platform decides which is none of ours: the one that was generated for an arm.
    pub(super) fn decided(&self, theirs: &NodePath) -> Option<(NodePath, Arm)> {
        let above = theirs.parent();
        let above = match &above {
            Some(above) => Some(self.path(above)?),
            None => None,
        };
        self.generated_arm(above.as_ref(), theirs.as_str().rsplit('/').next()?)
    }

    /// The condition and the arm that a node is in.
    pub(super) fn arm(&self, path: &NodePath) -> Option<&(NodePath, Arm)> {
        self.arms.get(path)
    }

    /// The path of a node of the execution among ours; [`None`] for one that only the platform has.
    pub(super) fn path(&self, theirs: &NodePath) -> Option<NodePath> {
        let mut segments = theirs.as_str().split('/');
        let (mut ours, mut is_last_ours): (Option<NodePath>, bool) = (None, false);
        // In a workflow that was generated for an arm, ids do not begin with that of the condition.
        let mut condition = String::new();
        if let Some(alone) = &self.alone {
            segments.next();
            (ours, is_last_ours) = (Some(alone.clone()), true);
        }
        for segment in segments {
            let is_open = ours.as_ref().is_some_and(|above| self.open.iter().any(|open| open == above || open.holds(above)));
            let own = format!("{condition}-{segment}");
            let ids = if condition.is_empty() { vec![segment.to_owned()] } else { vec![own, segment.to_owned()] };
            let mut next = ids.iter().map(|id| NodePath::below(ours.as_ref(), id));
            let found = if is_open { next.next() } else { next.find(|next| self.nodes.contains_key(next)) };
            is_last_ours = found.is_some();
            if let Some(found) = found {
                (ours, condition) = (Some(found), String::new());
            } else {
                let (of, _) = ids.iter().find_map(|id| self.generated_arm(ours.as_ref(), id))?;
                condition = of.as_str().rsplit('/').next().unwrap_or_default().to_owned();
            }
        }
        ours.filter(|_| is_last_ours)
    }

    /// The arm that a node of the platform stands for, if it was generated for one: `n2-0` or `n2-else` of the condition `n2`.
    pub(super) fn generated_arm(&self, above: Option<&NodePath>, segment: &str) -> Option<(NodePath, Arm)> {
        let (condition, which) = segment.rsplit_once('-')?;
        let condition = NodePath::below(above, condition);
        self.nodes.get(&condition).filter(|known| known.what == What::Condition)?;
        let arm = if which == "else" { Arm::Otherwise } else { Arm::Taken(which.parse().ok()?) };
        Some((condition, arm))
    }

    fn workflow(&mut self, graph: &Graph, workflow: &Graph, parent: Option<&NodePath>, depth: usize) {
        if depth == DEEPEST {
            return;
        }
        self.scope(graph, &workflow.body, parent, None, depth);
        if let Some(handler) = &workflow.on_failure {
            self.node(graph, handler, parent, None, depth);
        }
    }

    fn scope(&mut self, graph: &Graph, scope: &Scope, parent: Option<&NodePath>, arm: Option<&(NodePath, Arm)>, depth: usize) {
        scope.nodes.iter().for_each(|node| self.node(graph, node, parent, arm, depth));
    }

    fn node(&mut self, graph: &Graph, node: &Node, parent: Option<&NodePath>, arm: Option<&(NodePath, Arm)>, depth: usize) {
        let path = NodePath::below(parent, &node.id);
        if let Some(arm) = arm {
            self.arms.insert(path.clone(), arm.clone());
        }
        let (of, what) = match &node.kind {
            Kind::Task(name) => {
                let is_here = graph.tasks.get(name).is_some_and(|task| matches!(task.home, Home::Here) && task.is_dynamic);
                self.open.extend(is_here.then(|| path.clone()));
                (name.to_string(), What::Task)
            }
            Kind::Workflow(name) => {
                if let Some(workflow) = graph.workflows.get(name) {
                    self.workflow(graph, workflow, Some(&path), depth + 1);
                }
                (name.to_string(), What::Workflow)
            }
            Kind::LaunchPlan(name) => {
                self.open.push(path.clone());
                (name.to_string(), What::LaunchPlan)
            }
            Kind::Reference(name) => {
                self.open.push(path.clone());
                (name.to_string(), What::Task)
            }
            Kind::Map(map) => {
                self.open.push(path.clone());
                let (Mapped::Task(name) | Mapped::Workflow(name)) = &map.of;
                (name.to_string(), What::Map)
            }
            Kind::Branch(branch) => {
                for (index, arm) in branch.arms.iter().enumerate() {
                    let which = (path.clone(), Arm::Taken(u32::try_from(index).unwrap_or(u32::MAX)));
                    self.scope(graph, &arm.body, parent, Some(&which), depth);
                }
                if let Otherwise::Run(scope) = &branch.otherwise {
                    self.scope(graph, scope, parent, Some(&(path.clone(), Arm::Otherwise)), depth);
                }
                ("when".to_owned(), What::Condition)
            }
            Kind::Approve(gate) => ("approve".to_owned(), What::Gate { signal: gate.signal.to_string(), takes: GateTakes::Approval }),
            Kind::Wait(gate) => {
                let takes = GateTakes::Value(Box::new(gate.literal_type.clone()));
                ("wait".to_owned(), What::Gate { signal: gate.signal.to_string(), takes })
            }
            Kind::Sleep(_) => ("sleep".to_owned(), What::Sleep),
        };
        let mut needs: Vec<_> = node.after.iter().map(|id| NodePath::below(parent, id)).collect();
        node.inputs.iter().for_each(|bound| sources(&bound.binding, parent, &mut needs));
        let is_handler = graph.on_failure.as_ref().is_some_and(|handler| parent.is_none() && handler.id == node.id);
        self.nodes.insert(path, Known { of, what, needs, is_handler });
    }
}

/// Adds the nodes that feed a binding.
fn sources(binding: &Binding, parent: Option<&NodePath>, needs: &mut Vec<NodePath>) {
    match binding {
        Binding::Output { node, .. } => needs.push(NodePath::below(parent, node)),
        Binding::List(bindings) => bindings.iter().for_each(|binding| sources(binding, parent, needs)),
        Binding::Map(bindings) => bindings.values().for_each(|binding| sources(binding, parent, needs)),
        _ => {}
    }
}

/// Whether a graph is a task that is run alone.
pub(super) fn is_task(graph: &Graph) -> bool {
    match graph.body.nodes.as_slice() {
        [node] => matches!(&node.kind, Kind::Task(name) | Kind::Reference(name) if *name == graph.name),
        _ => false,
    }
}
