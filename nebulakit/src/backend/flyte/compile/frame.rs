//! What the nodes of a workflow see: inputs and nodes by the names that they have there.
//!
//! The arm of a condition may become a workflow of its own. What it needs of outside is captured then: it becomes an input of that workflow.

use std::collections::{BTreeMap, HashMap, HashSet};

use nebulakit_types::LiteralType;
use nebulakit_types::wire::flyteidl::core::{OutputReference, PromiseAttribute, promise_attribute};

use super::tables::Tables;
use crate::graph::{Binding, Bound, Graph, Kind, Node, NodeId, Scope, Step, part};

/// A workflow of a program, and all nodes in it by their ids.
pub(super) struct Source<'p> {
    pub(super) graph: &'p Graph,
    pub(super) tables: &'p Tables<'p>,
    nodes: HashMap<&'p str, &'p Node>,
}

impl<'p> Source<'p> {
    pub(super) fn of(graph: &'p Graph, tables: &'p Tables<'p>) -> Self {
        let mut nodes = HashMap::new();
        add(&graph.body, &mut nodes);
        Self { graph, tables, nodes }
    }

    /// An id that no node has.
    pub(super) fn free_id(&self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        while self.nodes.contains_key(id.as_str()) {
            id.push_str("-0");
        }
        id
    }

    /// The type of a whole input of the workflow or output of a node.
    fn literal_type(&self, value: Value<'p>) -> LiteralType {
        let found = match value {
            Value::Input(name) => self.graph.inputs.iter().find(|input| input.name == name).map(|input| input.literal_type.clone()),
            Value::Output(node, output) => {
                let outputs = self.nodes.get(node).map(|node| self.tables.outputs(node)).unwrap_or_default();
                outputs.into_iter().find(|found| found.name == output).map(|output| output.literal_type)
            }
        };
        found.expect("nodes of a graph without problems need what there is")
    }

    /// The type of what `binding` promises.
    pub(super) fn part_type(&self, binding: &'p Binding) -> LiteralType {
        let (value, path) = promised(binding).expect("a part of a value is promised");
        part(&self.literal_type(value), path).cloned().expect("values of a graph without problems have the parts that nodes take")
    }
}

fn add<'p>(scope: &'p Scope, nodes: &mut HashMap<&'p str, &'p Node>) {
    for node in &scope.nodes {
        nodes.insert(&node.id, node);
        if let Kind::Branch(branch) = &node.kind {
            branch.scopes().for_each(|scope| add(scope, nodes));
        }
    }
}

/// A whole value that nodes take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Value<'p> {
    /// An input of the workflow.
    Input(&'p str),
    /// An output of a node.
    Output(&'p str, &'p str),
}

/// A value from outside of the arm that became a workflow.
pub(super) struct Capture<'p> {
    value: Value<'p>,
    /// The input that it is there.
    pub(super) name: String,
    pub(super) literal_type: LiteralType,
}

/// What the nodes of one workflow see.
pub(super) struct Frame<'s, 'p> {
    pub(super) source: &'s Source<'p>,
    /// What is cut off the ids of its nodes.
    prefix: &'p str,
    /// The nodes of the arm that it is; [`None`] where it is the workflow itself.
    own: Option<HashSet<&'p str>>,
    pub(super) captures: Vec<Capture<'p>>,
    /// Where each of them stands, and the names that they have.
    known: HashMap<Value<'p>, usize>,
    names: HashSet<String>,
    /// Nodes outside of the arm that nodes in it wait for.
    pub(super) waits: Vec<&'p NodeId>,
}

impl<'s, 'p> Frame<'s, 'p> {
    pub(super) fn whole(source: &'s Source<'p>) -> Self {
        Self { source, prefix: "", own: None, captures: Vec::new(), known: HashMap::new(), names: HashSet::new(), waits: Vec::new() }
    }

    /// The frame of an arm of `condition` that becomes a workflow.
    pub(super) fn of_arm(source: &'s Source<'p>, condition: &'p NodeId, arm: &'p Scope) -> Self {
        let own = arm.nodes.iter().map(|node| node.id.as_str()).collect();
        Self { prefix: condition, own: Some(own), ..Self::whole(source) }
    }

    /// The id of a node here.
    pub(super) fn id(&self, node: &str) -> String {
        behind(self.prefix, node).to_owned()
    }

    /// What a node is called that has to come first, if it is here; one outside is noted.
    pub(super) fn waits_for(&mut self, node: &'p NodeId) -> Option<String> {
        if self.own.as_ref().is_some_and(|own| !own.contains(node.as_str())) {
            self.waits.push(node);
            return None;
        }
        Some(self.id(node))
    }

    /// A promise of `value`, or of the part of it that `path` leads to.
    pub(super) fn promise(&mut self, value: Value<'p>, path: &[Step]) -> OutputReference {
        let is_outside = match (value, &self.own) {
            (_, None) => false,
            (Value::Input(_), Some(_)) => true,
            (Value::Output(node, _), Some(own)) => !own.contains(node),
        };
        let (node_id, var) = match value {
            _ if is_outside => (String::new(), self.capture(value)),
            // The platform refers to inputs by an empty node id.
            Value::Input(name) => (String::new(), name.to_owned()),
            Value::Output(node, output) => (self.id(node), output.to_owned()),
        };
        OutputReference { node_id, var, attr_path: path.iter().map(step).collect() }
    }

    /// The input that an outside value is here.
    fn capture(&mut self, value: Value<'p>) -> String {
        if let Some(index) = self.known.get(&value) {
            return self.captures[*index].name.clone();
        }
        let mut name = match value {
            Value::Input(name) => name.to_owned(),
            Value::Output(node, output) => format!("{}_{output}", node.replace('-', "_")),
        };
        while !self.names.insert(name.clone()) {
            name.push('_');
        }
        self.known.insert(value, self.captures.len());
        self.captures.push(Capture { value, name: name.clone(), literal_type: self.source.literal_type(value) });
        name
    }

    /// Promises of what was captured, for the node that runs the arm.
    pub(super) fn handed_on(&mut self, captures: &[Capture<'p>]) -> BTreeMap<String, OutputReference> {
        captures.iter().map(|capture| (capture.name.clone(), self.promise(capture.value, &[]))).collect()
    }
}

/// What stands behind the id of a condition in the id of a node in one of its arms.
pub(super) fn behind<'i>(condition: &str, node: &'i str) -> &'i str {
    node.strip_prefix(condition).and_then(|rest| rest.strip_prefix('-')).unwrap_or(node)
}

/// The value that a binding is a part of, and the way to the part, if it is one.
pub(super) fn promised(binding: &Binding) -> Option<(Value<'_>, &[Step])> {
    match binding {
        Binding::Input { name, path } => Some((Value::Input(name), path)),
        Binding::Output { node, output, path } => Some((Value::Output(node, output), path)),
        _ => None,
    }
}

fn step(step: &Step) -> PromiseAttribute {
    let value = match step {
        Step::Key(key) => promise_attribute::Value::StringValue(key.to_string()),
        // Larger indexes are a problem of the graph.
        Step::Index(index) => promise_attribute::Value::IntValue(i32::try_from(*index).unwrap_or(i32::MAX)),
    };
    PromiseAttribute { value: Some(value) }
}

/// Whether `outputs` are those of `node`, by the same names.
pub(super) fn gives_on(outputs: &[Bound], node: &Node) -> bool {
    outputs.iter().all(|bound| match &bound.binding {
        Binding::Output { node: from, output, path } => *from == node.id && *output == bound.name && path.is_empty(),
        _ => false,
    })
}
