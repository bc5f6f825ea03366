//! One attempt: the task runs in a process of its own, and a record is left.

use std::path::Path;
use std::time::Duration;

use super::end::End;
use super::folder::{AttemptFolder, NodeFolder};
use super::plan_file::PlanFile;
use super::record::{Begun, Outcome, Record};
use super::refusal::Refusal;
use super::usage::{Took, took};
use crate::process::exit::Exit;
use crate::process::file_name::file_name;
use crate::process::request::ContainerRequest;
use crate::process::signal::StopSignals;
use crate::process::supervise::{Order, have_run};
use crate::services::env;

/// An attempt that this process has claimed.
pub(super) struct Claimed<'a> {
    pub(super) plan: &'a PlanFile,
    pub(super) node: NodeFolder,
    pub(super) begun: Begun,
    pub(super) limit: Option<Duration>,
}

impl Claimed<'_> {
    /// Runs `task` with the `inputs.pb` that is there, and leaves the record.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn run(self, task: String, signals: &mut StopSignals) -> Result<Exit, Refusal> {
        let attempt = self.node.attempt(self.begun.attempt);
        let request = self.request(&task, &attempt)?;
        let variables = [(env::ATTEMPT_NUMBER, self.begun.attempt.to_string())];
        let end = match have_run(&Order { request: &request, variables: &variables, limit: self.limit }, signals) {
            Ok(ended) => End::of(&attempt, &task, ended, self.limit.map(|limit| limit.as_secs())),
            Err(error) => End::not_started(&error),
        };
        let Took { cpu_seconds, peak_bytes } = took();
        let End { outcome, failure, exit, signal } = end;
        let record = Record { failure, exit, signal, cpu_seconds, peak_bytes, ..self.begun.over(task, outcome) };
        leave(record, &self.node, &attempt)
    }

    /// Leaves a record without a run: the outputs of an earlier attempt are there.
    ///
    /// # Errors
    /// When nothing can be left.
    pub(super) fn has_outputs(self, of: u32) -> Result<Exit, Refusal> {
        let attempt = self.node.attempt(self.begun.attempt);
        let record = Record { outputs: Some(of), ..self.begun.over(String::new(), Outcome::Succeeded) };
        leave(record, &self.node, &attempt)
    }

    fn request(&self, task: &str, attempt: &AttemptFolder) -> Result<ContainerRequest, Refusal> {
        let place = |path: &Path| {
            let text = path.to_str().map(str::to_owned);
            text.ok_or_else(|| Refusal::unfit(format!("the plan is in {}, and tasks take only names that are UTF-8", path.display())))
        };
        let number = self.begun.attempt;
        let raw = match &self.plan.data {
            Some(data) => format!("{}/{}/{number}", data.trim_end_matches('/'), file_name(&self.begun.node)),
            None => place(&attempt.file("raw"))?,
        };
        // The last that an attempt before this one left.
        let before = (0..number).rev().map(|number| self.node.attempt(number).file("checkpoint")).find(|checkpoint| checkpoint.exists());
        Ok(ContainerRequest {
            task: task.to_owned(),
            inputs: place(&attempt.file("inputs.pb"))?,
            output_prefix: place(attempt.path())?,
            raw_output_prefix: Some(raw),
            checkpoint: Some(place(&attempt.file("checkpoint"))?),
            previous_checkpoint: before.map(|before| place(&before)).transpose()?,
            task_template: None,
            map: None,
            is_supervised: true,
            is_test: false,
        })
    }
}

/// Leaves the record; a success says first that its outputs count, so that no process that ends in between has another attempt made.
fn leave(mut record: Record, node: &NodeFolder, attempt: &AttemptFolder) -> Result<Exit, Refusal> {
    let number = record.begun.attempt;
    let left = match (record.outcome, record.outputs) {
        (Outcome::Succeeded, None) => node.settle(number).map(|first| record.outputs = Some(first)),
        _ => Ok(()),
    };
    left.and_then(|()| record.leave(attempt))
        .map_err(|error| Refusal::unrecorded(format!("cannot record how the attempt ended, in {}: {error}", attempt.path().display())))?;
    Ok(match &record.failure {
        None => Exit::Stored,
        Some(failure) if failure.recoverable => Exit::Failed,
        Some(_) => Exit::Final,
    })
}
