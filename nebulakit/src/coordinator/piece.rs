//! Work and its value, by their types.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use nebulakit_types::workspace::Workspace;
use tokio::runtime::Handle;

use crate::coordinator::context::{Attempt, Body, Executing, Home, JobContext};
use crate::coordinator::core::Core;
use crate::coordinator::drive::{ByStrategy, OpenJob, Runner, drive};
use crate::coordinator::error::{JobError, Lost, WorkKind};
use crate::coordinator::live::{Ended, IsLive, Live};
use crate::coordinator::lock::atomic::{AtomicBool, Ordering};
use crate::coordinator::lock::{Mutex, MutexGuard, locked};
use crate::coordinator::runtime;
use crate::coordinator::wakers::Wakers;
use crate::task::def::TaskDef;
use crate::task::failure::Failure;
use crate::task::panic::{dropped, guard, guard_pinned};

/// What gives the value: a closure, a future or a task.
pub(super) trait Runs<T: Send + 'static>: Send + Sync + 'static {
    const KIND: WorkKind;

    /// On the runtime that polls this.
    fn run(&self, context: JobContext) -> impl Future<Output = Result<T, JobError>> + Send;

    /// On this thread.
    fn run_blocking(&self, context: JobContext) -> Result<T, JobError>;

    /// Starts the job's driver, for a strategy that does no more than run attempts on the runtime.
    fn drive(piece: Arc<Piece<T, Self>>, home: Arc<dyn Home>, runtime: &Handle)
    where
        Self: Sized,
    {
        runtime::spawn(runtime, drive(OpenJob::new(ByStrategy(piece), home)));
    }

    fn is_repeatable(&self) -> bool {
        true
    }

    fn task(&self) -> Option<(&'static TaskDef, &[u8])> {
        None
    }

    #[cfg(feature = "container")]
    fn container(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// Writes the inputs, whose data goes to `place`. It says what the work is, where that `is_asked` and can be told.
    fn write(&mut self, _place: Option<&Workspace>, _is_asked: bool) -> nebulakit_types::Result<Option<[u8; 32]>> {
        Ok(None)
    }

    /// Stores the data of the inputs; [`None`] where there is none, or none any more.
    fn store<'a>(&'a self, _home: &'a dyn Home) -> Option<Executing<'a>> {
        None
    }

    /// The value from the outputs of a task that ran elsewhere.
    fn read(&self, _outputs: &[u8], _context: &JobContext) -> Result<T, JobError> {
        Err(JobError::lost(Lost::Strategy("the work is not a task, and takes no outputs".to_owned())))
    }
}

/// Work that gives a `T`, with its job: what the handle, the driver and the ledger have in common.
pub(super) trait PieceOf<T>: Body {
    /// The value, once the job is closed; it can be taken once. Until then the one who asks has a place among those that are woken.
    fn poll_value(&self, place: &mut Option<u32>, context: &mut Context<'_>) -> Poll<Result<T, JobError>>;

    /// Who had that place does not wait any more.
    fn leave(&self, place: u32);

    fn is_over(&self) -> bool;
}

/// Work that gives a `T` by `R`, its job and its value: one allocation for each job.
pub(super) struct Piece<T, R> {
    live: Live,
    value: Mutex<Outcome<T>>,
    has_value: AtomicBool,
    runs: R,
}

struct Outcome<T> {
    value: Value<T>,
    is_over: bool,
    waiting: Wakers,
}

enum Value<T> {
    None,
    One(T),
    Failed(Box<JobError>),
}

impl<T: Send + 'static, R: Runs<T>> Piece<T, R> {
    pub(super) fn new(runs: R) -> Self {
        let outcome = Outcome { value: Value::None, is_over: false, waiting: Wakers::default() };
        Self { live: Live::new(R::KIND), value: Mutex::new(outcome), has_value: AtomicBool::new(false), runs }
    }
}

impl<T, R> Piece<T, R> {
    /// The value of an attempt that was given up is not taken.
    fn put(&self, value: T, attempt: u32) {
        if self.live.runs(attempt) {
            // What an attempt before has put here is the user's, and is not dropped under the lock.
            let before = std::mem::replace(&mut locked(&self.value).value, Value::One(value));
            self.has_value.store(true, Ordering::Release);
            drop(before);
        }
    }

