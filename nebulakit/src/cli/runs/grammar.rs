//! What the words behind `runs` can be.

use clap::{Arg, ArgAction, Command};

use crate::cli::folder;
use crate::cli::help::{command as helped, json_flag};

/// The command with all of its own.
pub(in crate::cli) fn command() -> Command {
    let run = || Arg::new("run").value_name("RUN").required(true).help("the run's id, the beginning of it, or `last`");
    let node = || Arg::new("node").value_name("NODE").help("the node's path, as `n2` or `n3[5]`");
    let signal = || Arg::new("signal").value_name("SIGNAL").required(true).help("the signal that the gate waits for");
    let json = || json_flag().help("as JSON, for machines");
    let follow = Arg::new("follow").short('f').long("follow").action(ArgAction::SetTrue).help("go on until the run is over");
    let verbose = Arg::new("verbose")
        .short('v')
        .long("verbose")
        .action(ArgAction::SetTrue)
        .conflicts_with("json")
        .help("show what nodes log and print as it comes, and each attempt");
    let value = Arg::new("value")
        .value_name("VALUE")
        .required(true)
        .allow_negative_numbers(true)
        .help("the value, as a flag of that type takes it");
    let commands = [
        helped("list", "List the runs, the latest first").arg(json()),
        helped("show", "Show a run and its nodes: where they stand, how long they took, why they failed").arg(run()).arg(json()),
        helped("logs", "Show what a run and its nodes logged and printed").arg(run()).arg(node()).arg(follow),
        helped("inputs", "Show what a run was given").arg(run()).arg(json()),
        helped("outputs", "Show what a run, or one of its nodes, gave").arg(run()).arg(node()).arg(json()),
        helped("approve", "Approve what waits at a gate").arg(run()).arg(signal()),
        helped("reject", "Reject what waits at a gate").arg(run()).arg(signal()),
        helped("signal", "Give a value to a gate").arg(run()).arg(signal()).arg(value),
        helped("cancel", "Ask a run to stop").arg(run()),
        helped("delete", "Delete runs that are over, with the files that they stored").arg(run().num_args(1..).action(ArgAction::Append)),
        helped("attach", "Follow a run that another process drives").arg(run()).arg(verbose).arg(json()),
    ];
    helped("runs", "List, show, answer and stop the runs of workflows on this machine")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.arg(folder::option())))
}
