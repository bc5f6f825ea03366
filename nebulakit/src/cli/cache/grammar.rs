//! What the words behind `cache` can be.

use clap::{Arg, Command};

use crate::cli::folder;
use crate::cli::help::{command as helped, json_flag};
use crate::cli::run::span;

/// The command with all of its own.
pub(in crate::cli) fn command() -> Command {
    let task = || Arg::new("task").value_name("TASK").help("the task's name; all tasks if left out");
    let json = || json_flag().help("as JSON, for machines");
    let older = Arg::new("older-than")
        .long("older-than")
        .value_name("TIME")
        .value_parser(span)
        .help("only those that are older, as `12h` or `30 days`");
    let entry = Arg::new("entry").value_name("ENTRY").required(true).help("the entry's digest, or the beginning of it");
    let run = Arg::new("run").value_name("RUN").required(true).help("the run's id, the beginning of it, or `last`");
    let node = Arg::new("node").value_name("NODE").required(true).help("the node's path, as `n2` or `n3[5]`");
    let commands = [
        helped("list", "List the cache's entries, the latest first").arg(task()).arg(json()),
        helped("show", "Show an entry: what it is remembered by, and the outputs").arg(entry).arg(json()),
        helped("clear", "Remove entries; runs and their data stay as they are").arg(task()).arg(older),
        helped("why", "Say why a node's outputs were, or were not, taken from the cache").arg(run).arg(node).arg(json()),
    ];
    helped("cache", "List, show, explain and clear the cached outputs of tasks")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.arg(folder::option())))
}
