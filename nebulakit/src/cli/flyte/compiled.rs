//! The program as Flyte registers it.

use std::fmt::Write as _;

use clap::ArgMatches;

use crate::backend::flyte::compile::{Compiled, Options, Program, Target, compile};
use crate::cli::complaint::{Complaint, describing};
use crate::cli::word::word;
use crate::graph::Problems;
use crate::process::terminal;
use crate::services::config::Config;

/// Compiles all of this binary; without a target, for a package. What Flyte does not have is said.
pub(super) fn compiled(matches: &ArgMatches, config: &Config, target: Option<&Target>) -> Result<Compiled, Complaint> {
    let image = matches.get_one::<String>("image").or_else(|| config.images.get("default")).ok_or_else(|| {
        Complaint::usage("the tasks need a container image")
            .hint("hint: name it with `--image`, or as `images.default` in the configuration file")
    })?;
    let mut options = Options::new(image, word(matches, "binary"));
    if let Some(Target { project, domain, version }) = target {
        options = options.target(project, domain, version);
    }
    let program = describing(Program::linked)?.map_err(|problems| wrong(&problems))?;
    let compiled = describing(|| compile(&program, &options))?.map_err(|problems| wrong(&problems))?;
    if compiled.entities.is_empty() {
        return Err(Complaint::failed("this binary has no tasks and no workflows"));
    }
    for line in &compiled.ignored {
        terminal::write(&format!("note: {line}\n"));
    }
    Ok(compiled)
}

fn wrong(problems: &Problems) -> Complaint {
    let mut message = "Flyte cannot run this as it is".to_owned();
    for problem in problems {
        let _ = write!(message, "\n{problem}");
    }
    Complaint::failed(message)
}
