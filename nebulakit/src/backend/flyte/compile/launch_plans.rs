//! Launch plans: those that people wrote, and the one that each workflow has by its own name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use nebulakit_types::wire::flyteidl::admin::{
    Annotations, ConcurrencyLimitBehavior, ConcurrencyPolicy, CronSchedule, EmailNotification, Envs, FixedRate, FixedRateUnit, Labels,
    LaunchPlan, LaunchPlanClosure, LaunchPlanMetadata, LaunchPlanSpec, Notification, RawOutputDataConfig, Schedule as WireSchedule,
    notification, schedule,
};
use nebulakit_types::wire::flyteidl::core::{
    Identity, KeyValuePair, LiteralMap, Parameter, ParameterMap, SecurityContext, Variable, VariableMap, parameter, workflow_execution,
};
use nebulakit_types::wire::google::protobuf::BoolValue;

use super::bindings::{default, literal};
use super::ids;
use super::options::Options;
use super::tables::Tables;
use crate::graph::{Binding, Graph, Input, Kind, LaunchPlan as Plan, Phase, Schedule};
use crate::task::definition::described;

/// The launch plan that a workflow has by its own name, with its defaults.
pub(super) fn of_workflow(workflow: &Graph, options: &Options) -> LaunchPlan {
    let spec = LaunchPlanSpec { default_inputs: Some(parameters(&workflow.inputs)), ..spec(workflow, options) };
    registered(&workflow.name, spec, options)
}

/// A launch plan that somebody wrote.
pub(super) fn of_plan(graph: &Graph, tables: &Tables<'_>, options: &Options) -> Option<LaunchPlan> {
    let plan = graph.launch_plan.as_deref()?;
    let [node] = graph.body.nodes.as_slice() else { return None };
    let Kind::Workflow(name) = &node.kind else { return None };
    let workflow = tables.workflows.get(&**name)?;
    let mut free = Vec::with_capacity(workflow.inputs.len());
    let mut fixed = LiteralMap::default();
    for input in &workflow.inputs {
        match node.input(&input.name) {
            // It stays free, with the default of the workflow.
            None => free.push(input.clone()),
            // It is free by its own name, and has the default of the launch plan if that has one.
            Some(Binding::Input { .. }) => {
                let own = graph.inputs.iter().find(|own| own.name == input.name);
                free.push(Input { default: own.and_then(|own| own.default.clone()), ..input.clone() });
            }
            Some(binding) => {
                fixed.literals.insert(input.name.to_string(), literal(binding)?.to_wire());
            }
        }
    }
    let spec =
        LaunchPlanSpec { default_inputs: Some(parameters(&free)), fixed_inputs: Some(fixed), ..settings(plan, spec(workflow, options)) };
    Some(registered(&graph.name, spec, options))
}

fn registered(name: &str, spec: LaunchPlanSpec, options: &Options) -> LaunchPlan {
    LaunchPlan {
        id: Some(ids::launch_plan(options, name)),
        spec: Some(spec),
        // flytekit's packages have this one; the platform makes its own.
        closure: Some(LaunchPlanClosure {
            expected_inputs: Some(ParameterMap::default()),
            expected_outputs: Some(VariableMap::default()),
            ..LaunchPlanClosure::default()
        }),
    }
}

/// What every launch plan has, if only empty: the platform tells what is empty from what is absent.
fn spec(workflow: &Graph, options: &Options) -> LaunchPlanSpec {
    LaunchPlanSpec {
        workflow_id: Some(ids::workflow(options, &workflow.name)),
        entity_metadata: Some(LaunchPlanMetadata::default()),
        fixed_inputs: Some(LiteralMap::default()),
        labels: Some(Labels::default()),
        annotations: Some(Annotations::default()),
        raw_output_data_config: Some(RawOutputDataConfig::default()),
        ..LaunchPlanSpec::default()
    }
}

