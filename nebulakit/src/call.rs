//! The call of a task's own code: on a thread of its own, under guard, and in its time.

use std::time::Duration;

use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::Written;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::context::Context;
use crate::failure::{Failure, Unsuccessful, code};
use crate::panic::{guard, guard_future};
use crate::platform::Platform;
use crate::task::{Call, CallKind, Outcome, TaskDef};

/// The stack of the thread that runs a task; a main thread's usual size.
const STACK: usize = 8 * 1024 * 1024;

/// How long a task that was asked to stop, or whose time is up, may take to end by itself and to save what it has.
pub(crate) const GRACE: Duration = Duration::from_millis(700);

/// Runs the task's own code. With a `limit`, the task is asked to stop when its time is up, and has failed.
pub(crate) async fn run(
    call: Call,
    task: &'static TaskDef,
    platform: &'static Platform,
    context: &Context,
    limit: Option<Duration>,
) -> Result<Written, Unsuccessful> {
    let Some(limit) = limit else { return on_a_thread(call, task, platform, context).await };
    let mut running = std::pin::pin!(on_a_thread(call, task, platform, context));
    if let Ok(outcome) = timeout(limit, &mut running).await {
        return outcome;
    }
    context.cancel();
    let _ = timeout(GRACE, running).await;
    let limit = jiff::SignedDuration::try_from(limit).unwrap_or(jiff::SignedDuration::MAX);
    let message = format!("the task `{}` ran longer than its timeout of {limit:#}", task.name);
    Err(Failure { recoverable: Some(true), ..Failure::user(code::TIMEOUT, message) }.into())
}

/// Blocking functions run on a thread of their own, futures on a runtime of their own, so that neither holds up the signals.
async fn on_a_thread(call: Call, task: &'static TaskDef, platform: &'static Platform, context: &Context) -> Result<Written, Unsuccessful> {
    let (sender, receiver) = oneshot::channel();
    let dialect = &platform.dialect;
    let outbox = Outbox::new(context.workspace());
    let thread = std::thread::Builder::new().name(task.name.to_owned()).stack_size(STACK);
    let started = thread.spawn(move || {
        // An error's own text is the user's code too, so it is made under guard.
        let ended = guard(|| match call.0 {
            CallKind::Blocking(function) => settled(function(dialect, outbox)),
            CallKind::Future(future) => on_a_runtime(async { settled(future(dialect, outbox).await) }),
        });
        let _ = sender.send(ended.unwrap_or_else(|failure| Err(failure.into())));
    });
    started.map_err(|error| Failure::system(format!("cannot start a thread: {error}"), true))?;
    receiver.await.unwrap_or_else(|_| Err(Failure::system("the task's thread ended without a result", true).into()))
}

fn on_a_runtime(future: impl Future<Output = Result<Written, Unsuccessful>>) -> Result<Written, Unsuccessful> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::system(format!("cannot start threads: {error}"), true))?;
    let ended = runtime.block_on(guard_future(future));
    // What the task spawned and left ends with the process.
    runtime.shutdown_background();
    ended?
}

fn settled(outcome: Outcome) -> Result<Written, Unsuccessful> {
    match outcome {
        Outcome::Returned(written) => Ok(written),
        Outcome::Failed(error) => Err(Failure::of_task(&error)),
        Outcome::NotEncoded(error) => Err(Failure::of_outputs(&error).into()),
    }
}
