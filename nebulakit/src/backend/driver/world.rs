//! The environment of a run, and how a run can end without outputs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::fault::End;
use super::hold::Shelf;
use super::memory::Memory;
use super::signals::Signals;
use super::turns::Turns;
use super::window::Window;
use crate::coordinator::Coordinator;
use crate::run::{NodePath, Record, RunFolder, RunId};
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;
use crate::task::strategy::Strategy;

/// The environment of a run.
pub(crate) struct World {
    pub(crate) coordinator: Coordinator,
    pub(crate) run: RunId,
    pub(crate) record: Arc<dyn Record>,
    pub(crate) signals: Arc<Signals>,
    /// Stops the run.
    pub(crate) stop: Cancellation,
    /// How tasks run if they do not set a strategy themselves.
    pub(crate) strategy: Option<Strategy>,
    /// Where each node's files go, if not all to one place.
    pub(crate) stored: Option<Arc<RunFolder>>,
    /// What stands in for tasks.
    pub(crate) mocks: Mocks,
    /// How much its tasks in processes have read and stored, in bytes.
    pub(crate) moved: Arc<AtomicU64>,
    /// Which of its jobs may be submitted.
    pub(crate) turns: Turns,
    /// What is known of tasks that ran before, if anything is.
    pub(crate) memory: Option<Arc<dyn Memory>>,
    /// Whether this is only a preview: nothing runs, and a task that would run counts as stopped.
    pub(crate) is_rehearsal: bool,
    /// Deletes files that nothing needs any more, if that is wanted.
    pub(crate) shelf: Option<Arc<dyn Shelf>>,
    /// How long this driver goes on, if another one takes the run over then.
    pub(crate) window: Option<Arc<Window>>,
    /// The node that runs whatever is known of earlier runs, and with it all that needs it.
    pub(crate) from: Option<NodePath>,
}

/// Why a run did not succeed.
#[derive(Debug)]
pub(crate) enum Unfinished {
    /// One of its nodes failed, or was stopped.
    Ended(End),
    /// An event could not be recorded.
    Unrecorded(io::Error),
}
