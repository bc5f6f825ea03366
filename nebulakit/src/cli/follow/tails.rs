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

    /// Takes an event: a node that begins may log from now on.
    pub(super) fn hear(&mut self, event: &Event) {
        if let (Some(node), EventKind::Started { .. }) = (&event.node, &event.kind) {
            self.open.entry(node.clone()).or_insert_with(|| self.run.logs(node));
        }
    }

    /// Shows what is new, each line behind its node.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub(super) fn show(&mut self, state: &RunState) -> Result<(), RecordError> {
        for (path, lines) in &mut self.open {
            let Some(node) = state.nodes.get(path) else { continue };
            while let Some(line) = lines.read()? {
                let source = if matches!(&*line.source, "stdout" | "stderr") { String::new() } else { format!("{} ", line.source) };
                terminal::write(&format!("{} | {source}{}\n", words::node(path, node), line.text));
            }
        }
        // What it logged was there before its end was told.
        self.open.retain(|path, _| state.nodes.get(path).is_some_and(|node| !node.is_over()));
        Ok(())
    }
}
