//! What belongs to a task's own code, dropped under guard.

use crate::task::context::Context;
use crate::task::panic::dropped;

/// A value whose destructors are a task's own code: they run as a part of the run, and a panic in one is a line of the run's log.
pub(super) struct Guarded<T> {
    /// [`None`] once it was taken.
    value: Option<T>,
    task: &'static str,
    context: Context,
}

impl<T> Guarded<T> {
    /// `value` belongs to `context`'s run of the task of this name.
    pub(super) fn new(value: T, task: &'static str, context: &Context) -> Self {
        Self { value: Some(value), task, context: context.clone() }
    }

    pub(super) fn get_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("only `into_inner` takes it")
    }

    pub(super) fn into_inner(mut self) -> T {
        self.value.take().expect("nothing took it before")
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        let Some(value) = self.value.take() else { return };
        if let Err(panic) = self.context.enter(|| dropped(value)) {
            self.context.log(tracing::Level::WARN, format!("the task `{}` panicked when it was dropped: {panic}", self.task));
        }
    }
}
