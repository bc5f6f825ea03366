//! A running scope: the outputs of its nodes so far, and the inputs of the next ones.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use nebulakit_types::{Error, ErrorKind, Result};

use super::hold::{Hold, Holds, Shelf};
use super::layout::{Layout, each_given, each_taken};
use super::value::{self, Lists};
use crate::graph::{Binding, Bound, Graph, Node, Scope, Step};
use crate::run::NodePath;
use crate::task::cancellation::Cancellation;

/// A running workflow: the run's own, that of a node, or that of an element of a map.
pub(super) struct Instance<'g> {
    pub(super) graph: &'g Graph,
    /// The node that runs it; [`None`] for the run's own.
    pub(super) path: Option<NodePath>,
    /// Its inputs, with its defaults: the bytes of an `inputs.pb`.
    inputs: Bytes,
    lists: Mutex<Lists>,
    /// The error that its failure handler is told, as a literal.
    failure: Option<Bytes>,
    within: Within,
    /// How many scopes it is in.
    depth: u32,
}

/// What a scope inherits from the node that it is in.
#[derive(Clone, Default)]
pub(super) struct Within {
    /// Whether all of it runs, whatever is known of earlier runs.
    pub(super) is_again: bool,
    /// Holds the files that it may pass on; [`None`] if nothing is deleted.
    pub(super) holds: Option<Holds>,
}

/// A running scope: the body of a workflow, or an arm of a condition.
pub(super) struct Frame<'g> {
    pub(super) instance: Arc<Instance<'g>>,
    pub(super) scope: &'g Scope,
    pub(super) layout: Arc<Layout<'g>>,
    /// Stops everything that runs in it.
    pub(super) stop: Cancellation,
    /// The scope that an arm of a condition is in.
    around: Option<Arc<Self>>,
    /// How many scopes it is in.
    pub(super) depth: u32,
    gave: Mutex<Vec<Gave>>,
    pub(super) within: Within,
}

/// The outputs of a node, as long as they are needed.
pub(super) struct Gave {
    /// The bytes of an `outputs.pb`.
    outputs: Option<Bytes>,
    lists: Lists,
    hold: Option<Hold>,
    /// How many unfinished nodes take from it.
    takers: u32,
    /// Whether it may differ from an earlier run, because it, or something in it, was to run again.
    pub(super) is_redone: bool,
}

impl<'g> Instance<'g> {
    /// The workflow with these inputs; inputs that are left out have their defaults.
    pub(super) fn new(graph: &'g Graph, path: Option<NodePath>, given: &[(&str, Bytes)]) -> Self {
        let default = |name: &str, default: Option<&nebulakit_types::Literal>| {
            (!given.iter().any(|(given, _)| *given == name)).then(|| default.map_or_else(value::none, |literal| literal.encode().into()))
        };
        let defaults: Vec<_> =
            graph.inputs.iter().filter_map(|input| Some((&*input.name, default(&input.name, input.default.as_ref())?))).collect();
        let inputs = value::literals(given.iter().chain(&defaults));
        Self { graph, path, inputs, lists: Mutex::default(), failure: None, within: Within::default(), depth: 0 }
    }

    /// The same within a node.
    pub(super) fn within(self, within: Within) -> Self {
        Self { within, ..self }
    }

    /// The same workflow, within `depth` scopes.
    pub(super) fn at_depth(self, depth: u32) -> Self {
        Self { depth, ..self }
    }

    /// The same workflow, for its failure handler.
    pub(super) fn failed(&self, handler: &Node, message: &str) -> Self {
        // The platform names the handler, not the node that failed.
        let failure = Some(value::error(&handler.id, message));
        // Each failure is handled, be it the same as in an earlier run.
        let within = Within { is_again: true, ..self.within.clone() };
        let (path, inputs) = (self.path.clone(), self.inputs.clone());
        Self { graph: self.graph, path, inputs, lists: Mutex::default(), failure, within, depth: self.depth }
    }
}

impl<'g> Frame<'g> {
    pub(super) fn new(instance: Arc<Instance<'g>>, scope: &'g Scope, layout: Arc<Layout<'g>>, stop: Cancellation) -> Self {
        let mut gave: Vec<_> =
            layout.takers().map(|takers| Gave { outputs: None, lists: Lists::default(), hold: None, takers, is_redone: false }).collect();
        // What the scope gives is taken when all of it is over.
        layout.given().iter().for_each(|place| gave[*place as usize].takers += 1);
        let (within, depth) = (instance.within.clone(), instance.depth);
        Self { instance, scope, layout, stop, around: None, depth, gave: Mutex::new(gave), within }
    }

