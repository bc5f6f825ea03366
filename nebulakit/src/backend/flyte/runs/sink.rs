//! Where the events go that are told of an execution.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use crate::run::{Event, EventKind, NodePath, Record, RecordError, Recorded, Recorder};

/// Takes the events of an execution, in the order in which they are told.
pub(super) trait Sink: Send + Sync {
    /// Takes what happened at that time.
    ///
    /// # Errors
    /// When it cannot be recorded.
    fn take(&self, at: SystemTime, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError>;

    /// Whether it keeps what nodes give; if not, nobody has to ask for that.
    fn keeps(&self) -> bool;

    /// Stores what a node gave, the bytes of an `outputs.pb`. Of what cannot be stored the event says so.
    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, Recorded>;

    /// Stores the outputs of the run.
    ///
    /// # Errors
    /// When they cannot be stored.
    fn keep_all(&self, outputs: &[u8]) -> Result<Recorded, RecordError>;
}

impl Sink for Recorder {
    fn take(&self, at: SystemTime, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        self.record_at(at, node, kind)
    }

    fn keeps(&self) -> bool {
        true
    }

    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, Recorded> {
        Record::keep(self, outputs).map(|kept| kept.unwrap_or(Recorded::Not)).boxed()
    }

    fn keep_all(&self, outputs: &[u8]) -> Result<Recorded, RecordError> {
        Self::keep(self, outputs)
    }
}

/// Events for those who only watch.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    sequence: u64,
    latest: Option<SystemTime>,
    events: Vec<Event>,
}

impl Heard {
    /// Those that came since the last time.
    pub(super) fn news(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).events)
    }
}

impl Sink for Heard {
    fn take(&self, at: SystemTime, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = queue.latest.map_or(at, |latest| at.max(latest));
        let event = Event { sequence: queue.sequence, at, node: node.cloned(), kind };
        (queue.sequence, queue.latest) = (queue.sequence + 1, Some(at));
        queue.events.push(event);
        Ok(())
    }

    fn keeps(&self) -> bool {
        false
    }

    fn keep(&self, _: Bytes) -> BoxFuture<'_, Recorded> {
        ready(Recorded::Not).boxed()
    }

    fn keep_all(&self, _: &[u8]) -> Result<Recorded, RecordError> {
        Ok(Recorded::Not)
    }
}
