//! Jobs that a running job starts.

use std::sync::Arc;

use crate::coordinator::context::JobContext;
use crate::coordinator::error::{CancelReason, JobError, SubmitError};
use crate::coordinator::handle::JobHandle;
use crate::coordinator::live::{IsLive, Live};
use crate::coordinator::piece::unshared;
use crate::coordinator::retry::Retry;
use crate::coordinator::work::{IntoWork, Work};
use crate::task::call::{Calls, Sealed};
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::error::TaskError;
use crate::task::invocation::{Called, Caller, Child};
use crate::task::strategy::Strategy;
use crate::task::surroundings::Surroundings;

impl JobContext {
    /// Starts a child and waits for it. While this attempt waits, its slot and its cores are lent to others; memory, GPUs and tokens are kept.
    ///
    /// A child that asks for more of these than is left beside what this job, and those that wait for it in turn, keep would never begin: it is not
    /// taken, [`SubmitError::NeverFits`].
    ///
    /// # Errors
    /// When the child gives no value.
    pub async fn call<W: IntoWork>(&self, work: W, strategy: Strategy) -> Result<W::Output, JobError>
    where
        W::Output: Send + 'static,
    {
        let handle = self.start(work, strategy, true).map_err(not_taken)?;
        let mut lent = Lent::new(self);
        let ended = handle.abort_on_drop().join().await;
        lent.take_back().await;
        ended
    }

    /// Starts a child beside this job. It goes on when this job succeeds, and is cancelled when it does not.
    ///
    /// It never waits for room: children count for nothing but the memory that they take. It has a slot of its own, which it may wait for: where this
    /// attempt waits for it in turn, [`call`](Self::call) lends this one's.
    ///
    /// # Errors
    /// When the work is not taken.
    pub fn spawn<W: IntoWork>(&self, work: W, strategy: Strategy) -> Result<JobHandle<W::Output>, SubmitError>
    where
        W::Output: Send + 'static,
    {
        self.start(work, strategy, false)
    }

    /// Starts a child, which this attempt waits for or not.
    fn start<W: IntoWork>(&self, work: W, strategy: Strategy, is_called: bool) -> Result<JobHandle<W::Output>, SubmitError>
    where
        W::Output: Send + 'static,
    {
        let mut work: Work<W::Output> = work.into_work().ready(&strategy, &*self.home)?;
        let live = unshared(&mut work.piece).live_mut();
        self.keeps_beside(live, is_called)?;
        if let Some(key) = &live.settings.key {
            return Err(SubmitError::KeyOfChild(Arc::clone(key)));
        }
        live.parent = Some(Arc::clone(&self.piece) as Arc<dyn IsLive>);
        self.home.admit(live);
        Arc::clone(&self.home).adopt(Arc::clone(&work.piece) as _)?;
        Ok(JobHandle { piece: work.piece })
    }

    /// The strategy by which this job is run.
    #[must_use]
    pub fn strategy(&self) -> Strategy {
        self.home.strategy(self.live().lane).clone()
    }
}

impl JobContext {
    /// Notes what this job and those above it hold while the child runs.
    ///
    /// # Errors
    /// When they keep what it needs until it is over.
    fn keeps_beside(&self, child: &mut Live, is_called: bool) -> Result<(), SubmitError> {
        let own = self.live();
        let demand = own.demand().filter(|demand| demand.keeps());
        child.is_needed = own.is_needed || if is_called { demand.is_some() } else { own.is_limited };
        if !is_called {
            // This attempt may end, and leave what it holds to the child.
            return Ok(());
        }
        let kept = match (demand, &own.settings.kept) {
            (Some(demand), above) => Some(Arc::new(demand.kept_beside(above.as_deref()))),
            (None, above) => above.clone(),
        };
        if let Some(kept) = kept {
            if let Some(demand) = child.demand() {
                self.home.limits().fits(&demand, Some(&kept))?;
            }
            child.settings.kept = Some(kept);
        }
        Ok(())
    }
}

fn not_taken(error: SubmitError) -> JobError {
    match error {
        SubmitError::Closed => JobError::Cancelled(CancelReason::Shutdown),
        error => JobError::Failed(Arc::new(TaskError::permanent(error))),
    }
}

/// A slot that is lent while its attempt waits for a child.
struct Lent<'a> {
    context: &'a JobContext,
    is_back: bool,
}

impl<'a> Lent<'a> {
    fn new(context: &'a JobContext) -> Self {
        context.home.core().lend(context.live(), context.attempt());
        Self { context, is_back: false }
    }

    /// Waits for a slot, if this was the last call that was waited for.
    async fn take_back(&mut self) {
        self.is_back = true;
        let JobContext { piece, home, attempt, .. } = self.context;
        if let Some(loan) = home.core().take_back(&(Arc::clone(piece) as Arc<dyn IsLive>), *attempt, true) {
            std::future::poll_fn(|context| piece.live().poll_back(*attempt, loan, context)).await;
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if !self.is_back {
            let JobContext { piece, home, attempt, .. } = self.context;
            home.core().take_back(&(Arc::clone(piece) as Arc<dyn IsLive>), *attempt, false);
        }
    }
}

impl Sealed for JobContext {}

impl Calls for JobContext {
    fn calling(&self) -> Result<Context, TaskError> {
        let own = self.home.surroundings().map_err(JobError::into_task_error)?;
        let raw_output_prefix = Some(own.raw_output_prefix().to_owned());
        let caller: Arc<dyn Caller> = Arc::new(JobCaller(self.clone()));
        Ok(Context::new(Surroundings { caller: Some(caller), raw_output_prefix, ..own.surroundings().clone() }, Vec::new()))
    }
}

/// Starts the tasks that a job's task calls, as children of the job.
pub(super) struct JobCaller(pub(super) JobContext);

impl Caller for JobCaller {
    fn call(&self, child: Child) -> Called {
        let Child { definition, inputs, retries, group, .. } = child;
        let context = self.0.clone();
        Box::pin(async move {
            let task = (definition as &dyn std::any::Any).downcast_ref::<TaskDef>();
            let task = task.ok_or_else(|| TaskError::permanent(anyhow::anyhow!("`{}` is not a task", definition.name())))?;
            let mut work = Work::of_task(task, inputs);
            if let Some(retries) = retries {
                work = work.retry(Retry::times(retries));
            }
            if let Some(group) = group {
                work = work.label("group", group);
            }
            let strategy = match context.home.surroundings() {
                Ok(surroundings) if surroundings.surroundings().mocks.has(task.name) => {
                    work = work.mocked();
                    task.at_home()
                }
                // Where its parent runs, a program in an image cannot.
                _ if task.container().is_some() => Strategy::Container,
                _ => context.strategy(),
            };
            context.call(work, strategy).await.map_err(JobError::into_task_error)
        })
    }
}