    fn poll_over(&self, place: &mut Option<u32>, context: &mut Context<'_>) -> Poll<MutexGuard<'_, Outcome<T>>> {
        let mut outcome = locked(&self.value);
        if outcome.is_over {
            *place = None;
            return Poll::Ready(outcome);
        }
        outcome.waiting.keep(place, context.waker());
        Poll::Pending
    }
}

fn panicked(failure: Failure) -> JobError {
    JobError::Panicked(failure.message.into())
}

/// The value was taken before, which handles do not do.
fn taken() -> JobError {
    JobError::lost(Lost::Strategy("the value was taken already".to_owned()))
}

impl<T: Send + 'static, R: Runs<T>> IsLive for Piece<T, R> {
    fn live(&self) -> &Live {
        &self.live
    }

    fn complete(&self, ended: Ended) {
        let (waiting, unwanted) = {
            let mut outcome = locked(&self.value);
            if outcome.is_over {
                return;
            }
            let unwanted = ended.err().map(|error| std::mem::replace(&mut outcome.value, Value::Failed(error)));
            outcome.is_over = true;
            (outcome.waiting.take(), unwanted)
        };
        waiting.for_each(Waker::wake);
        // The value of work that ended well although it was told to stop: its destructor is the user's code.
        if let Err(panic) = dropped(unwanted) {
            tracing::error!("the value of the job `{}` panicked when it was dropped: {panic}", self.live.id);
        }
    }

    fn live_mut(&mut self) -> &mut Live {
        &mut self.live
    }
}

impl<T: Send + 'static, R: Runs<T>> Body for Piece<T, R> {
    fn run(self: Arc<Self>, attempt: Attempt) -> Executing<'static> {
        // The attempt is dropped last: its slot is free when nothing of the work is left.
        Box::pin(async move {
            // A closure may panic before it gives a future.
            let work = std::pin::pin!(async { self.runs.run(attempt.context.clone()).await });
            let value = guard_pinned(work).await.map_err(panicked)??;
            self.put(value, attempt.context.attempt);
            Ok(())
        })
    }

    fn drive(self: Arc<Self>, home: Arc<dyn Home>, runtime: &Handle) {
        R::drive(self, home, runtime);
    }

    fn run_blocking(&self, context: JobContext) -> Result<(), JobError> {
        let attempt = context.attempt;
        let value = guard(|| self.runs.run_blocking(context)).map_err(panicked)??;
        self.put(value, attempt);
        Ok(())
    }

    fn task(&self) -> Option<(&'static TaskDef, &[u8])> {
        self.runs.task()
    }

    #[cfg(feature = "container")]
    fn container(&self) -> Option<&dyn std::any::Any> {
        self.runs.container()
    }

    fn write(&mut self, place: Option<&Workspace>) -> nebulakit_types::Result<Option<[u8; 32]>> {
        self.runs.write(place, self.live.settings.key.is_some())
    }

    fn store<'a>(&'a self, home: &'a dyn Home) -> Option<Executing<'a>> {
        self.runs.store(home)
    }

    fn give(&self, outputs: &[u8], context: &JobContext) -> Result<(), JobError> {
        let value = guard(|| self.runs.read(outputs, context)).map_err(panicked)??;
        self.put(value, context.attempt);
        Ok(())
    }

    fn has_value(&self) -> bool {
        self.has_value.load(Ordering::Acquire)
    }

    fn is_repeatable(&self) -> bool {
        self.runs.is_repeatable()
    }
}

/// Attempts that the driver runs itself: a job of one allocation less, and of a driver for each kind of work.
struct Here<T, R>(Arc<Piece<T, R>>);

/// Starts a driver that runs the attempts itself.
pub(super) fn drive_here<T: Send + 'static, R: Runs<T>>(piece: Arc<Piece<T, R>>, home: Arc<dyn Home>, runtime: &Handle) {
    runtime::spawn(runtime, drive(OpenJob::new(Here(piece), home)));
}

impl<T: Send + 'static, R: Runs<T>> Runner for Here<T, R> {
    type Value = T;

    fn body(&self) -> &dyn Body {
        &*self.0
    }

    fn shared(&self) -> Arc<dyn IsLive> {
        Arc::clone(&self.0) as Arc<dyn IsLive>
    }

    fn start<'a>(
        &'a self,
        home: &'a Arc<dyn Home>,
        attempt: u32,
    ) -> Result<impl Future<Output = Result<T, JobError>> + Send + 'a, Box<JobError>> {
        let context =
            JobContext { piece: Arc::clone(&self.0) as Arc<dyn Body>, home: Arc::clone(home), attempt, granted: self.0.live.granted() };
        // A closure may panic before it gives a future.
        self.guarded(|| self.0.runs.run(context))
    }

    fn guarded<A>(&self, call: impl FnOnce() -> A) -> Result<A, Box<JobError>> {
        guard(call).map_err(|failure| Box::new(panicked(failure)))
    }

    fn take(&self, value: T, attempt: u32) {
        self.0.put(value, attempt);
    }

    fn left(&self, core: &Core) {
        if let Some(attempt) = self.0.live.running() {
            core.leave(&self.0.live, attempt);
        }
    }
}

