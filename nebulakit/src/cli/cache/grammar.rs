//! What the words behind `cache` can be.

use clap::{Arg, Command};

use crate::cli::folder;
use crate::cli::help::{command as helped, json_flag};
use crate::cli::run::span;

/// The command with all of its own.
pub(in crate::cli) fn command() -> Command {
    let task = || Arg::new("task").value_name("TASK").help("name of the task; all tasks if left out");
    let json = || json_flag().help("print JSON");
    let older = Arg::new("older-than")
        .long("older-than")
        .value_name("TIME")
        .value_parser(span)
        .help("only entries that are older than TIME, as `12h` or `30 days`");
    let entry = Arg::new("entry").value_name("ENTRY").required(true).help("digest of the entry, or the beginning of it");
    let run = Arg::new("run").value_name("RUN").required(true).help("id of the run, the beginning of it, or `last`");
    let node = Arg::new("node").value_name("NODE").required(true).help("path of the node, as `n2` or `n3[5]`");
    let commands = [
        helped("list", "List the entries, latest first").arg(task()).arg(json()),
        helped("show", "Show an entry: its key and its outputs").arg(entry).arg(json()),
        helped("clear", "Remove entries; runs and their data stay").arg(task()).arg(older),
        helped("why", "Explain why a node was or was not taken from the cache").arg(run).arg(node).arg(json()),
    ];
    helped("cache", "List, show, explain and clear the cached outputs of tasks")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.arg(folder::option())))
}
