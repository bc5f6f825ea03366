//! What happens in a job, as lines of a file that whoever watches the plan reads.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::super::folder::{PlanFolder, publish};
use super::super::line::Line;
use crate::process::digest;
use crate::process::file_name::file_name;
use crate::run::{Arm, Event, EventKind, NodePath, Record, Recorded};

/// Larger outputs, in bytes, are not in their event.
const SMALL: usize = 4096;

/// The events and the log of a node, as they happen.
pub(super) struct Told {
    file: Mutex<File>,
    data: std::path::PathBuf,
    /// The node whose success is told by the part that makes it one.
    hushed: Option<NodePath>,
    arm: Mutex<Option<Arm>>,
}

impl Told {
    /// Goes on with what is told of the node in `folder`.
    pub(super) fn of(plan: &PlanFolder, folder: &Path, hushed: Option<NodePath>) -> io::Result<Self> {
        let file = fs::OpenOptions::new().create(true).append(true).open(folder.join("told.jsonl"))?;
        Ok(Self { file: Mutex::new(file), data: plan.file("data"), hushed, arm: Mutex::default() })
    }

    /// Tells what happened.
    pub(super) fn tell(&self, node: &NodePath, kind: EventKind) -> io::Result<()> {
        if let EventKind::Decided { arm } = &kind {
            *self.arm.lock().unwrap_or_else(PoisonError::into_inner) = Some(*arm);
        }
        let is_success = matches!(kind, EventKind::Succeeded { .. });
        if is_success && self.hushed.as_ref() == Some(node) {
            return Ok(());
        }
        self.write(&Line::Event(Event { sequence: 0, at: SystemTime::now(), node: Some(node.clone()), kind }))
    }

    /// The arm that was taken, if one was.
    pub(super) fn arm(&self) -> Option<Arm> {
        *self.arm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores outputs beside the event that has them.
    pub(super) fn stored(&self, outputs: &[u8]) -> io::Result<Recorded> {
        if outputs.len() <= SMALL {
            return Ok(Recorded::Here(outputs.to_vec()));
        }
        let sha256 = digest::of(outputs);
        publish(&self.data.join(file_name(&sha256)), outputs)?;
        Ok(Recorded::Data { sha256, size: outputs.len() as u64 })
    }

    /// Each line is one write: those of two processes do not mix.
    fn write(&self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
        text.push(b'\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text)
    }
}

impl Record for Told {
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        node.map_or(Ok(()), |node| self.tell(node, kind))
    }

    fn log(&self, node: &NodePath, source: &str, text: &[u8]) -> io::Result<()> {
        self.write(&Line::Log { node: node.clone(), source: source.to_owned(), text: String::from_utf8_lossy(text).into_owned() })
    }

    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        ready(self.stored(&outputs)).boxed()
    }
}
