//! One run of one task: inputs, the call under guard, checked outputs whose data is stored.
//!
//! [`run`] is re-entrant: all that it needs is in its arguments, so any number of runs go on in one process. It makes no thread and no
//! runtime: it uses the runtime that polls it. Where none does, as in a container whose task is a plain `fn`, everything happens on the
//! calling thread, and the future is ready when it is first polled.

use std::pin::{Pin, pin};
use std::task::{Context as Waker, Poll};
use std::time::{Duration, Instant};

#[cfg(feature = "run")]
use nebulakit_types::Error;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{Output, Written};
use nebulakit_types::{ErrorKind, LiteralType, block_on};
use rustix::time::{ClockId, Timespec, clock_gettime};
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::failure::{Failure, Unsuccessful, code};
use crate::task::guarded::Guarded;
use crate::task::offloaded::fetch_offloaded;
use crate::task::panic::{guard, guard_future, told};
use crate::task::prepare::{Element, prepare};
use crate::task::reference::ReferenceSpec;
use crate::task::returns::{Ended, Function, Prepared};
use crate::task::surroundings::Deadline;

/// How long a task that was asked to stop, or whose time is up, may take to end by itself and to save what it has.
pub(crate) const GRACE: Duration = Duration::from_millis(700);

/// What a task returned, checked against its interface; its data is in the stores.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) outputs: Vec<Output>,
    /// The declared outputs.
    pub(crate) types: Vec<(&'static str, LiteralType)>,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) ended: Result<Returned, Unsuccessful>,
    /// How long the task's own code took, if it was called.
    pub(crate) took: Option<Duration>,
}

/// Runs `task` with the inputs of an `inputs.pb` with these bytes; of a map task, with one `element` of them.
///
/// A task that is not over when the context's deadline is, and [`GRACE`] after it was told so, is left behind: a future is dropped, and a
/// function that blocks goes on without anybody who waits for it, or never begins where it was still queued. The same goes for a run that is dropped.
///
/// On a runtime without timers a deadline cannot be kept: such a run fails before it begins.
pub(crate) async fn run(task: &'static TaskDef, inputs: &[u8], element: Option<&Element>, context: &Context) -> Ran {
    if let Some(failure) = elsewhere(task, context) {
        return Ran { ended: Err(failure.into()), took: None };
    }
    if context.surroundings().kept_deadline().is_some() && Handle::try_current().is_ok() && !has_timers() {
        return Ran { ended: Err(without_timers(task).into()), took: None };
    }
    let call = match decode(task, inputs, element, context).await {
        Ok(call) => call,
        Err(ended) => return Ran { ended: Err(ended), took: None },
    };
    let begin = Instant::now();
    let ended = in_time(task, context, pin!(perform(task, call, context))).await;
    let took = Some(begin.elapsed());
    Ran { ended: finish(ended, task, context).await, took }
}

/// The failure of a task whose function cannot be run for its values: of a container task or a reference, where nothing stands in for it, and of a
/// dynamic task.
fn elsewhere(task: &TaskDef, context: &Context) -> Option<Failure> {
    if context.surroundings().mocks.has(task.name) {
        return None;
    }
    if task.is_dynamic && !context.surroundings().takes_graphs {
        let message = format!(
            "the task `{}` is dynamic: it returns a graph, which a run of a workflow on this machine runs, and a platform whose container is \
             started with `--task-template`\nhint: in a test, call its function, and look at the promises",
            task.name
        );
        return Some(Failure { recoverable: Some(false), ..Failure::user(code::USER, message) });
    }
    if let Some(reference) = task.reference {
        if task.has_body && context.surroundings().stands_in {
            return None;
        }
        let ReferenceSpec { project, domain, name, version } = reference;
        let message = format!(
            "the task `{}` is registered elsewhere, as `{name}` in `{project}`/`{domain}`, version `{version}`: it is not a function of this binary\n\
             hint: a platform runs it as a node of a workflow; a body of the task stands in for it in tests",
            task.name
        );
        return Some(Failure { recoverable: Some(false), ..Failure::user(code::USER, message) });
    }
    let image = task.container?.image;
    if task.has_body && context.surroundings().stands_in {
        return None;
    }
    let hint = if task.has_body {
        "its body stands in for the program in tests alone; `run` and `Strategy::Container` start the image"
    } else {
        "`run` and `Strategy::Container` start the image; a body of the task would stand in for the program in tests"
    };
    let message = format!(
        "the task `{}` is a program in the image `{image}`, not a function of this binary: a platform starts its image itself\nhint: {hint}",
        task.name
    );
    Some(Failure { recoverable: Some(false), ..Failure::user(code::USER, message) })
}

