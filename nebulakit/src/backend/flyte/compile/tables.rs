//! What names stand for: the workflows, tasks and references of all graphs of a program, and of each node what it takes and gives.

use std::collections::BTreeMap;

use nebulakit_types::LiteralType;

use crate::graph::{GATE_OUTPUT, Graph, Input, Kind, Mapped, Node, Output, Reference, Task, optional_of};
use crate::task::def::TaskDef;
use crate::task::registry::registry;

use super::program::Program;

/// What names stand for.
pub(super) struct Tables<'p> {
    /// Workflows and launch plans.
    pub(super) workflows: BTreeMap<&'p str, &'p Graph>,
    /// The tasks of nodes.
    pub(super) tasks: BTreeMap<&'p str, &'p Task>,
    pub(super) references: BTreeMap<&'p str, &'p Reference>,
    /// All tasks that this program has of those that are compiled.
    pub(super) definitions: BTreeMap<&'p str, &'static TaskDef>,
}

impl<'p> Tables<'p> {
    pub(super) fn of(program: &'p Program) -> Self {
        let mut tables =
            Self { workflows: BTreeMap::new(), tasks: BTreeMap::new(), references: BTreeMap::new(), definitions: BTreeMap::new() };
        // The graphs are of one program: what is in several of them is the same in each.
        for graph in &program.graphs {
            tables.workflows.insert(&graph.name, graph);
            tables.workflows.extend(graph.workflows.iter().map(|(name, graph)| (&**name, graph)));
            tables.tasks.extend(graph.tasks.iter().map(|(name, task)| (&**name, task)));
            tables.references.extend(graph.references.iter().map(|(name, reference)| (&**name, reference)));
        }
        let used = tables.tasks.keys().filter_map(|name| registry().get(name).filter(|task| task.name() == *name));
        tables.definitions = used.chain(program.tasks.iter().copied()).map(|task| (task.name(), task)).collect();
        tables
    }

    /// The task that a node runs, itself or for each element.
    pub(super) fn definition(&self, name: &str) -> Option<&'static TaskDef> {
        self.definitions.get(name).copied()
    }

    /// What a node runs takes, if that has a name.
    pub(super) fn inputs(&self, kind: &Kind) -> &'p [Input] {
        match self.entity(kind) {
            Some(Entity::Task(task)) => &task.inputs,
            Some(Entity::Reference(reference)) => &reference.inputs,
            Some(Entity::Workflow(graph)) => &graph.inputs,
            None => &[],
        }
    }

    /// The outputs of a node, as it gives them.
    pub(super) fn outputs(&self, node: &Node) -> Vec<Output> {
        let outputs: &[Output] = match self.entity(&node.kind) {
            Some(Entity::Task(task)) => &task.outputs,
            Some(Entity::Reference(reference)) => &reference.outputs,
            Some(Entity::Workflow(graph)) => &graph.outputs,
            None => &[],
        };
        match &node.kind {
            Kind::Map(map) => {
                let list =
                    |output: &Output| Output::new(output.name.clone(), of_elements(&output.literal_type, map.success.lets_some_fail()));
                outputs.iter().map(list).collect()
            }
            Kind::Branch(branch) => branch.outputs.clone(),
            Kind::Approve(gate) | Kind::Wait(gate) => vec![Output::new(GATE_OUTPUT, gate.literal_type.clone())],
            _ => outputs.to_vec(),
        }
    }

    fn entity(&self, kind: &Kind) -> Option<Entity<'p>> {
        match kind {
            Kind::Task(name) => self.tasks.get(&**name).map(|task| Entity::Task(task)),
            Kind::Reference(name) => self.references.get(&**name).map(|reference| Entity::Reference(reference)),
            Kind::Workflow(name) | Kind::LaunchPlan(name) => self.workflows.get(&**name).map(|graph| Entity::Workflow(graph)),
            Kind::Map(map) => match &map.of {
                Mapped::Task(name) => self.tasks.get(&**name).map(|task| Entity::Task(task)),
                Mapped::Workflow(name) => self.workflows.get(&**name).map(|graph| Entity::Workflow(graph)),
            },
            Kind::Branch(_) | Kind::Approve(_) | Kind::Wait(_) | Kind::Sleep(_) => None,
        }
    }
}

enum Entity<'p> {
    Task(&'p Task),
    Reference(&'p Reference),
    Workflow(&'p Graph),
}

/// The list of what the elements of a map give.
pub(super) fn of_elements(literal_type: &LiteralType, some_fail: bool) -> LiteralType {
    LiteralType::collection(if some_fail { optional_of(literal_type) } else { literal_type.clone() })
}
