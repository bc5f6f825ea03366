//! What the words behind `runs` can be.

use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use clap::{Arg, ArgAction, ArgGroup, Command};

use super::report;
use super::retry::OPTIONS;
use crate::cli::help::{command as helped, json_flag};
use crate::cli::run::span;
use crate::cli::{folder, outputs};
use crate::run::Fate;

/// The options of `prune`.
pub(super) const OLDER_THAN: &str = "older-than";
pub(super) const KEEP: &str = "keep";
pub(super) const STATUS: &str = "status";
pub(super) const DRY_RUN: &str = "dry-run";

/// What a run can be pruned for, by its word.
const FATES: [(&str, Fate); 4] =
    [("succeeded", Fate::Succeeded), ("failed", Fate::Failed), ("cancelled", Fate::Cancelled), ("interrupted", Fate::Interrupted)];

/// The command with all of its own.
pub(in crate::cli) fn command() -> Command {
    let run = || Arg::new("run").value_name("RUN").required(true).help("id of the run, the beginning of it, or `last`");
    let node = || Arg::new("node").value_name("NODE").help("path of the node, as `n2` or `n3[5]`");
    let signal = || Arg::new("signal").value_name("SIGNAL").required(true).help("signal that the gate waits for");
    let json = || json_flag().help("print JSON");
    let follow = Arg::new("follow").short('f').long("follow").action(ArgAction::SetTrue).help("follow the logs until the run is over");
    let verbose = Arg::new("verbose")
        .short('v')
        .long("verbose")
        .action(ArgAction::SetTrue)
        .conflicts_with("json")
        .help("show what nodes log and print as it comes, and each attempt");
    let value =
        Arg::new("value").value_name("VALUE").required(true).allow_negative_numbers(true).help("value, written as for a flag of that type");
    let now = Arg::new("now").long("now").action(ArgAction::SetTrue).help("kill what runs instead of waiting for it");
    let options = Arg::new(OPTIONS)
        .value_name("OPTIONS")
        .last(true)
        .num_args(0..)
        .value_parser(ValueParser::os_string())
        .help("more options of `run`, as `-- --jobs 1`");
    let file = Arg::new(report::OUTPUT)
        .short('o')
        .long(report::OUTPUT)
        .value_name("FILE")
        .value_parser(ValueParser::path_buf())
        .help("file to write, or `-` for standard output; RUN.html if left out");
    let force = Arg::new(report::FORCE).long(report::FORCE).action(ArgAction::SetTrue).help("replace the file if it is there already");
    let commands = [
        helped("list", "List the runs, latest first").arg(json()),
        helped("show", "Show a run and its nodes: status, times and errors").arg(run()).arg(json()),
        helped("logs", "Show what a run and its nodes logged and printed").arg(run()).arg(node()).arg(follow),
        helped("inputs", "Show the inputs of a run").arg(run()).arg(json()),
        helped("outputs", "Show the outputs of a run or a node").arg(run()).arg(node()).args(outputs::arguments()).arg(json()),
        helped("report", "Write a run as one HTML file: its graph, timeline, nodes, errors, logs and decks")
            .arg(run())
            .arg(file)
            .arg(force),
        helped("approve", "Approve what waits at a gate").arg(run()).arg(signal()),
        helped("reject", "Reject what waits at a gate").arg(run()).arg(signal()),
        helped("signal", "Give a value to a gate").arg(run()).arg(signal()).arg(value),
        helped("cancel", "Ask a run to stop").arg(run()).arg(now),
        helped("retry", "Continue a run that did not succeed, as `run NAME --resume RUN` does")
            .arg(run())
            .arg(json().help("print events and outputs as JSON, one a line"))
            .arg(
                Arg::new("quiet")
                    .short('q')
                    .long("quiet")
                    .action(ArgAction::SetTrue)
                    .help("show no progress, only errors, warnings, gates and what tasks print"),
            )
            .arg(options),
        helped("delete", "Delete finished runs and the files that they stored").arg(run().num_args(1..).action(ArgAction::Append)),
        helped("prune", "Delete finished runs that match all conditions")
            .args(conditions())
            .group(ArgGroup::new("condition").args([OLDER_THAN, KEEP, STATUS]).required(true).multiple(true))
            .arg(Arg::new(DRY_RUN).long(DRY_RUN).action(ArgAction::SetTrue).help("show what would be deleted; delete nothing")),
        helped("attach", "Follow a run that another process drives").arg(run()).arg(verbose).arg(json()),
    ];
    helped("runs", "List, show, answer and stop the runs on this machine")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.arg(folder::option())))
}

fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("expected a whole number, found `{text}`"))
}

/// What `prune` goes by.
fn conditions() -> [Arg; 3] {
    let words = FATES.map(|(word, _)| word);
    let of_word = |word: String| FATES.into_iter().find(|(known, _)| *known == word).map(|(_, fate)| fate);
    let fate = PossibleValuesParser::new(words).try_map(move |word| of_word(word).ok_or("it is not how a run ends"));
    [
        Arg::new(OLDER_THAN)
            .long(OLDER_THAN)
            .value_name("AGE")
            .value_parser(span)
            .help("runs that ended longer ago than AGE, as `30d` or `12h`"),
        Arg::new(KEEP).long(KEEP).value_name("COUNT").value_parser(count).help("keep the latest COUNT"),
        Arg::new(STATUS).long(STATUS).value_name("STATUS").value_parser(fate).value_delimiter(',').help("runs that ended like this"),
    ]
}
