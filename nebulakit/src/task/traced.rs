//! Whose log takes what `tracing` hears: that of the task whose code runs here, or to which a span belongs.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use tracing::Span;

use crate::task::sinks::LogSink;

thread_local! {
    /// That of the task whose code this thread runs.
    static CURRENT: RefCell<Option<Arc<Traced>>> = const { RefCell::new(None) };
}

/// A task whose log takes what `tracing` hears in its code.
pub(crate) struct Traced {
    log: Arc<dyn LogSink>,
    /// What stands for the task where its code asks for the current span, to take it to a thread or a future elsewhere: few do.
    span: OnceLock<Span>,
}

impl Traced {
    #[cfg(feature = "coordinator")]
    pub(crate) fn new(log: Arc<dyn LogSink>) -> Arc<Self> {
        Arc::new(Self { log, span: OnceLock::new() })
    }

    /// The one whose code this thread runs.
    pub(crate) fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Runs `function` as the code of the task.
    pub(super) fn enter<T>(self: &Arc<Self>, function: impl FnOnce() -> T) -> T {
        let _before = Entered(CURRENT.replace(Some(Arc::clone(self))));
        function()
    }

    pub(crate) fn log(&self) -> &Arc<dyn LogSink> {
        &self.log
    }

    /// The span that stands for the task.
    pub(crate) fn span(&self) -> &Span {
        self.span.get_or_init(|| tracing::error_span!(target: "task", parent: None, "task"))
    }
}

/// Puts back what was current before.
struct Entered(Option<Arc<Traced>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl fmt::Debug for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Traced").finish_non_exhaustive()
    }
}
