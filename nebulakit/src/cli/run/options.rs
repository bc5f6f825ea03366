//! The options of `run`, beside the inputs of what is run.

use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches};

use super::{backends, containers, detach};
use crate::cli::help::help_flag;
use crate::cli::{folder, outputs};
use crate::coordinator::Strategy;
use crate::coordinator::resources::tokens;
use crate::task::def::TaskDef;

/// The option that names a file of inputs.
pub(super) const INPUTS_FILE: &str = "inputs-file";

/// The option that asks for JSON.
pub(super) const JSON: &str = "json";

/// The option that says how many tokens there are.
pub(super) const TOKENS: &str = "tokens";

/// The option that says how tasks run that do not say so themselves.
pub(super) const STRATEGY: &str = "strategy";

/// The option that says how much runs at once.
pub(super) const JOBS: &str = "jobs";

/// The option that hides progress.
pub(super) const QUIET: &str = "quiet";

/// The option that shows what nodes log.
pub(super) const VERBOSE: &str = "verbose";

/// The option that has the record survive a loss of power.
pub(super) const DURABLE: &str = "durable";

/// The option that names the run to go on with.
pub(super) const RESUME: &str = "resume";

/// The option that names the node to go on from.
pub(super) const FROM: &str = "from";

/// The option that refuses to go on where tasks were changed.
pub(super) const STRICT: &str = "strict";

/// The option that says what of the run stays.
pub(super) const KEEP: &str = "keep";

/// What [`KEEP`] takes.
const KEEPS: [&str; 2] = ["all", "outputs"];

/// The option without which outputs are remembered.
pub(super) const NO_CACHE: &str = "no-cache";

/// The option that remembers outputs anew.
pub(super) const OVERWRITE_CACHE: &str = "overwrite-cache";

/// The option that says what would run, and runs nothing.
pub(super) const PLAN: &str = "plan";

/// What [`STRATEGY`] takes.
const STRATEGIES: [&str; 4] = ["async", "thread", "process", "container"];

/// Those of a task.
pub(super) fn of_task(task: &TaskDef) -> Vec<Arg> {
    let tokens =
        tokens_option().hide(task.options.tokens.is_empty()).help("number of tokens of a name; a task that asks for more does not start");
    all(flag(JSON).help("print the outputs as one JSON object"), tokens, verbose())
}

/// Those of a workflow or a launch plan.
pub(super) fn of_workflow() -> Vec<Arg> {
    let json = flag(JSON).help("print events as JSON, one a line, and the outputs as the last line");
    let tokens = tokens_option().help("number of tokens of a name; a workflow with a task that asks for more does not start");
    all(json, tokens, verbose().conflicts_with(JSON))
}

/// All of them with their headings.
fn all(json: Arg, tokens: Arg, verbose: Arg) -> Vec<Arg> {
    let [output, force] = outputs::arguments();
    let own = [
        inputs_file(),
        output,
        force,
        json,
        folder::option(),
        Arg::new(STRATEGY)
            .long(STRATEGY)
            .value_name("STRATEGY")
            .value_parser(PossibleValuesParser::new(STRATEGIES))
            .help("strategy for tasks that do not name one"),
        Arg::new(JOBS)
            .long(JOBS)
            .value_name("N")
            .value_parser(jobs)
            .help("run up to N tasks at once on N cores; a task that asks for more cores gets N; all cores if left out"),
        tokens,
        Arg::new(RESUME).long(RESUME).value_name("RUN").help("continue run RUN: keep what succeeded; reuse its inputs unless given"),
        Arg::new(FROM)
            .long(FROM)
            .value_name("NODE")
            .requires(RESUME)
            .help("rerun NODE, as `n2`, `n2/n0` or `n3[5]`, and everything downstream of it"),
        flag(STRICT).requires(RESUME).help("refuse to resume if a task changed"),
        flag(PLAN).help("show what would run and why, what is cached and what is kept; run nothing"),
        flag(NO_CACHE).conflicts_with(OVERWRITE_CACHE).help("neither take outputs from the cache nor add any"),
        flag(OVERWRITE_CACHE).help("take no outputs from the cache, and replace them by new ones"),
        Arg::new(KEEP)
            .long(KEEP)
            .value_name("WHAT")
            .value_parser(PossibleValuesParser::new(KEEPS))
            .help("files to keep: all, or only outputs and cached ones; all if left out"),
        flag(DURABLE).help("sync the record to the disk as it grows, so that it survives a loss of power"),
        flag(QUIET).short('q').help("show no progress, only errors, warnings, gates and what tasks print"),
        verbose,
        remote(),
    ];
    let own = own.into_iter().chain(backends::arguments()).chain([detach::argument(), help_flag()]);
    let own = own.map(|arg| arg.help_heading("Options"));
    own.chain(containers::arguments().map(|arg| arg.help_heading("Containers"))).collect()
}

/// How tasks run that do not say so themselves, if the command line says it.
pub(super) fn strategy(matches: &ArgMatches) -> Option<Strategy> {
    matches.get_one::<String>(STRATEGY).cloned().map(Strategy::named)
}

/// The limits of tokens that the command line gives; the last of one name counts.
pub(super) fn token_limits(matches: &ArgMatches) -> Vec<(Arc<str>, u32)> {
    let mut limits: Vec<(Arc<str>, u32)> = Vec::new();
    let given = matches.get_many::<Vec<(Arc<str>, u32)>>(TOKENS);
    for (name, number) in given.into_iter().flatten().flatten() {
        limits.retain(|(one, _)| one != name);
        limits.push((Arc::clone(name), *number));
    }
    limits
}

/// The option that launches elsewhere.
pub(super) fn remote() -> Arg {
    flag("remote").help("launch it on the cluster where it is registered; `--remote --help` shows the options of that")
}

pub(super) fn inputs_file() -> Arg {
    Arg::new(INPUTS_FILE)
        .long(INPUTS_FILE)
        .value_name("FILE")
        .help("read inputs by name from JSON or YAML; `-` is standard input; flags win over the file")
}

fn tokens_option() -> Arg {
    Arg::new(TOKENS).long(TOKENS).value_name("NAME=N").action(ArgAction::Append).value_parser(tokens::limits)
}

fn verbose() -> Arg {
    flag(VERBOSE).short('v').conflicts_with(QUIET).help("show what nodes log and print as it comes, and each attempt")
}

pub(super) fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn jobs(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|jobs| *jobs > 0).ok_or_else(|| format!("expected a whole number from 1, found `{text}`"))
}
