//! What nodes run, found by name, with the types that it has where a map runs it.

use std::collections::{HashMap, HashSet};

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::SimpleType;

use super::fits::is_optional;
use crate::graph::node::{Branch, GATE_OUTPUT, Kind, Map, Mapped, Node, Scope};
use crate::graph::place::Place;
use crate::graph::variable::{Input, Output};
use crate::graph::{Graph, Reference, Task};

/// What a name of a node stands for.
#[derive(Clone, Copy)]
pub(super) enum Entity<'g> {
    Task(&'g Task),
    Reference(&'g Reference),
    Workflow(&'g Graph),
}

impl<'g> Entity<'g> {
    pub(super) fn inputs(self) -> &'g [Input] {
        match self {
            Self::Task(task) => &task.inputs,
            Self::Reference(reference) => &reference.inputs,
            Self::Workflow(graph) => &graph.inputs,
        }
    }

    pub(super) fn outputs(self) -> &'g [Output] {
        match self {
            Self::Task(task) => &task.outputs,
            Self::Reference(reference) => &reference.outputs,
            Self::Workflow(graph) => &graph.outputs,
        }
    }

    pub(super) fn at(self) -> Option<&'g Place> {
        match self {
            Self::Task(task) => task.at.as_ref(),
            Self::Reference(reference) => reference.at.as_ref(),
            Self::Workflow(graph) => graph.at.as_ref(),
        }
    }

    /// The address of what it is, which tells it from all others.
    fn address(self) -> usize {
        match self {
            Self::Task(task) => address(task),
            Self::Reference(reference) => address(reference),
            Self::Workflow(graph) => address(graph),
        }
    }
}

/// The lists that maps take and give, by what they are lists of (its address, and whether elements may be none).
#[derive(Default)]
pub(super) struct Lists(HashMap<(usize, bool), LiteralType>);

impl Lists {
    /// The lists of all maps in `graph` and in the workflows that it holds.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut lists = Self::default();
        let mut seen = HashSet::new();
        for (_, node) in std::iter::once(graph).chain(graph.workflows.values()).flat_map(nodes) {
            let Kind::Map(map) = &node.kind else { continue };
            let Some(entity) = mapped(graph, &map.of) else { continue };
            if seen.insert((entity.address(), map.success.lets_some_fail())) {
                entity.inputs().iter().for_each(|input| lists.add(&input.literal_type, false));
                entity.outputs().iter().for_each(|output| lists.add(&output.literal_type, map.success.lets_some_fail()));
            }
        }
        lists
    }

    fn add(&mut self, element: &LiteralType, optional: bool) {
        self.0.entry((address(element), optional)).or_insert_with(|| {
            let element = if optional { optional_of(element) } else { element.clone() };
            LiteralType::collection(element)
        });
    }

    fn get(&self, element: &LiteralType, optional: bool) -> Option<&LiteralType> {
        self.0.get(&(address(element), optional))
    }
}

/// Every node of a workflow with how deep it is in arms of conditions, the handler of failures last.
pub(super) fn nodes(graph: &Graph) -> impl Iterator<Item = (usize, &Node)> {
    let mut left: Vec<(usize, std::slice::Iter<'_, Node>)> = Vec::new();
    if let Some(handler) = graph.on_failure.as_deref() {
        left.push((0, std::slice::from_ref(handler).iter()));
    }
    left.push((0, graph.body.nodes.iter()));
    std::iter::from_fn(move || {
        loop {
            let (depth, nodes) = left.last_mut()?;
            let depth = *depth;
            let Some(node) = nodes.next() else {
                left.pop();
                continue;
            };
            if let Kind::Branch(branch) = &node.kind {
                left.extend(branch.scopes().rev().map(|scope: &Scope| (depth + 1, scope.nodes.iter())));
            }
            return Some((depth, node));
        }
    })
}

/// What a map runs.
pub(super) fn mapped<'g>(graph: &'g Graph, of: &Mapped) -> Option<Entity<'g>> {
    match of {
        Mapped::Task(name) => graph.tasks.get(name).map(Entity::Task),
        Mapped::Workflow(name) => workflow(graph, name).map(Entity::Workflow),
    }
}

/// The workflow of that name: one that the graph holds, or itself.
pub(super) fn workflow<'g>(graph: &'g Graph, name: &str) -> Option<&'g Graph> {
    graph.workflows.get(name).or_else(|| (graph.name == name).then_some(graph))
}

/// `T` or none, as `Option<T>` is.
pub(crate) fn optional_of(literal_type: &LiteralType) -> LiteralType {
    LiteralType::union(vec![literal_type.clone(), LiteralType::simple(SimpleType::None).with_tag("none")])
}

/// All that names in a graph stand for.
pub(super) struct Entities<'g> {
    pub(super) graph: &'g Graph,
    lists: &'g Lists,
    /// By the addresses of what has them.
    inputs: HashMap<usize, HashMap<&'g str, &'g Input>>,
    outputs: HashMap<usize, HashMap<&'g str, &'g Output>>,
    /// The inputs that have to be given, in order, and those that have not.
    needed: HashMap<usize, Vec<&'g str>>,
    optional: HashSet<(usize, &'g str)>,
    /// What the maps go through.
    mapped: HashMap<usize, HashSet<&'g str>>,
}

/// What tells a part of a graph from all others.
fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

fn named(outputs: &[Output]) -> HashMap<&str, &Output> {
    outputs.iter().map(|output| (&*output.name, output)).collect()
}

