//! A FlyteAdmin with executions, as data: what a test puts there is told page by page, and calls that steer change it as the platform was recorded to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use nebulakit_types::wire::flyteidl::admin::execution_closure::OutputResult;
use nebulakit_types::wire::flyteidl::admin::execution_metadata::ExecutionMode;
use nebulakit_types::wire::flyteidl::admin::node_execution_closure::OutputResult as NodeResult;
use nebulakit_types::wire::flyteidl::admin::{
    AbortMetadata, Execution, ExecutionClosure, ExecutionCreateResponse, ExecutionList, ExecutionMetadata, ExecutionRecoverRequest,
    ExecutionRelaunchRequest, ExecutionSpec, ExecutionTerminateRequest, NodeExecution, NodeExecutionGetDataRequest,
    NodeExecutionGetDataResponse, NodeExecutionGetRequest, NodeExecutionList, NodeExecutionListRequest, ObjectGetRequest,
    ResourceListRequest, Signal, SignalGetOrCreateRequest, SignalList, SignalListRequest, SignalSetRequest, Task, TaskClosure,
    TaskExecution, TaskExecutionList, TaskExecutionListRequest, Workflow, WorkflowExecutionGetDataRequest,
    WorkflowExecutionGetDataResponse, WorkflowExecutionGetRequest,
};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{CompiledTask, ExecutionError, TaskTemplate, WorkflowExecutionIdentifier};
use nebulakit_types::wire::flyteidl::service::{CreateDownloadLocationRequest, CreateDownloadLocationResponse};
use prost::Message;

use super::grpc::{self, ALREADY_EXISTS, Answer, Call, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE, UNIMPLEMENTED};

/// At how many characters messages are cut in lists.
const CUT: usize = 100;

/// The control plane. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct Executions(Arc<Mutex<State>>);

/// What there is.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) executions: Vec<Execution>,
    /// Inputs and outputs by the execution's name, or by that and the node's id.
    pub(crate) data: BTreeMap<String, WorkflowExecutionGetDataResponse>,
    /// The nodes by the execution's name and the parent's id.
    pub(crate) nodes: BTreeMap<(String, String), Vec<NodeExecution>>,
    /// The attempts by the execution's name and the node's id.
    pub(crate) attempts: BTreeMap<(String, String), Vec<TaskExecution>>,
    pub(crate) workflow: Option<Workflow>,
    pub(crate) tasks: Vec<TaskTemplate>,
    pub(crate) signals: Vec<Signal>,
    /// Where files of the store can be downloaded from.
    pub(crate) signed: BTreeMap<String, String>,
    /// How many rows a page has at most, whatever is asked for.
    pub(crate) page: Option<usize>,
    /// Whether the answer to the next call that changes something is lost.
    pub(crate) loses_answer: bool,
    pub(crate) calls: Vec<(String, Vec<u8>)>,
}

impl Executions {
    pub(crate) fn with(make: impl FnOnce(&mut State)) -> Self {
        let this = Self::default();
        make(&mut this.0.lock().unwrap());
        this
    }

    pub(crate) async fn serve(&self) -> SocketAddr {
        let this = self.clone();
        grpc::serve(move |call| {
            let answer = this.0.lock().unwrap().answer(&call);
            async move { answer }
        })
        .await
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.lock().unwrap())
    }

    /// The messages that a method was called with.
    pub(crate) fn sent<M: Message + Default>(&self, method: &str) -> Vec<M> {
        let state = self.0.lock().unwrap();
        state.calls.iter().filter(|(name, _)| name == method).map(|(_, message)| M::decode(message.as_slice()).unwrap()).collect()
    }
}

/// An execution in this phase.
pub(crate) fn execution(name: &str, phase: Phase, result: Option<OutputResult>) -> Execution {
    let id = WorkflowExecutionIdentifier {
        project: "flytesnacks".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        ..WorkflowExecutionIdentifier::default()
    };
    let closure = ExecutionClosure { phase: phase.into(), output_result: result, ..ExecutionClosure::default() };
    Execution { id: Some(id), spec: Some(ExecutionSpec::default()), closure: Some(closure) }
}

fn read<M: Message + Default>(call: &Call) -> M {
    M::decode(call.message.clone()).unwrap()
}

fn name(id: &WorkflowExecutionIdentifier) -> &str {
    &id.name
}

fn missing(what: &str, name: &str) -> (u32, String) {
    (NOT_FOUND, format!("missing entity of type {what} with identifier name:\"{name}\""))
}

