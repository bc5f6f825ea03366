//! A task as a workflow of one node, for what runs workflows alone.

use super::{inputs, referred, task_outputs, used};
use crate::graph::{Binding, Bound, Graph, Kind, Node, Place, Problems, ReferenceKind, Scope};
use crate::task::def::TaskDef;

impl TaskDef {
    /// The graph of a workflow that is this task alone, with its inputs and outputs. A default that cannot be written is left out: where it is needed, the
    /// task itself says what is wrong with it.
    ///
    /// # Errors
    /// When a type is not one that graphs can have.
    pub(crate) fn graph(&'static self) -> Result<Graph, Problems> {
        let (mut left_out, at) = (Problems::new(), Place::new(self.file, self.line));
        let mut graph = Graph::new(self.name);
        graph.doc = self.doc.into();
        graph.inputs = inputs(self.params, &at, &mut left_out);
        graph.outputs = task_outputs(self);
        graph.at = Some(at.clone());
        let kind = if self.reference.is_some() { Kind::Reference } else { Kind::Task };
        let mut node = Node::new("n0", kind(self.name.into()));
        node.inputs = graph.inputs.iter().map(|input| Bound::new(input.name.clone(), Binding::input(input.name.clone()))).collect();
        let outputs =
            graph.outputs.iter().map(|output| Bound::new(output.name.clone(), Binding::output(node.id.clone(), output.name.clone())));
        graph.body = Scope { outputs: outputs.collect(), nodes: vec![node] };
        match self.reference {
            Some(reference) => {
                let reference = referred(reference, ReferenceKind::Task, self.params, task_outputs(self), at, &mut left_out);
                graph.references.insert(self.name.into(), reference);
            }
            None => drop(graph.tasks.insert(self.name.into(), used(self, &mut left_out))),
        }
        graph.problems().or(graph)
    }
}
