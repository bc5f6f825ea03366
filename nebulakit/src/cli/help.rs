//! Commands with help in this crate's words.

use clap::{Arg, ArgAction, Command};

/// A command with help in this crate's words.
pub(super) fn command(name: impl Into<clap::builder::Str>, about: impl Into<clap::builder::StyledStr>) -> Command {
    Command::new(name).about(about).disable_help_flag(true).disable_help_subcommand(true).arg(help_flag())
}

/// `-h` and `--help`, which clap would describe with a capital.
pub(super) fn help_flag() -> Arg {
    Arg::new("help").short('h').long("help").action(ArgAction::Help).help("show this help")
}

/// `--json`.
pub(super) fn json_flag() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue)
}