/// The call, with its inputs converted. Those in files of their own are rare: only when one is met are all looked for.
async fn decode(task: &'static TaskDef, inputs: &[u8], element: Option<&Element>, context: &Context) -> Result<Prepared, Unsuccessful> {
    // Defaults and conversions may be the user's own code.
    let attempt = |references: References| context.enter(|| guard(|| prepare(task, inputs, references, element, context)));
    let call = match attempt(References::default())? {
        Err(error) if error.kind() == ErrorKind::NotFetched => {
            let dialect = context.surroundings().dialect;
            let takes_pickles =
                |name: &str| task.params.iter().any(|param| param.name() == name && holds_bytes(&param.literal_type(dialect)));
            // They may be in another store than the inputs: the context's knows the settings of all.
            let bounds = context.surroundings().offloaded;
            let offloaded = within_reach(Box::pin(fetch_offloaded(context.storage(), inputs, bounds, takes_pickles))).await?;
            attempt(offloaded.map_err(|error| Failure::of_store("cannot fetch an offloaded input", &error))?)?
        }
        call => call,
    };
    call.map_err(Unsuccessful::BadInputs)
}

/// Why the task cannot take these inputs, where that can be told without running it.
#[cfg(feature = "run")]
pub(crate) fn unfit(task: &'static TaskDef, inputs: &[u8], context: &Context) -> Option<Error> {
    // A panic is told when it runs.
    context.workspace().enter(|| guard(|| prepare(task, inputs, References::default(), None, context))).ok()?.err()
}

/// Runs the task's own code: a future here, a function that blocks off the threads of the runtime that polls this.
async fn perform(task: &TaskDef, call: Prepared, context: &Context) -> Ended {
    let dialect = context.surroundings().dialect;
    let outbox = Outbox::new(context.workspace());
    // An error's own text is the user's code too, so it is made under guard.
    match call.0 {
        Function::Future(future) => {
            let mut future = Guarded::new(future(dialect, outbox), task.name, context);
            context.scope(guard_future(future.get_mut())).await?
        }
        Function::Blocking(function) => match Handle::try_current() {
            Ok(runtime) => {
                let own = context.clone();
                let function = Guarded::new(function, task.name, context);
                let call = move || metered(&own, || guard(|| function.into_inner()(dialect, outbox)));
                Queued(runtime.spawn_blocking(call))
                    .await
                    .map_err(|_| Failure::system("the runtime was shut down while the task ran", true))??
            }
            Err(_) => metered(context, || guard(|| function(dialect, outbox)))?,
        },
    }
}

/// Calls `function` as a part of the run, and says how much CPU time this thread took for it, where somebody asks.
fn metered<T>(context: &Context, function: impl FnOnce() -> T) -> T {
    let now = || {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(tv_sec.unsigned_abs(), u32::try_from(tv_nsec).unwrap_or(0))
    };
    let begun = context.surroundings().cpu.as_ref().map(|cpu| (cpu, now()));
    let ended = context.enter(function);
    if let Some((cpu, begun)) = begun {
        cpu.took(now().saturating_sub(begun));
    }
    ended
}

/// A function that waits for a thread, or has one. Where nobody waits for it any more before it has begun, it never begins.
struct Queued<T>(JoinHandle<T>);

impl<T> Future for Queued<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, waker: &mut Waker<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(waker)
    }
}

impl<T> Drop for Queued<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The task's own code, on its way.
type Work<'a> = Pin<&'a mut (dyn Future<Output = Ended> + Send)>;

/// Asks the task to stop when its time is up, and gives it up where it does not.
async fn in_time(task: &TaskDef, context: &Context, work: Work<'_>) -> Ended {
    let Some(deadline) = context.surroundings().kept_deadline() else { return work.await };
    let ended = match Handle::try_current() {
        Ok(_) => watched(deadline, context, work).await,
        // Without a runtime there is no clock: the process watches over it.
        Err(_) => Some(work.await),
    };
    match ended {
        Some(ended) if !deadline.is_over() => ended,
        ended => Err(overdue(task, deadline, ended.and_then(Result::err)).into()),
    }
}

