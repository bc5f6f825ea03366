//! A FlyteAdmin that launches: it has launch plans and tasks of one name, and keeps what executions it was asked for. Nothing runs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use nebulakit_types::wire::flyteidl::admin::{
    ActiveLaunchPlanRequest, Execution, ExecutionClosure, ExecutionCreateRequest, ExecutionCreateResponse, LaunchPlan, LaunchPlanClosure,
    LaunchPlanList, NodeExecution, NodeExecutionClosure, NodeExecutionGetDataResponse, NodeExecutionList, NodeExecutionListRequest,
    NodeExecutionMetaData, ObjectGetRequest, ResourceListRequest, Task, TaskClosure, TaskExecution, TaskExecutionClosure,
    TaskExecutionList, TaskExecutionListRequest, TaskList, WorkflowExecutionGetDataResponse, WorkflowExecutionGetRequest,
    task_execution_closure,
};
use nebulakit_types::wire::flyteidl::core::{
    CompiledTask, ExecutionError, Identifier, LiteralMap, NodeExecutionIdentifier, ParameterMap, TaskExecutionIdentifier, TaskTemplate,
    TypedInterface, WorkflowExecutionIdentifier, node_execution, task_execution, workflow_execution,
};
use nebulakit_types::wire::flyteidl::service::CreateUploadLocationRequest;
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message;

use super::grpc::{self, Answer, Call, NOT_FOUND, UNAVAILABLE, UNIMPLEMENTED};
use super::store::Store;

/// The control plane. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct Launches(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    /// The interfaces of tasks, by name and version, in the order of their registration.
    pub(crate) tasks: Vec<(String, String, TypedInterface)>,
    /// What launch plans take, by name and version.
    pub(crate) plans: Vec<(String, String, ParameterMap)>,
    /// The active version of launch plans, by their names.
    pub(crate) active: BTreeMap<String, String>,
    /// What executions were asked for, by their names.
    pub(crate) executions: BTreeMap<String, ExecutionCreateRequest>,
    /// The phases that executions go through, one a look; the last one stays.
    pub(crate) phases: Vec<workflow_execution::Phase>,
    pub(crate) looks: usize,
    /// What executions give.
    pub(crate) outputs: LiteralMap,
    /// What the next launches are answered with. An execution is there all the same with the first of both.
    pub(crate) answers: Vec<(bool, u32, String)>,
    /// The nodes at each look, the last ones stay: parent, spec id, whether it has nodes, and its phase.
    pub(crate) nodes: Vec<Vec<(&'static str, &'static str, bool, node_execution::Phase)>>,
    /// The phases of the attempts at a node, by its id.
    pub(crate) attempts: BTreeMap<&'static str, Vec<task_execution::Phase>>,
    /// How many of the next calls are not answered.
    pub(crate) away: usize,
    pub(crate) calls: Vec<String>,
    pub(crate) store: Option<Store>,
}

impl Launches {
    pub(crate) async fn serve(&self) -> SocketAddr {
        let this = self.clone();
        grpc::serve(move |call| {
            let this = this.clone();
            async move { this.with(|state| state.answer(&call)) }
        })
        .await
    }

    pub(crate) fn with<T>(&self, see: impl FnOnce(&mut State) -> T) -> T {
        see(&mut self.0.lock().unwrap())
    }
}

fn message<M: Message + Default>(call: &Call) -> M {
    M::decode(call.message.clone()).unwrap()
}

fn none(what: &str) -> Answer {
    Err((NOT_FOUND, format!("missing entity of type {what}")))
}

