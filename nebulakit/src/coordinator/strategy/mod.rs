//! How attempts are run: here, on threads, in processes, or by a strategy of the program's own.

#[cfg(feature = "container")]
pub(in crate::coordinator) mod containers;
mod on_runtime;
mod on_threads;
pub(in crate::coordinator) mod processes;
mod workers;

use std::pin::Pin;
use std::time::Instant;

pub use self::on_runtime::AsyncStrategy;
pub use self::on_threads::ThreadStrategy;
pub use self::processes::ProcessStrategy;
pub use self::workers::limits::{Enforced, LimitsInForce};
use crate::coordinator::context::Attempt;
pub use crate::coordinator::context::Executing;
use crate::coordinator::error::WorkKind;

/// A way to run attempts.
///
/// It runs each attempt once, and knows nothing of retries, timeouts, events and the ledger: the coordinator sees to all of these. An attempt that is
/// cancelled, or takes too long, is told so by its [`context`](Attempt::context) first; then the future is dropped, and what it stands for has to
/// end.
///
/// # Examples
/// A strategy that runs one attempt at a time, each after a line on the log:
/// ```
/// use nebulakit::coordinator::{Attempt, Coordinator, Executing, ExecutionStrategy, Strategy, Work, WorkKind};
///
/// #[derive(Debug)]
/// struct OneByOne;
///
/// impl ExecutionStrategy for OneByOne {
///     fn accepts(&self, kind: WorkKind) -> bool {
///         kind != WorkKind::Blocking
///     }
///
///     fn slots(&self) -> Option<usize> {
///         Some(1)
///     }
///
///     fn execute(&self, attempt: Attempt) -> Executing<'_> {
///         Box::pin(async move {
///             tracing::info!("{} is next", attempt.context().id());
///             attempt.run().await
///         })
///     }
/// }
/// # mod tracing { macro_rules! info { ($($t:tt)*) => { let _ = format!($($t)*); } } pub(crate) use info; }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> anyhow::Result<()> {
/// let coordinator = Coordinator::builder().strategy(Strategy::named("gpu-box"), OneByOne).build();
/// let job = coordinator.submit(Work::new(|_| async { anyhow::Ok(7) }), Strategy::named("gpu-box")).await?;
/// assert_eq!(job.join().await?, 7);
/// # Ok(())
/// # }
/// ```
pub trait ExecutionStrategy: Send + Sync + 'static {
    /// Whether it can run work of that kind.
    fn accepts(&self, kind: WorkKind) -> bool;

    /// How many attempts it runs at once; [`None`] for any number.
    fn slots(&self) -> Option<usize> {
        None
    }

    /// How many cores an attempt takes whose work says nothing of that: one, unless the strategy runs it elsewhere or it does not compute.
    fn cores(&self) -> f64 {
        1.0
    }

    /// Whether it keeps the time limits of attempts itself, by [`Attempt::time_limit`]: where an attempt waits elsewhere before it begins, the coordinator cannot
    /// tell how long it ran. An attempt that takes too long ends with [`JobError::TimedOut`](crate::coordinator::JobError::TimedOut) then, too.
    fn keeps_time(&self) -> bool {
        false
    }

    /// Runs the attempt. What it gives is over when the attempt is, and dropping it ends the attempt.
    fn execute(&self, attempt: Attempt) -> Executing<'_>;

    /// Ends what the strategy keeps between attempts, until `deadline` at the latest. It runs no attempt any more then.
    fn shutdown(&self, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let _ = deadline;
        Box::pin(std::future::ready(()))
    }
}
