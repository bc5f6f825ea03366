//! What a task returns, and its function with its inputs, ready to run.

use std::future::Future;
use std::pin::Pin;

use nebulakit_types::convert::MERGED;
use nebulakit_types::convert::shapes::Shapes;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputWriter, TaskOutputs, TaskReturn, Written};
use nebulakit_types::{Dialect, Error, LiteralType};

use crate::task::failure::{Failure, Unsuccessful};
use crate::task::panic::silently;

type Result<T, E = Error> = std::result::Result<T, E>;

/// The outputs of a task whose function returns `R`, typed; the bound is named once, as in [`Param`](crate::task::param::Param).
pub struct Returns<R> {
    names: &'static [&'static str],
    literal_types: fn(&Dialect) -> Vec<LiteralType>,
    write: fn(R, &mut OutputWriter) -> Result<(), Unsuccessful>,
    shapes: fn(&mut Shapes),
}

impl<R> std::fmt::Debug for Returns<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Returns").field("names", &self.names).finish_non_exhaustive()
    }
}

impl<R> Returns<R> {
    /// Outputs with the given names; with none given, those of the type.
    ///
    /// # Panics
    /// In a constant, at compile time: when the number of names is not the number of outputs.
    #[must_use]
    pub const fn new(names: &'static [&'static str]) -> Self
    where
        R: TaskReturn,
    {
        assert!(!<R::Outputs as TaskOutputs>::MERGES_NONE, "{}", MERGED);
        let own = <R::Outputs as TaskOutputs>::NAMES;
        assert!(names.is_empty() || names.len() == own.len(), "`outputs(..)` does not name exactly the values that the task returns");
        let names = if names.is_empty() { own } else { names };
        Self {
            names,
            literal_types: <R::Outputs as TaskOutputs>::literal_types,
            write: write::<R>,
            shapes: <R::Outputs as TaskOutputs>::shapes,
        }
    }
}

fn write<R: TaskReturn>(returned: R, writer: &mut OutputWriter) -> Result<(), Unsuccessful> {
    let outputs = returned.into_outputs().map_err(|error| Failure::of_task(&error))?;
    outputs.write(writer).map_err(|error| Failure::of_outputs(&error).into())
}

impl<R: 'static> Returns<R> {
    /// A call of a function that blocks its thread.
    pub fn blocking(&'static self, function: impl FnOnce() -> R + Send + 'static) -> Prepared {
        Prepared(Function::Blocking(Box::new(move |dialect, outbox| self.outcome(function(), dialect, outbox))))
    }

    /// A call of an async function.
    pub fn future(&'static self, future: impl Future<Output = R> + Send + 'static) -> Prepared {
        Prepared(Function::Future(Box::new(move |dialect, outbox| Box::pin(async move { self.outcome(future.await, dialect, outbox) }))))
    }

    fn outcome(&self, returned: R, dialect: &'static Dialect, outbox: Outbox) -> Ended {
        let mut writer = OutputWriter::new(self.names, dialect, outbox);
        (self.write)(returned, &mut writer)?;
        Ok(writer.finish())
    }
}

/// [`Returns`] of any type.
pub trait AnyReturns: Sync + std::fmt::Debug {
    /// The outputs' names, in the order in which they are declared.
    fn names(&self) -> &'static [&'static str];

    /// The outputs' names and types, in the order in which they are declared.
    fn variables(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)>;

    /// Adds the structs and enums that the outputs' types name.
    fn shapes(&self, shapes: &mut Shapes);
}

impl<R> AnyReturns for Returns<R> {
    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn variables(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)> {
        self.names.iter().copied().zip(silently(|| (self.literal_types)(dialect))).collect()
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
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
