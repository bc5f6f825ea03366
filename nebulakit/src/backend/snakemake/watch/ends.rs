//! How a run ended, and what that means for the nodes that are not over.

use std::io;
use std::process::ExitStatus;

use super::super::folder::{node, read};
use super::super::line::FirstFailure;
use super::super::parts::{END, Part};
use super::known::Stage;
use super::watcher::Watcher;
use crate::run::{EventKind, FailureKind, JobFailure, NodePath, RecordError, RunOutcome};
use crate::task::failure::code;

impl Watcher {
    /// How the run ended, and its outputs.
    pub(super) fn outcome(&mut self, status: io::Result<ExitStatus>) -> Result<(RunOutcome, Option<Vec<u8>>), RecordError> {
        for rule in self.rules.clone() {
            self.pass(&node(&rule.id))?;
        }
        if let Some(handler) = &self.graph.on_failure {
            self.pass(&node(&handler.id))?;
        }
        if let (Ok(status), Ok(Some(outputs))) = (&status, self.folder.outputs(END))
            && status.success()
        {
            return Ok((RunOutcome::Succeeded, Some(outputs)));
        }
        let failed = |name| -> Option<FirstFailure> { serde_json::from_slice(&read(&self.folder.file(name)).ok()??).ok() };
        let first = failed("handler.json").or_else(|| failed("failed.json"));
        let outcome = match first {
            _ if self.stopping.is_some() => RunOutcome::Cancelled,
            Some(FirstFailure { node, failure, .. }) => RunOutcome::Failed { node: Some(node), failure },
            None => self.lost(&status),
        };
        self.settle(&outcome)?;
        Ok((outcome, None))
    }

    /// No node said why: its process ended without a word, or Snakemake itself could not go on.
    fn lost(&self, status: &io::Result<ExitStatus>) -> RunOutcome {
        let said = self.errors.iter().map(|error| error.trim()).filter(|error| !error.is_empty()).collect::<Vec<_>>().join("; ");
        let how = match status {
            Ok(status) => format!("Snakemake ended with {status}"),
            Err(error) => format!("Snakemake cannot be waited for: {error}"),
        };
        let message =
            format!("{how}{}{said}; see `{}`", if said.is_empty() { "" } else { ": " }, self.folder.file("snakemake.log").display());
        // The one node that is not over is the one whose process was lost.
        let mut nodes = self.known.unfinished();
        nodes.retain(|node| {
            self.rules.iter().any(|rule| rule.id == **node && matches!(rule.part, Part::Run | Part::Wait)) || node.is_element()
        });
        let node = (nodes.len() == 1).then(|| nodes.remove(0));
        RunOutcome::Failed { node, failure: JobFailure::new(FailureKind::Lost, code::LOST, message) }
    }

    /// Tells what became of the nodes that are not over.
    fn settle(&mut self, outcome: &RunOutcome) -> Result<(), RecordError> {
        if let RunOutcome::Failed { node: Some(node), failure } = outcome
            && matches!(self.known.of(node), Some(Stage::Begun))
        {
            self.tell(&node.clone(), EventKind::Failed { failure: failure.clone(), used: None })?;
        }
        for rule in self.rules.clone().into_iter().filter(|rule| rule.part != Part::Finish) {
            match self.known.of(&rule.id) {
                None if !matches!(rule.part, Part::End | Part::Join | Part::Element | Part::Gather) => {
                    if let Some(because) = self.unmet(&rule.id, rule.within.as_deref(), &rule.needs) {
                        self.tell(&rule.id, EventKind::Skipped { because })?;
                    }
                }
                // What it holds comes before its last part.
                Some(Stage::Begun) if matches!(rule.part, Part::End | Part::Join) => {
                    let inner = self.rules.iter().filter(|inner| inner.within.as_deref() == Some(&*rule.id));
                    let failed = inner.filter_map(|inner| match self.known.of(&inner.id) {
                        Some(Stage::Failed(failure)) => Some(failure.clone()),
                        _ => None,
                    });
                    let mut failed: Vec<_> = failed.collect();
                    if !failed.is_empty() {
                        self.tell(&rule.id, EventKind::Failed { failure: failed.swap_remove(0), used: None })?;
                    }
                }
                _ => {}
            }
        }
        for node in self.known.unfinished() {
            self.tell(&node, EventKind::Cancelled)?;
        }
        Ok(())
    }

    /// A node that this one needs, of the same scope, that failed or never begins.
    fn unmet(&self, id: &str, within: Option<&str>, needs: &[(String, Part)]) -> Option<NodePath> {
        let is_beside = |needed: &str| self.rules.iter().any(|rule| rule.id == needed && rule.id != id && rule.within.as_deref() == within);
        let unmet =
            needs.iter().find(|(needed, _)| matches!(self.known.of(needed), Some(Stage::Failed(_) | Stage::Skipped)) && is_beside(needed));
        unmet.map(|(needed, _)| NodePath::from(needed.as_str()))
    }
}
