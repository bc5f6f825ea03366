//! `executions relaunch`, `recover`, `terminate` and `signal`.

use clap::ArgMatches;
use nebulakit_types::visible;

use crate::backend::flyte::{Execution, ExecutionId, RelaunchOptions};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::output::say;
use crate::cli::run;
use crate::cli::setting::Setting;
use crate::cli::word::word;
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{Answer, GateTakes};
use crate::services::config::Config;

pub(super) fn steer(verb: &str, id: ExecutionId, matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    match verb {
        "relaunch" | "recover" => {
            let mut options = RelaunchOptions::default();
            if let Some(name) = matches.get_one::<String>("name") {
                options = options.name(name);
            }
            let next = reached(config, setting, async |client| {
                let execution = client.execution_of(id);
                match verb {
                    "relaunch" => execution.relaunch(&options.overwrite_cache(matches.get_flag("overwrite-cache"))).await,
                    _ => execution.recover(&options).await,
                }
            })?;
            launched(&next)
        }
        "terminate" => {
            let name = id.name.clone();
            reached(config, setting, async |client| client.execution_of(id).terminate(word(matches, "cause")).await)?;
            terminal::write(&format!("the execution {name} was asked to stop\n"));
            Ok(Exit::Stored)
        }
        _ => signal(id, matches, config, setting),
    }
}

/// Says which execution was launched: its name for programs, and its address for people.
fn launched(execution: &Execution) -> Result<Exit, Complaint> {
    terminal::write(&format!("{}\n", execution.console_url()));
    say(&format!("{}\n", execution.id().name))
}

/// Answers a signal by what its gate takes.
fn signal(id: ExecutionId, matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let (signal, text) = (word(matches, "signal"), word(matches, "value"));
    let shown = visible::line(signal).into_owned();
    let found = reached(config, setting, async |client| client.execution_of(id.clone()).signal(signal).await)?;
    let answer = match &found.takes {
        GateTakes::Approval => approval(text)
            .ok_or_else(|| Complaint::usage(format!("the signal `{shown}` takes `approve` or `reject`, not `{}`", visible::line(text))))?,
        GateTakes::Value(literal_type) => {
            Answer::Value(run::literal(text, literal_type, setting).map_err(|complaint| complaint.about(&format!("the signal `{shown}`")))?)
        }
    };
    reached(config, setting, async |client| client.execution_of(id.clone()).answer_to(&found, answer).await)?;
    terminal::write(&format!("`{shown}` of the execution {} is answered\n", id.name));
    Ok(Exit::Stored)
}

fn approval(text: &str) -> Option<Answer> {
    match text {
        "approve" | "yes" | "true" => Some(Answer::Approve),
        "reject" | "no" | "false" => Some(Answer::Reject),
        _ => None,
    }
}
