//! The call of a task's own code, under guard.

use std::time::Duration;

use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::Written;

use crate::process::platform::Platform;
use crate::task::context::Context;
use crate::task::def::{Call, CallKind, Outcome, TaskDef};
use crate::task::failure::{Failure, Unsuccessful, code};
use crate::task::panic::{guard, guard_future};

/// Runs the task's own code on the calling thread; a future on a runtime of its own.
pub(crate) fn run(call: Call, platform: &'static Platform, context: &Context) -> Result<Written, Unsuccessful> {
    let dialect = &platform.dialect;
    let outbox = Outbox::new(context.workspace());
    // An error's own text is the user's code too, so it is made under guard.
    let ended = guard(|| match call.0 {
        CallKind::Blocking(function) => settled(function(dialect, outbox)),
        CallKind::Future(future) => on_a_runtime(async { settled(future(dialect, outbox).await) }),
    });
    ended.unwrap_or_else(|failure| Err(failure.into()))
}

/// The failure of a task that ran longer than it may, and how it ended then, if it did.
pub(crate) fn overdue(task: &TaskDef, limit: Duration, ended: Option<Unsuccessful>) -> Failure {
    let limit = jiff::SignedDuration::try_from(limit).unwrap_or(jiff::SignedDuration::MAX);
    let detail = match ended {
        Some(Unsuccessful::Failed(failure)) => format!("; it ended with: {}", failure.message),
        Some(Unsuccessful::Ignored) | None => String::new(),
    };
    let message = format!("the task `{}` ran longer than its timeout of {limit:#}{detail}", task.name);
    Failure { recoverable: Some(true), ..Failure::user(code::TIMEOUT, message) }
}

fn on_a_runtime(future: impl Future<Output = Result<Written, Unsuccessful>>) -> Result<Written, Unsuccessful> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::cannot_start(&error))?;
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
