//! Tasks as work.

use std::any::Any;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use nebulakit_types::Dialect;
use nebulakit_types::convert::reader::References;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputReader, TaskOutputs};
use nebulakit_types::workspace::Workspace;
use sha2::{Digest as _, Sha256};

use crate::coordinator::context::{Executing, Home, JobContext};
use crate::coordinator::error::{JobError, SubmitError, WorkKind};
use crate::coordinator::live::Settings;
use crate::coordinator::lock::{Mutex, locked};
use crate::coordinator::piece::Runs;
use crate::coordinator::resources::{OnOom, Resources};
use crate::coordinator::retry::Retry;
use crate::coordinator::usage::Usage;
use crate::coordinator::work::{IntoWork, Work, waited_for};
use crate::services::devices::Gpus;
use crate::task::call::{ended, failed as of_failure, of_child, with_secrets};
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::definition::Definition as _;
use crate::task::error::TaskError;
use crate::task::failure::{Failure, code};
use crate::task::invocation::Invocation;
use crate::task::run::run;
use crate::task::sinks::{CpuSink, LogSink, ProgressSink};
use crate::task::surroundings::{Deadline, Places, Surroundings};
use crate::task::traced::Traced;

/// A task with its inputs, and how its outputs are read.
struct OfTask<T> {
    task: &'static TaskDef,
    /// The inputs as the bytes of an `inputs.pb`, once their data is stored.
    inputs: OnceLock<Vec<u8>>,
    /// Their values, until then.
    values: Mutex<Option<Box<Values<T>>>>,
    read: Read<T>,
}

/// The values of inputs.
struct Values<T> {
    invocation: Invocation<T>,
    /// The inputs as they were written last, with the data that is to be stored.
    written: Option<(Vec<u8>, Outbox)>,
}

type Read<T> = fn(&'static TaskDef, Cow<'_, [u8]>, &References) -> nebulakit_types::Result<T>;

impl<T: Send + 'static> OfTask<T> {
    fn inputs(&self) -> &[u8] {
        self.inputs.get().map_or(&[], Vec::as_slice)
    }

    /// The inputs, and their data on its way to `place`.
    fn written(&self, place: Option<&Workspace>) -> nebulakit_types::Result<(Vec<u8>, Outbox)> {
        let mut values = locked(&self.values);
        let Some(values) = &mut *values else { return Ok((self.inputs().to_vec(), Outbox::default())) };
        if let Some(written) = values.written.take() {
            return Ok(written);
        }
        let mut outbox = place.map_or_else(Outbox::default, Outbox::in_process);
        Ok((values.invocation.inputs(&Dialect::FLYTE_1, &mut outbox)?, outbox))
    }

    async fn outputs(&self, context: &Context, job: &JobContext) -> Result<T, JobError> {
        let ran = run(self.task, self.inputs(), None, context).await;
        if !context.decks().is_empty() {
            job.keep_deck(|| context.decks().render());
        }
        let outputs = ended(ran, self.task).map_err(failed)?;
        self.value(outputs.into(), context)
    }

    /// The inputs are whole: nothing else of them is needed.
    fn settle(&self, inputs: Vec<u8>) {
        let _ = self.inputs.set(inputs);
        // The values are the user's own code, which is not dropped under a lock.
        let values = locked(&self.values).take();
        drop(values);
    }

    /// What the work is, for idempotency keys.
    fn digest(&self, place: Option<&Workspace>) -> nebulakit_types::Result<[u8; 32]> {
        let told = match &*locked(&self.values) {
            Some(values) => values.invocation.inputs(&Dialect::FLYTE_1, &mut place.map_or_else(Outbox::default, Outbox::of_contents))?,
            None => self.inputs().to_vec(),
        };
        Ok(Sha256::new().chain_update(self.task.name()).chain_update([0]).chain_update(told).finalize().into())
    }

    fn value(&self, outputs: Cow<'_, [u8]>, context: &Context) -> Result<T, JobError> {
        let references = References::default().within(context.workspace());
        (self.read)(self.task, outputs, &references).map_err(|error| {
            let failure = Failure::of_outputs(&error);
            failed(TaskError::permanent(anyhow::anyhow!(failure.message)).with_code(failure.code))
        })
    }
}

