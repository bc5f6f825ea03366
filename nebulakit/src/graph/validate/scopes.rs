//! The nodes of a workflow with their ids, and the scopes that they stand in: each node is looked at from where it stands.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::bindings::{bound, twice};
use super::checks::{Checks, MAX_NESTING, Stand, Workflow};
use super::conditions::test;
use super::names;
use super::nodes::node;
use super::words::{Named, Target, short};
use crate::graph::Graph;
use crate::graph::node::{Branch, Kind, Node, Otherwise, Scope};
use crate::graph::problem::{Problem, ProblemKind};
use crate::graph::variable::Output;

/// The workflow with the places of all its nodes, and whether their ids are unique and valid.
pub(super) fn workflow<'g>(checks: &mut Checks<'g>, graph: &'g Graph) -> Workflow<'g> {
    let mut found = Found { checks, graph, stands: HashMap::new(), scopes: 0 };
    found.scope(&graph.body, 0);
    if let Some(handler) = graph.on_failure.as_deref() {
        let scope = found.scopes;
        found.node(handler, scope, 0);
    }
    let stands = found.stands;
    Workflow { graph, stands, position: Vec::new(), needs: Vec::new(), in_handler: false }
}

struct Found<'c, 'g> {
    checks: &'c mut Checks<'g>,
    graph: &'g Graph,
    stands: HashMap<&'g str, Stand<'g>>,
    scopes: usize,
}

impl<'g> Found<'_, 'g> {
    /// Scopes are numbered as [`scope`] numbers them.
    fn scope(&mut self, scope: &'g Scope, depth: usize) {
        let number = self.scopes;
        self.scopes += 1;
        for (index, node) in scope.nodes.iter().enumerate() {
            self.node(node, number, index);
            if let Kind::Branch(branch) = &node.kind {
                if depth == MAX_NESTING {
                    let message = format!("{} is in conditions nested deeper than {MAX_NESTING} levels", Named(node));
                    let hint = "make a workflow of what the arm does";
                    self.checks.report(Problem::new(ProblemKind::Limit, message).at(node.at.clone()).hint(hint));
                    continue;
                }
                branch.scopes().for_each(|scope| self.scope(scope, depth + 1));
            }
        }
    }

    fn node(&mut self, node: &'g Node, scope: usize, index: usize) {
        if let Some(why) = names::node_id(&node.id) {
            let message = format!("a node has the id `{}`", short(&node.id));
            self.checks.report(Problem::new(ProblemKind::Name, message).at(node.at.clone()).hint(why));
        }
        match self.stands.entry(&node.id) {
            Entry::Vacant(entry) => {
                entry.insert(Stand { node, scope, index });
            }
            Entry::Occupied(entry) => {
                let first = entry.get().node;
                let message = format!("two nodes of `{}` have the id `{}`", short(&self.graph.name), short(&node.id));
                let end = format!("{} has it first", Named(first));
                self.checks.report(Problem::new(ProblemKind::Duplicate, message).at(node.at.clone()).end(end, first.at.clone()));
            }
        }
    }
}

/// Judges the nodes of a workflow and what feeds its outputs.
pub(super) fn body<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>) {
    let graph = workflow.graph;
    scope(checks, workflow, &graph.body, &mut 0);
    // Outputs see every node.
    workflow.position.push((0, graph.body.nodes.len()));
    fed(checks, workflow, &graph.body, &graph.outputs, |name| Target::Output(graph, name));
    workflow.position.pop();
}

fn scope<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>, of: &'g Scope, scopes: &mut usize) {
    let number = *scopes;
    *scopes += 1;
    for (index, inner) in of.nodes.iter().enumerate() {
        workflow.position.push((number, index));
        node(checks, workflow, inner);
        if let Kind::Branch(branch) = &inner.kind {
            arms(checks, workflow, inner, branch, scopes);
        }
        workflow.position.pop();
    }
}

fn arms<'g>(checks: &mut Checks<'g>, workflow: &mut Workflow<'g>, of: &'g Node, branch: &'g Branch, scopes: &mut usize) {
    // What is nested deeper is told already.
    if workflow.position.len() > MAX_NESTING {
        return;
    }
    if branch.arms.is_empty() {
        let message = format!("{} has no arm", Named(of));
        checks.report(Problem::new(ProblemKind::Condition, message).at(of.at.clone()));
    }
    for arm in &branch.arms {
        if checks.is_full() {
            return;
        }
        test(checks, workflow, of, arm);
        inner(checks, workflow, of, branch, &arm.body, scopes);
    }
    if let Otherwise::Run(otherwise) = &branch.otherwise {
        inner(checks, workflow, of, branch, otherwise, scopes);
    }
}

fn inner<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    of: &'g Node,
    branch: &'g Branch,
    inside: &'g Scope,
    scopes: &mut usize,
) {
    let number = *scopes;
    scope(checks, workflow, inside, scopes);
    workflow.position.push((number, inside.nodes.len()));
    fed(checks, workflow, inside, &branch.outputs, |name| Target::Arm(of, name));
    workflow.position.pop();
}

/// Whether the outputs of a scope are those that are declared, each fed with what fits it.
fn fed<'g>(
    checks: &mut Checks<'g>,
    workflow: &mut Workflow<'g>,
    scope: &'g Scope,
    declared: &'g [Output],
    target: impl Fn(&'g str) -> Target<'g>,
) {
    twice(checks, &scope.outputs, &target);
    let mut given = HashSet::new();
    for output in &scope.outputs {
        let target = target(&output.name);
        let asked = target.literal_type(&checks.entities);
        if asked.is_none() {
            let message = format!("{target} is given, and there is no such output");
            checks.report(Problem::new(ProblemKind::Surplus, message).at(output.at.as_ref().or(target.at()).cloned()));
        }
        given.insert(&*output.name);
        bound(checks, workflow, output, target, asked);
    }
    for output in declared.iter().filter(|output| !given.contains(&*output.name)) {
        if checks.is_full() {
            return;
        }
        let target = target(&output.name);
        checks.report(Problem::new(ProblemKind::Missing, format!("{target} is not given")).at(target.at().cloned()));
    }
}
