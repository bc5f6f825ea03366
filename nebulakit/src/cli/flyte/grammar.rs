//! What the words behind the commands can be.

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, Command, value_parser};

use super::{executions, launch_plans, place};
use crate::cli::help::command;

/// All of them.
pub(in crate::cli) fn commands() -> [Command; 4] {
    let text = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(NonEmptyStringValueParser::new())
    };
    let image = || text("image", "IMAGE").help("container image of the tasks; `images.default` of the configuration file if left out");
    let binary = || text("binary", "PATH").default_value("/app").help("path of this binary in the image");
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let register = command("register", "Register the tasks, workflows and launch plans of this binary with Flyte")
        .args(place::arguments())
        .arg(text("version", "VERSION").help("version of everything; a hash of everything if left out"))
        .arg(image())
        .arg(binary())
        .arg(flag("activate-launchplans").help("activate all launch plans, and their schedules"))
        .arg(flag("dry-run").help("show what would be registered, without asking Flyte"))
        .arg(
            text("concurrency", "CALLS")
                .value_parser(value_parser!(u16).range(1..))
                .default_value("32")
                .help("how many calls are made at once"),
        );
    let package = command("package", "Write an archive for `flytectl register files --archive`")
        .arg(image())
        .arg(binary())
        .arg(text("output", "FILE").short('o').default_value("flyte-package.tgz").help("file to write"));
    [register, package, executions::command(), launch_plans::command()]
}
