//! A graph as rules: workflows and arms of conditions are followed, so that each rule says which others it needs.

use std::collections::HashSet;

use super::asks::Asks;
use super::parts::{END, Part};
use crate::backend::driver::each_needed;
use crate::graph::{Graph, Kind, Mapped, Node, Scope};
use crate::run::NodePath;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rule {
    /// The path of its node.
    pub(super) id: String,
    pub(super) part: Part,
    /// What the node runs, for people.
    pub(super) of: String,
    /// What must be over before.
    pub(super) needs: Vec<(String, Part)>,
    pub(super) asks: Asks,
    /// How many elements of its map may run at once.
    pub(super) at_once: Option<u32>,
    /// The node that it is part of: a workflow or a condition.
    pub(super) within: Option<String>,
}

/// The rules of a graph, in the order of the graph.
pub(super) fn rules(graph: &Graph) -> Vec<Rule> {
    let mut rules = Rules { graph, all: Vec::new() };
    let whole = rules.scope(&graph.body, &Around::default());
    rules.add(END, Part::Finish, &graph.name, whole, None);
    rules.all
}

struct Rules<'g> {
    graph: &'g Graph,
    all: Vec<Rule>,
}

/// What the nodes of a scope have in common.
#[derive(Clone, Default)]
struct Around {
    /// The node of the workflow that they are in.
    parent: Option<NodePath>,
    /// The node that holds them: that one, or a condition.
    within: Option<String>,
    /// What must be over before any of them begins.
    needs: Vec<(String, Part)>,
}

impl Rules<'_> {
    /// The rules of a scope; what says that all of it is over.
    fn scope(&mut self, scope: &Scope, around: &Around) -> Vec<(String, Part)> {
        scope.nodes.iter().map(|node| (self.node(node, around), Part::End)).collect()
    }

    /// The rules of a node; its path.
    fn node(&mut self, node: &Node, around: &Around) -> String {
        let path = |id: &str| NodePath::below(around.parent.as_ref(), id);
        let (id, within) = (path(&node.id).as_str().to_owned(), around.within.as_deref());
        let inside = inside(node);
        let (mut needs, mut known) = (around.needs.clone(), HashSet::new());
        each_needed(node, &mut |needed| {
            if !inside.contains(needed) && known.insert(needed) {
                needs.push((path(needed).as_str().to_owned(), Part::End));
            }
        });
        match &node.kind {
            Kind::Task(name) | Kind::Reference(name) => {
                self.add(&id, Part::Run, name, needs, within).asks = Asks::of(node);
            }
            Kind::Workflow(name) | Kind::LaunchPlan(name) => {
                self.add(&id, Part::Begin, name, needs, within);
                let begun = (id.clone(), Part::Begin);
                let inner = Around { parent: Some(path(&node.id)), within: Some(id.clone()), needs: vec![begun.clone()] };
                let graph = self.graph;
                let mut over = graph.workflows.get(name).map_or_else(Vec::new, |workflow| self.scope(&workflow.body, &inner));
                over.insert(0, begun);
                self.add(&id, Part::End, name, over, within);
            }
            Kind::Branch(branch) => {
                self.add(&id, Part::Decide, "when", needs, within);
                let decided = (id.clone(), Part::Decide);
                let inner = Around { parent: around.parent.clone(), within: Some(id.clone()), needs: vec![decided.clone()] };
                let mut over = vec![decided];
                branch.scopes().for_each(|scope| over.extend(self.scope(scope, &inner)));
                self.add(&id, Part::Join, "when", over, within);
            }
            Kind::Map(map) if self.has_elements(&map.of) => {
                let (name, expanded) = (map.of.name(), vec![(id.clone(), Part::Expand)]);
                self.add(&id, Part::Expand, name, needs, within);
                let element = self.add(&id, Part::Element, name, expanded.clone(), within);
                (element.asks, element.at_once) = (Asks::of(node), map.concurrency.filter(|most| *most > 0));
                self.add(&id, Part::Gather, name, expanded, within);
            }
            Kind::Map(map) => {
                self.add(&id, Part::Run, map.of.name(), needs, within).asks = Asks::of(node);
            }
            Kind::Approve(_) => {
                self.add(&id, Part::Wait, "approve", needs, within);
            }
            Kind::Wait(_) => {
                self.add(&id, Part::Wait, "wait", needs, within);
            }
            Kind::Sleep(_) => {
                self.add(&id, Part::Wait, "sleep", needs, within);
            }
        }
        id
    }

    /// Whether each element of a map is a job of its own: those of a workflow, and those of a task that gives a graph, run within the job of the map.
    fn has_elements(&self, of: &Mapped) -> bool {
        matches!(of, Mapped::Task(name) if self.graph.tasks.get(name).is_some_and(|task| !task.is_dynamic))
    }

    fn add(&mut self, id: &str, part: Part, of: &str, needs: Vec<(String, Part)>, within: Option<&str>) -> &mut Rule {
        let (id, of, within) = (id.to_owned(), of.to_owned(), within.map(str::to_owned));
        let at = self.all.len();
        self.all.push(Rule { id, part, of, needs, asks: Asks::nothing(), at_once: None, within });
        &mut self.all[at]
    }
}

/// The ids of the nodes in the arms of a condition.
fn inside(node: &Node) -> HashSet<&str> {
    let mut ids = HashSet::new();
    if let Kind::Branch(branch) = &node.kind {
        branch.scopes().for_each(|scope| {
            scope.each_node(&mut |node| {
                ids.insert(node.id.as_str());
            });
        });
    }
    ids
}
