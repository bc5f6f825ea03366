//! Nodes that start executions of launch plans.

use nebulakit_types::wire::flyteidl::admin::execution_metadata::ExecutionMode;
use nebulakit_types::wire::flyteidl::admin::{ExecutionCreateRequest, ExecutionMetadata, ExecutionSpec};
use nebulakit_types::wire::flyteidl::core::{ExecutionError, Identifier, LiteralMap, NodeExecutionIdentifier, workflow_execution::Phase};

use super::failure::{Failure, user};
use super::names;
use super::nodes::{Running, written};
use crate::flyte::launch;

/// Starts an execution, and gives its outputs.
pub(crate) async fn run(running: &Running, plan: &Identifier) -> Result<LiteralMap, Failure> {
    let (run, world) = (&running.scope.run, &running.scope.world);
    let parent = NodeExecutionIdentifier { node_id: running.id.clone(), execution_id: Some(run.id.clone()) };
    let metadata = ExecutionMetadata {
        mode: ExecutionMode::ChildWorkflow.into(),
        nesting: run.spec.metadata.as_ref().map_or(0, |metadata| metadata.nesting) + 1,
        parent_node_execution: Some(parent),
        ..ExecutionMetadata::default()
    };
    let spec = ExecutionSpec {
        launch_plan: Some(plan.clone()),
        metadata: Some(metadata),
        max_parallelism: run.spec.max_parallelism,
        security_context: run.spec.security_context.clone(),
        raw_output_data_config: run.spec.raw_output_data_config.clone(),
        labels: run.spec.labels.clone(),
        annotations: run.spec.annotations.clone(),
        interruptible: run.spec.interruptible,
        overwrite_cache: run.spec.overwrite_cache,
        envs: run.spec.envs.clone(),
        ..ExecutionSpec::default()
    };
    let request = ExecutionCreateRequest {
        project: run.id.project.clone(),
        domain: run.id.domain.clone(),
        name: names::child_execution(&run.id.name, &running.id, 0),
        spec: Some(spec),
        inputs: Some(running.inputs.clone()),
        org: String::new(),
    };
    let child = launch::create(world, request, None).map_err(|(_, text)| user("BadInputToAPI", text))?;
    running.change(|record| {
        record.is_parent = true;
        record.child = Some(child.id.clone());
    });
    let phase = tokio::select! {
        phase = child.ended() => phase,
        why = running.scope.stop.stopped() => {
            launch::terminate(&child, &why);
            return Err(Failure::Stopped(why));
        }
    };
    let (outputs, error) = {
        let state = child.state.lock().unwrap();
        (state.outputs.clone(), state.error.clone())
    };
    match phase {
        Phase::Succeeded => written(running, outputs.unwrap_or_default()).await,
        Phase::Aborted => Err(user("WorkflowAborted", "launchplan execution aborted")),
        _ => {
            let error = error.unwrap_or_default();
            let message = format!("{}, error: {}", child_name(&child.id.name), error.message);
            Err(Failure::Error(ExecutionError { message, ..error }))
        }
    }
}

fn child_name(name: &str) -> String {
    format!("launchplan [{name}] failed")
}
