//! What the platform refuses before it stores anything.

use nebulakit_types::literal_type::castable;
use nebulakit_types::wire::flyteidl::admin::{LaunchPlanSpec, WorkflowSpec};
use nebulakit_types::wire::flyteidl::core::{
    Identifier, Literal, ResourceType, TaskTemplate, TypedInterface, Variable, parameter, task_template::Target,
};

use super::kind;
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
        let Identifier { project, domain, name, version, .. } = &id;
        let resource = match id.resource_type() {
            ResourceType::Unspecified => String::new(),
            given => format!("resource_type:{} ", given.as_str_name()),
        };
        let shown = format!("{resource}project:\"{project}\" domain:\"{domain}\" name:\"{name}\" version:\"{version}\"");
        return refuse(format!("unexpected resource type {given} for identifier [{shown}], expected {} instead", kind(wanted)));
    }
    present("project", &id.project)?;
    present("domain", &id.domain)?;
    present("name", &id.name)?;
    present("version", &id.version)?;
    place(&id.project, &id.domain)?;
    Ok(id)
}

pub(super) fn task(template: &TaskTemplate) -> Result<(), Refused> {
    present("type", &template.r#type)?;
    let Some(metadata) = &template.metadata else { return refuse("missing metadata") };
    if metadata.runtime.as_ref().is_some_and(|runtime| runtime.version.is_empty()) {
        return refuse("missing runtime version");
    }
    if template.interface.is_none() {
        return refuse("missing typed interface");
    }
    match &template.target {
        Some(Target::Container(container)) => present("image", &container.image),
        _ => Ok(()),
    }
}

/// The errors that end a compilation at once. The rest of the compiler is not doubled.
pub(super) fn workflow(spec: &WorkflowSpec) -> Result<(), String> {
    let template = spec.template.clone().unwrap_or_default();
    let collected = |error: &str| Err(format!("Collected Errors: 1\n\tError 0: Code: {error}"));
    if template.nodes.is_empty() {
        return collected("NoNodesFound, Node Id: resource_type:WORKFLOW, Description: Can't find any nodes in the template.");
    }
    if template.nodes.len() > MAX_NODES {
        return collected(&format!("WorkflowBuildError, Node Id: root, Description: more than {MAX_NODES} nodes."));
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

pub(super) fn launch_plan(spec: &LaunchPlanSpec, interface: &TypedInterface) -> Result<(), Refused> {
    let inputs = interface.inputs.clone().unwrap_or_default().variables;
    if let Some(labels) = &spec.labels {
        self::labels(labels.values.keys().map(String::as_str), labels.values.values().map(String::as_str))?;
    }
    for (name, parameter) in spec.default_inputs.iter().flat_map(|defaults| &defaults.parameters) {
        let Some(variable) = inputs.get(name) else { return refuse(format!("unexpected default_input {name}")) };
        if let Some(parameter::Behavior::Default(value)) = &parameter.behavior {
            fits(name, value, variable)?;
        }
    }
    for (name, value) in spec.fixed_inputs.iter().flat_map(|fixed| &fixed.literals) {
        let Some(variable) = inputs.get(name) else { return refuse(format!("unexpected fixed_input {name}")) };
        fits(name, value, variable)?;
    }
    Ok(())
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