impl<'g> Entities<'g> {
    pub(super) fn new(graph: &'g Graph, lists: &'g Lists) -> Self {
        let mut entities = Self {
            graph,
            lists,
            inputs: HashMap::new(),
            outputs: HashMap::new(),
            needed: HashMap::new(),
            optional: HashSet::new(),
            mapped: HashMap::new(),
        };
        let tasks = graph.tasks.values().map(Entity::Task);
        let references = graph.references.values().map(Entity::Reference);
        let workflows = graph.workflows.values().chain([graph]).map(Entity::Workflow);
        for entity in tasks.chain(references).chain(workflows) {
            let inputs = entity.inputs().iter().map(|input| (&*input.name, input)).collect();
            entities.inputs.insert(entity.address(), inputs);
            entities.outputs.insert(entity.address(), named(entity.outputs()));
            let (optional, needed): (Vec<_>, Vec<_>) =
                entity.inputs().iter().partition(|input| input.default.is_some() || is_optional(&input.literal_type));
            entities.needed.insert(entity.address(), needed.into_iter().map(|input| &*input.name).collect());
            entities.optional.extend(optional.into_iter().map(|input| (entity.address(), &*input.name)));
        }
        for (_, node) in std::iter::once(graph).chain(graph.workflows.values()).flat_map(nodes) {
            match &node.kind {
                Kind::Map(map) => drop(entities.mapped.insert(address::<Map>(map), map.mapped.iter().map(|name| &**name).collect())),
                Kind::Branch(branch) => drop(entities.outputs.insert(address::<Branch>(branch), named(&branch.outputs))),
                _ => {}
            }
        }
        entities
    }

    /// The inputs of a node that have to be given.
    pub(super) fn needed(&self, node: &'g Node) -> impl Iterator<Item = &'g str> + use<'_, 'g> {
        let value = matches!(node.kind, Kind::Approve(_)).then_some(GATE_OUTPUT);
        let entity = self.of(&node.kind).map(Entity::address);
        let needed = entity.and_then(|entity| self.needed.get(&entity)).into_iter().flatten().copied();
        let mapped = match &node.kind {
            Kind::Map(map) => map.mapped.as_slice(),
            _ => &[],
        };
        // What is gone through is given, even where it has a default.
        let optional = move |name: &&str| entity.is_some_and(|entity| self.optional.contains(&(entity, *name)));
        value.into_iter().chain(needed).chain(mapped.iter().map(|name| &**name).filter(optional))
    }

    /// The output of that name of a condition.
    pub(super) fn branch_output(&self, branch: &Branch, name: &str) -> Option<&'g Output> {
        self.outputs.get(&address(branch))?.get(name).copied()
    }

    /// The output of that name of a workflow.
    pub(super) fn workflow_output(&self, graph: &Graph, name: &str) -> Option<&'g Output> {
        self.outputs.get(&address(graph))?.get(name).copied()
    }

    /// What a node runs, if that has a name and the name stands for something.
    pub(super) fn of(&self, kind: &Kind) -> Option<Entity<'g>> {
        match kind {
            Kind::Task(name) => self.graph.tasks.get(name).map(Entity::Task),
            Kind::Reference(name) => self.graph.references.get(name).map(Entity::Reference),
            Kind::Workflow(name) | Kind::LaunchPlan(name) => workflow(self.graph, name).map(Entity::Workflow),
            Kind::Map(map) => mapped(self.graph, &map.of),
            _ => None,
        }
    }

    /// The input of that name of `entity`.
    pub(super) fn input(&self, entity: Entity<'g>, name: &str) -> Option<&'g Input> {
        self.inputs.get(&entity.address())?.get(name).copied()
    }

    /// The type of an input of a node; the outer [`None`] where there is no such input, the inner one where its type is not known.
    pub(super) fn input_type(&self, node: &'g Node, name: &str) -> Option<Option<&'g LiteralType>> {
        match &node.kind {
            Kind::Approve(gate) => (name == GATE_OUTPUT).then_some(Some(&gate.literal_type)),
            Kind::Wait(_) | Kind::Sleep(_) | Kind::Branch(_) => None,
            kind => {
                let Some(entity) = self.of(kind) else { return Some(None) };
                let literal_type = &self.input(entity, name)?.literal_type;
                match kind {
                    Kind::Map(map) if self.mapped.get(&address::<Map>(map)).is_some_and(|mapped| mapped.contains(name)) => {
                        Some(self.lists.get(literal_type, false))
                    }
                    _ => Some(Some(literal_type)),
                }
            }
        }
    }

    /// The type of an output of a node, as [`Entities::input_type`].
    pub(super) fn output_type(&self, node: &'g Node, name: &str) -> Option<Option<&'g LiteralType>> {
        match &node.kind {
            Kind::Approve(gate) | Kind::Wait(gate) => (name == GATE_OUTPUT).then_some(Some(&gate.literal_type)),
            Kind::Sleep(_) => None,
            Kind::Branch(branch) => self.branch_output(branch, name).map(|output| Some(&output.literal_type)),
            kind => {
                let Some(entity) = self.of(kind) else { return Some(None) };
                let literal_type = &self.outputs.get(&entity.address())?.get(name)?.literal_type;
                match kind {
                    Kind::Map(map) => Some(self.lists.get(literal_type, map.success.lets_some_fail())),
                    _ => Some(Some(literal_type)),
                }
            }
        }
    }
}
