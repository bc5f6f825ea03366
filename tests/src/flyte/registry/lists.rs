//! Lists of what is registered.

use nebulakit_types::wire::flyteidl::admin::{
    ActiveLaunchPlanListRequest, LaunchPlanList, LaunchPlanState, NamedEntityIdentifier, ResourceListRequest, TaskList, Workflow,
    WorkflowClosure, WorkflowList,
};
use nebulakit_types::wire::flyteidl::core::{CompiledWorkflow, CompiledWorkflowClosure, Identifier, WorkflowTemplate};
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message as _;

use super::entities::of_task;
use super::{State, Table, checks, interface};
use crate::flyte::grpc::Answer;
use crate::flyte::pages::{Columns, Refused, page};

const NAMES: [&str; 5] = ["project", "domain", "name", "version", "created_at"];

/// An entity with its id, and when it was created.
type Row<'t, T> = &'t (Identifier, T, Timestamp);

/// The rows of a table that a request asks for.
fn rows<'t, T>(
    table: &'t Table<T>,
    letter: &str,
    request: &ResourceListRequest,
    state: fn(&T) -> Option<i32>,
) -> Result<(Vec<Row<'t, T>>, String), Refused> {
    let NamedEntityIdentifier { project, domain, name, .. } = request.id.clone().unwrap_or_default();
    checks::present("project", &project)?;
    checks::present("domain", &domain)?;
    let is_asked = |id: &Identifier| id.project == project && id.domain == domain && (name.is_empty() || id.name == name);
    let rows: Vec<_> = table.rows.iter().filter(|(id, ..)| is_asked(id)).collect();
    let value = |row: &Row<'_, T>, column: &str| {
        let (id, entity, created) = *row;
        vec![match column {
            "project" => id.project.clone(),
            "domain" => id.domain.clone(),
            "name" => id.name.clone(),
            "version" => id.version.clone(),
            "state" => state(entity).unwrap_or_default().to_string(),
            _ => jiff::Timestamp::new(created.seconds, created.nanos).map(|time| time.to_string()).unwrap_or_default(),
        }]
    };
    let has_state = table.rows.first().is_some_and(|(_, entity, _)| state(entity).is_some());
    let names: Vec<&str> = NAMES.into_iter().chain(has_state.then_some("state")).collect();
    let columns = Columns { table: letter, names: &names, value: &value };
    let rows = columns.sorted(columns.filtered(rows, &request.filters)?, request.sort_by.as_ref())?;
    page(rows, request.limit, &request.token)
}

impl State {
    pub(super) fn list_tasks(&self, request: &ResourceListRequest) -> Answer {
        let (rows, token) = rows(&self.tasks, "t", request, |_| None)?;
        let tasks = rows.into_iter().map(|(id, (template, description), created)| of_task(id, template, description, *created));
        Ok(TaskList { tasks: tasks.collect(), token }.encode_to_vec())
    }

    pub(super) fn list_workflows(&self, request: &ResourceListRequest) -> Answer {
        let (rows, token) = rows(&self.workflows, "w", request, |_| None)?;
        let workflows = rows.into_iter().map(|(id, spec, created)| {
            // A list carries no more of a workflow than its interface.
            let template = WorkflowTemplate { interface: Some(interface(spec)), ..WorkflowTemplate::default() };
            let primary = CompiledWorkflow { template: Some(template), ..CompiledWorkflow::default() };
            let compiled = CompiledWorkflowClosure { primary: Some(primary), ..CompiledWorkflowClosure::default() };
            let closure = WorkflowClosure { compiled_workflow: Some(compiled), created_at: Some(*created) };
            Workflow { id: Some(id.clone()), closure: Some(closure), ..Workflow::default() }
        });
        Ok(WorkflowList { workflows: workflows.collect(), token }.encode_to_vec())
    }

    pub(super) fn list_launch_plans(&self, request: &ResourceListRequest) -> Answer {
        let (rows, token) = rows(&self.launch_plans, "lp", request, |(_, state)| Some((*state).into()))?;
        let plans = rows.into_iter().map(|(id, (spec, state), created)| self.of_plan(id, spec, *state, *created));
        Ok(LaunchPlanList { launch_plans: plans.collect(), token }.encode_to_vec())
    }

    pub(super) fn list_active_launch_plans(&self, request: ActiveLaunchPlanListRequest) -> Answer {
        let is_active = |state: &LaunchPlanState| *state == LaunchPlanState::Active;
        let rows = self
            .launch_plans
            .rows
            .iter()
            .filter(|(id, (_, state), _)| is_active(state) && (&id.project, &id.domain) == (&request.project, &request.domain));
        let plans = rows.map(|(id, (spec, state), created)| self.of_plan(id, spec, *state, *created));
        let (launch_plans, token) = page(plans.collect(), request.limit, &request.token)?;
        Ok(LaunchPlanList { launch_plans, token }.encode_to_vec())
    }
}
