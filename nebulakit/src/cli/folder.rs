//! The folder that runs are recorded in: `--dir`, else what the environment says, else `.nebulakit` in the current folder.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, ArgMatches};
use nebulakit_types::visible;

use super::complaint::Complaint;
use super::setting::Setting;
use crate::run::{RecordError, RecordErrorKind, RunHandle, RunId, RunsFolder};
use crate::services::env;

/// The option that names it.
const DIR: &str = "dir";

/// Where it is unless something else is said.
const USUAL: &str = ".nebulakit";

/// The option itself.
pub(super) fn option() -> Arg {
    Arg::new(DIR)
        .long(DIR)
        .value_name("DIR")
        .value_parser(ValueParser::path_buf())
        .help(format!("folder that runs are recorded in; else that of {}, else {USUAL}", env::NEBULAKIT_DIR))
}

/// What names the last run.
const LAST: &str = "last";

/// Where runs are recorded.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Whether other commands need to be told.
    is_given: bool,
}

impl Folder {
    /// The one that the command line or the environment names.
    pub(super) fn of(matches: &ArgMatches, setting: &Setting<'_>) -> Self {
        match matches.get_one::<PathBuf>(DIR) {
            Some(path) => Self { path: path.clone(), is_given: true },
            None => {
                let named = setting.environment.raw(env::NEBULAKIT_DIR).filter(|path| !path.is_empty());
                Self { path: named.map_or_else(|| PathBuf::from(USUAL), PathBuf::from), is_given: false }
            }
        }
    }

    /// Opens it, and makes it where it is not there.
    ///
    /// # Errors
    /// When it holds something else, or cannot be read or made.
    pub(super) fn made(&self) -> Result<RunsFolder, Complaint> {
        Ok(RunsFolder::open(&self.path)?)
    }

    /// Opens it where it is there.
    ///
    /// # Errors
    /// When it holds something else, or cannot be read.
    pub(super) fn opened(&self) -> Result<Option<RunsFolder>, Complaint> {
        if self.path.is_dir() { self.made().map(Some) } else { Ok(None) }
    }

    /// The folder as it is: nothing is made, and one that is not there holds no runs.
    ///
    /// # Errors
    /// When it cannot be read, or a newer version wrote it.
    pub(super) fn existing(&self) -> Result<RunsFolder, Complaint> {
        Ok(RunsFolder::as_it_is(&self.path)?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The complaint of a folder that is not there.
    pub(super) fn no_runs(&self) -> Complaint {
        Complaint::usage(no_runs_in(&self.path)).hint("hint: `--dir DIR` names another folder, and `run` makes one")
    }

    /// A command for its runs, as people type it: `app runs show 20261129-231501-k3f9`.
    pub(super) fn command(&self, verb: &str, words: &[&str], setting: &Setting<'_>) -> String {
        self.typed(format!("{} runs {verb}", setting.binary), words)
    }

    /// A command that runs something in it, as people type it: `app run count --resume last`.
    pub(super) fn run_command(&self, words: &[&str], setting: &Setting<'_>) -> String {
        self.typed(format!("{} run", setting.binary), words)
    }

    /// The complaint of an error of the run `id`, with the command that is the way out.
    pub(super) fn complaint(&self, error: RecordError, id: &RunId, setting: &Setting<'_>) -> Complaint {
        let command = |verb: &str| self.command(verb, &[&id.to_string()], setting);
        let hint = match error.kind() {
            RecordErrorKind::Driven => format!("hint: `{}` stops it", command("cancel")),
            RecordErrorKind::Interrupted => format!("hint: `{}` continues it", command("retry")),
            RecordErrorKind::NoOutputs => format!("hint: `{}` shows how far it came", command("show")),
            _ => return error.into(),
        };
        Complaint::from(error).hint(hint)
    }

    /// Behind `--` stands what is no option, however it begins.
    fn typed(&self, command: String, words: &[&str]) -> String {
        let (before, behind) = words.split_at(words.iter().position(|word| *word == "--").unwrap_or(words.len()));
        let own = self.words();
        let own = own.iter().map(|word| word.to_string_lossy());
        let words = before.iter().map(|word| Cow::Borrowed(*word)).chain(own).chain(behind.iter().map(|word| Cow::Borrowed(*word)));
        words.fold(command, |command, word| command + " " + &typed(&word))
    }

    /// The words that name it for another command, where it needs to be told.
    pub(super) fn words(&self) -> Vec<OsString> {
        if self.is_given { vec![format!("--{DIR}").into(), self.path.clone().into()] } else { Vec::new() }
    }
}

/// The run that is called so: by its id, by how that begins, or as the last one.
pub(super) fn find(runs: &RunsFolder, name: &str) -> Result<RunHandle, Complaint> {
    let id = match runs.list()?.pop() {
        Some(last) if name == LAST => last,
        None if name == LAST => return Err(Complaint::usage(no_runs_in(runs.path()))),
        _ => runs.find(name)?,
    };
    Ok(RunHandle::attach(runs, &id)?)
}

/// What is said of a folder without runs.
pub(super) fn no_runs_in(path: &Path) -> String {
    format!("no runs are recorded in `{}`", visible::line(&path.to_string_lossy()))
}

/// A word as any shell takes it: zsh expands brackets and `=`, too.
pub(super) fn typed(word: &str) -> String {
    let is_plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/@%+:,".contains(&byte));
    let word = visible::line(word);
    if is_plain { word.into_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        assert_eq!(
            ["go/no-go", "a b", "it's", "", "n3[5]", "=ls"].map(typed),
            ["go/no-go", "'a b'", r"'it'\''s'", "''", "'n3[5]'", "'=ls'"]
        );
    }
}
