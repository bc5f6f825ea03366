//! What jobs tell, as events of the run.

use std::fs;

use super::super::folder::node;
use super::super::line::Line;
use super::super::parts::Part;
use super::tail::Tail;
use super::watcher::Watcher;
use crate::run::{Event, EventKind, Origin, RecordError, Recorded};

impl Watcher {
    /// Passes on what is new of the node in `folder`.
    pub(super) fn pass(&mut self, folder: &str) -> Result<(), RecordError> {
        let lines = self.tail(folder).lines();
        for line in lines {
            match serde_json::from_slice::<Line>(&line) {
                Ok(Line::Event(Event { at, node: Some(node), kind, .. })) => {
                    let kind = self.with_outputs(kind)?;
                    // An earlier run of the plan heard of its beginning.
                    if self.known.of(&node).is_none() && !matches!(kind, EventKind::Ready { .. }) {
                        let of = self.rules.iter().find(|rule| rule.id == *node).map_or_else(String::new, |rule| rule.of.clone());
                        self.recorder.record_at(at, Some(&node), EventKind::Ready { of: of.into() })?;
                    }
                    self.known.hear(&node, &kind);
                    self.recorder.record_at(at, Some(&node), kind)?;
                }
                Ok(Line::Event(_)) => {}
                Ok(Line::Log { node, source, text }) => self.recorder.log(Some(&node), &source, text.as_bytes())?,
                Err(error) => tracing::warn!(%error, "a line of `{folder}/told.jsonl` cannot be read"),
            }
        }
        Ok(())
    }

    /// The same event; large outputs come from the plan into the folder of runs.
    fn with_outputs(&self, kind: EventKind) -> Result<EventKind, RecordError> {
        match kind {
            EventKind::Succeeded { outputs: Recorded::Data { sha256, .. }, inputs, files, from, used } => {
                let outputs = match fs::read(self.folder.file("data").join(&sha256)) {
                    Ok(outputs) => self.recorder.keep(&outputs)?,
                    Err(error) => {
                        tracing::warn!(%error, "what a node gave is not in the record of the run");
                        Recorded::Not
                    }
                };
                Ok(EventKind::Succeeded { outputs, inputs, files, from, used })
            }
            kind => Ok(kind),
        }
    }

    /// Tells of the nodes that an earlier run of the plan has finished. Nothing that was told then is told again.
    pub(super) fn resumed(&mut self) -> Result<(), RecordError> {
        for rule in self.rules.clone() {
            let path = self.folder.path().join(node(&rule.id)).join("told.jsonl");
            if path.exists() {
                self.tails.insert(node(&rule.id), Tail::from_now(path));
            }
            if matches!(rule.part, Part::Finish | Part::Begin | Part::Decide | Part::Expand | Part::Element) {
                continue;
            }
            if let Ok(Some(outputs)) = self.folder.outputs(&rule.id) {
                self.tell(&rule.id, EventKind::Ready { of: rule.of.into() })?;
                let outputs = self.recorder.keep(&outputs)?;
                let from = Origin::Resumed;
                self.tell(&rule.id, EventKind::Succeeded { outputs, inputs: None, files: None, from, used: None })?;
            }
        }
        Ok(())
    }
}
