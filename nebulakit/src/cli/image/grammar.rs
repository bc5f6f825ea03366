//! What the words behind `image` can be.

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, Command};

use super::builder::BUILDERS;
use super::target;
use crate::cli::help;

/// The command.
pub(in crate::cli) fn command() -> Command {
    let text = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(NonEmptyStringValueParser::new())
    };
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    help::command("image", "Show the Dockerfile of an image with nothing but this program, or build it")
        .arg(flag("build").help("build the program and the image"))
        .arg(text("image", "IMAGE").help("name of the image; `images.default` of the configuration file if left out"))
        .arg(
            text("platform", "PLATFORM")
                .value_parser(PossibleValuesParser::new(target::platforms()))
                .help("machine that it is for; that of this machine if left out"),
        )
        .arg(
            text("builder", "PROGRAM")
                .value_parser(PossibleValuesParser::new(BUILDERS))
                .help("what builds it; the first that is installed"),
        )
        .arg(text("bin", "NAME").help("binary of the project; this one if left out"))
        .arg(text("features", "FEATURES").help("features of the project that the tasks need; its default ones are left out"))
        .arg(text("roots", "FILE").help("CA certificates (PEM) for the image; those of Mozilla, compiled in, if left out"))
        .arg(flag("time-zones").help("copy the time zones of this machine, even if the project does not depend on `jiff` or `chrono-tz`"))
}
