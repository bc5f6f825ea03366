//! A task that a running task calls.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};
use std::time::SystemTime;

use nebulakit_types::convert::reader::References;
use nebulakit_types::convert::writer::map_of_literals;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::TaskOutputs;

use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::error::{IgnoreOutputs, TaskError};
use crate::task::failure::{Failure, Unsuccessful, code};
use crate::task::invocation::{Child, Invocation};
use crate::task::run::{Ran, run};
use crate::task::surroundings::{Deadline, Places, Surroundings};

/// A task that runs when this is awaited: what `task::call(&ctx, ..)` gives.
///
/// It runs in this process, on the runtime that polls it, with the stores, the secrets and the cancellation of the task that calls it; under
/// a [`Caller`](crate::Caller) it is a node of its own. Its failure is a [`TaskError`], with the code of the task that failed; of one that ran
/// in this process, [`TaskError::downcast_ref`] gives the error that its function returned.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[task]
/// async fn quadruple(ctx: Context, x: i64) -> anyhow::Result<i64> {
///     let twice = double::call(&ctx, x).await?;
///     Ok(double::call(&ctx, twice).retries(2).await?)
/// }
/// # fn main() -> anyhow::Result<()> {
/// # let folder = tempfile::tempdir()?;
/// # let ctx = Context::local(folder.path());
/// assert_eq!(ctx.block_on(quadruple(ctx.clone(), 3))?, 12);
/// # Ok(())
/// # }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<O> {
    retries: Option<u32>,
    group: Option<String>,
    state: State<O>,
}

/// What tasks are called from: the [`Context`] of a running task, and what a job sees under the coordinator.
///
/// It cannot be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "no task is called from a `{Self}`",
    label = "expected the `Context` of the task that calls, or a job's `JobContext`"
)]
pub trait Calls: Sealed {
    /// What the child inherits.
    #[doc(hidden)]
    fn calling(&self) -> Result<Context, TaskError>;
}

/// Only this library knows what can call.
pub trait Sealed {}

impl Sealed for Context {}

impl Calls for Context {
    fn calling(&self) -> Result<Context, TaskError> {
        Ok(self.clone())
    }
}

impl<T: Sealed> Sealed for &T {}

impl<T: Calls> Calls for &T {
    fn calling(&self) -> Result<Context, TaskError> {
        (**self).calling()
    }
}

enum State<O> {
    New(Result<Context, TaskError>, Invocation<O>),
    Running(Pin<Box<dyn Future<Output = Result<O, TaskError>> + Send>>),
    Over,
}

impl<O> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("retries", &self.retries).field("group", &self.group).finish_non_exhaustive()
    }
}

impl<O> Call<O> {
    /// For expansions alone.
    #[doc(hidden)]
    pub fn new(context: &impl Calls, invocation: Invocation<O>) -> Self {
        Self { retries: None, group: None, state: State::New(context.calling(), invocation) }
    }

    /// How often a recoverable failure is repeated, instead of as often as the task says.
    pub fn retries(self, retries: u32) -> Self {
        Self { retries: Some(retries), ..self }
    }

    /// The group in which consoles show it.
    pub fn group(self, group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), ..self }
    }
}

impl<O: TaskOutputs> Future for Call<O> {
    type Output = Result<O, TaskError>;

    fn poll(mut self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        loop {
            match std::mem::replace(&mut self.state, State::Over) {
                State::New(context, invocation) => {
                    let (retries, group) = (self.retries, self.group.take());
                    self.state = State::Running(Box::pin(called(context, invocation, retries, group)));
                }
                State::Running(mut future) => {
                    let poll = future.as_mut().poll(waker);
                    if poll.is_pending() {
                        self.state = State::Running(future);
                    }
                    return poll;
                }
                State::Over => panic!("a call is not polled after its end"),
            }
        }
    }
}

