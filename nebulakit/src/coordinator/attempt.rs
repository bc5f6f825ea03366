//! What a strategy can do with an attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::coordinator::context::{Attempt, Executing, JobContext};
use crate::coordinator::error::{JobError, Lost, WorkKind};

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("kind", &self.kind()).field("context", &self.context).finish()
    }
}

/// A task and its inputs, for a run elsewhere.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TaskCall<'a> {
    /// The task's full name.
    pub name: &'static str,
    /// Its inputs, as the bytes of an `inputs.pb`.
    pub inputs: &'a [u8],
}

impl Attempt {
    /// What the work sees of its job.
    #[must_use]
    pub fn context(&self) -> &JobContext {
        &self.context
    }

    /// What the work is made of.
    #[must_use]
    pub fn kind(&self) -> WorkKind {
        self.context.live().kind
    }

    /// The task that it is; [`None`] for closures and futures.
    #[must_use]
    pub fn task(&self) -> Option<TaskCall<'_>> {
        let (task, inputs) = self.context.piece.task()?;
        Some(TaskCall { name: task.name(), inputs })
    }

    /// How long it may run; [`None`] for any time. The coordinator keeps this, unless its strategy [does](super::ExecutionStrategy::keeps_time).
    #[must_use]
    pub fn time_limit(&self) -> Option<Duration> {
        let settings = &self.context.live().settings;
        settings.kept_elsewhere.or(settings.start_to_close)
    }

    /// The image that it was given instead of its task's.
    #[cfg(feature = "run")]
    pub(crate) fn image(&self) -> Option<&str> {
        self.context.live().settings.image.as_deref()
    }

    /// Runs it on the runtime that polls this; what blocks runs off the runtime's async threads.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run(self) -> Executing<'static> {
        if self.kind() == WorkKind::Blocking {
            return Box::pin(async move {
                let ended = tokio::task::spawn_blocking(move || self.run_blocking()).await;
                ended.unwrap_or_else(|_| Err(JobError::lost(Lost::Runtime)))
            });
        }
        Arc::clone(&self.context.piece).run(self)
    }

    /// Runs it on this thread.
    ///
    /// # Errors
    /// Those of the work.
    pub fn run_blocking(self) -> Result<(), JobError> {
        self.run_here()
    }

    /// The same; it keeps its slot.
    pub(super) fn run_here(&self) -> Result<(), JobError> {
        // One that waited for a thread may have been given up meanwhile.
        if !self.context.live().runs(self.context.attempt) {
            return Err(JobError::lost(Lost::Strategy("the attempt was given up before it began".to_owned())));
        }
        let _entered = self.span.as_ref().map(|span| span.enter());
        self.context.piece.run_blocking(self.context.clone())
    }

    /// Takes the outputs of a task that ran elsewhere, the bytes of an `outputs.pb`.
    ///
    /// # Errors
    /// When they are not what the task declares, and for work that is not a task.
    pub fn give(self, outputs: &[u8]) -> Result<(), JobError> {
        self.context.piece.give(outputs, &self.context)
    }
}
