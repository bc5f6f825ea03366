//! A task as a workflow of one node, for what runs workflows alone.

use super::data::Uses;
use super::{inputs, task_outputs, whole};
use crate::graph::{Binding, Bound, Graph, Kind, Node, Place, Problems, Scope};
use crate::task::def::TaskDef;

impl TaskDef {
    /// The graph of a workflow that is this task alone, with its inputs and outputs.
    ///
    /// # Errors
    /// When a default cannot be written: it is the author's own code.
    pub(crate) fn graph(&'static self) -> Result<Graph, Problems> {
        let (mut problems, at) = (Problems::new(), Place::new(self.file, self.line));
        let mut graph = Graph::new(self.name);
        graph.doc = self.doc.into();
        graph.inputs = inputs(self.params, &at, &mut problems);
        graph.outputs = task_outputs(self);
        graph.at = Some(at);
        let kind = if self.reference.is_some() { Kind::Reference } else { Kind::Task };
        let mut node = Node::new("n0", kind(self.name.into()));
        node.inputs = graph.inputs.iter().map(|input| Bound::new(input.name.clone(), Binding::input(input.name.clone()))).collect();
        let outputs =
            graph.outputs.iter().map(|output| Bound::new(output.name.clone(), Binding::output(node.id.clone(), output.name.clone())));
        graph.body = Scope { outputs: outputs.collect(), nodes: vec![node] };
        let uses = Uses { tasks: [(self.name, self)].into(), ..Uses::default() };
        whole(graph, uses, problems)
    }
}
