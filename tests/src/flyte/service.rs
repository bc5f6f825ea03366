//! Each method, and what answers it.

use std::sync::Arc;

use nebulakit_types::wire::flyteidl::admin::{
    ExecutionCreateResponse, ExecutionTerminateResponse, GetVersionResponse, NodeExecutionGetDataRequest, NodeExecutionGetRequest,
    TaskExecutionGetDataRequest, TaskExecutionGetRequest, Version, WorkflowExecutionGetDataRequest, WorkflowExecutionGetRequest,
};
use prost::Message;

use super::engine::run::Run;
use super::grpc::{Answer, Call, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED};
use super::pages::Refused;
use super::world::World;
use super::{launch, uploads, watch};

/// The largest message that is taken.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

fn read<M: Message + std::default::Default>(call: &Call) -> Result<M, Refused> {
    M::decode(call.message.clone()).map_err(|error| (INVALID_ARGUMENT, error.to_string()))
}

fn created(run: Result<Arc<Run>, Refused>) -> Answer {
    Ok(ExecutionCreateResponse { id: Some(run?.id.clone()) }.encode_to_vec())
}

/// Answers a call.
pub(crate) async fn answer(world: &Arc<World>, call: &Call) -> Answer {
    let size = call.message.len();
    if size > MAX_MESSAGE {
        return Err((RESOURCE_EXHAUSTED, format!("grpc: received message larger than max ({size} vs. {MAX_MESSAGE})")));
    }
    match call.method.as_str() {
        "GetVersion" => {
            let version = Version { version: "v1.16.8".to_owned(), ..Version::default() };
            Ok(GetVersionResponse { control_plane_version: Some(version) }.encode_to_vec())
        }
        // Without authentication these are no services.
        "GetOAuth2Metadata" | "GetPublicClientConfig" => {
            Err((UNIMPLEMENTED, "unknown service flyteidl.service.AuthMetadataService".to_owned()))
        }
        "CreateExecution" => created(launch::create(world, read(call)?, None)),
        "RelaunchExecution" => created(launch::relaunch(world, read(call)?)),
        "RecoverExecution" => created(launch::recover(world, read(call)?)),
        "TerminateExecution" => {
            launch::terminated(world, read(call)?)?;
            Ok(ExecutionTerminateResponse {}.encode_to_vec())
        }
        "GetExecution" => watch::get_execution(world, read::<WorkflowExecutionGetRequest>(call)?.id),
        "GetExecutionData" => watch::execution_data(&*launch::found(world, read::<WorkflowExecutionGetDataRequest>(call)?.id)?),
        "ListExecutions" => watch::list_executions(world, &read(call)?),
        "GetNodeExecution" => watch::get_node(world, read::<NodeExecutionGetRequest>(call)?.id.as_ref()),
        "GetNodeExecutionData" => watch::node_data(world, read::<NodeExecutionGetDataRequest>(call)?.id.as_ref()),
        "ListNodeExecutions" => watch::list_nodes(world, &read(call)?),
        "GetTaskExecution" => watch::get_task(world, read::<TaskExecutionGetRequest>(call)?.id),
        "GetTaskExecutionData" => watch::task_data(world, read::<TaskExecutionGetDataRequest>(call)?.id),
        "ListTaskExecutions" => watch::list_tasks(world, &read(call)?),
        "ListSignals" => world.signals.list(read(call)?),
        "SetSignal" => world.signals.set(read(call)?),
        "GetOrCreateSignal" => world.signals.get_or_create(read(call)?),
        "CreateUploadLocation" => uploads::upload(world, read(call)?).await,
        "CreateDownloadLocation" => uploads::location(world, read(call)?),
        "CreateDownloadLink" => uploads::download(world, read(call)?),
        method => world.registry.answer(method, call.message.to_vec()),
    }
}
