//! What went wrong, in words for people.

use nebulakit_types::visible;

use crate::process::exit::Exit;
use crate::process::terminal;
#[cfg(feature = "run")]
use crate::task::panic::guard;

/// What went wrong, for a person.
#[derive(Debug)]
pub(super) struct Complaint {
    pub(super) exit: Exit,
    /// The author's or the library's code for it, where there is more to it than "it failed".
    pub(super) code: Option<String>,
    pub(super) message: String,
    /// The way out; shown after a blank line.
    pub(super) hint: Option<String>,
}

impl Complaint {
    /// The command line, or a value on it, is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code: None, message: message.into(), hint: None }
    }

    /// The command was understood, and failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::usage(message) }
    }

    /// The same, with what it is about before it.
    #[cfg(feature = "run")]
    pub(super) fn about(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// Another way out besides the one that it has.
    #[cfg(feature = "run")]
    pub(super) fn or_hint(self, hint: &str) -> Self {
        let hint = self.hint.iter().map(String::as_str).chain([hint]).collect::<Vec<_>>().join("\n");
        self.hint(hint)
    }

    #[cfg(feature = "run")]
    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// What cannot be found, or cannot be a name, was written wrong.
#[cfg(feature = "run")]
impl From<crate::run::RecordError> for Complaint {
    fn from(error: crate::run::RecordError) -> Self {
        use crate::run::RecordErrorKind as Kind;
        let (message, hint) = error.parts();
        let complaint = match error.kind() {
            Kind::NotFound | Kind::Ambiguous | Kind::Name => Self::usage(message),
            _ => Self::failed(message),
        };
        Self { hint: hint.map(|hint| format!("hint: {hint}")), ..complaint }
    }
}

pub(super) fn complain(complaint: &Complaint) -> Exit {
    let code = complaint.code.as_ref().map(|code| format!("[{}]", visible::line(code))).unwrap_or_default();
    let hint = complaint.hint.as_ref().map(|hint| format!("\n{hint}\n")).unwrap_or_default();
    terminal::write(&format!("error{code}: {}\n{hint}", terminal::continued(&complaint.message)));
    complaint.exit
}

/// Describes tasks by their own code: their defaults may panic, which is told in the description and not beside it.
#[cfg(feature = "run")]
pub(super) fn describing<T>(describe: impl FnOnce() -> T) -> Result<T, Complaint> {
    guard(describe).map_err(|failure| Complaint::failed(failure.message))
}
