//! Where each node lives: in the workflow itself, or in the arm of a condition that alone needs it; and what it is called.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::graph::{MAX_NESTING, NodeId};
use crate::workflow::build::order::Reached;
use crate::workflow::node::{Node, Source, Target};

/// The scope of the workflow itself.
pub(super) const WHOLE: usize = 0;

/// Where nodes live.
pub(super) struct Scopes {
    tree: Vec<Scope>,
    /// The scope of each node, by its place.
    pub(super) of: Vec<usize>,
    /// The scopes of a condition's arms, by its place; last the one where no test holds.
    pub(super) arms: HashMap<usize, Vec<usize>>,
    /// The first node that is nested too deep.
    pub(super) too_deep: Option<usize>,
}

struct Scope {
    parent: usize,
    depth: usize,
    /// The place of the condition whose arm it is.
    condition: Option<usize>,
}

impl Scopes {
    pub(super) fn of(reached: &Reached<'_>, result: &Source) -> Self {
        let count = reached.nodes.len();
        let tree = vec![Scope { parent: WHOLE, depth: 0, condition: None }];
        let mut scopes = Self { tree, of: vec![usize::MAX; count], arms: HashMap::new(), too_deep: None };
        scopes.need(reached, result, WHOLE);
        // What several need lives where all of them do: users come before what they need.
        for place in reached.sorted.iter().rev().copied() {
            let (node, scope) = (reached.nodes[place], scopes.of[place]);
            node.inputs.iter().chain(&node.after).for_each(|source| scopes.need(reached, source, scope));
            let Target::Branch(branch) = &node.target else { continue };
            let mut own = Vec::with_capacity(branch.arms.len() + 1);
            for (condition, arm) in &branch.arms {
                condition.operands(&mut |source| scopes.need(reached, source, scope));
                own.push(scopes.arm(scope, place));
                scopes.need(reached, arm, scopes.tree.len() - 1);
            }
            own.push(scopes.arm(scope, place));
            if let Ok(arm) = &branch.otherwise {
                scopes.need(reached, arm, scopes.tree.len() - 1);
            }
            if scopes.tree[scope].depth >= MAX_NESTING {
                scopes.too_deep = Some(place);
            }
            scopes.arms.insert(place, own);
        }
        scopes
    }

    /// How many scopes there are.
    pub(super) fn count(&self) -> usize {
        self.tree.len()
    }

    fn arm(&mut self, parent: usize, condition: usize) -> usize {
        // Beyond the limit all arms are as deep as it, so that nothing here takes long; the graph is refused.
        let depth = self.tree[parent].depth + 1;
        let parent = if depth > MAX_NESTING { self.tree[parent].parent } else { parent };
        self.tree.push(Scope { parent, depth: depth.min(MAX_NESTING), condition: Some(condition) });
        self.tree.len() - 1
    }

    fn need(&mut self, reached: &Reached<'_>, source: &Source, scope: usize) {
        source.nodes(&mut |node| {
            let place = reached.place(node);
            let known = self.of[place];
            self.of[place] = if known == usize::MAX || known == scope { scope } else { self.common(known, scope) };
        });
    }

    fn common(&self, mut one: usize, mut other: usize) -> usize {
        while one != other {
            let deeper = if self.tree[one].depth >= self.tree[other].depth { &mut one } else { &mut other };
            *deeper = self.tree[*deeper].parent;
        }
        one
    }

    /// The ids of all nodes, by their places: `n0`, `n1`, .. in the order of the source, as flytekit counts them. Those in the arms of a
    /// condition count together, after its id.
    pub(super) fn ids(&self, reached: &Reached<'_>) -> Vec<NodeId> {
        let mut counters: HashMap<Option<usize>, usize> = HashMap::new();
        let mut own: Vec<String> = Vec::with_capacity(reached.nodes.len());
        for (place, node) in reached.nodes.iter().enumerate() {
            let counter = counters.entry(self.condition(place)).or_default();
            own.push(named(node).unwrap_or_else(|| format!("n{counter}")));
            *counter += 1;
        }
        let mut text = String::new();
        (0..own.len())
            .map(|place| {
                let Some(mut condition) = self.condition(place) else { return NodeId::from(own[place].as_str()) };
                let mut path = vec![place, condition];
                while let Some(outer) = self.condition(condition) {
                    path.push(outer);
                    condition = outer;
                }
                text.clear();
                for place in path.iter().rev() {
                    let dash = if text.is_empty() { "" } else { "-" };
                    let _ = write!(text, "{dash}{}", own[*place]);
                }
                NodeId::from(text.as_str())
            })
            .collect()
    }

    /// The place of the condition in one of whose arms a node is.
    fn condition(&self, place: usize) -> Option<usize> {
        self.tree.get(self.of[place])?.condition
    }
}

/// The id that is made of a node's name: what a DNS name may have, as flytekit makes it.
fn named(node: &Node) -> Option<String> {
    let name = node.overrides.as_ref()?.name.as_deref()?;
    let mut id = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            'a'..='z' | '0'..='9' => id.push(letter),
            'A'..='Z' => {
                if !id.is_empty() && !id.ends_with('-') {
                    id.push('-');
                }
                id.push(letter.to_ascii_lowercase());
            }
            '_' | '-' | '.' | ' ' if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let id = id.trim_end_matches('-');
    (!id.is_empty()).then(|| id.to_owned())
}
