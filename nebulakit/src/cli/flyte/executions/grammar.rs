//! What the words behind `executions` can be.

use clap::builder::{NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser as _, ValueParser};
use clap::{Arg, ArgAction, Command, value_parser};

use super::replay::OPTIONS;
use crate::backend::flyte::ExecutionPhase;
use crate::cli::flyte::place;
use crate::cli::help::{command as helped, json_flag};
use crate::cli::outputs;

/// The command with all of its own.
pub(in crate::cli) fn command() -> Command {
    let text = |name: &'static str, value: &'static str| Arg::new(name).value_name(value).value_parser(NonEmptyStringValueParser::new());
    let option = |name: &'static str, value: &'static str| text(name, value).long(name);
    let execution = || {
        text("execution", "EXECUTION").required(true).help("name of the execution, `project:domain:name`, or its address in the console")
    };
    let node = || text("node", "NODE").help("node by its path, as `n2` or `n0/dn3`, or by the id that the platform gave it");
    let json = || json_flag().help("print JSON");
    let new_name = || option("name", "NAME").help("name of the new execution; one is made up if left out");
    let commands = [
        helped("list", "List the executions, latest first")
            .arg(option("limit", "COUNT").value_parser(value_parser!(u32).range(1..)).default_value("20").help("list up to COUNT of them"))
            .arg(phase())
            .arg(option("workflow", "WORKFLOW").help("those of the workflow with this full name"))
            .arg(option("launch-plan", "LAUNCH_PLAN").help("those of the launch plan with this full name"))
            .arg(option("task", "TASK").help("those of the task with this full name"))
            .arg(json()),
        helped("show", "Show an execution and its nodes: phases, attempts, times and errors").arg(execution()).arg(json()),
        helped("watch", "Follow an execution until it is over, and show its outputs").arg(execution()).arg(json()),
        helped("inputs", "Show the inputs of an execution or a node").arg(execution()).arg(node()).arg(json()),
        helped("outputs", "Show the outputs of an execution or a node").arg(execution()).arg(node()).args(outputs::arguments()).arg(json()),
        helped("logs", "Show where the logs of an execution and its nodes are").arg(execution()).arg(node()),
        helped("relaunch", "Launch an execution once more, with the same inputs").arg(execution()).arg(new_name()).arg(
            Arg::new("overwrite-cache")
                .long("overwrite-cache")
                .action(ArgAction::SetTrue)
                .help("take no outputs from the cache, and replace them by new ones"),
        ),
        helped("recover", "Launch an execution that goes on where another one failed").arg(execution()).arg(new_name()),
        helped("terminate", "Stop an execution")
            .arg(execution())
            .arg(option("cause", "TEXT").default_value("stopped from the command line").help("why, for those who look at it later")),
        helped("signal", "Answer a signal that a gate waits for")
            .arg(execution())
            .arg(text("signal", "SIGNAL").required(true).help("signal that the gate waits for"))
            .arg(
                Arg::new("value")
                    .value_name("VALUE")
                    .required(true)
                    .allow_negative_numbers(true)
                    .help("value, written as for a flag of that type; `approve` or `reject` for an approval"),
            ),
        helped("replay", "Run the failed attempt of a node once more on this machine, with its inputs")
            .arg(execution())
            .arg(
                text("node", "NODE").help("node by its path, as `n2`, `n0/dn3` or `n2[5]`, or by its id; the node that failed if left out"),
            )
            .arg(
                Arg::new(OPTIONS)
                    .value_name("OPTIONS")
                    .last(true)
                    .num_args(0..)
                    .value_parser(ValueParser::os_string())
                    .help("more options of `run`, as `-- --output DIR`"),
            ),
    ];
    helped("executions", "List, show, follow, steer and replay the executions on a Flyte cluster")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(commands.map(|command| command.args(place::arguments())))
}

/// The phases that executions are looked for by. One that has not begun is queued, whatever the platform calls that.
fn phase() -> Arg {
    let word = |phase: ExecutionPhase| phase.as_str().replace(' ', "-");
    let known = ExecutionPhase::ALL.into_iter().filter(|phase| *phase != ExecutionPhase::Undefined);
    let known = known.map(|phase| match phase {
        ExecutionPhase::Queued => PossibleValue::new(word(phase)).alias("undefined"),
        phase => PossibleValue::new(word(phase)),
    });
    let of_word = move |text: String| match text.as_str() {
        "undefined" => Ok(ExecutionPhase::Queued),
        text => ExecutionPhase::ALL.into_iter().rfind(|phase| word(*phase) == text).ok_or("it is not a phase"),
    };
    Arg::new("phase")
        .long("phase")
        .value_name("PHASE")
        .value_delimiter(',')
        .value_parser(PossibleValuesParser::new(known).try_map(of_word))
        .help("those in this phase")
}
