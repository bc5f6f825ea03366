//! The nodes of a graph of ours.

use std::sync::Arc;

use super::super::super::execution::{Planned, What};
use super::{Nodes, Rows, element};
use crate::graph::{Binding, Graph, Home, Kind, Mapped, Node, Otherwise, Scope};
use crate::run::{Arm, GateTakes, NodePath};

/// How deep workflows can be in each other; none is deeper.
const DEEPEST: usize = 64;

impl Nodes {
    pub(in super::super) fn of(graph: &Graph) -> Self {
        let mut found = Self::default();
        found.workflow(graph, graph, None, 0);
        found.graph = (!found.rows.is_empty()).then(|| Arc::new(graph.clone()));
        if let ([node], true) = (graph.body.nodes.as_slice(), is_task(graph)) {
            found.alone = Some(NodePath::below(None, &node.id));
        }
        found
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

    /// Takes in an element of a map of workflows, by what the platform calls its node: `n0`, `n1` and so on.
    pub(in super::super) fn grow(&mut self, map: &NodePath, id: &str) {
        let (Some(element), Some(graph)) = (element(map, id), self.graph.clone()) else { return };
        if let Some(Rows { of, depth }) = self.rows.get(map).filter(|_| !self.nodes.contains_key(&element)).cloned() {
            self.element(&graph, element, &of, depth);
        }
    }

    /// An element of a map of workflows, and what is in it.
    fn element(&mut self, graph: &Graph, path: NodePath, of: &str, depth: usize) {
        if let Some(workflow) = graph.workflows.get(of) {
            self.workflow(graph, workflow, Some(&path), depth + 1);
        }
        let planned = Planned { of: of.to_owned(), what: What::Workflow, needs: Vec::new(), arm: None, is_handler: false };
        self.nodes.insert(path, planned);
    }

    fn scope(&mut self, graph: &Graph, scope: &Scope, parent: Option<&NodePath>, arm: Option<&(NodePath, Arm)>, depth: usize) {
        scope.nodes.iter().for_each(|node| self.node(graph, node, parent, arm, depth));
    }

    fn node(&mut self, graph: &Graph, node: &Node, parent: Option<&NodePath>, arm: Option<&(NodePath, Arm)>, depth: usize) {
        let path = NodePath::below(parent, &node.id);
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
                let (Mapped::Task(name) | Mapped::Workflow(name)) = &map.of;
                match &map.of {
                    Mapped::Task(_) => self.open.push(path.clone()),
                    Mapped::Workflow(name) => drop(self.rows.insert(path.clone(), Rows { of: name.to_string(), depth })),
                }
                (name.to_string(), What::Map { over: map.mapped.iter().map(ToString::to_string).collect() })
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
        self.nodes.insert(path, Planned { of, what, needs, arm: arm.cloned(), is_handler });
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
pub(in super::super) fn is_task(graph: &Graph) -> bool {
    match graph.body.nodes.as_slice() {
        [node] => matches!(&node.kind, Kind::Task(name) | Kind::Reference(name) if *name == graph.name),
        _ => false,
    }
}
