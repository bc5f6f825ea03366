//! `completions`: scripts with every command, task, workflow and flag in them.

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::complaint::Complaint;
use super::grammar::commands;
use super::run::{Subject, flags};
use super::setting::Setting;
use super::workflows::{runnable, short_name};
use crate::workflow::workflows;

/// The script for `shell`.
///
/// # Errors
/// When the binary's name is more than a word to shells: it stands in the script as it is.
pub(super) fn script(shell: &str, setting: &Setting<'_>) -> Result<String, Complaint> {
    let is_word = setting.binary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte));
    if !is_word || setting.binary.starts_with('-') {
        let message = format!("cannot make completions for a binary called `{}`: a shell does not take that for one word", setting.binary);
        return Err(Complaint::failed(message).hint("hint: give the file a name of letters, digits, `_`, `-`, `.` and `+`"));
    }
    let shell = match shell {
        "fish" => Shell::Fish,
        "zsh" => Shell::Zsh,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut whole(setting), setting.binary.clone(), &mut script);
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// The command line with the tasks and workflows as commands of `run`, and as values of the commands that show them.
fn whole(setting: &Setting<'_>) -> Command {
    let mut tasks: Vec<_> = setting.registry.iter().map(|task| setting.short_name(task)).collect();
    tasks.dedup();
    let mut graphs: Vec<_> = workflows().into_iter().map(|workflow| short_name(workflow, setting)).collect();
    graphs.dedup();
    // Of a task and a workflow of one name, `describe` shows the task.
    let described = tasks.iter().chain(graphs.iter().filter(|name| setting.registry.find(name).is_err())).copied();
    let described = PossibleValuesParser::new(described.collect::<Vec<_>>());
    let cached = PossibleValuesParser::new(tasks.clone());
    commands(setting)
        .mut_subcommand("describe", |describe| describe.mut_arg("task", |task| task.value_parser(described)))
        .mut_subcommand("graph", |graph| graph.mut_arg("workflow", |workflow| workflow.value_parser(PossibleValuesParser::new(graphs))))
        .mut_subcommand("cache", |cache| {
            ["list", "clear"].into_iter().fold(cache, |cache, verb| {
                let cached = cached.clone();
                cache.mut_subcommand(verb, |verb| verb.mut_arg("task", |task| task.value_parser(cached)))
            })
        })
        .mut_subcommand("run", |run| {
            // Of those that are defined twice none can be run.
            let tasks = tasks.iter().filter_map(|name| setting.find(name).ok()).map(|task| Subject::task(task, setting));
            let workflows = runnable(setting).map(|workflow| Subject::workflow(workflow, setting));
            run.allow_external_subcommands(false).subcommands(tasks.chain(workflows).map(|subject| flags::command(&subject, setting)))
        })
}
