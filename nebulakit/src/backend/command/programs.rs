//! Runs the programs that the user named.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use nebulakit_types::visible;
use tokio::process::Command;

/// The longest answer that is shown, in letters.
const SHOWN: usize = 600;

/// What a program answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) out: String,
    pub(super) error: String,
    /// How it ended, where that was not well.
    pub(super) failed: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It was never started.
    NotStarted(String),
    /// It was, and what came of it is not known.
    Unheard(String),
}

/// Runs a program with these variables and no others.
pub(super) async fn answer(words: &[String], variables: &[(String, String)], patience: Duration) -> Result<Answer, NoAnswer> {
    let Some((program, arguments)) = words.split_first() else { return Err(NoAnswer::NotStarted("no program is named".to_owned())) };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    // Ctrl-C in a terminal is for the driver, which ends jobs by itself.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let child = command
        .spawn()
        .map_err(|error| NoAnswer::NotStarted(format!("`{}` cannot be started: {}", visible::line(program), of_start(&error))))?;
    match tokio::time::timeout(patience, child.wait_with_output()).await {
        Ok(Ok(output)) => Ok(Answer {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            error: String::from_utf8_lossy(&output.stderr).into_owned(),
            failed: (!output.status.success()).then(|| output.status.to_string()),
        }),
        Ok(Err(error)) => Err(NoAnswer::Unheard(format!("what `{}` says cannot be read: {error}", visible::line(program)))),
        Err(_) => Err(NoAnswer::Unheard(format!("`{}` gave no answer within {patience:?}", visible::line(program)))),
    }
}

fn of_start(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such program in PATH".to_owned(),
        _ => error.to_string(),
    }
}

impl NoAnswer {
    pub(super) fn said(self) -> String {
        match self {
            Self::NotStarted(said) | Self::Unheard(said) => said,
        }
    }
}

impl Answer {
    /// What it printed, for a message.
    pub(super) fn shown(&self, program: &str) -> String {
        let failed = self.failed.as_ref().map(|failed| format!(" ({failed})")).unwrap_or_default();
        let parts: Vec<_> = [("output", &self.out), ("standard error", &self.error)]
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(name, text)| format!("{name}: {}", brief(text)))
            .collect();
        let parts = if parts.is_empty() { "it printed nothing".to_owned() } else { parts.join("; ") };
        format!("`{}`{failed}: {parts}", visible::line(program))
    }
}

/// A text on one line, cut where it is long.
pub(super) fn brief(text: &str) -> String {
    let line = visible::line(text.trim()).into_owned();
    if line.chars().count() > SHOWN { format!("{}…", line.chars().take(SHOWN).collect::<String>()) } else { line }
}
