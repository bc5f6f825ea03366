//! What the command line can say, as clap sees it.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};

#[cfg(feature = "flyte")]
use super::flyte;
use super::graph::FORMS;
use super::help::{command, help_flag, json_flag};
use super::output::VERSION;
use super::setting::Setting;
use super::{cache, config, image, runs, workflows};

/// The shells that completions are made for.
const SHELLS: [&str; 3] = ["bash", "fish", "zsh"];

/// The whole command line, up to the tasks' own flags.
pub(super) fn commands(setting: &Setting<'_>) -> Command {
    let name = || Arg::new("task").value_name("TASK").required(true).help("the task's name; its last segments are enough");
    let all = Command::new(setting.binary.clone())
        .bin_name(setting.binary.clone())
        .no_binary_name(true)
        .version(VERSION)
        .about("Run the tasks and workflows of this binary")
        .after_help("Containers are started with `execute` and `map-execute`, which the platform calls")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(help_flag())
        .arg(Arg::new("version").short('V').long("version").action(ArgAction::Version).help("show the version of nebulakit"))
        .subcommand(
            command("list", "List the tasks and workflows with their signatures").arg(json_flag().help("as a JSON array, for machines")),
        )
        .subcommand(
            command("describe", "Show the inputs, outputs, types and options of a task or a workflow")
                .arg(name())
                .arg(json_flag().help("as JSON: name, doc, interface, and template or graph, messages as proto3 JSON")),
        )
        .subcommand(
            command("graph", "Show the nodes of a workflow or a launch plan, and what feeds them")
                .arg(Arg::new("workflow").value_name("WORKFLOW").required(true).help("the workflow's name; its last segments are enough"))
                .arg(
                    Arg::new("format")
                        .long("format")
                        .value_name("FORMAT")
                        .default_value(FORMS[0])
                        .value_parser(PossibleValuesParser::new(FORMS))
                        .help("text for people, or a picture for another program"),
                ),
        )
        .subcommand(run_command(setting))
        .subcommand(runs::command())
        .subcommand(cache::command())
        .subcommand(config::command())
        .subcommand(image::command())
        .subcommand(
            command("completions", "Print a script that completes this command line").arg(
                Arg::new("shell")
                    .value_name("SHELL")
                    .required(true)
                    .value_parser(PossibleValuesParser::new(SHELLS))
                    .help("the shell that the script is for"),
            ),
        );
    #[cfg(feature = "flyte")]
    let all = all.subcommands(flyte::commands());
    all
}

/// `run`, without the tasks and workflows: each is parsed by its own command, so that one run does not build all of them.
fn run_command(setting: &Setting<'_>) -> Command {
    let names: Vec<_> = setting.registry.iter().map(|task| setting.short_name(task)).collect();
    let tasks = match names.as_slice() {
        [] => "this binary has no tasks".to_owned(),
        names => format!("Tasks: {}", names.join(", ")),
    };
    let workflows: Vec<_> = workflows::runnable(setting).map(|workflow| workflows::short_name(workflow, setting)).collect();
    let workflows = if workflows.is_empty() { String::new() } else { format!("\n\nWorkflows: {}", workflows.join(", ")) };
    command("run", "Run a task or a workflow on this machine")
        .override_usage(format!("{} run <NAME> [INPUTS] [OPTIONS]", setting.binary))
        .allow_external_subcommands(true)
        .after_help(format!("{tasks}{workflows}\n\n`{} run <NAME> --help` shows the inputs", setting.binary))
}