pub(super) fn failed(error: TaskError) -> JobError {
    if error.code() == Some(code::PANIC) { JobError::Panicked(error.to_string().into()) } else { JobError::Failed(Arc::new(error)) }
}

/// The context of the task that the attempt runs.
pub(super) fn of_attempt(job: &JobContext, task: &TaskDef) -> Result<Context, JobError> {
    let cancellation = Cancellation::new();
    job.live().stop.pass_to(cancellation.clone(), job.attempt);
    let sink = Arc::new(Sink(job.clone()));
    let inherited = placed(job, task)?;
    let has_witness = job.live().witness().is_some();
    let surroundings = Surroundings {
        cancellation,
        dialect: &Dialect::FLYTE_1,
        // The coordinator sees to it.
        deadline: job.live().deadline().map(|(at, limit)| Deadline { at, limit, is_kept: false, is_callers: false }),
        progress: Some(Arc::clone(&sink) as Arc<dyn ProgressSink>),
        traced: has_witness.then(|| Traced::new(Arc::clone(&sink) as Arc<dyn LogSink>)),
        cpu: has_witness.then(|| Arc::clone(&sink) as Arc<dyn CpuSink>),
        logs: Some(sink),
        caller: Some(job.home.caller(job)),
        gpus: Gpus::Granted(job.gpus().to_vec()),
        // The program in an image is started; only what is registered elsewhere cannot be.
        stands_in: inherited.stands_in && task.reference.is_some(),
        ..inherited
    };
    Ok(with_secrets(surroundings, task))
}

/// What the attempt's task has of the coordinator's context, with the places for its own data.
pub(super) fn placed(job: &JobContext, task: &TaskDef) -> Result<Surroundings, JobError> {
    let context = job.home.surroundings()?;
    let places = job.live().own_witness().map(|witness| witness.places(job.attempt));
    let (files, checkpoint) = places.unwrap_or_else(|| (context.raw_output_prefix().to_owned(), Places::default()));
    Ok(Surroundings { checkpoint, ..of_child(context, task, job.attempt, files) })
}

/// What a task says of itself becomes events of its job.
struct Sink(JobContext);

impl ProgressSink for Sink {
    fn report(&self, done: u64, total: Option<u64>) {
        self.0.progress(done, total);
    }
}

impl LogSink for Sink {
    fn write(&self, level: tracing::Level, message: &str) {
        self.0.log(level, message);
    }
}

impl CpuSink for Sink {
    fn took(&self, cpu: Duration) {
        self.0.took(Usage { cpu: Some(cpu), ..Usage::default() });
    }
}

impl<T: Send + 'static> Runs<T> for OfTask<T> {
    const KIND: WorkKind = WorkKind::Task;

    async fn run(&self, context: JobContext) -> Result<T, JobError> {
        self.outputs(&of_attempt(&context, self.task)?, &context).await
    }

    fn run_blocking(&self, context: JobContext) -> Result<T, JobError> {
        let own = of_attempt(&context, self.task)?;
        if self.task.is_async() {
            return waited_for(&context, self.outputs(&own, &context));
        }
        // Without a runtime around it, a task that is a plain function runs on this very thread, and is over at the first poll.
        let mut outputs = std::pin::pin!(self.outputs(&own, &context));
        match outputs.as_mut().now_or_never() {
            Some(ended) => ended,
            None => waited_for(&context, outputs),
        }
    }

    fn task(&self) -> Option<(&'static TaskDef, &[u8])> {
        Some((self.task, self.inputs()))
    }

    fn write(&mut self, place: Option<&Workspace>, is_asked: bool) -> nebulakit_types::Result<Option<[u8; 32]>> {
        let digest = if is_asked { Some(self.digest(place)?) } else { None };
        let (inputs, outbox) = self.written(place)?;
        if let Some(values) = &mut *locked(&self.values)
            && !outbox.is_empty()
        {
            values.written = Some((inputs, outbox));
            return Ok(digest);
        }
        self.settle(inputs);
        Ok(digest)
    }

    fn store<'a>(&'a self, home: &'a dyn Home) -> Option<Executing<'a>> {
        if self.inputs.get().is_some() {
            return None;
        }
        Some(Box::pin(async move {
            let place = home.surroundings()?.workspace();
            let (inputs, outbox) =
                self.written(Some(place)).map_err(|error| failed(of_failure(Failure::of_input(self.task.name(), &error))))?;
            let sent = outbox.send().await;
            sent.map_err(|error| failed(of_failure(Failure::of_store("cannot store the data of the inputs", &error))))?;
            self.settle(inputs);
            Ok(())
        }))
    }

    fn read(&self, outputs: &[u8], context: &JobContext) -> Result<T, JobError> {
        self.value(outputs.into(), &of_attempt(context, self.task)?)
    }
}

