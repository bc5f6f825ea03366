//! `completions`: scripts with every command, task and flag in them.

use clap::Command;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use super::commands::{Setting, commands};
use super::run::flags;

/// The script for `shell`.
pub(super) fn script(shell: &str, setting: &Setting<'_>) -> String {
    let shell = match shell {
        "fish" => Shell::Fish,
        "zsh" => Shell::Zsh,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut whole(setting), setting.binary.clone(), &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The command line with the tasks as commands of `run` and as values of `describe`.
fn whole(setting: &Setting<'_>) -> Command {
    let mut names: Vec<_> = setting.registry.iter().map(|task| setting.short_name(task)).collect();
    names.dedup();
    let known = PossibleValuesParser::new(names.clone());
    commands(setting).mut_subcommand("describe", |describe| describe.mut_arg("task", |task| task.value_parser(known))).mut_subcommand(
        "run",
        |run| {
            // Of tasks that are defined twice none can be run.
            let tasks = names.iter().filter_map(|name| setting.find(name).ok());
            run.allow_external_subcommands(false).subcommands(tasks.map(|task| flags::command(task, setting)))
        },
    )
}
