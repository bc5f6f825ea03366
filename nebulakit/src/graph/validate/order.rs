//! Nodes stand after what they need; where they do not, either the order is wrong or there is none.

use std::collections::HashMap;

use super::checks::{Checks, Workflow};
use super::words::Named;
use crate::graph::node::Node;
use crate::graph::problem::{Problem, ProblemKind};

/// Judges the order of the nodes of a workflow, when all that they need is known.
pub(super) fn order<'g>(checks: &mut Checks<'g>, workflow: &Workflow<'g>) {
    let mut late: Vec<_> = workflow.needs.iter().copied().filter(|(_, user, needed)| needed >= user).collect();
    if late.is_empty() {
        return;
    }
    late.sort_unstable();
    late.dedup();
    let nodes: HashMap<(usize, usize), &'g Node> = workflow.stands.values().map(|stand| ((stand.scope, stand.index), stand.node)).collect();
    let circles = circles(workflow);
    let mut told = std::collections::HashSet::new();
    for (scope, user, needed) in late {
        let (Some(one), Some(other)) = (nodes.get(&(scope, user)), nodes.get(&(scope, needed))) else { continue };
        let circle = circles.get(&(scope, user)).filter(|circle| circles.get(&(scope, needed)) == Some(circle));
        let problem = if let Some(circle) = circle {
            if !told.insert((scope, *circle)) {
                continue;
            }
            let message = if user == needed {
                format!("{} needs itself", Named(one))
            } else {
                format!("{} and {} need each other", Named(one), Named(other))
            };
            Problem::new(ProblemKind::Order, message)
        } else {
            let message = format!("{} stands before {}, which it needs", Named(one), Named(other));
            Problem::new(ProblemKind::Order, message).hint("a node stands after those that it needs")
        };
        let mut problem = problem.at(one.at.clone());
        if user != needed {
            problem = problem.end(format!("{} is made here", Named(other)), other.at.clone());
        }
        checks.report(problem);
    }
}

/// The nodes that need each other, by a number for each such group; only groups of several, and nodes that need themselves. Tarjan's way,
/// without recursion.
fn circles(workflow: &Workflow<'_>) -> HashMap<(usize, usize), usize> {
    let mut needs: HashMap<(usize, usize), Vec<(usize, usize)>> = HashMap::new();
    for (scope, user, needed) in &workflow.needs {
        needs.entry((*scope, *user)).or_default().push((*scope, *needed));
    }
    let mut starts: Vec<_> = needs.keys().copied().collect();
    starts.sort_unstable();
    let mut state = Tarjan::default();
    for start in starts {
        state.visit(start, &needs);
    }
    state.circles
}

type Stands = (usize, usize);

#[derive(Default)]
struct Tarjan {
    numbers: HashMap<Stands, usize>,
    lowest: HashMap<Stands, usize>,
    open: Vec<Stands>,
    is_open: std::collections::HashSet<Stands>,
    circles: HashMap<Stands, usize>,
    groups: usize,
}

impl Tarjan {
    fn visit(&mut self, start: Stands, needs: &HashMap<Stands, Vec<Stands>>) {
        if self.numbers.contains_key(&start) {
            return;
        }
        let of = |node: &Stands| needs.get(node).map_or(&[][..], Vec::as_slice);
        let mut path = vec![(start, 0)];
        self.enter(start);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if let Some(needed) = of(&node).get(*next) {
                *next += 1;
                if !self.numbers.contains_key(needed) {
                    self.enter(*needed);
                    path.push((*needed, 0));
                } else if self.is_open.contains(needed) {
                    self.lower(node, self.numbers[needed]);
                }
                continue;
            }
            path.pop();
            let lowest = self.lowest[&node];
            if let Some((user, _)) = path.last() {
                self.lower(*user, lowest);
            }
            if lowest == self.numbers[&node] {
                self.close(node, of(&node).contains(&node));
            }
        }
    }

    fn enter(&mut self, node: Stands) {
        let number = self.numbers.len();
        self.numbers.insert(node, number);
        self.lowest.insert(node, number);
        self.open.push(node);
        self.is_open.insert(node);
    }

    fn lower(&mut self, node: Stands, number: usize) {
        if let Some(lowest) = self.lowest.get_mut(&node) {
            *lowest = number.min(*lowest);
        }
    }

    /// Everything that was entered since `node` is one group with it.
    fn close(&mut self, node: Stands, needs_itself: bool) {
        let mut group = Vec::new();
        while let Some(last) = self.open.pop() {
            self.is_open.remove(&last);
            group.push(last);
            if last == node {
                break;
            }
        }
        if group.len() > 1 || needs_itself {
            self.groups += 1;
            self.circles.extend(group.into_iter().map(|node| (node, self.groups)));
        }
    }
}
