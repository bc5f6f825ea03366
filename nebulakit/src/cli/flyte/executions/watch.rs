//! `executions watch`: an execution followed to its end, shown as a run is.

use std::time::Duration;

use serde_json::json;

use super::failed::complaint;
use crate::backend::flyte::{ClientError, ClientErrorKind, Execution, ExecutionDetails, ExecutionId, ExecutionNode, ExecutionPhase, Seen};
use crate::cli::complaint::Complaint;
use crate::cli::flyte::place::reached;
use crate::cli::follow::{Expected, Form, Screen, Shown};
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::cli::stops::Stops;
use crate::cli::{outputs, run};
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::{EventKind, GateTakes};
use crate::services::config::Config;

/// How often it polls: the platform does not push changes.
const PERIOD: Duration = Duration::from_secs(1);

/// How often what is drawn goes on meanwhile.
const FRAME: Duration = Duration::from_millis(200);

/// What is known at the end.
struct Ended {
    details: ExecutionDetails,
    failed: Option<ExecutionNode>,
    outputs: Vec<u8>,
}

pub(super) fn watch(id: ExecutionId, is_json: bool, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let form = Form::of(is_json, false, setting.environment);
    let Ended { details, failed, outputs } = reached(config, setting, async |client| {
        let execution = client.execution_of(id);
        if form.is_for_people() {
            terminal::write(&format!("{}\n", execution.console_url()));
        }
        follow(&execution, form, setting).await
    })?;
    if details.phase != ExecutionPhase::Succeeded {
        return Err(complaint(&details, failed.as_ref(), setting));
    }
    let stores = run::host(setting)?.stores;
    let text = outputs::shown_of(None, &outputs, None, is_json, &stores, &Stops::default())?;
    if is_json {
        let name = json!(details.id.name);
        return say(&format!("{{\"event\":\"outputs\",\"run\":{name},\"outputs\":{}}}\n", text.trim_end()));
    }
    say(&text)
}

/// Looks until the execution is over. A control plane that is away for a while is waited for, and told of.
async fn follow(execution: &Execution, form: Form, setting: &Setting<'_>) -> Result<Ended, ClientError> {
    let is_task = execution.details().await?.launched.is_task;
    let mut seen = Seen::of(execution.clone()).await?;
    let mut screen = Screen::new(Shown { form, shows_logs: false }, is_task, None, Expected::default());
    loop {
        let (events, details) = match seen.look().await {
            Ok(looked) => looked,
            Err(error) if error.kind() == ClientErrorKind::Unreachable => {
                terminal::write(&format!("warning: {}; the execution is looked for again\n", error.message()));
                waited(&screen, form).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        for event in events {
            // They are made one after the other, and the end is the last one.
            let _ = screen.take(&event);
            if let (EventKind::Waiting { signal, takes }, true) = (&event.kind, form.is_for_people()) {
                let value = match takes {
                    GateTakes::Approval => "approve".to_owned(),
                    GateTakes::Value(_) => format!("VALUE` ({takes})"),
                };
                let answer = format!("{} executions signal {} {signal} {value}", setting.binary, execution.id());
                terminal::write(&format!("  answer it with `{}\n", if answer.ends_with(')') { answer } else { answer + "`" }));
            }
        }
        if let Some(details) = details {
            screen.end();
            return ended(execution, details).await;
        }
        waited(&screen, form).await;
    }
}

async fn waited(screen: &Screen<'_>, form: Form) {
    if form != Form::Live {
        return tokio::time::sleep(PERIOD).await;
    }
    let mut waited = Duration::ZERO;
    while waited < PERIOD {
        screen.draw();
        tokio::time::sleep(FRAME).await;
        waited += FRAME;
    }
}

async fn ended(execution: &Execution, details: ExecutionDetails) -> Result<Ended, ClientError> {
    if details.phase == ExecutionPhase::Succeeded {
        return Ok(Ended { details, failed: None, outputs: execution.outputs().await? });
    }
    let nodes = execution.nodes().await?;
    Ok(Ended { details, failed: ExecutionNode::first_failed(&nodes).cloned(), outputs: Vec::new() })
}
