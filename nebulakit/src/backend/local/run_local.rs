//! A workflow or a task with its values, run in this process.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nebulakit_types::convert::reader::References;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::storage::Storage;
use nebulakit_types::workspace::Workspace;
use nebulakit_types::{Dialect, NebulaType, block_on};
use uuid::Uuid;

use super::builder;
use crate::backend::driver::{End, Fault, Signals, Unfinished, World, drive, literals_of};
use crate::backend::error::{NodeError, RunError};
use crate::backend::needs;
use crate::coordinator::CoordinatorBuilder;
use crate::graph::Graph;
use crate::run::{Answer, Nowhere, RunId};
use crate::services::env::Environment;
use crate::task::cancellation::Cancellation;
use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::definition::Definition;
use crate::task::invocation::Invocation;
use crate::task::strategy::Strategy;
use crate::workflow::WorkflowDef;

/// A workflow or a task with its values, run in this process when it is awaited: what [`Invocation::run_local`] gives.
///
/// Nothing is left behind, nothing is remembered, and of the environment only where temporary files go is read: files that tasks make are in a folder for temporary files, which is
/// removed when no output refers to it any more. Dropping the future cancels what runs.
///
/// It is on the runtime that polls it, which needs timers. Async tasks run on it, and plain functions on threads, as many at once as there are cores, unless
/// [`strategy`](Self::strategy) or the task says otherwise.
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
/// fn sum(xs: Vec<i64>) -> i64 {
///     xs.iter().sum()
/// }
///
/// /// Doubles each number, and adds them up.
/// #[workflow]
/// fn doubled(xs: Promise<Vec<i64>>) -> Promise<i64> {
///     sum::node(double::map(xs))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), nebulakit::backend::RunError> {
/// assert_eq!(doubled::with(vec![1, 2, 3]).run_local().await?, 12);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing runs before it is awaited"]
pub struct RunLocal<O> {
    invocation: Invocation<O>,
    strategy: Option<Strategy>,
    answers: HashMap<String, Answer>,
    /// Values for gates that cannot be encoded.
    mistakes: Vec<nebulakit_types::Error>,
    coordinator: CoordinatorBuilder,
    stop: Cancellation,
}

impl<O> fmt::Debug for RunLocal<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunLocal").field("invocation", &self.invocation).field("strategy", &self.strategy).finish_non_exhaustive()
    }
}

impl<O: TaskOutputs> Invocation<O> {
    /// Runs it in this process, without a server: [`RunLocal`] says how.
    pub fn run_local(self) -> RunLocal<O> {
        RunLocal {
            invocation: self,
            strategy: None,
            answers: HashMap::new(),
            mistakes: Vec::new(),
            coordinator: builder(),
            stop: Cancellation::new(),
        }
    }

    /// The same in code that is not async.
    ///
    /// # Errors
    /// Why it gave no outputs.
    ///
    /// # Panics
    /// In async code, where [`run_local`](Self::run_local) does the same, and when no thread can be started.
    pub fn run_local_blocking(self) -> Result<O, RunError> {
        self.run_local().blocking()
    }
}

impl<O: TaskOutputs> RunLocal<O> {
    /// How tasks are run that do not say so themselves.
    pub fn strategy(self, strategy: Strategy) -> Self {
        Self { strategy: Some(strategy), ..self }
    }

    /// Sets up the coordinator that runs the jobs: how much of the machine there is, other strategies, where worker processes are from.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// # #[task]
    /// # fn double(x: i64) -> i64 { 2 * x }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), nebulakit::backend::RunError> {
    /// assert_eq!(double::with(4).run_local().coordinator(|coordinator| coordinator.cores(1.0)).await?, 8);
    /// # Ok(())
    /// # }
    /// ```
    pub fn coordinator(self, set: impl FnOnce(CoordinatorBuilder) -> CoordinatorBuilder) -> Self {
        Self { coordinator: set(self.coordinator), ..self }
    }

    /// Approves what waits for `signal`.
    pub fn approve(self, signal: impl Into<String>) -> Self {
        self.answer(signal, Answer::Approve)
    }

