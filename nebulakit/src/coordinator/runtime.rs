//! The runtime that threads of attempts have: the one that drives their job.

use std::cell::RefCell;

use tokio::runtime::Handle;

thread_local! {
    static OF_ATTEMPT: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Calls `run` on a thread without a runtime: the futures that it starts and waits for go to `runtime`.
pub(super) fn within<T>(runtime: Option<Handle>, run: impl FnOnce() -> T) -> T {
    let _before = Before(OF_ATTEMPT.replace(runtime));
    run()
}

/// The runtime of the attempt that this thread runs, or of the code that runs here.
pub(super) fn current() -> Option<Handle> {
    Handle::try_current().ok().or_else(|| OF_ATTEMPT.with_borrow(Clone::clone))
}

/// Starts a future on `runtime`.
pub(super) fn spawn(runtime: &Handle, future: impl Future<Output = ()> + Send + 'static) {
    #[cfg(not(shuttle))]
    runtime.spawn(future);
    #[cfg(shuttle)]
    {
        let _ = runtime;
        shuttle::future::spawn(future);
    }
}

/// Puts back what was there before.
struct Before(Option<Handle>);

impl Drop for Before {
    fn drop(&mut self) {
        OF_ATTEMPT.set(self.0.take());
    }
}
