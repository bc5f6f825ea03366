//! The program as Flyte registers it.

use std::fmt::Write as _;

use clap::ArgMatches;

use crate::backend::flyte::compile::{Compiled, Options, Program, compile};
use crate::cli::complaint::{Complaint, describing};
use crate::cli::word::word;
use crate::graph::Problems;
use crate::process::terminal;
use crate::services::config::Config;

/// All of this binary.
pub(super) fn program() -> Result<Program, Complaint> {
    describing(Program::linked)?.map_err(|problems| wrong(&problems))
}

/// How it is compiled, without a target.
pub(super) fn options(matches: &ArgMatches, config: &Config) -> Result<Options, Complaint> {
    let image = matches.get_one::<String>("image").or_else(|| config.images.get("default")).ok_or_else(|| {
        Complaint::usage("the tasks need a container image")
            .hint("hint: name it with `--image`, or as `images.default` in the configuration file")
    })?;
    Ok(Options::new(image, word(matches, "binary")))
}

/// Compiles it.
pub(super) fn compiled(program: &Program, options: &Options) -> Result<Compiled, Complaint> {
    let compiled = describing(|| compile(program, options))?.map_err(|problems| wrong(&problems))?;
    if compiled.entities.is_empty() {
        return Err(Complaint::failed("this binary has no tasks and no workflows"));
    }
    Ok(compiled)
}

/// Says what Flyte does not have.
pub(super) fn tell_ignored(compiled: &Compiled) {
    compiled.ignored.iter().for_each(|line| note(line));
}

pub(super) fn note(line: &str) {
    terminal::write(&format!("note: {line}\n"));
}

pub(super) fn wrong(problems: &Problems) -> Complaint {
    let mut message = "Flyte cannot run this as it is".to_owned();
    for problem in problems {
        let _ = write!(message, "\n{problem}");
    }
    Complaint::failed(message)
}
