//! What clap found wrong on the command line, in this crate's words; and the help and the version that it was asked for.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use nebulakit_types::storage::{shown, shown_in};
use nebulakit_types::visible;

use super::complaint::Complaint;
use super::output::say;
use crate::process::exit::Exit;
use crate::process::terminal;

/// Shows what was asked for, or complains; `command` is what `--help` can be put behind.
/// `words` is what stood behind it.
pub(super) fn answer(error: &clap::Error, command: &str, words: &[OsString]) -> Result<Exit, Complaint> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => say(&trimmed(error)),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            terminal::write(&trimmed(error));
            Ok(Exit::Usage)
        }
        _ => Err(complaint(error, command, words)),
    }
}

/// What [`answer`] would show, or complain of, as a complaint.
pub(super) fn unsaid(error: &clap::Error, command: &str, words: &[OsString]) -> Complaint {
    if error.use_stderr() { complaint(error, command, words) } else { Complaint::usage(trimmed(error)) }
}

/// Clap's text without the blanks that it leaves behind what has no description.
fn trimmed(error: &clap::Error) -> String {
    error.render().to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn complaint(error: &clap::Error, command: &str, words: &[OsString]) -> Complaint {
    let all = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    };
    let one = |kind| all(kind).into_iter().next().unwrap_or_default();
    let argument = one(ContextKind::InvalidArg);
    let mut similar = Vec::new();
    let message = match error.kind() {
        ErrorKind::UnknownArgument => {
            similar = all(ContextKind::SuggestedArg);
            match argument.starts_with('-') {
                true => format!("unknown option {}", quoted(&argument)),
                false => format!("unexpected word {}", quoted(&argument)),
            }
        }
        ErrorKind::InvalidSubcommand => {
            similar = all(ContextKind::SuggestedSubcommand);
            format!("unknown command {}", quoted(&one(ContextKind::InvalidSubcommand)))
        }
        ErrorKind::MissingSubcommand => "no command is given".to_owned(),
        ErrorKind::MissingRequiredArgument => match all(ContextKind::InvalidArg).as_slice() {
            [only] => match alternatives(only) {
                Some(options) => format!("one of {} is missing", listed(&options)),
                None => format!("{} is missing", quoted(only)),
            },
            several => format!("missing: {}", listed(several)),
        },
        ErrorKind::ArgumentConflict => match all(ContextKind::PriorArg).as_slice() {
            [prior] if *prior != argument => format!("{} and {} contradict each other", quoted(&argument), quoted(prior)),
            _ => format!("{} is given twice", quoted(&argument)),
        },
        ErrorKind::InvalidValue => {
            let (found, expected) = (one(ContextKind::InvalidValue), all(ContextKind::ValidValue));
            similar = all(ContextKind::SuggestedValue);
            match (found.is_empty(), expected.is_empty()) {
                (true, true) => format!("{} needs a value", quoted(&argument)),
                (true, false) => format!("{} needs a value: one of {}", quoted(&argument), listed(&expected)),
                (false, true) => format!("{}: the value {} does not fit", quoted(&argument), quoted(&found)),
                (false, false) => format!("{}: expected one of {}, found {}", quoted(&argument), listed(&expected), quoted(&found)),
            }
        }
        ErrorKind::ValueValidation => {
            let said = error.source().map_or_else(|| "the value does not fit".to_owned(), |source| shown_in(source.to_string()));
            format!("{}: {said}", quoted(&argument))
        }
        ErrorKind::InvalidUtf8 => "a word of the command line is not UTF-8".to_owned(),
        _ => {
            let text = error.render().to_string();
            shown_in(text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
        }
    };
    let hint = if !similar.is_empty() {
        format!("did you mean {}?", listed(&similar))
    } else if let Some(meant) = meant(&argument, words).filter(|_| error.kind() == ErrorKind::UnknownArgument) {
        meant
    } else {
        format!("see {}", quoted(&format!("{command} --help")))
    };
    Complaint::usage(message).hint(format!("hint: {hint}"))
}

/// The options of which clap wants one, from its text: `<--older-than <AGE>|--keep <COUNT>>`.
fn alternatives(group: &str) -> Option<Vec<&str>> {
    let options = group.strip_prefix('<')?.strip_suffix('>')?;
    options.starts_with("--").then(|| options.split('|').collect())
}

/// What was meant where a value with a dash was taken for an option, and where an option stands behind `--`.
fn meant(argument: &str, words: &[OsString]) -> Option<String> {
    let at = words.iter().position(|word| word.to_str().is_some_and(|word| word.starts_with(argument)))?;
    let is_option = argument.starts_with("--");
    if is_option && words[..at].iter().any(|word| word == "--") {
        return Some("options stand before `--`".to_owned());
    }
    let (flag, value) = (words.get(at.checked_sub(1)?)?.to_str()?, words[at].to_str()?);
    let is_value = argument.starts_with('-') && !is_option && flag.starts_with("--") && !flag.contains('=');
    is_value.then(|| format!("a value that begins with a dash is written with `=`: {}", quoted(&format!("{flag}={}", shown(value)))))
}

/// In backticks, on one line and without what is secret in a URL: what is quoted may come from the command line.
fn quoted(text: &str) -> String {
    format!("`{}`", visible::line(&shown(text)))
}

/// `a`, `b`
pub(super) fn listed(texts: &[impl AsRef<str>]) -> String {
    texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", ")
}
