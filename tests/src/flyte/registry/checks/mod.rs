//! What the platform refuses before it stores anything.
//!
//! | module | checks |
//! |---|---|
//! | `tasks` | templates, with their resources and pods |
//! | `plans` | launch plans and what they notify |
//! | `schedules` | when launch plans run |

mod plans;
mod schedules;
mod tasks;

use nebulakit_types::literal_type::castable;
use nebulakit_types::wire::flyteidl::admin::WorkflowSpec;
use nebulakit_types::wire::flyteidl::core::{Identifier, Literal, ResourceType, Variable};

pub(super) use self::plans::launch_plan;
pub(crate) use self::plans::notifications;
pub(super) use self::tasks::task;
use super::{kind, shown};
use crate::flyte::grpc::INVALID_ARGUMENT;
use crate::flyte::literals;
use crate::flyte::pages::Refused;

/// The projects that are there, and the domains.
const PROJECTS: [&str; 2] = ["flytesnacks", "ml"];
const DOMAINS: [&str; 3] = ["development", "staging", "production"];
/// How many nodes a workflow may have.
const MAX_NODES: usize = 100;

fn refuse<T>(text: impl Into<String>) -> Result<T, Refused> {
    Err((INVALID_ARGUMENT, text.into()))
}

/// An empty field is missing.
pub(crate) fn present(field: &str, value: &str) -> Result<(), Refused> {
    if value.is_empty() { refuse(format!("missing {field}")) } else { Ok(()) }
}

/// The place of what is created.
pub(crate) fn place(project: &str, domain: &str) -> Result<(), Refused> {
    if !DOMAINS.contains(&domain) {
        return refuse(format!("domain [{domain}] is unrecognized by system"));
    }
    if !PROJECTS.contains(&project) {
        return refuse(format!(
            "failed to validate that project [{project}] and domain [{domain}] are registered, err: [project [{project}] not found]"
        ));
    }
    Ok(())
}

pub(super) fn identifier(id: Option<Identifier>, wanted: ResourceType) -> Result<Identifier, Refused> {
    let Some(id) = id else { return refuse("missing id") };
    if id.resource_type() != wanted {
        let given = kind(id.resource_type());
        let shown = shown(&id);
        return refuse(format!("unexpected resource type {given} for identifier [{shown}], expected {} instead", kind(wanted)));
    }
    present("project", &id.project)?;
    present("domain", &id.domain)?;
    present("name", &id.name)?;
    present("version", &id.version)?;
    place(&id.project, &id.domain)?;
    Ok(id)
}

/// Refuses a workflow with more nodes than the platform takes.
pub(super) fn nodes(id: &Identifier, spec: &WorkflowSpec) -> Result<(), Refused> {
    let count = spec.template.as_ref().map_or(0, |template| template.nodes.len());
    if count > MAX_NODES {
        return refuse(format!("number of nodes in workflow [{}] exceeds limit ({count} > {MAX_NODES})", shown(id)));
    }
    Ok(())
}

/// Whether a value fits a variable; else why not.
pub(crate) fn fits(name: &str, value: &Literal, variable: &Variable) -> Result<(), Refused> {
    let Some(wanted) = &variable.r#type else { return Ok(()) };
    let (Some(given), Some(taken)) = (literals::type_of(value), literals::known(wanted)) else { return Ok(()) };
    if castable(&given, &taken) {
        return Ok(());
    }
    let (wanted, given) = (literals::shown(wanted), literals::shown(&given.to_wire()));
    refuse(format!("invalid {name} input wrong type. Expected {wanted}, but got {given}"))
}

/// What Kubernetes takes as labels.
pub(crate) fn labels<'l>(keys: impl Iterator<Item = &'l str>, values: impl Iterator<Item = &'l str>) -> Result<(), Refused> {
    let fits = |text: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        text.len() <= 63 && text.bytes().all(inner) && !text.starts_with(['-', '_', '.']) && !text.ends_with(['-', '_', '.'])
    };
    let keys: Vec<&str> = keys.collect();
    if keys.len() > 16 {
        return refuse("labels map cannot exceed 16 entries");
    }
    for key in keys {
        let name = key.split_once('/').map_or(key, |(_, name)| name);
        if name.is_empty() || !fits(name) {
            return refuse(format!(
                "invalid label key [{key}]: [name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an \
                 alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
                 '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]"
            ));
        }
    }
    for value in values {
        if value.len() > 63 {
            return refuse(format!("invalid label value [{value}]: [must be no more than 63 characters]"));
        }
        if !fits(value) {
            return refuse(format!(
                "invalid label value [{value}]: [a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                 and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation \
                 is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')]"
            ));
        }
    }
    Ok(())
}