fn cut(error: &mut ExecutionError) {
    error.message = error.message.chars().take(CUT).collect();
}

impl State {
    fn answer(&mut self, call: &Call) -> Answer {
        self.calls.push((call.method.clone(), call.message.to_vec()));
        match call.method.as_str() {
            "GetExecution" => {
                let id = read::<WorkflowExecutionGetRequest>(call).id.unwrap();
                Ok(self.execution(&id)?.encode_to_vec())
            }
            "ListExecutions" => self.executions(&read(call)),
            "GetExecutionData" => {
                let id = read::<WorkflowExecutionGetDataRequest>(call).id.unwrap();
                Ok(self.data.get(name(&id)).cloned().unwrap_or_default().encode_to_vec())
            }
            "GetNodeExecutionData" => {
                let id = read::<NodeExecutionGetDataRequest>(call).id.unwrap();
                let key = format!("{}/{}", name(&id.execution_id.unwrap()), id.node_id);
                let data = self.data.get(&key).cloned().ok_or_else(|| missing("node execution", &id.node_id))?;
                let WorkflowExecutionGetDataResponse { outputs, inputs, full_inputs, full_outputs } = data;
                let data = NodeExecutionGetDataResponse { outputs, inputs, full_inputs, full_outputs, ..Default::default() };
                Ok(data.encode_to_vec())
            }
            "ListNodeExecutions" => self.nodes(read(call)),
            "GetNodeExecution" => {
                let id = read::<NodeExecutionGetRequest>(call).id.unwrap();
                let found = self.nodes.values().flatten().find(|node| node.id.as_ref() == Some(&id));
                Ok(found.ok_or_else(|| missing("node execution", &id.node_id))?.encode_to_vec())
            }
            "ListTaskExecutions" => {
                let request: TaskExecutionListRequest = read(call);
                let id = request.node_execution_id.unwrap();
                let key = (name(&id.execution_id.unwrap()).to_owned(), id.node_id);
                let task_executions = self.attempts.get(&key).cloned().unwrap_or_default();
                Ok(TaskExecutionList { task_executions, token: String::new() }.encode_to_vec())
            }
            "CreateDownloadLocation" => {
                let uri = read::<CreateDownloadLocationRequest>(call).native_url;
                let signed_url = self.signed.get(&uri).cloned().ok_or_else(|| missing("location", &uri))?;
                Ok(CreateDownloadLocationResponse { signed_url, expires_at: None }.encode_to_vec())
            }
            "GetWorkflow" => Ok(self.workflow.as_ref().ok_or_else(|| missing("WORKFLOW", ""))?.encode_to_vec()),
            "GetTask" => {
                let id = read::<ObjectGetRequest>(call).id.unwrap();
                let template = self.tasks.iter().find(|task| task.id.as_ref() == Some(&id)).ok_or_else(|| missing("TASK", &id.name))?;
                let compiled_task = Some(CompiledTask { template: Some(template.clone()) });
                let closure = Some(TaskClosure { compiled_task, ..TaskClosure::default() });
                Ok(Task { id: Some(id), closure, ..Task::default() }.encode_to_vec())
            }
            "TerminateExecution" => {
                let request: ExecutionTerminateRequest = read(call);
                let answer = self.terminate(&request);
                self.changed(answer)
            }
            "RelaunchExecution" => {
                let request: ExecutionRelaunchRequest = read(call);
                let answer = self.launch(request.id.unwrap(), &request.name, ExecutionMode::Relaunch);
                self.changed(answer)
            }
            "RecoverExecution" => {
                let request: ExecutionRecoverRequest = read(call);
                let answer = self.launch(request.id.unwrap(), &request.name, ExecutionMode::Recovered);
                self.changed(answer)
            }
            "ListSignals" => {
                let id = read::<SignalListRequest>(call).workflow_execution_id;
                let is_of = |signal: &&Signal| signal.id.as_ref().unwrap().execution_id == id;
                Ok(SignalList { signals: self.signals.iter().filter(is_of).cloned().collect(), token: String::new() }.encode_to_vec())
            }
            "GetOrCreateSignal" => {
                let SignalGetOrCreateRequest { id, r#type } = read(call);
                self.signals.push(Signal { id, r#type, value: None });
                Ok(self.signals.last().unwrap().encode_to_vec())
            }
            "SetSignal" => {
                let SignalSetRequest { id, value } = read(call);
                match self.signals.iter_mut().find(|signal| signal.id == id) {
                    Some(signal) => signal.value = value,
                    None => return Err((INVALID_ARGUMENT, "failed to set signal: signal does not exist".to_owned())),
                }
                Ok(Vec::new())
            }
            other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }

    /// The answer, unless it is lost.
    fn changed(&mut self, answer: Answer) -> Answer {
        match std::mem::take(&mut self.loses_answer) {
            true => Err((UNAVAILABLE, "the connection is gone".to_owned())),
            false => answer,
        }
    }

    fn execution(&self, id: &WorkflowExecutionIdentifier) -> Result<&Execution, (u32, String)> {
        self.executions.iter().find(|execution| execution.id.as_ref() == Some(id)).ok_or_else(|| missing("execution", &id.name))
    }

    fn executions(&self, request: &ResourceListRequest) -> Answer {
        assert!(request.limit > 0, "the platform refuses a limit of zero");
        let one = request.filters.strip_prefix("eq(phase,").or_else(|| request.filters.strip_prefix("value_in(phase,"));
        let phases = one.and_then(|rest| rest.strip_suffix(')')).map(|phases| phases.split(';').collect::<Vec<_>>());
        let all = self.executions.iter().rev().filter(|execution| {
            let own = execution.closure.as_ref().unwrap().phase();
            phases.as_ref().is_none_or(|phases| phases.contains(&own.as_str_name()))
        });
        let (mut executions, token) = self.page(all.cloned().collect(), &request.token, request.limit);
        for execution in &mut executions {
            if let Some(OutputResult::Error(error)) = &mut execution.closure.as_mut().unwrap().output_result {
                cut(error);
            }
        }
        Ok(ExecutionList { executions, token }.encode_to_vec())
    }

    fn nodes(&self, request: NodeExecutionListRequest) -> Answer {
        let key = (request.workflow_execution_id.unwrap().name, request.unique_parent_id);
        let (mut node_executions, token) = self.page(self.nodes.get(&key).cloned().unwrap_or_default(), &request.token, request.limit);
        for node in &mut node_executions {
            if let Some(NodeResult::Error(error)) = &mut node.closure.as_mut().unwrap().output_result {
                cut(error);
            }
        }
        Ok(NodeExecutionList { node_executions, token }.encode_to_vec())
    }

    /// A page and its token. A full last page has a token too, and the page behind it is empty.
    fn page<T>(&self, rows: Vec<T>, token: &str, limit: u32) -> (Vec<T>, String) {
        let (from, size) = (token.parse().unwrap_or(0_usize), self.page.unwrap_or(usize::MAX).min(limit as usize));
        let page: Vec<_> = rows.into_iter().skip(from).take(size).collect();
        let token = if page.len() == size { (from + size).to_string() } else { String::new() };
        (page, token)
    }

    fn terminate(&mut self, request: &ExecutionTerminateRequest) -> Answer {
        let id = request.id.clone().unwrap();
        self.execution(&id)?;
        let found = self.executions.iter_mut().find(|execution| execution.id.as_ref() == Some(&id)).unwrap();
        let closure = found.closure.as_mut().unwrap();
        match closure.phase() {
            Phase::Succeeded | Phase::Failed | Phase::Aborted | Phase::Aborting | Phase::TimedOut => {
                Err((FAILED_PRECONDITION, "Cannot abort an already terminated workflow execution".to_owned()))
            }
            _ => {
                closure.phase = Phase::Aborting.into();
                closure.output_result =
                    Some(OutputResult::AbortMetadata(AbortMetadata { cause: request.cause.clone(), principal: String::new() }));
                Ok(Vec::new())
            }
        }
    }

    fn launch(&mut self, former: WorkflowExecutionIdentifier, name: &str, mode: ExecutionMode) -> Answer {
        let former = self.execution(&former)?.clone();
        assert!(!name.is_empty(), "without a name, a call that is repeated starts two");
        let id = WorkflowExecutionIdentifier { name: name.to_owned(), ..former.id.clone().unwrap() };
        if self.execution(&id).is_ok() {
            let text = "value with matching already exists (duplicate key value violates unique constraint \"executions_pkey\")";
            return Err((ALREADY_EXISTS, text.to_owned()));
        }
        let metadata = ExecutionMetadata { mode: mode.into(), reference_execution: former.id, ..ExecutionMetadata::default() };
        let spec = ExecutionSpec { metadata: Some(metadata), ..former.spec.unwrap_or_default() };
        self.executions.push(Execution { spec: Some(spec), ..execution(name, Phase::Undefined, None) });
        Ok(ExecutionCreateResponse { id: Some(id) }.encode_to_vec())
    }
}
