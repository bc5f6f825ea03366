//! A FlyteAdmin's registry: what is created twice, what references what is not there, which launch plan is active, and lists of all.

mod checks;
mod entities;
mod lists;
mod nodes;
mod shape;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use nebulakit_types::wire::flyteidl::admin::{LaunchPlanSpec, LaunchPlanState, ObjectGetRequest, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::{
    CompiledWorkflowClosure, Identifier, ParameterMap, ResourceType, TaskTemplate, TypedInterface,
};
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message;

pub(crate) use self::checks::{fits, labels, notifications, place, present};
pub(crate) use self::nodes::named;
use super::grpc::{self, Answer, Call, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED};

/// The control plane's registry. Clones share their state.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<State>>);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    tasks: Table<(TaskTemplate, String)>,
    workflows: Table<WorkflowSpec>,
    launch_plans: Table<(LaunchPlanSpec, LaunchPlanState)>,
    calls: Vec<String>,
    /// How many calls are being answered, and the most of them at once.
    now: usize,
    most: usize,
}

/// Project, domain, name and version.
type Key = [String; 4];

fn key(id: &Identifier) -> Key {
    [&id.project, &id.domain, &id.name, &id.version].map(String::clone)
}

/// Entities, in the order of their creation.
struct Table<T> {
    rows: Vec<(Identifier, T, Timestamp)>,
    places: BTreeMap<Key, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T> Table<T> {
    /// The entity of that id, whatever kind it names. What is empty of it says nothing: it is the first that the rest is of.
    fn get(&self, id: &Identifier) -> Option<&(Identifier, T, Timestamp)> {
        let wanted = key(id);
        if wanted.iter().any(String::is_empty) {
            let is_of = |row: &Identifier| key(row).iter().zip(&wanted).all(|(known, wanted)| wanted.is_empty() || known == wanted);
            return self.rows.iter().find(|(row, ..)| is_of(row));
        }
        self.places.get(&wanted).map(|place| &self.rows[*place])
    }

    fn put(&mut self, id: Identifier, entity: T) {
        self.places.insert(key(&id), self.rows.len());
        self.rows.push((id, entity, super::now()));
    }
}

/// What an execution of a launch plan begins with.
pub(crate) struct Launched {
    pub(crate) spec: LaunchPlanSpec,
    pub(crate) expected: ParameterMap,
    pub(crate) workflow: Identifier,
    pub(crate) closure: CompiledWorkflowClosure,
}

impl Registry {
    /// Serves the registry alone until the runtime ends.
    pub async fn serve(&self) -> SocketAddr {
        let this = self.clone();
        grpc::serve(move |call| {
            let this = this.clone();
            async move {
                this.enter(&call);
                // Others may come in meanwhile.
                tokio::task::yield_now().await;
                let mut state = this.0.lock().unwrap();
                state.now -= 1;
                state.answer(&call)
            }
        })
        .await
    }

    fn enter(&self, call: &Call) {
        let mut state = self.0.lock().unwrap();
        state.calls.push(call.method.clone());
        state.now += 1;
        state.most = state.most.max(state.now);
    }

    /// Answers one call at once.
    ///
    /// # Errors
    /// What the platform refuses the call with.
    pub fn answer(&self, method: &str, message: Vec<u8>) -> Answer {
        let call = Call { method: method.to_owned(), headers: http::HeaderMap::new(), message: message.into() };
        self.0.lock().unwrap().answer(&call)
    }

    /// The calls so far, by their methods.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// The most calls that were answered at once.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.0.lock().unwrap().most
    }

    /// The template of a task.
    pub(crate) fn task(&self, id: &Identifier) -> Result<TaskTemplate, (u32, String)> {
        match self.0.lock().unwrap().tasks.get(id) {
            Some((_, (template, _), _)) => Ok(template.clone()),
            None => missing("TASK", id),
        }
    }

    /// What an execution of a launch plan begins with.
    pub(crate) fn launched(&self, id: &Identifier) -> Result<Launched, (u32, String)> {
        let state = self.0.lock().unwrap();
        let Some((_, (spec, _), _)) = state.launch_plans.get(id) else { return missing("LAUNCH_PLAN", id) };
        let workflow = spec.workflow_id.clone().unwrap_or_default();
        let closure = state.closure(&workflow)?;
        Ok(Launched { spec: spec.clone(), expected: state.expected_inputs(spec), workflow, closure })
    }

    /// Registers what no client did, as the platform does for executions of tasks. What is there stays.
    pub(crate) fn keep(&self, workflow: (Identifier, WorkflowSpec), plan: (Identifier, LaunchPlanSpec)) {
        let mut state = self.0.lock().unwrap();
        if state.workflows.get(&workflow.0).is_none() {
            state.workflows.put(workflow.0, workflow.1);
            state.launch_plans.put(plan.0, (plan.1, LaunchPlanState::Inactive));
        }
    }
}

fn read<M: Message + std::default::Default>(call: &Call) -> Result<M, (u32, String)> {
    M::decode(call.message.clone()).map_err(|error| (INVALID_ARGUMENT, error.to_string()))
}

fn missing<T>(kind: &str, id: &Identifier) -> Result<T, (u32, String)> {
    let Identifier { project, domain, name, version, .. } = id;
    Err((
        NOT_FOUND,
        format!(
            "missing entity of type {kind} with identifier project:\"{project}\" domain:\"{domain}\" name:\"{name}\" version:\"{version}\""
        ),
    ))
}

impl State {
    fn answer(&mut self, call: &Call) -> Answer {
        let of_get = |call: &Call| read::<ObjectGetRequest>(call).map(|request| request.id.unwrap_or_default());
        match call.method.as_str() {
            "CreateTask" => self.create_task(read(call)?),
            "CreateWorkflow" => self.create_workflow(read(call)?),
            "CreateLaunchPlan" => self.create_launch_plan(read(call)?),
            "UpdateLaunchPlan" => self.update_launch_plan(read(call)?),
            "GetTask" => self.task(&of_get(call)?),
            "GetWorkflow" => self.workflow(&of_get(call)?),
            "GetLaunchPlan" => self.launch_plan(&of_get(call)?),
            "GetActiveLaunchPlan" => self.active_launch_plan(read(call)?),
            "ListTasks" => self.list_tasks(&read(call)?),
            "ListWorkflows" => self.list_workflows(&read(call)?),
            "ListLaunchPlans" => self.list_launch_plans(&read(call)?),
            "ListActiveLaunchPlans" => self.list_active_launch_plans(read(call)?),
            other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }
}

/// An id, as refusals show it.
fn shown(id: &Identifier) -> String {
    let fields = [("project", &id.project), ("domain", &id.domain), ("name", &id.name), ("version", &id.version)];
    let kind = match id.resource_type() {
        ResourceType::Unspecified => None,
        kind => Some(format!("resource_type:{}", kind.as_str_name())),
    };
    let fields = fields.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}:{value:?}"));
    kind.into_iter().chain(fields).collect::<Vec<_>>().join(" ")
}

/// The interface of a workflow.
fn interface(spec: &WorkflowSpec) -> TypedInterface {
    spec.template.clone().unwrap_or_default().interface.unwrap_or_default()
}

/// The kinds of entities, as refusals name them.
fn kind(resource_type: ResourceType) -> &'static str {
    match resource_type {
        ResourceType::Task => "task",
        ResourceType::Workflow => "workflow",
        ResourceType::LaunchPlan => "launch plan",
        ResourceType::Dataset => "dataset",
        ResourceType::Unspecified => "unspecified",
    }
}
