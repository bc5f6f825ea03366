//! How a node ended, in the words of a run.

use super::super::super::execution::ExecutionFailure;
use crate::coordinator::{FailureKind, JobFailure};
use crate::run::{EventKind, Origin, Recorded};

/// What the code of a node begins with whose attempts are used up.
pub(super) const EXHAUSTED: &str = "RetriesExhausted|";

/// The code of a failure that has none.
pub(super) const UNKNOWN: &str = "Unknown";

pub(in super::super) fn succeeded(outputs: Recorded, from: Origin) -> EventKind {
    EventKind::Succeeded { outputs, inputs: None, files: None, from, used: None }
}

/// A failure in the platform's words; `otherwise` is what else is known of it. The platform's own codes are written as they are in a run here.
pub(in super::super) fn failure(told: Option<&ExecutionFailure>, kind: FailureKind, otherwise: &str) -> JobFailure {
    let unknown = if otherwise.is_empty() { "the platform does not say why" } else { otherwise };
    let Some(told) = told else { return JobFailure::new(kind, UNKNOWN, unknown) };
    let code = told.code.strip_prefix(EXHAUSTED).unwrap_or(&told.code);
    let message = told.message.strip_prefix(&format!("[{code}] ")).unwrap_or(&told.message);
    let (kind, code) = match code {
        "" => return of_element(kind, message).unwrap_or_else(|| JobFailure::new(kind, UNKNOWN, message)),
        "TimeoutExpired" => (FailureKind::TimedOut, "USER:Timeout".to_owned()),
        "InvalidArrayLength" | "ReceivedRejectSignal" | "UserProvidedError" | "DynamicWorkflowBuildFailed" | "MalformedBranch" => {
            (kind, format!("USER:{code}"))
        }
        "BindingResolutionFailure" => (kind, format!("SYSTEM:{code}")),
        code => (kind, code.to_owned()),
    };
    JobFailure::new(kind, &code, if message.is_empty() { unknown } else { message })
}

/// The failure of a map, whose code and message are in one text: `[1]: USER:RuntimeError: 3 is odd`.
fn of_element(kind: FailureKind, text: &str) -> Option<JobFailure> {
    let (index, rest) = text.strip_prefix('[')?.split_once("]: ")?;
    let (code, message) = rest.split_once(": ")?;
    let is_element = index.parse::<u32>().is_ok() && !code.contains(char::is_whitespace);
    is_element.then(|| JobFailure::new(kind, code, format!("[{index}]: {}", message.trim_end())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_maps_have_the_code_of_their_element() {
        let read = |text: &str| of_element(FailureKind::Failed, text).map(|failure| (failure.code, failure.message));
        let found = ("USER:RuntimeError".to_owned(), "[1]: 3 is odd".to_owned());
        assert_eq!(read("[1]: USER:RuntimeError: 3 is odd\n"), Some(found));
        for text in ["3 is odd", "[1]: 3 is odd", "[x]: A: b", "[1]: of many words: b"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
