//! Attempts that begin only where they end in the time that is left: some wait long for their cores.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use crate::backend::driver::Window;
use crate::coordinator::{
    AsyncStrategy, Attempt, ContainerStrategy, CoordinatorBuilder, Executing, ExecutionStrategy, ProcessStrategy, Strategy, ThreadStrategy,
    WorkKind,
};

/// A strategy whose attempts are looked at when they begin.
struct Timely<S> {
    inner: S,
    window: Arc<Window>,
}

/// Has all strategies look at the time that is left; `jobs` is how many attempts run at once.
pub(super) fn timely(builder: CoordinatorBuilder, window: &Arc<Window>, jobs: Option<usize>) -> CoordinatorBuilder {
    let (threads, processes) = match jobs {
        Some(jobs) => (ThreadStrategy::with_slots(jobs), ProcessStrategy::with_slots(jobs)),
        None => (ThreadStrategy::new(), ProcessStrategy::new()),
    };
    builder
        .strategy(Strategy::Async, Timely { inner: AsyncStrategy::new(), window: Arc::clone(window) })
        .strategy(Strategy::Thread, Timely { inner: threads, window: Arc::clone(window) })
        .strategy(Strategy::Process, Timely { inner: processes, window: Arc::clone(window) })
        .strategy(Strategy::Container, Timely { inner: ContainerStrategy::new(), window: Arc::clone(window) })
}

impl<S: ExecutionStrategy> ExecutionStrategy for Timely<S> {
    fn accepts(&self, kind: WorkKind) -> bool {
        self.inner.accepts(kind)
    }

    fn slots(&self) -> Option<usize> {
        self.inner.slots()
    }

    fn cores(&self) -> f64 {
        self.inner.cores()
    }

    fn keeps_time(&self) -> bool {
        self.inner.keeps_time()
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        if !self.window.admits(attempt.time_limit()) {
            return Box::pin(self.window.hold_seated());
        }
        let ran = self.inner.execute(attempt);
        Box::pin(async {
            let _runs = self.window.running();
            ran.await
        })
    }

    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.inner.shutdown(deadline)
    }
}
