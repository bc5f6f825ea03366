//! What is created, changed and read.

use nebulakit_types::wire::flyteidl::admin::{
    ActiveLaunchPlanRequest, LaunchPlan, LaunchPlanClosure, LaunchPlanCreateRequest, LaunchPlanSpec, LaunchPlanState,
    LaunchPlanUpdateRequest, Task, TaskClosure, TaskCreateRequest, Workflow, WorkflowClosure, WorkflowCreateRequest,
};
use nebulakit_types::wire::flyteidl::core::workflow_node::Reference;
use nebulakit_types::wire::flyteidl::core::{
    CompiledTask, Identifier, Parameter, ParameterMap, ResourceType, TaskTemplate, node, parameter, task_template::Target,
};
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message as _;

use super::nodes::{named, nodes, task};
use super::{State, checks, interface, key, kind, missing, shape, shown};
use crate::flyte::grpc::{ALREADY_EXISTS, Answer, INVALID_ARGUMENT, NOT_FOUND};

fn exists(is_same: bool, of: ResourceType, id: &Identifier, difference: &str) -> Answer {
    let kind = kind(of);
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

fn uncompiled<T>(id: &Identifier, why: &str) -> Result<T, (u32, String)> {
    Err((INVALID_ARGUMENT, format!("failed to compile workflow for [{}] with err: {why}", shown(id))))
}

impl State {
    pub(super) fn create_task(&mut self, request: TaskCreateRequest) -> Answer {
        let spec = request.spec.unwrap_or_default();
        let id = checks::identifier(request.id, ResourceType::Task)?;
        let Some(template) = spec.template else { return Err((INVALID_ARGUMENT, "missing spec".to_owned())) };
        let template = TaskTemplate { id: Some(id.clone()), ..template };
        checks::task(&template)?;
        if let Some((_, (former, _), _)) = self.tasks.get(&id) {
            let image = |template: &TaskTemplate| match &template.target {
                Some(Target::Container(container)) => container.image.clone(),
                _ => String::new(),
            };
            let difference = format!("/template/Target/Container/image:\n\t- {} \n\t+ {}", image(former), image(&template));
            return exists(*former == template, ResourceType::Task, &id, &difference);
        }
        let description = spec.description.map(|description| description.short_description).unwrap_or_default();
        self.tasks.put(id, (template, description));
        Ok(Vec::new())
    }

    pub(super) fn create_workflow(&mut self, request: WorkflowCreateRequest) -> Answer {
        let spec = request.spec.unwrap_or_default();
        let id = checks::identifier(request.id, ResourceType::Workflow)?;
        if spec.template.is_none() {
            return Err((INVALID_ARGUMENT, "missing spec".to_owned()));
        }
        checks::nodes(&id, &spec)?;
        for node in spec.template.iter().chain(&spec.sub_workflows).flat_map(nodes) {
            if let Some(task) = task(node)
                && self.tasks.get(task).is_none()
            {
                return missing("TASK", task).or_else(|(_, text)| uncompiled(&id, &text));
            }
            if let Some(node::Target::WorkflowNode(workflow)) = &node.target
                && let Some(Reference::LaunchplanRef(plan)) = &workflow.reference
                && self.launch_plans.get(plan).is_none()
            {
                return missing("LAUNCH_PLAN", plan).or_else(|(_, text)| uncompiled(&id, &text));
            }
        }
        let is_task = |task: &Identifier| self.tasks.get(task).is_some_and(|(found, ..)| found == task);
        shape::wrong(&id, &spec, is_task).or_else(|errors| uncompiled(&id, &errors))?;
        if let Some((_, former, _)) = self.workflows.get(&id) {
            // What the platform tells of workflows: everything as new.
            let difference = "/primary/connections:\n\t- <nil> \n\t+ map[downstream:map[]]";
            let is_same = former.template == spec.template && former.sub_workflows == spec.sub_workflows;
            return exists(is_same, ResourceType::Workflow, &id, difference);
        }
        self.workflows.put(id, spec);
        Ok(Vec::new())
    }

    pub(super) fn create_launch_plan(&mut self, request: LaunchPlanCreateRequest) -> Answer {
        let spec = request.spec.unwrap_or_default();
        let id = checks::identifier(request.id, ResourceType::LaunchPlan)?;
        let Some(workflow) = &spec.workflow_id else { return Err((INVALID_ARGUMENT, "missing id".to_owned())) };
        let Some((_, workflow, _)) = self.workflows.get(workflow) else { return missing("WORKFLOW", workflow) };
        checks::launch_plan(&spec, &interface(workflow), &self.expected_inputs(&spec))?;
        if let Some((_, (former, _), _)) = self.launch_plans.get(&id) {
            let difference = "/labels/values:\n\t- <nil> \n\t+ map[a:b]";
            return exists(*former == spec, ResourceType::LaunchPlan, &id, difference);
        }
        self.launch_plans.put(id, (spec, LaunchPlanState::Inactive));
        Ok(Vec::new())
    }

    pub(super) fn update_launch_plan(&mut self, request: LaunchPlanUpdateRequest) -> Answer {
        let id = request.id.clone().expect("without an id the platform changes some launch plan");
        if self.launch_plans.get(&id).is_none() {
            return missing("LAUNCH_PLAN", &id);
        }
        for (other, (_, state), _) in &mut self.launch_plans.rows {
            let other = key(other);
            if other == key(&id) {
                *state = request.state();
            } else if other[..3] == key(&id)[..3] {
                *state = LaunchPlanState::Inactive;
            }
        }
        Ok(Vec::new())
    }

    pub(super) fn task(&self, id: &Identifier) -> Answer {
        match self.tasks.get(id) {
            Some((id, (template, description), created)) => Ok(of_task(id, template, description, *created).encode_to_vec()),
            None => missing("TASK", id),
        }
    }

    pub(super) fn workflow(&self, id: &Identifier) -> Answer {
        let Some((id, _, created)) = self.workflows.get(id) else { return missing("WORKFLOW", id) };
        let closure = WorkflowClosure { compiled_workflow: Some(named(self.closure(id)?)), created_at: Some(*created) };
        Ok(Workflow { id: Some(id.clone()), closure: Some(closure), ..Workflow::default() }.encode_to_vec())
    }

    pub(super) fn launch_plan(&self, id: &Identifier) -> Answer {
        match self.launch_plans.get(id) {
            Some((id, (spec, state), created)) => Ok(self.of_plan(id, spec, *state, *created).encode_to_vec()),
            None => missing("LAUNCH_PLAN", id),
        }
    }

    pub(super) fn active_launch_plan(&self, request: ActiveLaunchPlanRequest) -> Answer {
        let id = request.id.unwrap_or_default();
        let is_it = |plan: &Identifier| (&plan.project, &plan.domain, &plan.name) == (&id.project, &id.domain, &id.name);
        let active = self.launch_plans.rows.iter().find(|(plan, (_, state), _)| is_it(plan) && *state == LaunchPlanState::Active);
        match active {
            Some((id, (spec, state), created)) => Ok(self.of_plan(id, spec, *state, *created).encode_to_vec()),
            None => Err((NOT_FOUND, format!("No active launch plan could be found: {}:{}:{}", id.project, id.domain, id.name))),
        }
    }

    /// A launch plan as it is read.
    pub(super) fn of_plan(&self, id: &Identifier, spec: &LaunchPlanSpec, state: LaunchPlanState, created: Timestamp) -> LaunchPlan {
        let workflow = spec.workflow_id.as_ref().and_then(|id| self.workflows.get(id));
        let closure = LaunchPlanClosure {
            state: state.into(),
            expected_inputs: Some(self.expected_inputs(spec)),
            expected_outputs: workflow.and_then(|(_, workflow, _)| interface(workflow).outputs),
            created_at: Some(created),
            updated_at: Some(created),
        };
        LaunchPlan { id: Some(id.clone()), spec: Some(spec.clone()), closure: Some(closure) }
    }

    /// What an execution may be given: the defaults, and all that is neither given nor fixed.
    pub(super) fn expected_inputs(&self, spec: &LaunchPlanSpec) -> ParameterMap {
        let mut expected = spec.default_inputs.clone().unwrap_or_default();
        let workflow = spec.workflow_id.as_ref().and_then(|id| self.workflows.get(id));
        let inputs = workflow.and_then(|(_, workflow, _)| interface(workflow).inputs).unwrap_or_default();
        for (name, variable) in inputs.variables {
            if spec.fixed_inputs.as_ref().is_some_and(|fixed| fixed.literals.contains_key(&name)) {
                continue;
            }
            let required = Parameter { var: Some(variable), behavior: Some(parameter::Behavior::Required(true)) };
            expected.parameters.entry(name).or_insert(required);
        }
        expected
    }
}

/// A task as it is read.
pub(super) fn of_task(id: &Identifier, template: &TaskTemplate, description: &str, created: Timestamp) -> Task {
    let compiled = CompiledTask { template: Some(template.clone()) };
    let closure = TaskClosure { compiled_task: Some(compiled), created_at: Some(created) };
    Task { id: Some(id.clone()), closure: Some(closure), short_description: description.to_owned() }
}
