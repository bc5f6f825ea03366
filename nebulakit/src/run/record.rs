//! Receives the events of a run while it runs.

use std::io;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use super::event::{EventKind, Recorded};
use super::path::NodePath;

/// Receives the events of a run, in the order in which they happen.
pub(crate) trait Record: Send + Sync {
    /// Whether events are recorded at all; if not, callers need not create them.
    fn is_on(&self) -> bool {
        true
    }

    /// Records an event. When it returns, the event survives the end of this process, if this kind of record and of event does.
    ///
    /// # Errors
    /// When the event cannot be recorded.
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()>;

    /// Takes an event that nothing goes on because of before [`flush`](Self::flush) was called.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    fn append(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        self.record(node, kind)
    }

    /// Has all that was appended where [`record`](Self::record) has it.
    ///
    /// # Errors
    /// As of [`record`](Self::record).
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }

    /// Waits until all that was recorded or appended so far survives what the run is to survive, which may be more than the end of this process: before, nothing goes on
    /// because of it. [`None`] where it does already, but for what [`flush`](Self::flush) is for.
    ///
    /// # Errors
    /// When it never will.
    fn settle(&self) -> Option<BoxFuture<'_, io::Result<()>>> {
        None
    }

    /// Records what a node logged or printed, from `source`, unchanged: complete lines, or the beginning of a line that continues in the next call. When it
    /// returns, no memory of the size of the log is held.
    ///
    /// # Errors
    /// When it cannot be written.
    fn log(&self, node: &NodePath, source: &str, text: &[u8]) -> io::Result<()>;

    /// Stores the outputs of a node, the bytes of an `outputs.pb`, for the event that says that it succeeded.
    ///
    /// # Errors
    /// When they cannot be stored.
    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>>;

    /// Stores outputs for other runs too.
    ///
    /// # Errors
    /// When they cannot be stored.
    fn keep_for_all(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        self.keep(outputs)
    }
}

/// The record of a run that is not recorded.
pub(crate) struct Nowhere;

impl Record for Nowhere {
    fn is_on(&self) -> bool {
        false
    }

    fn record(&self, _: Option<&NodePath>, _: EventKind) -> io::Result<()> {
        Ok(())
    }

    fn log(&self, _: &NodePath, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn keep(&self, _: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        ready(Ok(Recorded::Not)).boxed()
    }
}
