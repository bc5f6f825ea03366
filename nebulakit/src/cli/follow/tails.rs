//! What nodes log and print, as it comes.

use std::collections::BTreeMap;

use super::words;
use crate::process::terminal;
use crate::run::{Event, EventKind, LogLines, NodePath, RecordError, RunHandle, RunState};

/// The logs of the nodes that run.
pub(super) struct Tails<'a> {
    run: &'a RunHandle,
    open: BTreeMap<NodePath, LogLines>,
}

impl<'a> Tails<'a> {
    pub(super) fn new(run: &'a RunHandle) -> Self {
        Self { run, open: BTreeMap::new() }
    }

    /// Takes an event, before `state` has taken it into account: a node that begins may log from now on, and what one has logged comes before its end.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(super) fn hear(&mut self, event: &Event, state: &RunState) -> Result<(), RecordError> {
        let Some(path) = &event.node else { return Ok(()) };
        match event.kind {
            EventKind::Started { .. } => drop(self.open.entry(path.clone()).or_insert_with(|| self.run.logs(path))),
            EventKind::Succeeded { .. } | EventKind::Failed { .. } | EventKind::Cancelled => {
                if let Some(mut lines) = self.open.remove(path) {
                    show(path, &mut lines, state)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Shows what is new, each line behind its node.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(super) fn show(&mut self, state: &RunState) -> Result<(), RecordError> {
        self.open.iter_mut().try_for_each(|(path, lines)| show(path, lines, state))
    }
}

fn show(path: &NodePath, lines: &mut LogLines, state: &RunState) -> Result<(), RecordError> {
    let Some(node) = state.nodes.get(path) else { return Ok(()) };
    while let Some(line) = lines.read()? {
        let source = if matches!(&*line.source, "stdout" | "stderr") { String::new() } else { format!("{} ", line.source) };
        terminal::write(&format!("{} | {source}{}\n", words::node(path, node), line.text));
    }
    lines.close();
    Ok(())
}