/// Whether the runtime that polls this has timers. It tells this by a panic alone.
pub(crate) fn has_timers() -> bool {
    told(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

fn without_timers(task: &TaskDef) -> Failure {
    let message = format!(
        "the task `{}` has a deadline, but its runtime has no timers\nhint: call `enable_time()` on the runtime's builder",
        task.name
    );
    Failure { recoverable: Some(false), ..Failure::user(code::USER, message) }
}

/// How the work ended; [`None`] where it had not, [`GRACE`] after the deadline.
async fn watched(deadline: Deadline, context: &Context, mut work: Work<'_>) -> Option<Ended> {
    if let Ok(ended) = tokio::time::timeout_at(deadline.at.into(), work.as_mut()).await {
        return Some(ended);
    }
    context.surroundings().cancellation.cancel();
    tokio::time::timeout(GRACE, work).await.ok()
}

/// Checks what came out, and stores its data.
async fn finish(ended: Ended, task: &'static TaskDef, context: &Context) -> Result<Returned, Unsuccessful> {
    let Written { outputs, outbox } = ended?;
    let types = task.output_types(context.surroundings().dialect);
    // What a graph gives is checked when it is built.
    if !task.is_dynamic || context.surroundings().mocks.has(task.name) {
        check_outputs(&outputs, &types)?;
    }
    if !outbox.is_empty() {
        let sent = within_reach(Box::pin(outbox.send())).await?;
        sent.map_err(|error| {
            let failure = Failure::of_data(&error, context.storage().serves(context.raw_output_prefix()));
            // Transfers end at the deadline too.
            match context.surroundings().kept_deadline() {
                Some(deadline) if deadline.is_over() => overdue(task, deadline, Some(failure.into())),
                _ => failure,
            }
        })?;
    }
    Ok(Returned { outputs, types })
}

/// Awaits what goes over the network; where no runtime polls this, waits for it on the process's own.
async fn within_reach<T>(future: Pin<Box<dyn Future<Output = T> + Send + '_>>) -> Result<T, Failure> {
    match Handle::try_current() {
        Ok(_) => Ok(future.await),
        Err(_) => block_on(future).map_err(|error| Failure::cannot_start(&error)),
    }
}

/// The failure of a task that ran longer than it may, and how it ended then, if it did.
pub(crate) fn overdue(task: &TaskDef, deadline: Deadline, ended: Option<Unsuccessful>) -> Failure {
    let limit = jiff::SignedDuration::try_from(deadline.limit).unwrap_or(jiff::SignedDuration::MAX);
    let over = if deadline.is_callers {
        format!("was still running when its caller's timeout of {limit:#} ran out")
    } else {
        format!("ran longer than its timeout of {limit:#}")
    };
    let detail = match ended {
        Some(Unsuccessful::Failed(failure)) => format!("; it ended with: {}", failure.message),
        _ => String::new(),
    };
    let message = format!("the task `{}` {over}{detail}", task.name);
    Failure { recoverable: Some(true), ..Failure::user(code::TIMEOUT, message) }
}

/// Whether a value of the type may be bytes, which Python pickles.
fn holds_bytes(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Simple(SimpleType::Binary) => true,
        TypeKind::Collection(element) | TypeKind::Map(element) => holds_bytes(element),
        TypeKind::Union(variants) => variants.iter().any(holds_bytes),
        _ => false,
    }
}

fn check_outputs(outputs: &[Output], types: &[(&'static str, LiteralType)]) -> Result<(), Failure> {
    for (name, literal_type) in types {
        let Some(output) = outputs.iter().find(|output| output.name == *name) else {
            return Err(Failure::user(code::BAD_OUTPUTS, format!("the declared output `{name}` is missing; expected `{literal_type}`")));
        };
        let checked = check(LiteralRef::new(&output.literal, References::none()), literal_type);
        checked.map_err(|error| Failure::of_outputs(&error.at_field(name)))?;
    }
    Ok(())
}
