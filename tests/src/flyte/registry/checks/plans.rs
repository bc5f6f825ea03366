//! Launch plans: their defaults, what they fix, and whom they notify.

use nebulakit_types::literal_type::castable;
use nebulakit_types::wire::flyteidl::admin::{LaunchPlanSpec, Notification, notification::Type};
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{LiteralType, Parameter, ParameterMap, TypedInterface, Variable, parameter};

use super::{labels, refuse, schedules};
use crate::flyte::engine::run::is_terminal;
use crate::flyte::literals::{known, shown, type_of};
use crate::flyte::pages::Refused;

/// Checks a launch plan against the interface of its workflow. `expected` is what an execution may be given.
pub(in super::super) fn launch_plan(spec: &LaunchPlanSpec, interface: &TypedInterface, expected: &ParameterMap) -> Result<(), Refused> {
    let inputs = interface.inputs.clone().unwrap_or_default().variables;
    if let Some(given) = &spec.labels {
        labels(given.values.keys().map(String::as_str), given.values.values().map(String::as_str))?;
    }
    let defaults = spec.default_inputs.clone().unwrap_or_default().parameters;
    let fixed = spec.fixed_inputs.clone().unwrap_or_default().literals;
    if inputs.is_empty() {
        for (what, count) in [("fixed", fixed.len()), ("default", defaults.len())] {
            if count > 0 {
                return refuse(format!("invalid launch plan {what} inputs, expected none but found {count}"));
            }
        }
    }
    for (name, parameter) in &defaults {
        default(name, parameter)?;
        let Some(wanted) = inputs.get(name).and_then(of) else { return refuse(format!("unexpected default_input {name}")) };
        if let Some(given) = parameter.var.as_ref().and_then(of).filter(|given| !fit(given, wanted)) {
            let (given, wanted) = (shown(given), shown(wanted));
            return refuse(format!("invalid default_input wrong type {name}, expected {given}, got {wanted} instead"));
        }
    }
    for (name, value) in &fixed {
        let Some(wanted) = inputs.get(name).and_then(of) else { return refuse(format!("unexpected fixed_input {name}")) };
        if let Some(given) = type_of(value).map(|given| given.to_wire()).filter(|given| !fit(given, wanted)) {
            let (given, wanted) = (shown(&given), shown(wanted));
            return refuse(format!("invalid fixed_input wrong type {name}, expected {wanted}, got {given} instead"));
        }
    }
    let metadata = spec.entity_metadata.clone().unwrap_or_default();
    schedules::schedule(metadata.schedule.as_ref(), expected)?;
    notifications(&metadata.notifications)
}

fn of(variable: &Variable) -> Option<&LiteralType> {
    variable.r#type.as_ref()
}

fn fit(given: &LiteralType, wanted: &LiteralType) -> bool {
    known(given).zip(known(wanted)).is_none_or(|(given, wanted)| castable(&given, &wanted))
}

/// A parameter by itself.
fn default(name: &str, parameter: &Parameter) -> Result<(), Refused> {
    match &parameter.behavior {
        Some(parameter::Behavior::Default(value)) => {
            let Some(wanted) = parameter.var.as_ref().and_then(of) else { return Ok(()) };
            let Some(given) = type_of(value).map(|given| given.to_wire()).filter(|given| !fit(given, wanted)) else { return Ok(()) };
            let (given, wanted) = (shown(&given), shown(wanted));
            refuse(format!("Type mismatch for Parameter {name} in default_inputs has type {wanted}, expected {given}"))
        }
        Some(parameter::Behavior::Required(true)) => Ok(()),
        _ => {
            let why = "variable has neither default, nor is required. One must be specified";
            refuse(format!("Invalid variable {name} in default_inputs - {why}"))
        }
    }
}

/// Checks who is told when what ends how.
pub(crate) fn notifications(notifications: &[Notification]) -> Result<(), Refused> {
    for notification in notifications {
        if !notification.phases.iter().all(|phase| Phase::try_from(*phase).is_ok_and(is_terminal)) {
            return refuse("invalid value for phase");
        }
        let recipients = match &notification.r#type {
            Some(Type::Email(email)) => &email.recipients_email,
            Some(Type::PagerDuty(duty)) => &duty.recipients_email,
            Some(Type::Slack(slack)) => &slack.recipients_email,
            None => return refuse("invalid value for notification type"),
        };
        if recipients.is_empty() {
            return refuse("missing recipients");
        }
    }
    Ok(())
}