    /// Rejects what waits for `signal`.
    pub fn reject(self, signal: impl Into<String>) -> Self {
        self.answer(signal, Answer::Reject)
    }

    /// Gives `value` to what waits for `signal`.
    pub fn signal<T: NebulaType>(mut self, signal: impl Into<String>, value: &T) -> Self {
        let signal = signal.into();
        match nebulakit_types::encode(value, &Dialect::FLYTE_1) {
            Ok(value) => self.answer(signal, Answer::Value(value)),
            Err(error) => {
                self.mistakes.push(error.at_field(&signal));
                self
            }
        }
    }

    /// What asks the run to stop: its tasks are told, and it ends with [`RunError::Cancelled`].
    pub fn cancellation(self, cancellation: &Cancellation) -> Self {
        Self { stop: cancellation.clone(), ..self }
    }

    /// Runs it in code that is not async.
    ///
    /// # Errors
    /// Why it gave no outputs.
    ///
    /// # Panics
    /// In async code, where `.await` does the same, and when no thread can be started.
    pub fn blocking(self) -> Result<O, RunError> {
        block_on(self.run()).unwrap_or_else(|error| panic!("cannot start a thread: {error}"))
    }

    fn answer(mut self, signal: impl Into<String>, answer: Answer) -> Self {
        self.answers.insert(signal.into(), answer);
        self
    }

    async fn run(mut self) -> Result<O, RunError> {
        let graph = graph(self.invocation.definition())?;
        if let Some(mistake) = self.mistakes.pop() {
            return Err(RunError::Inputs(mistake));
        }
        let workspace = Workspace::new(Storage::local, None, Environment::from_process().temporary_folder());
        let context = Context::builder(workspace.scratch().map_err(RunError::Folder)?).takes_graphs().build();
        let mut outbox = Outbox::in_process(context.workspace());
        let inputs = self.invocation.inputs(&Dialect::FLYTE_1, &mut outbox).map_err(RunError::Inputs)?;
        outbox.send().await.map_err(RunError::Inputs)?;
        let world = World {
            coordinator: self.coordinator.context(context).build(),
            run: RunId::from(Uuid::new_v4().simple().to_string()),
            record: Arc::new(Nowhere),
            signals: Arc::new(Signals::known(self.answers)),
            stop: self.stop,
            strategy: self.strategy,
            stored: None,
            moved: Arc::default(),
            memory: None,
            is_rehearsal: false,
        };
        let inputs = Bytes::from(inputs);
        let ended = drive(&graph, &world, &literals_of(&inputs).map_err(RunError::Inputs)?).await;
        world.coordinator.shutdown(Duration::ZERO).await;
        let outputs = ended.map_err(failed)?;
        self.invocation.outputs(&outputs, &References::default().within(&workspace)).map_err(RunError::Outputs)
    }
}

impl<O: TaskOutputs + Send> IntoFuture for RunLocal<O> {
    type Output = Result<O, RunError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// The graph of what is to be run, which has all that it needs here.
fn graph(definition: &'static dyn Definition) -> Result<Graph, RunError> {
    let any = definition as &dyn Any;
    let graph = match (any.downcast_ref::<WorkflowDef>(), any.downcast_ref::<TaskDef>()) {
        (Some(workflow), _) => workflow.graph(),
        (None, Some(task)) => task.graph(),
        (None, None) => return Err(RunError::Refused(vec![format!("`{}` is neither a workflow nor a task", definition.name())])),
    };
    let graph = graph.map_err(RunError::Graph)?;
    match needs::missing(&graph) {
        reasons if reasons.is_empty() => Ok(graph),
        reasons => Err(RunError::Refused(reasons)),
    }
}

fn failed(ended: Unfinished) -> RunError {
    match ended {
        Unfinished::Unrecorded(error) => RunError::Folder(error),
        Unfinished::Ended(End::Cancelled) => RunError::Cancelled,
        Unfinished::Ended(End::Failed(fault)) => {
            let Fault { node, of, failure, error, .. } = Arc::unwrap_or_clone(fault);
            RunError::Failed(Box::new(NodeError { node, of: of.into_owned(), failure, error }))
        }
    }
}