impl<T: Send + 'static, R: Runs<T>> PieceOf<T> for Piece<T, R> {
    fn poll_value(&self, place: &mut Option<u32>, context: &mut Context<'_>) -> Poll<Result<T, JobError>> {
        self.poll_over(place, context).map(|mut outcome| match std::mem::replace(&mut outcome.value, Value::None) {
            Value::One(value) => Ok(value),
            Value::Failed(error) => Err(*error),
            Value::None => Err(taken()),
        })
    }

    fn leave(&self, place: u32) {
        // A waker is the user's, and is not dropped under the lock.
        let left = locked(&self.value).waiting.leave(place);
        drop(left);
    }

    fn is_over(&self) -> bool {
        locked(&self.value).is_over
    }
}

/// Work whose value goes to many handles.
pub(super) struct Shared<T> {
    one: Arc<dyn PieceOf<T>>,
    /// What all get, once the first has asked.
    value: Mutex<Option<Result<Arc<T>, JobError>>>,
}

impl<T> Shared<T> {
    pub(super) fn new(one: Arc<dyn PieceOf<T>>) -> Self {
        Self { one, value: Mutex::new(None) }
    }
}

impl<T: Send + Sync + 'static> IsLive for Shared<T> {
    fn live(&self) -> &Live {
        self.one.live()
    }

    fn complete(&self, ended: Ended) {
        self.one.complete(ended);
    }

    fn live_mut(&mut self) -> &mut Live {
        unshared(&mut self.one).live_mut()
    }
}

impl<T: Send + Sync + 'static> Body for Shared<T> {
    fn run(self: Arc<Self>, attempt: Attempt) -> Executing<'static> {
        Arc::clone(&self.one).run(attempt)
    }

    fn drive(self: Arc<Self>, home: Arc<dyn Home>, runtime: &Handle) {
        runtime::spawn(runtime, drive(OpenJob::new(ByStrategy(self), home)));
    }

    fn run_blocking(&self, context: JobContext) -> Result<(), JobError> {
        self.one.run_blocking(context)
    }

    fn task(&self) -> Option<(&'static TaskDef, &[u8])> {
        self.one.task()
    }

    #[cfg(feature = "container")]
    fn container(&self) -> Option<&dyn std::any::Any> {
        self.one.container()
    }

    fn write(&mut self, place: Option<&Workspace>) -> nebulakit_types::Result<Option<[u8; 32]>> {
        unshared(&mut self.one).write(place)
    }

    fn store<'a>(&'a self, home: &'a dyn Home) -> Option<Executing<'a>> {
        self.one.store(home)
    }

    fn give(&self, outputs: &[u8], context: &JobContext) -> Result<(), JobError> {
        self.one.give(outputs, context)
    }

    fn has_value(&self) -> bool {
        self.one.has_value()
    }

    fn is_repeatable(&self) -> bool {
        self.one.is_repeatable()
    }
}

impl<T: Send + Sync + 'static> PieceOf<Arc<T>> for Shared<T> {
    fn poll_value(&self, place: &mut Option<u32>, context: &mut Context<'_>) -> Poll<Result<Arc<T>, JobError>> {
        let mut value = locked(&self.value);
        if value.is_none() {
            match self.one.poll_value(place, context) {
                Poll::Ready(ended) => *value = Some(ended.map(Arc::new)),
                Poll::Pending => return Poll::Pending,
            }
        }
        *place = None;
        Poll::Ready(value.clone().unwrap_or_else(|| Err(taken())))
    }

    fn leave(&self, place: u32) {
        self.one.leave(place);
    }

    fn is_over(&self) -> bool {
        self.one.is_over()
    }
}

/// Work that was not submitted yet is nobody else's.
pub(super) fn unshared<T: ?Sized>(piece: &mut Arc<T>) -> &mut T {
    Arc::get_mut(piece).expect("work has one owner until it is submitted")
}
