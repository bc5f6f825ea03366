//! What a task returns, and its function with its inputs, ready to run.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

#[cfg(feature = "run")]
use nebulakit_types::convert::shapes::Shapes;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputWriter, TaskOutputs, TaskReturn, Written};
use nebulakit_types::{Dialect, Error, LiteralType};

use crate::task::failure::{Failure, Unsuccessful};
use crate::task::panic::silently;

type Result<T, E = Error> = std::result::Result<T, E>;

/// [`TaskReturn`] with the outputs as a parameter.
///
/// Where the compiler does not know `O`, because a function returns what no task can, it has said so already, and is silent about this bound.
pub trait ReturnsAs<O>: 'static {
    /// Whether it is a graph instead of values.
    const IS_DYNAMIC: bool = false;

    /// The outputs, or the error of the task's own code; `declared` are their names and types.
    ///
    /// # Errors
    /// What the task returned, and all that is wrong with a graph.
    fn outputs(self, declared: &dyn Fn() -> Vec<(&'static str, LiteralType)>) -> anyhow::Result<Given<O>>;
}

/// What a task gave.
#[derive(Debug)]
pub enum Given<O> {
    /// Values.
    Values(O),
    /// A graph that runs in its place, as JSON.
    Graph(String),
}

/// The name of the one output that a graph is, in place of those that the task declares.
pub(crate) const GRAPH: &str = "graph";

impl<R: TaskReturn> ReturnsAs<R::Outputs> for R {
    fn outputs(self, _: &dyn Fn() -> Vec<(&'static str, LiteralType)>) -> anyhow::Result<Given<R::Outputs>> {
        self.into_outputs().map(Given::Values)
    }
}

/// The outputs of type `O` of a task whose function returns `R`, typed.
pub(crate) struct Returns<R, O>(PhantomData<fn(R) -> O>);

impl<R, O> std::fmt::Debug for Returns<R, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Returns").finish_non_exhaustive()
    }
}

impl<R: ReturnsAs<O>, O: TaskOutputs> Returns<R, O> {
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }

    /// A call of a function that blocks its thread, whose outputs have these names.
    pub(crate) fn blocking(names: &'static [&'static str], function: impl FnOnce() -> R + Send + 'static) -> Prepared {
        Prepared(Function::Blocking(Box::new(move |dialect, outbox| Self::outcome(names, function(), dialect, outbox))))
    }

    /// A call of an async function, whose outputs have these names.
    pub(crate) fn future(names: &'static [&'static str], future: impl Future<Output = R> + Send + 'static) -> Prepared {
        Prepared(Function::Future(Box::new(move |dialect, outbox| {
            Box::pin(async move { Self::outcome(names, future.await, dialect, outbox) })
        })))
    }

    fn outcome(names: &'static [&'static str], returned: R, dialect: &'static Dialect, outbox: Outbox) -> Ended {
        let declared = || names.iter().copied().zip(O::literal_types(dialect)).collect();
        let given = returned.outputs(&declared).map_err(Failure::of_task)?;
        let mut writer = OutputWriter::new(if R::IS_DYNAMIC { &[GRAPH] } else { names }, dialect, outbox);
        let written = match given {
            Given::Values(outputs) => outputs.write(&mut writer),
            Given::Graph(json) => writer.put(json),
        };
        written.map_err(|error| Failure::of_outputs(&error))?;
        Ok(writer.finish())
    }
}

/// The outputs of any task.
pub(crate) trait AnyReturns: Sync + std::fmt::Debug {
    /// The outputs' types, in the order in which they are declared.
    fn literal_types(&self, dialect: &Dialect) -> Vec<LiteralType>;

    /// Adds the structs and enums that the outputs' types name.
    #[cfg(feature = "run")]
    fn shapes(&self, shapes: &mut Shapes);
}

impl<R: ReturnsAs<O>, O: TaskOutputs> AnyReturns for Returns<R, O> {
    fn literal_types(&self, dialect: &Dialect) -> Vec<LiteralType> {
        silently(|| O::literal_types(dialect))
    }

    #[cfg(feature = "run")]
    fn shapes(&self, shapes: &mut Shapes) {
        O::shapes(shapes);
    }
}

/// A task's function with its inputs, ready to run.
pub struct Prepared(pub(crate) Function);

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").finish_non_exhaustive()
    }
}

/// How a task's function ended.
pub(crate) type Ended = Result<Written, Unsuccessful>;

/// A future of a task's end.
pub(crate) type EndedFuture = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// The function, by how it runs.
pub(crate) enum Function {
    /// Blocks its thread until the task has ended.
    Blocking(Box<dyn FnOnce(&'static Dialect, Outbox) -> Ended + Send>),
    /// Is polled until the task has ended.
    Future(Box<dyn FnOnce(&'static Dialect, Outbox) -> EndedFuture + Send>),
}
