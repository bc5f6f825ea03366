//! A token that a command prints.

use std::process::Stdio;
use std::time::Duration;

use nebulakit_types::Secret;
use tokio::process::Command;

use super::super::error::{ClientError, ClientErrorKind};

/// The longest time that a command may take; some ask a person.
const LIMIT: Duration = Duration::from_secs(2 * 60);

/// How much of what a command that failed has said is told, in bytes.
const LONGEST_WORDS: usize = 1000;

/// Runs a command, which the setting `setting` names, and takes what it prints.
pub(super) async fn token(command: &[String], setting: &str) -> Result<Secret, ClientError> {
    let [program, words @ ..] = command else {
        let message = format!("the login by a command needs the command, in `{setting}`");
        return Err(ClientError::new(ClientErrorKind::Settings, message));
    };
    // Its other words may hold secrets.
    let failed = |why: String| ClientError::new(ClientErrorKind::Unauthenticated, format!("the command `{program}` (`{setting}`) {why}"));
    let run =
        Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).output();
    let output = match tokio::time::timeout(LIMIT, run).await {
        Ok(output) => output.map_err(|error| failed(format!("cannot be started: {error}")))?,
        Err(_) => return Err(failed(format!("was not through within {LIMIT:?}"))),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr[..output.stderr.len().min(LONGEST_WORDS)]);
        return Err(failed(match said.trim() {
            "" => format!("failed with {}", output.status),
            said => format!("failed with {}: {said}", output.status),
        }));
    }
    let printed = zeroize::Zeroizing::new(output.stdout);
    let token = std::str::from_utf8(&printed).map(Secret::from).map_err(|_| failed("printed something else than text".to_owned()))?;
    match token.expose() {
        "" => Err(failed("printed no token".to_owned())),
        _ => Ok(token),
    }
}
