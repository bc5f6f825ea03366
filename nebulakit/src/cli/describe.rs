//! `describe`: all about one task, for people and for registration tools.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::SignedDuration;
use nebulakit_types::Dialect;
use nebulakit_types::json::{Message, to_json};
use prost::Message as _;

use super::complaint::Complaint;
use super::setting::Setting;
use super::signature::default;
use super::{generated, graph, types, workflows};
use crate::graph::{nodes, remarks};
use crate::task::container::DataFormat;
use crate::task::def::TaskDef;
use crate::task::failure::chain;
use crate::task::options::{Mount, Resources, TaskOptions};
use crate::task::param::AnyParam;
use crate::task::reference::ReferenceSpec;
use crate::workflow::WorkflowDef;

/// `{"name", "doc", "interface", "template"}`, the messages as proto3 JSON.
pub(super) fn json(task: &'static TaskDef, setting: &Setting<'_>) -> Result<String, Complaint> {
    let dialect = setting.dialect();
    let template = to_json(Message::TaskTemplate, &task.template_in(&file_name(&setting.binary), dialect).encode_to_vec())
        .map_err(|error| Complaint::failed(format!("cannot describe `{}`: {}", task.name, chain(&error))))?;
    let description = serde_json::json!({
        "name": task.name,
        "doc": task.doc.trim(),
        "interface": task.interface_in(dialect).to_json(),
        "template": template,
    });
    Ok(format!("{description:#}\n"))
}