    /// An arm of a condition in `around`.
    pub(super) fn arm(around: &Arc<Self>, scope: &'g Scope, layout: Arc<Layout<'g>>, within: Within) -> Self {
        let arm = Self::new(Arc::clone(&around.instance), scope, layout, around.stop.below());
        Self { around: Some(Arc::clone(around)), depth: around.depth + 1, within, ..arm }
    }

    /// The path of one of its nodes.
    pub(super) fn path(&self, node: &Node) -> NodePath {
        NodePath::below(self.instance.path.as_ref(), &node.id)
    }

    /// Keeps what the node at `place` gave until all have taken from it, and forgets what nobody takes any more. Gives what need not be held any more, `held`
    /// among it, which was held for the node.
    pub(super) fn keep(&self, place: u32, outputs: Bytes, shelf: Option<&dyn Shelf>, held: Vec<Hold>) -> Vec<Hold> {
        let (mut gave, mut free) = (self.gave(), held);
        if gave[place as usize].takers > 0 {
            gave[place as usize].hold = shelf.map(|shelf| shelf.hold(&outputs));
            gave[place as usize].outputs = Some(outputs);
        }
        for earlier in self.layout.before(place) {
            let gave = &mut gave[*earlier as usize];
            gave.takers -= 1;
            if gave.takers == 0 {
                (gave.outputs, gave.lists) = (None, Lists::default());
                free.extend(gave.hold.take());
            }
        }
        free
    }

    /// Passes the holds of the scope to the node that it is in, which may pass the files on.
    pub(super) fn pass_on(&self) {
        if let Some(holds) = &self.within.holds {
            let held = self.gave().iter_mut().filter_map(|gave| gave.hold.take()).collect::<Vec<_>>();
            holds.lock().unwrap_or_else(PoisonError::into_inner).extend(held);
        }
    }

    /// What is known of what these nodes take and of what the scope gives, each value by itself, since others are not known: maps of one literal.
    pub(super) fn each_known(&self, nodes: impl Iterator<Item = &'g Node>, see: &mut dyn FnMut(&[u8])) {
        let mut known = |binding: &'g Binding| {
            if let Ok(value) = self.value(binding) {
                see(&value::literals(&[("", value)]));
            }
        };
        nodes.for_each(|node| each_taken(node, &mut known));
        each_given(self.scope, &mut known);
    }

    pub(super) fn gave(&self) -> MutexGuard<'_, Vec<Gave>> {
        self.gave.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The values bound to inputs or outputs.
    pub(super) fn values(&self, bound: &'g [Bound]) -> Result<Vec<(&'g str, Bytes)>> {
        let value = |bound: &'g Bound| Ok((&*bound.name, self.value(&bound.binding).map_err(|error| error.at_field(&bound.name))?));
        bound.iter().map(value).collect()
    }

    /// The value of a binding.
    pub(super) fn value(&self, binding: &Binding) -> Result<Bytes> {
        match binding {
            Binding::Literal(literal) => Ok(literal.encode().into()),
            Binding::Input { name, path } => {
                let input = value::named(&self.instance.inputs, name)?;
                let input = input.ok_or_else(|| missing(format!("the workflow has no input `{name}`")))?;
                value::part(input, path, &mut self.instance.lists.lock().unwrap_or_else(PoisonError::into_inner))
            }
            Binding::Output { node, output, path } => self.output(node, output, path),
            Binding::List(elements) => {
                let values = elements.iter().enumerate().map(|(index, element)| self.value(element).map_err(|error| error.at_index(index)));
                value::list(&values.collect::<Result<Vec<_>>>()?)
            }
            Binding::Map(entries) => {
                let values = entries.iter().map(|(key, entry)| Ok((&**key, self.value(entry).map_err(|error| error.at_key(key))?)));
                value::map(&values.collect::<Result<Vec<_>>>()?)
            }
            Binding::Failure => self
                .instance
                .failure
                .clone()
                .ok_or_else(|| missing("there is no failure here: only a failure handler is given one".to_owned())),
            Binding::Fault => Err(missing("the binding is not valid".to_owned())),
        }
    }

    /// A part of what a node gave, of this scope or of one around it.
    fn output(&self, node: &str, output: &str, path: &[Step]) -> Result<Bytes> {
        let nothing = || missing(format!("the node `{node}` has no outputs"));
        let Some(place) = self.layout.place(node) else {
            return self.around.as_ref().ok_or_else(nothing)?.output(node, output, path);
        };
        let Gave { outputs, lists, .. } = &mut self.gave()[place as usize];
        let given = value::named(outputs.as_ref().ok_or_else(nothing)?, output)?;
        value::part(given.ok_or_else(|| missing(format!("the node `{node}` has no output `{output}`")))?, path, lists)
    }
}

fn missing(message: String) -> Error {
    Error::new(ErrorKind::Missing, message)
}
