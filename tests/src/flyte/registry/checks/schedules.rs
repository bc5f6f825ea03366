//! When launch plans run: what the platform's scheduler reads of cron expressions.

use nebulakit_types::wire::flyteidl::admin::{Schedule, schedule::ScheduleExpression};
use nebulakit_types::wire::flyteidl::core::{LiteralType, ParameterMap, SimpleType, literal_type, parameter};

use super::refuse;
use crate::flyte::literals::shown;
use crate::flyte::pages::Refused;

/// The least and the greatest value of each field, and the names of its values from the least on.
const FIELDS: [(u32, u32, &[&str]); 5] = [
    (0, 59, &[]),
    (0, 23, &[]),
    (1, 31, &[]),
    (1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    (0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

const DESCRIPTORS: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// Checks a schedule, and that every input is given when it fires.
pub(super) fn schedule(schedule: Option<&Schedule>, expected: &ParameterMap) -> Result<(), Refused> {
    let Some((schedule, expression)) = schedule.and_then(|schedule| Some((schedule, schedule.schedule_expression.as_ref()?))) else {
        return Ok(());
    };
    let kickoff = schedule.kickoff_time_input_arg.as_str();
    for (name, parameter) in &expected.parameters {
        if parameter.behavior == Some(parameter::Behavior::Required(true)) && name != kickoff {
            let text = "Cannot create a launch plan with a schedule if there is an unbound required input.";
            return refuse(format!("{text} [{name}] is required"));
        }
    }
    if !kickoff.is_empty() {
        let Some(parameter) = expected.parameters.get(kickoff) else {
            let text = "Cannot create a schedule with a KickoffTimeInputArg that does not point to a free input.";
            return refuse(format!("{text} [{kickoff}] is not free or does not exist."));
        };
        let of = parameter.var.as_ref().and_then(|variable| variable.r#type.clone()).unwrap_or_default();
        if !is_time(&of) {
            return refuse(format!("KickoffTimeInputArg must reference a datetime input. [{kickoff}] is a [{}]", shown(&of)));
        }
    }
    match expression {
        ScheduleExpression::CronExpression(text) => cron(text),
        ScheduleExpression::CronSchedule(schedule) => cron(&schedule.schedule),
        ScheduleExpression::Rate(_) => Ok(()),
    }
    .or_else(|why| refuse(format!("Invalid cron expression: {why}")))
}

fn is_time(of: &LiteralType) -> bool {
    of.r#type == Some(literal_type::Type::Simple(SimpleType::Datetime.into()))
}

fn cron(text: &str) -> Result<(), String> {
    let zone = text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ="));
    let text = match zone.and_then(|text| text.split_once(' ')) {
        Some((zone, text)) => {
            jiff::tz::TimeZone::get(zone).map_err(|_| format!("provided bad location {zone}: unknown time zone {zone}"))?;
            text.trim_start()
        }
        None => text,
    };
    if text.starts_with('@') {
        let is_known = DESCRIPTORS.contains(&text) || text.starts_with("@every ");
        return if is_known { Ok(()) } else { Err(format!("unrecognized descriptor: {text}")) };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    fields
        .iter()
        .zip(FIELDS)
        .try_for_each(|(text, (least, most, names))| text.split(',').try_for_each(|part| range(part, least, most, names)))
}

/// A part of a field: `7`, `1-5`, `*`, `?`, and each with a step.
fn range(part: &str, least: u32, most: u32, names: &[&str]) -> Result<(), String> {
    let number = |text: &str| {
        let name = names.iter().position(|name| name.eq_ignore_ascii_case(text)).and_then(|at| u32::try_from(at).ok());
        let parsed =
            || text.parse().map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"));
        name.map_or_else(parsed, |at| Ok(least + at))
    };
    let (range, step) = part.split_once('/').unwrap_or((part, "1"));
    let (from, to) = match range.split_once('-') {
        _ if matches!(range, "*" | "?") => (least, most),
        Some((from, to)) => (number(from)?, number(to)?),
        None => (number(range)?, number(range)?),
    };
    match number(step)? {
        _ if from < least => Err(format!("beginning of range ({from}) below minimum ({least}): {part}")),
        _ if to > most => Err(format!("end of range ({to}) above maximum ({most}): {part}")),
        _ if from > to => Err(format!("beginning of range ({from}) beyond end of range ({to}): {part}")),
        0 => Err(format!("step of range should be a positive number: {part}")),
        _ => Ok(()),
    }
}
