//! The whole command line as one command of a program whose own is another.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};

/// The name of the one argument.
const WORDS: &str = "command";

/// The words of a command that does what [`run`](super::run) does, for programs that read their own command line with clap: a variant
/// `Tasks(nebulakit::cli::Arguments)` where a command line is derived, [`clap::Args`] where it is built.
///
/// # Examples
/// ```
/// use clap::{Args as _, Command, FromArgMatches as _};
/// use nebulakit::cli::Arguments;
///
/// let tasks = Arguments::augment_args(Command::new("tasks").about("Lists, describes and runs tasks"));
/// let app = Command::new("app").subcommand(Command::new("serve")).subcommand(tasks);
///
/// // `app tasks list`, `app tasks run divider --a 7 --b 2`, `app tasks execute --task-name ...`
/// let matches = app.get_matches_from(["app", "tasks", "help"]);
/// if let Some(("tasks", matches)) = matches.subcommand() {
///     let _code = Arguments::from_arg_matches(matches)?.run("app tasks");
/// }
/// # Ok::<(), clap::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Arguments {
    words: Vec<OsString>,
}

impl Arguments {
    /// Does what the words say. `name` is how people call the command, for the messages: `app tasks`.
    #[must_use]
    pub fn run(&self, name: &str) -> ExitCode {
        super::serve(name, &self.words).into()
    }
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self { words: matches.get_many::<OsString>(WORDS).unwrap_or_default().cloned().collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: Command) -> Command {
        let words = Arg::new(WORDS)
            .help("A command and its words, as in `run divider --a 7 --b 2`; `help` lists the commands")
            .action(ArgAction::Append)
            .num_args(0..)
            .trailing_var_arg(true)
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString));
        // `--help` belongs to the command that the words name.
        command.disable_help_flag(true).disable_help_subcommand(true).arg(words)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
