//! The graph and the inputs of an invocation, as data.

use std::any::Any;

use bytes::Bytes;
use nebulakit_types::Dialect;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::workspace::Workspace;

use crate::backend::RunError;
use crate::graph::Graph;
use crate::task::def::TaskDef;
use crate::task::definition::Definition;
use crate::task::invocation::Invocation;
use crate::workflow::WorkflowDef;

/// The graph of a workflow or a task.
pub(super) fn graph(definition: &'static dyn Definition) -> Result<Graph, RunError> {
    let any = definition as &dyn Any;
    let graph = match (any.downcast_ref::<WorkflowDef>(), any.downcast_ref::<TaskDef>()) {
        (Some(workflow), _) => workflow.graph(),
        (None, Some(task)) => task.graph(),
        (None, None) => return Err(RunError::Refused(vec![format!("`{}` is neither a workflow nor a task", definition.name())])),
    };
    graph.map_err(RunError::Graph)
}

/// The inputs as the bytes of an `inputs.pb`, and their data, which is still to be stored.
pub(super) fn inputs<O>(invocation: &Invocation<O>, workspace: &Workspace) -> Result<(Bytes, Outbox), RunError> {
    let mut outbox = Outbox::in_process(workspace);
    let inputs = invocation.inputs(&Dialect::FLYTE_1, &mut outbox).map_err(RunError::Inputs)?;
    Ok((inputs.into(), outbox))
}