impl State {
    fn answer(&mut self, call: &Call) -> Answer {
        self.calls.push(call.method.clone());
        if self.away > 0 {
            self.away -= 1;
            return Err((UNAVAILABLE, "restarting".to_owned()));
        }
        match call.method.as_str() {
            "GetTask" => {
                self.task(&message::<ObjectGetRequest>(call).id.unwrap()).map_or_else(|| none("TASK"), |task| Ok(task.encode_to_vec()))
            }
            "ListTasks" => {
                let request: ResourceListRequest = message(call);
                assert!(request.limit == 1 && request.sort_by.is_some_and(|sort| sort.key == "created_at" && sort.direction == 0));
                let name = request.id.unwrap().name;
                let newest = self.tasks.iter().rev().find(|task| task.0 == name).cloned();
                let tasks = newest.map(|(name, version, _)| Task { id: Some(id(1, &name, &version)), ..Task::default() });
                Ok(TaskList { tasks: tasks.into_iter().collect(), ..TaskList::default() }.encode_to_vec())
            }
            "GetLaunchPlan" => {
                let wanted = message::<ObjectGetRequest>(call).id.unwrap();
                self.plan(&wanted.name, &wanted.version).map_or_else(|| none("LAUNCH_PLAN"), |plan| Ok(plan.encode_to_vec()))
            }
            "GetActiveLaunchPlan" => {
                let name = message::<ActiveLaunchPlanRequest>(call).id.unwrap().name;
                let active = self.active.get(&name).and_then(|version| self.plan(&name, version));
                active.map_or_else(|| none("LAUNCH_PLAN"), |plan| Ok(plan.encode_to_vec()))
            }
            "ListLaunchPlans" => {
                let name = message::<ResourceListRequest>(call).id.unwrap().name;
                let newest = self.plans.iter().rev().find(|plan| plan.0 == name).map(|plan| plan.1.clone());
                let plans = newest.and_then(|version| self.plan(&name, &version));
                Ok(LaunchPlanList { launch_plans: plans.into_iter().collect(), ..LaunchPlanList::default() }.encode_to_vec())
            }
            "CreateUploadLocation" => match &self.store {
                Some(store) => Ok(store.sign(&message::<CreateUploadLocationRequest>(call)).encode_to_vec()),
                None => Err((UNAVAILABLE, "no store".to_owned())),
            },
            "CreateExecution" => self.create(message(call)),
            "GetExecution" => self.execution(&message::<WorkflowExecutionGetRequest>(call).id.unwrap()),
            "GetExecutionData" => {
                Ok(WorkflowExecutionGetDataResponse { full_outputs: Some(self.outputs.clone()), ..Default::default() }.encode_to_vec())
            }
            "ListNodeExecutions" => Ok(self.nodes_of(&message::<NodeExecutionListRequest>(call).unique_parent_id).encode_to_vec()),
            "ListTaskExecutions" => {
                let node = message::<TaskExecutionListRequest>(call).node_execution_id.unwrap().node_id;
                Ok(self.attempts_of(&node).encode_to_vec())
            }
            "GetNodeExecutionData" => Ok(NodeExecutionGetDataResponse::default().encode_to_vec()),
            "TerminateExecution" => {
                self.phases = vec![workflow_execution::Phase::Aborted];
                Ok(Vec::new())
            }
            other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }

    /// The nodes of a parent. Ids are those of the specification, which are unique here but for the parent's.
    fn nodes_of(&self, parent: &str) -> NodeExecutionList {
        let look = self.looks.saturating_sub(1).min(self.nodes.len().saturating_sub(1));
        let nodes = self.nodes.get(look).into_iter().flatten().filter(|node| node.0 == parent);
        let nodes = nodes.map(|(parent, spec, is_parent, phase)| {
            let node_id = if parent.is_empty() { (*spec).to_owned() } else { format!("{parent}-0-{spec}") };
            NodeExecution {
                id: Some(NodeExecutionIdentifier { node_id, ..NodeExecutionIdentifier::default() }),
                metadata: Some(NodeExecutionMetaData {
                    spec_node_id: (*spec).to_owned(),
                    is_parent_node: *is_parent,
                    ..Default::default()
                }),
                closure: Some(NodeExecutionClosure { phase: (*phase).into(), ..NodeExecutionClosure::default() }),
                ..NodeExecution::default()
            }
        });
        NodeExecutionList { node_executions: nodes.collect(), ..NodeExecutionList::default() }
    }

    fn attempts_of(&self, node: &str) -> TaskExecutionList {
        let attempts = self.attempts.get(node).into_iter().flatten().zip(0..);
        let attempts = attempts.map(|(phase, retry_attempt)| {
            let error = ExecutionError { code: "Flaky".to_owned(), message: "once more".to_owned(), ..ExecutionError::default() };
            let is_failed = matches!(phase, task_execution::Phase::Failed | task_execution::Phase::RetryableFailed);
            TaskExecution {
                id: Some(TaskExecutionIdentifier { retry_attempt, ..TaskExecutionIdentifier::default() }),
                closure: Some(TaskExecutionClosure {
                    phase: (*phase).into(),
                    output_result: is_failed.then_some(task_execution_closure::OutputResult::Error(error)),
                    ..TaskExecutionClosure::default()
                }),
                ..TaskExecution::default()
            }
        });
        TaskExecutionList { task_executions: attempts.collect(), ..TaskExecutionList::default() }
    }

    fn create(&mut self, request: ExecutionCreateRequest) -> Answer {
        let exists = "value with matching already exists (duplicate key value violates unique constraint \"executions_pkey\")";
        let answer = if self.answers.is_empty() { None } else { Some(self.answers.remove(0)) };
        if let Some((false, code, text)) = answer {
            return Err((code, text));
        }
        if self.executions.contains_key(&request.name) {
            return Err((grpc::ALREADY_EXISTS, exists.to_owned()));
        }
        let id = WorkflowExecutionIdentifier { name: request.name.clone(), ..WorkflowExecutionIdentifier::default() };
        self.executions.insert(request.name.clone(), request);
        match answer {
            Some((_, code, text)) => Err((code, text)),
            None => Ok(ExecutionCreateResponse { id: Some(id) }.encode_to_vec()),
        }
    }

    fn execution(&mut self, id: &WorkflowExecutionIdentifier) -> Answer {
        let Some(request) = self.executions.get(&id.name) else { return none("EXECUTION") };
        let phase = self.phases.get(self.looks).or(self.phases.last()).copied().unwrap_or(workflow_execution::Phase::Running);
        self.looks += 1;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let closure = ExecutionClosure {
            phase: phase.into(),
            created_at: Some(Timestamp { seconds: now.try_into().unwrap(), nanos: 0 }),
            ..ExecutionClosure::default()
        };
        Ok(Execution { id: Some(id.clone()), spec: request.spec.clone(), closure: Some(closure) }.encode_to_vec())
    }

    fn task(&self, wanted: &Identifier) -> Option<Task> {
        let (name, version, interface) = self.tasks.iter().find(|task| task.0 == wanted.name && task.1 == wanted.version)?;
        let template = TaskTemplate { interface: Some(interface.clone()), ..TaskTemplate::default() };
        let compiled_task = Some(CompiledTask { template: Some(template) });
        Some(Task {
            id: Some(id(1, name, version)),
            closure: Some(TaskClosure { compiled_task, ..TaskClosure::default() }),
            ..Task::default()
        })
    }

    fn plan(&self, name: &str, version: &str) -> Option<LaunchPlan> {
        let (_, _, inputs) = self.plans.iter().find(|plan| plan.0 == name && plan.1 == version)?;
        let closure = LaunchPlanClosure { expected_inputs: Some(inputs.clone()), ..LaunchPlanClosure::default() };
        Some(LaunchPlan { id: Some(id(3, name, version)), closure: Some(closure), ..LaunchPlan::default() })
    }
}

fn id(resource_type: i32, name: &str, version: &str) -> Identifier {
    Identifier {
        resource_type,
        project: "p".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        ..Identifier::default()
    }
}