/// What the task itself says of how it is to be treated.
fn settings_of(task: &'static TaskDef, settings: &mut Settings) {
    settings.name = Some(task.name().into());
    settings.retry = Retry::times(task.options().retries);
    settings.start_to_close = task.options().timeout;
}

fn work<T: Send + 'static>(task: &'static TaskDef, inputs: OnceLock<Vec<u8>>, values: Option<Box<Values<T>>>, read: Read<T>) -> Work<T> {
    let options = task.options();
    let asked = Resources::of_options(options)
        .and_then(|resources| Ok((resources, options.on_oom.as_ref().map(OnOom::of_options).transpose()?)))
        .map_err(|said| SubmitError::Amount(format!("the task `{}`: {said}", task.name())));
    let ((resources, on_oom), problem) = match asked {
        Ok(asked) => (asked, None),
        Err(problem) => ((None, None), Some(Box::new(problem))),
    };
    let work = Work::of(OfTask { task, inputs, values: Mutex::new(values), read });
    let work = work.set(|settings| {
        settings_of(task, settings);
        (settings.resources, settings.on_oom) = (resources, on_oom);
    });
    let work = Work { problem, ..work };
    if task.container().is_some() { work.of_kind(WorkKind::Container) } else { work }
}

impl Work<Vec<u8>> {
    /// A task with its inputs as the bytes of an `inputs.pb`; its value is the bytes of an `outputs.pb`.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::coordinator::{Coordinator, Strategy, Work};
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn hello() -> String {
    ///     "hello".to_owned()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> anyhow::Result<()> {
    /// let task = nebulakit::registry().get("hello").unwrap();
    /// let outputs = Coordinator::new().submit(Work::of_task(task, Vec::new()), Strategy::Thread).await?.join().await?;
    /// assert!(outputs.ends_with(b"hello"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn of_task(task: &'static TaskDef, inputs: Vec<u8>) -> Self {
        work(task, OnceLock::from(inputs), None, |_, outputs, _| Ok(outputs.into_owned()))
    }

    /// A task that a mock stands in for: a function of this process, whatever the task is.
    pub(crate) fn mocked(self) -> Self {
        self.of_kind(WorkKind::Task)
    }
}

impl<O: TaskOutputs + Send + 'static> IntoWork for Invocation<O> {
    type Output = O;

    fn into_work(self) -> Work<O> {
        Work::from(self)
    }
}

impl<O: TaskOutputs + Send + 'static> From<Invocation<O>> for Work<O> {
    fn from(invocation: Invocation<O>) -> Self {
        let read: Read<O> = |task, outputs, references| O::read(&mut OutputReader::parse(task.output_names(), &outputs, references)?);
        let Some(task) = (invocation.definition() as &dyn Any).downcast_ref() else {
            let name = invocation.definition().name();
            let problem = nebulakit_types::Error::new(nebulakit_types::ErrorKind::Name, format!("`{name}` is not a task"));
            return Work::of_problem(SubmitError::Inputs(problem));
        };
        work(task, OnceLock::new(), Some(Box::new(Values { invocation, written: None })), read)
    }
}
