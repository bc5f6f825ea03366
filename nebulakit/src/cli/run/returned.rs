//! How a run ended, for people or as JSON: what the task returned, and what it left on this machine.

use std::fs;
use std::path::Path;

use nebulakit_types::outputs::Output;
use nebulakit_types::{Error, Untyped, visible};

use super::sandbox::Sandbox;
use crate::cli::complaint::Complaint;
use crate::cli::follow::of_signal;
use crate::cli::output::say;
use crate::cli::values;
use crate::process::execute::Here;
use crate::process::exit::Exit;
use crate::process::platform::Platform;
use crate::process::terminal;
use crate::render::Reader;
use crate::services::stores::Stores;
use crate::task::def::TaskDef;
use crate::task::failure::{Failure, Unsuccessful, chain, code};

/// What is needed to tell how a run ended.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) task: &'static TaskDef,
    pub(super) sandbox: Sandbox,
    pub(super) is_json: bool,
    pub(super) platform: &'static Platform,
    #[cfg_attr(not(feature = "schema"), expect(dead_code, reason = "only tables are read once more"))]
    pub(super) stores: Stores,
}

impl Answer {
    /// Shows how the run ended.
    pub(super) fn give(&self, ending: Here) -> Result<Exit, Complaint> {
        if let Some(report) = self.sandbox.report(self.platform.report_name) {
            terminal::write(&format!("deck: {}\n", visible::line(&report.to_string_lossy())));
        }
        let exit = ending.signal.map_or(Exit::Stored, of_signal);
        let failure = match (ending.ended, ending.signal) {
            (Some(Ok(outputs)), _) => {
                let text = self.text(outputs).map_err(|error| Complaint::failed(format!("cannot show the outputs: {}", chain(&error))));
                self.sandbox.clear(text.as_deref().unwrap_or_default());
                return say(&text?).map(|_| exit);
            }
            (Some(Err(ended)), None) => {
                self.sandbox.clear("");
                return without_outputs(ended);
            }
            (Some(Err(Unsuccessful::Failed(failure))), Some(_)) => Some(failure),
            (Some(Err(Unsuccessful::BadInputs(_) | Unsuccessful::Ignored)) | None, _) => None,
        };
        self.sandbox.clear("");
        let own = failure.map(|failure| format!("; it ended with: {}", failure.message)).unwrap_or_default();
        let message = format!("the task `{}` was stopped by {}{own}", self.task.name, ending.signal.unwrap_or("its caller"));
        Err(Complaint { exit, ..Complaint::failed(message) })
    }

    fn text(&self, outputs: Vec<Output>) -> Result<String, Error> {
        #[cfg(feature = "schema")]
        let (outputs, heads) = {
            let mut outputs = outputs;
            let tables = super::heads::tables(&mut outputs, &self.task.output_types(&self.platform.dialect), &self.sandbox)?;
            let heads = if self.is_json { Vec::new() } else { super::heads::heads(tables, &self.stores) };
            (outputs, heads)
        };
        #[cfg(not(feature = "schema"))]
        let heads: Vec<(&str, String)> = Vec::new();
        if self.is_json { self.for_machines(&outputs) } else { self.for_people(&outputs, &heads) }
    }

    /// One value plainly, several as `name: value` lines, none as nothing; tables with their first rows.
    fn for_people(&self, outputs: &[Output], heads: &[(&str, String)]) -> Result<String, Error> {
        let lines = outputs.iter().map(|output| {
            let value = self.read(output, Reader::Person)?;
            let shown = if outputs.len() == 1 { values::alone(&value) } else { values::beside(output.name, &value) };
            let head = heads.iter().find(|(name, _)| *name == output.name).map_or("", |(_, head)| head);
            Ok(format!("{shown}\n{head}"))
        });
        lines.collect()
    }

    /// One object of all outputs by name, on one line.
    fn for_machines(&self, outputs: &[Output]) -> Result<String, Error> {
        let entries = outputs.iter().map(|output| Ok((output.name.to_owned(), self.read(output, Reader::Machine)?)));
        Ok(values::for_machines(entries.collect::<Result<Vec<_>, Error>>()?))
    }

    fn read(&self, output: &Output, reader: Reader) -> Result<Untyped, Error> {
        let value = values::read(output.name, &output.literal, reader)?;
        self.make_empty_directories(&value);
        Ok(value)
    }

    /// A directory without files leaves nothing in a store: on this machine it is made, so that its path leads somewhere.
    fn make_empty_directories(&self, value: &Untyped) {
        match value {
            Untyped::String(path) if self.sandbox.holds_data(path) && !Path::new(path).exists() => {
                if let Err(error) = fs::create_dir_all(path) {
                    tracing::warn!("cannot make the directory `{path}`: {error}");
                }
            }
            Untyped::List(elements) => elements.iter().for_each(|element| self.make_empty_directories(element)),
            Untyped::Map(entries) => entries.iter().for_each(|(_, entry)| self.make_empty_directories(entry)),
            _ => {}
        }
    }
}

/// What is told of a run that ended by itself, without outputs.
fn without_outputs(ended: Unsuccessful) -> Result<Exit, Complaint> {
    match ended {
        Unsuccessful::BadInputs(error) => Err(Complaint::usage(chain(&error))),
        Unsuccessful::Failed(failure) => Err(failed(failure)),
        Unsuccessful::Ignored => {
            terminal::write("the task ended without outputs, as it asked to\n");
            Ok(Exit::Stored)
        }
    }
}

/// The task's own codes are worth telling; those that every failure has are not.
fn failed(failure: Failure) -> Complaint {
    let is_plain = matches!(failure.code.as_str(), code::USER | code::USER_RECOVERABLE | code::SYSTEM);
    Complaint { code: (!is_plain).then_some(failure.code), ..Complaint::failed(failure.message) }
}