/// Inputs with their defaults. An optional input without one has none: the platform would ask for a value.
fn parameters(inputs: &[Input]) -> ParameterMap {
    let parameters = inputs.iter().map(|input| {
        let variable = described(&input.name, input.literal_type.clone(), &input.doc);
        let behavior = match default(input) {
            Some(literal) => parameter::Behavior::Default(literal.to_wire()),
            None => parameter::Behavior::Required(true),
        };
        let var = Variable { r#type: Some(variable.literal_type.to_wire()), description: variable.description, ..Variable::default() };
        (variable.name, Parameter { var: Some(var), behavior: Some(behavior) })
    });
    ParameterMap { parameters: parameters.collect() }
}

fn settings(plan: &Plan, spec: LaunchPlanSpec) -> LaunchPlanSpec {
    let pairs =
        |pairs: &BTreeMap<Cow<'_, str>, Cow<'_, str>>| pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let run_as = Identity {
        k8s_service_account: plan.service_account.as_deref().unwrap_or_default().to_owned(),
        iam_role: plan.iam_role.as_deref().unwrap_or_default().to_owned(),
        ..Identity::default()
    };
    let envs = plan.env.iter().map(|(key, value)| KeyValuePair { key: key.to_string(), value: value.to_string() }).collect();
    LaunchPlanSpec {
        entity_metadata: Some(LaunchPlanMetadata {
            schedule: plan.schedule.as_ref().map(|schedule| scheduled(schedule, plan.kickoff.as_deref())),
            notifications: plan.notifications.iter().map(notified).collect(),
        }),
        labels: Some(Labels { values: pairs(&plan.labels) }),
        annotations: Some(Annotations { values: pairs(&plan.annotations) }),
        raw_output_data_config: Some(RawOutputDataConfig {
            output_location_prefix: plan.raw_output_prefix.as_deref().unwrap_or_default().to_owned(),
        }),
        security_context: (run_as != Identity::default()).then(|| SecurityContext { run_as: Some(run_as), ..SecurityContext::default() }),
        // Beyond what the message holds there is no limit in practice.
        max_parallelism: plan.max_parallelism.map(whole).unwrap_or_default(),
        interruptible: plan.interruptible.map(|value| BoolValue { value }),
        overwrite_cache: plan.overwrite_cache,
        envs: (!plan.env.is_empty()).then_some(Envs { values: envs }),
        concurrency_policy: plan.at_most.map(|max| ConcurrencyPolicy { max: whole(max), behavior: ConcurrencyLimitBehavior::Skip.into() }),
        ..spec
    }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn scheduled(schedule: &Schedule, kickoff: Option<&str>) -> WireSchedule {
    let expression = match schedule {
        Schedule::Cron(cron) => {
            schedule::ScheduleExpression::CronSchedule(CronSchedule { schedule: cron.to_string(), offset: String::new() })
        }
        Schedule::Every(time) => {
            // A rate that is no whole number of minutes, or more than the message holds, is a problem of the graph.
            let value = u32::try_from(time.as_secs() / 60).unwrap_or(u32::MAX);
            schedule::ScheduleExpression::Rate(FixedRate { value, unit: FixedRateUnit::Minute.into() })
        }
    };
    WireSchedule { kickoff_time_input_arg: kickoff.unwrap_or_default().to_owned(), schedule_expression: Some(expression) }
}

fn notified(told: &crate::graph::Notification) -> Notification {
    let phase = |phase: &Phase| {
        i32::from(match phase {
            Phase::Succeeded => workflow_execution::Phase::Succeeded,
            Phase::Failed => workflow_execution::Phase::Failed,
            Phase::Aborted => workflow_execution::Phase::Aborted,
            Phase::TimedOut => workflow_execution::Phase::TimedOut,
        })
    };
    Notification {
        phases: told.on.iter().map(phase).collect(),
        r#type: Some(notification::Type::Email(EmailNotification {
            recipients_email: told.email.iter().map(ToString::to_string).collect(),
            template: String::new(),
        })),
    }
}
