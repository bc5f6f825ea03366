//! How nodes, inputs and outputs read in a picture: short, and on one line.

use std::collections::{HashMap, HashSet};

use nebulakit_types::LiteralType;

use super::overrides::duration;
use super::values::{MAX_CONSTANT, binding, constant, line, quoted};
use crate::graph::Graph;
use crate::graph::binding::Bound;
use crate::graph::cut;
use crate::graph::node::{GATE_OUTPUT, Kind, Map, Node, Success};
use crate::graph::uses::Home;
use crate::graph::variable::{Input, Output};

/// How many inputs of a node that are left to their defaults are shown.
const MAX_DEFAULTS: usize = 20;

/// The names of a graph: the last segments, and whole names where those are not enough.
pub(crate) struct Labels<'g> {
    pub(super) graph: &'g Graph,
    ends: HashMap<&'g str, u32>,
}

impl<'g> Labels<'g> {
    pub(crate) fn of(graph: &'g Graph) -> Self {
        let mut ends = HashMap::new();
        let names = graph.tasks.keys().chain(graph.references.keys()).chain(graph.workflows.keys());
        for name in names {
            *ends.entry(last(name)).or_insert(0) += 1;
        }
        Self { graph, ends }
    }

    /// A name as people know it.
    pub(super) fn name(&self, name: &str) -> String {
        let end = last(name);
        let is_clear = self.ends.get(end).is_none_or(|count| *count < 2);
        line(if is_clear { end } else { name })
    }

    /// What a node runs, in a word or two.
    pub(crate) fn what(&self, node: &Node) -> String {
        match &node.kind {
            Kind::Task(name) | Kind::Workflow(name) | Kind::LaunchPlan(name) | Kind::Reference(name) => self.name(name),
            Kind::Map(map) => format!("map {}", self.name(map.of.name())),
            Kind::Branch(_) => "when".to_owned(),
            Kind::Approve(_) => "approve".to_owned(),
            Kind::Wait(_) => "wait".to_owned(),
            Kind::Sleep(_) => "sleep".to_owned(),
        }
    }

    /// What is special about what a node runs.
    pub(super) fn remarks(&self, node: &Node) -> Vec<String> {
        match &node.kind {
            Kind::Task(name) => {
                let Some(task) = self.graph.tasks.get(name) else { return vec!["unknown".to_owned()] };
                let image = match &task.home {
                    Home::Here => None,
                    Home::Container { image } => Some(format!("image {}", line(image))),
                };
                image.into_iter().chain(task.is_dynamic.then(|| "dynamic".to_owned())).collect()
            }
            Kind::Workflow(_) => vec!["a workflow".to_owned()],
            Kind::LaunchPlan(_) => vec!["an execution of its own".to_owned()],
            Kind::Reference(name) => {
                let Some(reference) = self.graph.references.get(name) else { return vec!["unknown".to_owned()] };
                let parts = [&reference.project, &reference.domain, &reference.name, &reference.version].map(|part| line(part));
                vec![format!("registered as {}", parts.join(":"))]
            }
            Kind::Map(map) => of_map(map),
            Kind::Approve(gate) => vec![format!("signal {}", quoted(&gate.signal))],
            Kind::Wait(gate) => vec![format!("signal {}", quoted(&gate.signal)), type_text(&gate.literal_type)],
            Kind::Sleep(time) => vec![duration(*time)],
            Kind::Branch(_) => Vec::new(),
        }
    }

    /// What feeds a node, an item for each of its inputs, those left to their defaults last.
    pub(super) fn fed(&self, node: &Node) -> Vec<String> {
        let mapped: HashSet<&str> = match &node.kind {
            Kind::Map(map) => map.mapped.iter().map(|name| &**name).collect(),
            _ => HashSet::new(),
        };
        let fed = node.inputs.iter().map(|bound| match &node.kind {
            // There is but one thing to approve.
            Kind::Approve(_) if bound.name == GATE_OUTPUT => binding(&bound.binding),
            _ if mapped.contains(&*bound.name) => format!("{} in {}", line(&bound.name), binding(&bound.binding)),
            _ => given(bound),
        });
        fed.chain(self.defaults(node)).collect()
    }

    fn defaults(&self, node: &Node) -> Vec<String> {
        let graph = self.graph;
        let inputs: &'g [Input] = match &node.kind {
            Kind::Task(name) => graph.tasks.get(name).map_or(&[], |task| &task.inputs),
            Kind::Reference(name) => graph.references.get(name).map_or(&[], |reference| &reference.inputs),
            Kind::Workflow(name) | Kind::LaunchPlan(name) => graph.workflows.get(name).map_or(&[], |graph| &graph.inputs),
            _ => &[],
        };
        let given: HashSet<&str> = node.inputs.iter().map(|bound| &*bound.name).collect();
        let left = inputs.iter().filter(|input| !given.contains(&*input.name));
        let mut left = left.filter_map(|input| Some((&*input.name, input.default.as_ref()?)));
        let shown = left.by_ref().take(MAX_DEFAULTS).map(|(name, default)| format!("{} = {} by default", line(name), constant(default)));
        let mut shown: Vec<_> = shown.collect();
        shown.extend(left.next().map(|_| "more by default".to_owned()));
        shown
    }
}

/// A name, and what feeds it.
pub(super) fn given(bound: &Bound) -> String {
    format!("{} = {}", line(&bound.name), binding(&bound.binding))
}

fn of_map(map: &Map) -> Vec<String> {
    let at_once = map.concurrency.map(|count| if count == 0 { "all at once".to_owned() } else { format!("{count} at once") });
    let succeed = match map.success {
        Success::All => None,
        Success::Count(count) => Some(format!("{count} must succeed")),
        // Rounded to what a single-precision number knows: 0.9 is 90%, not 89.99999761581421%.
        Success::Ratio(ratio) => Some(format!("{}% must succeed", (f64::from(ratio) * 1e6).round() / 1e4)),
    };
    at_once.into_iter().chain(succeed).collect()
}

/// An input as a signature has it.
pub(super) fn parameter(input: &Input) -> String {
    let default = input.default.as_ref().map(|default| format!(" = {}", constant(default))).unwrap_or_default();
    format!("{}: {}{default}", line(&input.name), type_text(&input.literal_type))
}

/// An output as a signature has it.
pub(super) fn output(output: &Output) -> String {
    format!("{}: {}", line(&output.name), type_text(&output.literal_type))
}

/// A type, cut where it is long.
pub(super) fn type_text(literal_type: &LiteralType) -> String {
    line(&cut::written(literal_type, MAX_CONSTANT))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
