//! One attempt: what is to be done is done, and a record is left.

use std::io;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

use super::end::End;
use super::files;
#[cfg(feature = "run")]
use super::folder::PlanFolder;
use super::folder::{AttemptFolder, NodeFolder, Settled};
use super::plan_file::PlanFile;
use super::printed::Printed;
use super::record::{Begun, FailureRecord, Outcome, Record};
use super::refusal::Refusal;
use super::usage::{Took, took};
use crate::process::exit::Exit;
use crate::process::file_name::file_name;
use crate::process::request::ContainerRequest;
use crate::process::signal::StopSignals;
use crate::process::supervise::{Order, have_run};
use crate::services::env;
use crate::task::failure::{Failure, code};

/// An attempt that this process has claimed.
pub(super) struct Claimed<'a> {
    #[cfg(feature = "run")]
    pub(super) folder: &'a PlanFolder,
    pub(super) plan: &'a PlanFile,
    pub(super) node: NodeFolder,
    pub(super) attempt: AttemptFolder,
    pub(super) begun: Begun,
    pub(super) limit: Option<Duration>,
    /// Whether it may fail, and this is its last attempt: others make up for it.
    pub(super) is_spared: bool,
}

impl Claimed<'_> {
    /// Runs `task` with the `inputs.pb` that is there, and leaves the record.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn run(self, task: String, signals: &mut StopSignals) -> Result<Exit, Refusal> {
        let request = self.request(&task)?;
        let mut variables: Vec<_> = self.plan.variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        variables.push((env::ATTEMPT_NUMBER, self.begun.attempt.to_string()));
        let printed = Printed::begin(&self.attempt);
        let ran = have_run(&Order { request: &request, variables: &variables, limit: self.limit }, signals);
        printed.end();
        let end = match ran {
            Ok(ended) => End::of(&self.attempt, &task, ended, self.limit.map(|limit| limit.as_secs())),
            Err(error) => End::not_started(&error),
        };
        let Took { cpu_seconds, peak_bytes } = took();
        let End { outcome, failure, exit, signal } = end;
        let record = Record { failure, exit, signal, cpu_seconds, peak_bytes, ..self.over(&task, outcome) };
        self.leave(record, None)
    }

    /// Leaves a record without a run: the outputs of an earlier attempt are there.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn has_outputs(self, of: u32) -> Result<Exit, Refusal> {
        let record = Record { outputs: Some(of), ..self.over("", Outcome::Succeeded) };
        self.leave(record, None)
    }

    /// Stores the outputs, of which no task is the author.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn gives(self, outputs: &Bytes) -> Result<Exit, Refusal> {
        files::publish(&self.attempt.file("outputs.pb"), outputs).map_err(|error| self.unrecorded(&error))?;
        let record = self.over("", Outcome::Succeeded);
        self.leave(record, None)
    }

    /// Leaves a failure that is of no process of a task.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn fails(self, failure: FailureRecord, exit: Option<Exit>) -> Result<Exit, Refusal> {
        let record = Record { failure: Some(failure), ..self.over("", Outcome::Failed) };
        self.leave(record, exit)
    }

    /// The same for one that was told to stop.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn stopped(self, name: &str) -> Result<Exit, Refusal> {
        let said = format!("the node was stopped by {name} while it waited");
        let failure = Failure { code: code::TERMINATED.to_owned(), ..Failure::system(said, true) };
        self.fails(FailureRecord::of(failure), None)
    }

    /// The record of this attempt, which is over now.
    pub(super) fn over(&self, task: &str, outcome: Outcome) -> Record {
        self.begun.clone().over(task.to_owned(), outcome)
    }

    /// Where what tasks store goes.
    ///
    /// # Errors
    /// When it has no name.
    pub(super) fn raw(&self) -> Result<String, Refusal> {
        match &self.plan.data {
            Some(data) => Ok(format!("{}/{}/{}", data.trim_end_matches('/'), file_name(&self.begun.node), self.begun.attempt)),
            None => place(&self.attempt.file("raw")),
        }
    }

    fn request(&self, task: &str) -> Result<ContainerRequest, Refusal> {
        let number = self.begun.attempt;
        // The last that an attempt before this one left.
        let mut before = None;
        for checkpoint in (0..number).rev().map(|number| self.node.attempt(number).file("checkpoint")) {
            if files::is_there(&checkpoint).map_err(|error| self.unrecorded(&error))? {
                before = Some(checkpoint);
                break;
            }
        }
        Ok(ContainerRequest {
            task: task.to_owned(),
            inputs: place(&self.attempt.file("inputs.pb"))?,
            output_prefix: place(self.attempt.path())?,
            raw_output_prefix: Some(self.raw()?),
            checkpoint: Some(place(&self.attempt.file("checkpoint"))?),
            previous_checkpoint: before.map(|before| place(&before)).transpose()?,
            task_template: None,
            map: None,
            is_supervised: true,
            is_test: false,
        })
    }

    /// Leaves the record. What the node has come to is said first, so that no process that ends in between has another attempt made.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(super) fn leave(&self, mut record: Record, exit: Option<Exit>) -> Result<Exit, Refusal> {
        let is_final = record.failure.as_ref().is_some_and(|failure| self.is_spared && exit != Some(Exit::Unready) && !is_stop(failure));
        let settled = match record.outcome {
            Outcome::Succeeded if record.outputs.is_none() => Some(Settled::Outputs(self.begun.attempt)),
            Outcome::Skipped => Some(Settled::Skipped),
            Outcome::Failed | Outcome::Ended if is_final => Some(Settled::Spared),
            _ => None,
        };
        let settled = settled.map(|settled| self.node.settle(settled)).transpose().map_err(|error| self.unrecorded(&error))?;
        if let (Outcome::Succeeded, Some(Settled::Outputs(first))) = (record.outcome, settled) {
            record.outputs = Some(first);
        }
        record.leave(&self.attempt).map_err(|error| self.unrecorded(&error))?;
        Ok(match (&record.failure, exit) {
            (None, _) => Exit::Stored,
            (Some(_), _) if is_final => Exit::Stored,
            (Some(_), Some(exit)) => exit,
            (Some(failure), None) if failure.recoverable => Exit::Failed,
            (Some(_), None) => Exit::Final,
        })
    }

    /// Why nothing could be left.
    pub(super) fn unrecorded(&self, error: &io::Error) -> Refusal {
        Refusal::unrecorded(format!("cannot record how the attempt ended, in {}: {error}", self.attempt.path().display()))
    }
}

fn place(path: &Path) -> Result<String, Refusal> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Refusal::unfit(format!("the plan is in {}, and tasks take only names that are UTF-8", path.display())))
}

/// Whether the attempt was told to stop: it is no failure of its own.
fn is_stop(failure: &FailureRecord) -> bool {
    failure.code == code::TERMINATED
}