async fn called<O: TaskOutputs>(
    context: Result<Context, TaskError>,
    invocation: Invocation<O>,
    retries: Option<u32>,
    group: Option<String>,
) -> Result<O, TaskError> {
    let context = context?;
    let definition = invocation.definition();
    let of_inputs = |error| failed(Failure::of_input(definition.name(), &error));
    let dialect = context.surroundings().dialect;
    let caller = context.surroundings().caller.clone();
    // A child that is elsewhere has its data where it can be reached.
    let mut outbox = if caller.is_some() { Outbox::new(context.workspace()) } else { Outbox::in_process(context.workspace()) };
    let inputs = invocation.inputs(dialect, &mut outbox).map_err(of_inputs)?;
    outbox.send().await.map_err(|error| failed(Failure::of_store("cannot store the data of the inputs", &error)))?;
    let outputs = if let Some(caller) = caller {
        caller.call(Child::new(definition, inputs, retries, group)).await?
    } else {
        let task = (definition as &dyn Any).downcast_ref::<TaskDef>();
        let task = task.ok_or_else(|| TaskError::permanent(anyhow::anyhow!("`{}` is not a task: it needs a caller", definition.name())))?;
        here(&context, task, &inputs, retries.unwrap_or(task.options.retries)).await?
    };
    let references = References::default().within(context.workspace());
    invocation.outputs(&outputs, &references).map_err(|error| failed(Failure::of_outputs(&error)))
}

/// Runs `task` in this process, as one that `context`'s calls.
async fn here(context: &Context, task: &'static TaskDef, inputs: &[u8], retries: u32) -> Result<Vec<u8>, TaskError> {
    let mut attempt = 0;
    loop {
        let timeout = task.options.timeout.and_then(|timeout| Deadline::after(timeout, true));
        let callers = context.surroundings().kept_deadline().map(|deadline| Deadline { is_callers: true, ..deadline });
        let surroundings = Surroundings {
            deadline: [callers, timeout].into_iter().flatten().min_by_key(|deadline| deadline.at),
            ..of_child(context, task, attempt, context.raw_output_prefix().to_owned())
        };
        let error = match ended(run(task, inputs, None, &with_secrets(surroundings, task)).await, task) {
            Ok(outputs) => return Ok(outputs),
            Err(error) => error,
        };
        let has_to_end = context.is_cancelled() || context.surroundings().kept_deadline().is_some_and(|deadline| deadline.is_over());
        if error.is_recoverable() != Some(true) || attempt == retries || has_to_end {
            return Err(error);
        }
        attempt += 1;
    }
}

/// What a task runs in that `context`'s starts: its stores, secrets, sinks and cancellation. Its files go below `files`.
pub(crate) fn of_child(context: &Context, task: &TaskDef, attempt: u32, files: String) -> Surroundings {
    let own = context.surroundings();
    Surroundings {
        child: Some((task.name, attempt)),
        started: SystemTime::now(),
        deadline: None,
        raw_output_prefix: Some(files),
        checkpoint: Places::default(),
        progress: None,
        ..own.clone()
    }
}

/// The context of such a task, with the secrets that it asks for.
pub(crate) fn with_secrets(surroundings: Surroundings, task: &TaskDef) -> Context {
    Context::new(surroundings, task.options.secrets.iter().map(|asked| [asked.group, asked.version, asked.key]).collect())
}

/// The outputs of a run as the bytes of an `outputs.pb`, for the one that started it.
pub(crate) fn ended(ran: Ran, task: &TaskDef) -> Result<Vec<u8>, TaskError> {
    match ran.ended {
        Ok(returned) => Ok(map_of_literals(returned.outputs.iter().map(|output| (output.name, output.literal.as_slice())))),
        Err(Unsuccessful::Ignored) => Err(TaskError::new(IgnoreOutputs).with_code(code::IGNORED)),
        Err(Unsuccessful::BadInputs(error)) => Err(failed(Failure::of_input(task.name, &error))),
        Err(Unsuccessful::Failed(failure)) => Err(failed(failure)),
    }
}

/// The error of a task that failed, for the one that called it.
pub(crate) fn failed(failure: Failure) -> TaskError {
    // A failure without marks takes those of the caller.
    let is_plain = [code::USER, code::USER_RECOVERABLE].contains(&failure.code.as_str());
    let error = failure.error.and_then(Arc::into_inner).unwrap_or_else(|| anyhow::Error::msg(failure.message));
    TaskError::with_marks(error, failure.recoverable, (!is_plain).then_some(failure.code))
}
