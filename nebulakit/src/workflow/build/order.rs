//! Which nodes a result reaches, each after those that it needs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::workflow::node::{Node, Source};

/// The nodes that a result reaches.
pub(super) struct Reached<'a> {
    /// In the order in which the source makes them.
    pub(super) nodes: Vec<&'a Node>,
    /// The place of each in `nodes`, by its stamp.
    places: HashMap<u64, usize, BuildHasherDefault<Stamps>>,
    /// Places, each after those of the nodes that it needs, else in the order of the source.
    pub(super) sorted: Vec<usize>,
}

impl<'a> Reached<'a> {
    pub(super) fn from(result: &'a Source) -> Self {
        let mut places = HashMap::<u64, usize, BuildHasherDefault<Stamps>>::default();
        let (mut nodes, mut next) = (Vec::new(), Vec::new());
        let mut meet = |node: &'a Arc<Node>, nodes: &mut Vec<&'a Node>| {
            if places.insert(node.stamp, 0).is_none() {
                node.reached.store(true, Ordering::Relaxed);
                nodes.push(&**node);
                true
            } else {
                false
            }
        };
        result.nodes(&mut |node| {
            if meet(node, &mut nodes) {
                next.push(&**node);
            }
        });
        // Not by recursion: chains have any length.
        while let Some(node) = next.pop() {
            node.sources(&mut |source| {
                source.nodes(&mut |need| {
                    if meet(need, &mut nodes) {
                        next.push(&**need);
                    }
                });
            });
        }
        nodes.sort_unstable_by_key(|node| node.stamp);
        for (place, node) in nodes.iter().enumerate() {
            places.insert(node.stamp, place);
        }
        let mut reached = Self { nodes, places, sorted: Vec::new() };
        reached.sorted = reached.sort();
        reached
    }

    /// The place of a node that is reached.
    pub(super) fn place(&self, node: &Node) -> usize {
        self.places.get(&node.stamp).copied().unwrap_or_default()
    }

    fn sort(&self) -> Vec<usize> {
        let count = self.nodes.len();
        // For each node how often it needs another, and for each other who needs it, one after the other in `users`.
        let (mut missing, mut starts) = (vec![0_usize; count], vec![0_usize; count + 1]);
        let mut needs = Vec::with_capacity(count);
        for (user, node) in self.nodes.iter().enumerate() {
            node.sources(&mut |source| {
                source.nodes(&mut |need| {
                    let need = self.place(need);
                    missing[user] += 1;
                    starts[need + 1] += 1;
                    needs.push((need, user));
                });
            });
        }
        for place in 0..count {
            starts[place + 1] += starts[place];
        }
        let (mut users, mut filled) = (vec![0_usize; needs.len()], starts.clone());
        for (need, user) in needs {
            users[filled[need]] = user;
            filled[need] += 1;
        }
        let mut ready: BinaryHeap<_> = (0..count).filter(|place| missing[*place] == 0).map(Reverse).collect();
        let mut sorted = Vec::with_capacity(count);
        while let Some(Reverse(place)) = ready.pop() {
            sorted.push(place);
            for user in &users[starts[place]..starts[place + 1]] {
                missing[*user] -= 1;
                if missing[*user] == 0 {
                    ready.push(Reverse(*user));
                }
            }
        }
        sorted
    }
}

/// Stamps are nearly in a row, and what is next to another in the source is looked for next to it: they stay so in memory.
#[derive(Default)]
struct Stamps(u64);

impl Hasher for Stamps {
    fn finish(&self) -> u64 {
        // The table places by the lowest bits, and tells neighbours apart by the highest.
        self.0 ^ (self.0 << 57)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = (self.0 << 8) | u64::from(*byte));
    }

    fn write_u64(&mut self, stamp: u64) {
        self.0 = stamp;
    }
}