/// The name of the file that runs, which a container of it is started with: a link to it has another.
fn file_name(invoked: &str) -> String {
    let path = std::env::current_exe().ok();
    path.as_deref().and_then(Path::file_name).map_or_else(|| invoked.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// The same for people.
pub(super) fn text(task: &'static TaskDef, setting: &Setting<'_>) -> String {
    let dialect = setting.dialect();
    let mut text = format!("{}\n", task.name);
    if !task.doc.trim().is_empty() {
        let _ = write!(text, "\n{}", indented(task.doc.trim()));
    }
    section(&mut text, "Inputs", inputs(task.params, dialect));
    let outputs = task.output_types(dialect);
    let outputs = outputs.iter().map(|(name, literal_type)| [(*name).to_owned(), literal_type.to_string(), String::new()]);
    section(&mut text, "Outputs", outputs.collect());
    let types = types::of_signature(task, dialect);
    if !types.is_empty() {
        let _ = write!(text, "\nTypes\n{types}");
    }
    let options = container(task).into_iter().chain(options(task.options)).map(|(name, value)| [name.to_owned(), value, String::new()]);
    section(&mut text, "Options", task.reference.map(registered).into_iter().chain(options).collect());
    text
}

/// `{"name", "kind", "doc", "interface", "graph", "flyte"}`, the graph as `graph --format json` has it; and what nobody wrote and Flyte has.
pub(super) fn workflow_json(workflow: &'static WorkflowDef) -> Result<String, Complaint> {
    let graph = graph::of(workflow)?;
    let wrong = |reason: &dyn std::fmt::Display| Complaint::failed(format!("cannot describe `{}`: {reason}", workflow.name()));
    let json = graph.to_json().map_err(|problems| wrong(&problems))?;
    let json: serde_json::Value = serde_json::from_str(&json).map_err(|error| wrong(&error))?;
    let description = serde_json::json!({
        "name": workflow.name(),
        "kind": if workflow.is_launch_plan() { "launch_plan" } else { "workflow" },
        "doc": workflow.doc().trim(),
        "interface": graph.interface().to_json(),
        "graph": json,
        "flyte": generated::json(&generated::of(&graph)),
    });
    Ok(format!("{description:#}\n"))
}

/// A workflow for people: what it takes and gives, and its nodes.
pub(super) fn workflow(workflow: &'static WorkflowDef, setting: &Setting<'_>) -> Result<String, Complaint> {
    let dialect = setting.dialect();
    let mut text = format!("{} ({})\n", workflow.name(), workflows::what(workflow));
    if !workflow.doc().trim().is_empty() {
        let _ = write!(text, "\n{}", indented(workflow.doc().trim()));
    }
    section(&mut text, "Inputs", inputs(workflow.params, dialect));
    let outputs = workflow.output_types(dialect);
    let outputs = outputs.iter().map(|(name, literal_type)| [(*name).to_owned(), literal_type.to_string(), String::new()]);
    section(&mut text, "Outputs", outputs.collect());
    if let Some(reference) = workflow.reference() {
        section(&mut text, "Options", vec![registered(reference)]);
        return Ok(text);
    }
    let graph = graph::of(workflow)?;
    let remarks = remarks(&graph);
    if !remarks.is_empty() {
        let _ = write!(text, "\nOptions\n{remarks}");
    }
    let _ = write!(text, "\nNodes\n{}", nodes(&graph));
    if !workflow.is_launch_plan() {
        let _ = write!(text, "\nOn Flyte\n  {}  the launch plan of its defaults\n{}", workflow.name(), generated::lines(&graph));
    }
    Ok(text)
}

/// Where what runs elsewhere is found.
fn registered(reference: &ReferenceSpec) -> [String; 3] {
    let ReferenceSpec { project, domain, name, version } = reference;
    ["registered as".to_owned(), format!("{project}:{domain}:{name}:{version}"), String::new()]
}

fn inputs(params: &[&dyn AnyParam], dialect: &'static Dialect) -> Vec<[String; 3]> {
    let inputs = params.iter().map(|param| {
        let default = default(*param, dialect).map(|text| format!(" = {text}")).unwrap_or_default();
        [param.name().to_owned(), format!("{}{default}", param.literal_type(dialect)), one_line(param.doc())]
    });
    inputs.collect()
}

fn indented(doc: &str) -> String {
    doc.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A heading and its rows in columns; nothing where there are no rows.
fn section(text: &mut String, heading: &str, rows: Vec<[String; 3]>) {
    if rows.is_empty() {
        return;
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (first, second) = (width(0), width(1));
    let _ = writeln!(text, "\n{heading}");
    for [name, value, doc] in &rows {
        let line = format!("  {name:first$}  {value:second$}  {doc}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// What a container task runs, and where its files are.
fn container(task: &TaskDef) -> Vec<(&'static str, String)> {
    let Some(spec) = task.container else { return Vec::new() };
    let format = match spec.format {
        DataFormat::Json => "json",
        DataFormat::Yaml => "yaml",
        DataFormat::Proto => "proto",
    };
    // As a list, so that nobody takes it for the words of a shell.
    let command = serde_json::json!(spec.command).to_string();
    vec![
        ("image", spec.image.to_owned()),
        ("command", command),
        ("input path", spec.input_path.to_owned()),
        ("output path", spec.output_path.to_owned()),
        ("format", format.to_owned()),
    ]
}

/// What the task asks of the platform, each only where it asks for something.
fn options(options: &TaskOptions) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut row = |name, value: Option<String>| rows.extend(value.map(|value| (name, value)));
    let pairs = |pairs: &[(&str, &str)]| {
        let shown = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ");
        (!shown.is_empty()).then_some(shown)
    };
    row("deprecated", options.deprecated.map(str::to_owned));
    row("retries", (options.retries > 0).then(|| options.retries.to_string()));
    row("timeout", options.timeout.map(friendly));
    row("interruptible", options.interruptible.map(|value| value.to_string()));
    row(
        "cache",
        options.cache.as_ref().map(|cache| {
            let serialize = if cache.serialize { ", serialized" } else { "" };
            let ignore = if cache.ignore.is_empty() { String::new() } else { format!(", ignores {}", cache.ignore.join(", ")) };
            format!("version {}{serialize}{ignore}", cache.version)
        }),
    );
    row("requests", amounts(&options.requests));
    row("limits", amounts(&options.limits));
    row("requests with", options.requests_with.map(|_| "a function of the program".to_owned()));
    let tokens: Vec<_> = options.tokens.iter().map(|(name, number)| format!("{name}={number}")).collect();
    row("tokens", (!tokens.is_empty()).then(|| tokens.join(", ")));
    row(
        "on oom",
        options.on_oom.as_ref().map(|on_oom| {
            let limit = on_oom.limit.map_or_else(String::new, |limit| format!(", up to {limit}"));
            format!("{} times the memory{limit}", on_oom.factor)
        }),
    );
    row("accelerator", options.accelerator.map(str::to_owned));
    row(
        "shared memory",
        options.shared_memory.map(|size| if size.is_empty() { "as large as the memory".to_owned() } else { size.to_owned() }),
    );
    row("env", pairs(options.env));
    let secrets: Vec<_> = options
        .secrets
        .iter()
        .map(|secret| {
            let how = match secret.mount {
                Mount::Any => "",
                Mount::EnvVar => " as a variable",
                Mount::File => " as a file",
            };
            format!("{}/{}{how}", secret.group, secret.key)
        })
        .collect();
    row("secrets", (!secrets.is_empty()).then(|| secrets.join(", ")));
    row("image", options.image.map(str::to_owned));
    row("network", options.network.then(|| "yes".to_owned()));
    row("pod template", options.pod_template.map(str::to_owned));
    row("labels", pairs(options.labels));
    row("annotations", pairs(options.annotations));
    row("deck", options.deck.then(|| "yes".to_owned()));
    row("supervised", options.supervised.then(|| "yes".to_owned()));
    rows
}

/// `1h 30m`
pub(super) fn friendly(duration: Duration) -> String {
    SignedDuration::try_from(duration).map_or_else(|_| format!("{} s", duration.as_secs()), |duration| format!("{duration:#}"))
}

fn amounts(resources: &Resources) -> Option<String> {
    let named = [
        ("cpu", resources.cpu),
        ("memory", resources.memory),
        ("gpu", resources.gpu),
        ("ephemeral storage", resources.ephemeral_storage),
        ("storage", resources.storage),
    ];
    let given: Vec<_> = named.into_iter().filter_map(|(name, amount)| Some(format!("{name} {}", amount?))).collect();
    (!given.is_empty()).then(|| given.join(", "))
}
