//! A FlyteAdmin with a registry: what is created twice, what references what is not there, and which launch plan is active.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use nebulakit_types::wire::flyteidl::admin::{
    LaunchPlan, LaunchPlanClosure, LaunchPlanCreateRequest, LaunchPlanSpec, LaunchPlanState, LaunchPlanUpdateRequest, ObjectGetRequest,
    Task, TaskClosure, TaskCreateRequest, Workflow, WorkflowClosure, WorkflowCreateRequest, WorkflowSpec,
};
use nebulakit_types::wire::flyteidl::core::workflow_node::Reference;
use nebulakit_types::wire::flyteidl::core::{
    CompiledTask, CompiledWorkflow, CompiledWorkflowClosure, Identifier, Node, TaskTemplate, WorkflowTemplate, binding_data, node,
    task_node,
};
use prost::Message;

use super::grpc::{self, ALREADY_EXISTS, Answer, Call, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED};

/// The control plane. Clones share their state.
#[derive(Clone, Default)]
pub(crate) struct Registry(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    tasks: BTreeMap<Key, (TaskTemplate, String)>,
    workflows: BTreeMap<Key, WorkflowSpec>,
    launch_plans: BTreeMap<Key, (LaunchPlanSpec, LaunchPlanState)>,
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

impl Registry {
    pub(crate) async fn serve(&self) -> SocketAddr {
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
    pub(crate) fn answer(&self, method: &str, message: Vec<u8>) -> Answer {
        let call = Call { method: method.to_owned(), headers: http::HeaderMap::new(), message: message.into() };
        self.0.lock().unwrap().answer(&call)
    }

    /// The calls so far, by their methods.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// The most calls that were answered at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.0.lock().unwrap().most
    }
}

fn read<M: Message + Default>(call: &Call) -> M {
    M::decode(call.message.clone()).unwrap()
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

fn exists(is_same: bool, kind: &str, id: &Identifier, difference: &str) -> Answer {
    match is_same {
        true => Err((ALREADY_EXISTS, format!("{kind} with identical structure already exists"))),
        false => {
            let name = &id.name;
            let text = format!(
                "{name} {kind} with different structure already exists. (Please register a new version of the {kind}):\n{difference}"
            );
            Err((INVALID_ARGUMENT, text))
        }
    }
}

impl State {
    fn answer(&mut self, call: &Call) -> Answer {
        match call.method.as_str() {
            "CreateTask" => self.create_task(read(call)),
            "CreateWorkflow" => self.create_workflow(read(call)),
            "CreateLaunchPlan" => self.create_launch_plan(read(call)),
            "UpdateLaunchPlan" => self.update_launch_plan(read(call)),
            "GetTask" => self.task(&read::<ObjectGetRequest>(call).id.unwrap()),
            "GetWorkflow" => self.workflow(&read::<ObjectGetRequest>(call).id.unwrap()),
            "GetLaunchPlan" => self.launch_plan(&read::<ObjectGetRequest>(call).id.unwrap()),
            other => Err((UNIMPLEMENTED, format!("unknown method {other}"))),
        }
    }

    fn create_task(&mut self, request: TaskCreateRequest) -> Answer {
        let (id, spec) = (request.id.unwrap(), request.spec.unwrap());
        let template = TaskTemplate { id: Some(id.clone()), ..spec.template.unwrap() };
        if let Some((former, _)) = self.tasks.get(&key(&id)) {
            let image = |template: &TaskTemplate| match &template.target {
                Some(nebulakit_types::wire::flyteidl::core::task_template::Target::Container(container)) => container.image.clone(),
                _ => String::new(),
            };
            let difference = format!("/template/Target/Container/image:\n\t- {} \n\t+ {}", image(former), image(&template));
            return exists(*former == template, "task", &id, &difference);
        }
        let description = spec.description.map(|description| description.short_description).unwrap_or_default();
        self.tasks.insert(key(&id), (template, description));
        Ok(Vec::new())
    }

    fn create_workflow(&mut self, request: WorkflowCreateRequest) -> Answer {
        let (id, spec) = (request.id.unwrap(), request.spec.unwrap());
        for node in nodes(&spec) {
            match &node.target {
                Some(node::Target::TaskNode(task)) => {
                    let Some(task_node::Reference::ReferenceId(task)) = &task.reference else { panic!("a task node without a task") };
                    if !self.tasks.contains_key(&key(task)) {
                        return missing("TASK", task).map_err(|(_, text)| (INVALID_ARGUMENT, uncompiled(&id, &text)));
                    }
                }
                Some(node::Target::WorkflowNode(workflow)) => {
                    if let Some(Reference::LaunchplanRef(plan)) = &workflow.reference
                        && !self.launch_plans.contains_key(&key(plan))
                    {
                        return missing("LAUNCH_PLAN", plan).map_err(|(_, text)| (INVALID_ARGUMENT, uncompiled(&id, &text)));
                    }
                }
                _ => {}
            }
        }
        if let Some(former) = self.workflows.get(&key(&id)) {
            // What the platform tells of workflows: everything as new.
            let difference = "/primary/connections:\n\t- <nil> \n\t+ map[downstream:map[]]";
            return exists(former.template == spec.template && former.sub_workflows == spec.sub_workflows, "workflow", &id, difference);
        }
        self.workflows.insert(key(&id), spec);
        Ok(Vec::new())
    }

    fn create_launch_plan(&mut self, request: LaunchPlanCreateRequest) -> Answer {
        let (id, spec) = (request.id.unwrap(), request.spec.unwrap());
        let workflow = spec.workflow_id.clone().unwrap();
        if !self.workflows.contains_key(&key(&workflow)) {
            return missing("WORKFLOW", &workflow);
        }
        if let Some((former, _)) = self.launch_plans.get(&key(&id)) {
            return exists(*former == spec, "launch plan", &id, "/labels/values:\n\t- <nil> \n\t+ map[a:b]");
        }
        self.launch_plans.insert(key(&id), (spec, LaunchPlanState::Inactive));
        Ok(Vec::new())
    }

    fn update_launch_plan(&mut self, request: LaunchPlanUpdateRequest) -> Answer {
        let id = request.id.clone().expect("without an id the platform changes some launch plan");
        if !self.launch_plans.contains_key(&key(&id)) {
            return missing("LAUNCH_PLAN", &id);
        }
        for (other, (_, state)) in &mut self.launch_plans {
            if *other == key(&id) {
                *state = request.state();
            } else if other[..3] == key(&id)[..3] {
                *state = LaunchPlanState::Inactive;
            }
        }
        Ok(Vec::new())
    }

    fn task(&self, id: &Identifier) -> Answer {
        let Some((template, description)) = self.tasks.get(&key(id)) else { return missing("TASK", id) };
        let compiled = CompiledTask { template: Some(template.clone()) };
        let closure = TaskClosure { compiled_task: Some(compiled), ..TaskClosure::default() };
        Ok(Task { id: Some(id.clone()), closure: Some(closure), short_description: description.clone() }.encode_to_vec())
    }

    fn workflow(&self, id: &Identifier) -> Answer {
        let Some(spec) = self.workflows.get(&key(id)) else { return missing("WORKFLOW", id) };
        let compiled = |template: &WorkflowTemplate| CompiledWorkflow { template: Some(compiled(template)), ..CompiledWorkflow::default() };
        let primary = WorkflowTemplate { id: Some(id.clone()), ..spec.template.clone().unwrap() };
        let tasks = nodes(spec).filter_map(|node| match &node.target {
            Some(node::Target::TaskNode(task)) => task.reference.as_ref(),
            _ => None,
        });
        let tasks = tasks.map(|task_node::Reference::ReferenceId(id)| CompiledTask { template: Some(self.tasks[&key(id)].0.clone()) });
        let closure = CompiledWorkflowClosure {
            primary: Some(compiled(&primary)),
            sub_workflows: spec.sub_workflows.iter().map(compiled).collect(),
            tasks: tasks.collect(),
            ..CompiledWorkflowClosure::default()
        };
        let closure = WorkflowClosure { compiled_workflow: Some(closure), ..WorkflowClosure::default() };
        Ok(Workflow { id: Some(id.clone()), closure: Some(closure), ..Workflow::default() }.encode_to_vec())
    }

    fn launch_plan(&self, id: &Identifier) -> Answer {
        let Some((spec, state)) = self.launch_plans.get(&key(id)) else { return missing("LAUNCH_PLAN", id) };
        let workflow = &self.workflows[&key(spec.workflow_id.as_ref().unwrap())];
        let closure = LaunchPlanClosure {
            state: (*state).into(),
            expected_inputs: spec.default_inputs.clone(),
            expected_outputs: workflow.template.as_ref().unwrap().interface.as_ref().unwrap().outputs.clone(),
            ..LaunchPlanClosure::default()
        };
        Ok(LaunchPlan { id: Some(id.clone()), spec: Some(spec.clone()), closure: Some(closure) }.encode_to_vec())
    }
}

fn nodes(spec: &WorkflowSpec) -> impl Iterator<Item = &Node> {
    spec.template.iter().chain(&spec.sub_workflows).flat_map(|template| &template.nodes)
}

fn uncompiled(id: &Identifier, why: &str) -> String {
    format!("failed to compile workflow for [resource_type:WORKFLOW name:{:?}] with err: {why}", id.name)
}

/// A workflow as the platform stores it: with a node for its inputs and one for its outputs.
fn compiled(template: &WorkflowTemplate) -> WorkflowTemplate {
    let mut template = template.clone();
    for binding in template.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
        if let Some(binding_data::Value::Promise(promise)) = binding.binding.as_mut().and_then(|data| data.value.as_mut())
            && promise.node_id.is_empty()
        {
            promise.node_id = "start-node".to_owned();
        }
    }
    let start = Node { id: "start-node".to_owned(), ..Node::default() };
    let end = Node { id: "end-node".to_owned(), inputs: template.outputs.clone(), ..Node::default() };
    template.nodes.splice(0..0, [start, end]);
    template
}
