//! A task without its types: what the registry holds and the executor calls.
//!
//! `#[task]` writes one [`Param`] per input, one [`Returns`], one [`TaskOptions`] and one [`TaskDef`] that points at them, all
//! constants; everything that runs is here.

use std::future::Future;
use std::pin::Pin;

use nebulakit_types::convert::MERGED;
use nebulakit_types::convert::reader::LiteralRef;
use nebulakit_types::convert::shapes::Shapes;
use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::outbox::Outbox;
use nebulakit_types::outputs::{OutputWriter, TaskOutputs, TaskReturn, Written};
use nebulakit_types::{Dialect, Error, ErrorKind, LiteralType, NebulaType};

use crate::task::context::Context;
use crate::task::failure::{Failure, Panicked, Unsuccessful};
use crate::task::inputs::Inputs;
use crate::task::panic::{silently, told};

type Result<T, E = Error> = std::result::Result<T, E>;

pub use super::options::{CacheOptions, Mount, Resources, SecretRequest, TaskOptions};

/// One task of this binary.
#[derive(Debug)]
pub struct TaskDef {
    /// Its full name, segments joined by dots.
    pub name: &'static str,
    /// Its doc comment; empty when there is none.
    pub doc: &'static str,
    /// The file that it is written in.
    pub file: &'static str,
    /// The line that it begins on.
    pub line: u32,
    /// Its inputs, in the order of the signature.
    pub params: &'static [&'static dyn AnyParam],
    /// Its outputs.
    pub returns: &'static dyn AnyReturns,
    /// What it asks of the platform.
    pub options: &'static TaskOptions,
    /// Whether its function is async.
    pub is_async: bool,
    /// Converts the inputs and prepares the call; the task's own code runs when the [`Call`] does.
    pub call: fn(&mut Inputs<'_>, Context) -> Result<Call>,
}

#[cfg(feature = "run")]
impl TaskDef {
    /// Why the types of the task cannot be told, if they cannot: types that hold each other have no end.
    pub(crate) fn undescribable(&self, dialect: &Dialect) -> Option<String> {
        let described = told(|| {
            for param in self.params {
                param.literal_type(dialect);
            }
            self.returns.variables(dialect);
        });
        described.err().map(|panic| panic.to_string())
    }
}

/// One input of a task, typed.
///
/// The bound on `T` is named once, in [`Param::new`]: everything else goes through the functions stored there, so that a parameter of
/// an unsupported type is exactly one error.
pub struct Param<T> {
    name: &'static str,
    doc: &'static str,
    default: Option<fn() -> T>,
    literal_type: fn(&Dialect) -> LiteralType,
    decode: fn(LiteralRef<'_>) -> Result<T>,
    encode: fn(&T, &mut Encoder) -> Result<()>,
    absent: fn() -> Option<T>,
    shapes: fn(&mut Shapes),
}

impl<T> std::fmt::Debug for Param<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Param").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T> Param<T> {
    /// An input called `name`.
    ///
    /// # Panics
    /// In a constant, at compile time: when two values of the type are the same on the wire.
    #[must_use]
    pub const fn new(name: &'static str, doc: &'static str) -> Self
    where
        T: NebulaType,
    {
        assert!(!T::MERGES_NONE, "{}", MERGED);
        Self {
            name,
            doc,
            default: None,
            literal_type: T::literal_type,
            decode: T::decode,
            encode: T::encode,
            absent: T::absent,
            shapes: T::shapes,
        }
    }
}

impl<T> Param<T> {
    /// The value when the input is absent.
    #[must_use]
    pub const fn default(mut self, value: fn() -> T) -> Self {
        self.default = Some(value);
        self
    }

    /// Takes the input's value: the literal, else the default, else what stands for an absent value.
    ///
    /// # Errors
    /// With the input's name: when the literal is not a `T`, or there is none and it has to be there.
    pub fn take(&self, inputs: &mut Inputs<'_>) -> Result<T> {
        match inputs.take(self.name) {
            // The default of a field that is left out is the user's own code.
            Some(literal) => told(|| (self.decode)(literal))
                .unwrap_or_else(|panic| Err(panicked("a default in the value", panic)))
                .map_err(|error| error.at_field(self.name)),
            None => match self.default {
                Some(default) => {
                    told(default).map_err(|panic| panicked("the input is missing, and its default", panic).at_field(self.name))
                }
                None => (self.absent)().ok_or_else(|| self.missing()),
            },
        }
    }

    #[cold]
    fn missing(&self) -> Error {
        let expected = (self.literal_type)(&Dialect::FLYTE_1);
        Error::new(ErrorKind::Missing, format!("the input is missing; expected `{expected}`")).at_field(self.name)
    }
}

/// The error of a value whose default, which is the user's own code, panicked.
#[cold]
fn panicked(what: &str, panic: Panicked) -> Error {
    Error::new(ErrorKind::Missing, format!("{what} panicked at {panic}")).with_source(panic)
}

/// A [`Param`] of any type.
pub trait AnyParam: Sync + std::fmt::Debug {
    /// The input's name.
    fn name(&self) -> &'static str;

    /// The parameter's doc comment; empty when there is none.
    fn doc(&self) -> &'static str;

    /// The input's type.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// The literal of the default, if the parameter has one.
    ///
    /// # Errors
    /// When the default cannot be encoded.
    fn default_literal(&self, dialect: &'static Dialect) -> Option<Result<Vec<u8>>>;

    /// Whether the input may be left out.
    fn is_optional(&self) -> bool;

    /// Adds the structs and enums that the input's type names.
    fn shapes(&self, shapes: &mut Shapes);
}

impl<T> AnyParam for Param<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        // Defaults of fields are the user's own code, and those that panic are left out.
        silently(|| (self.literal_type)(dialect))
    }

    fn default_literal(&self, dialect: &'static Dialect) -> Option<Result<Vec<u8>>> {
        let default = self.default?;
        let mut encoder = Encoder::new(dialect);
        Some(
            told(default)
                .map_err(|panic| panicked("the default", panic))
                .and_then(|value| (self.encode)(&value, &mut encoder))
                .map(|()| encoder.finish()),
        )
    }

    fn is_optional(&self) -> bool {
        self.default.is_some() || (self.absent)().is_some()
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }
}

/// The outputs of a task whose function returns `R`, typed; the bound is named once, as in [`Param`].
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
    pub fn blocking(&'static self, function: impl FnOnce() -> R + Send + 'static) -> Call {
        Call(CallKind::Blocking(Box::new(move |dialect, outbox| self.outcome(function(), dialect, outbox))))
    }

    /// A call of an async function.
    pub fn future(&'static self, future: impl Future<Output = R> + Send + 'static) -> Call {
        Call(CallKind::Future(Box::new(move |dialect, outbox| Box::pin(async move { self.outcome(future.await, dialect, outbox) }))))
    }

    fn outcome(&self, returned: R, dialect: &'static Dialect, outbox: Outbox) -> Ended {
        let mut writer = OutputWriter::new(self.names, dialect, outbox);
        (self.write)(returned, &mut writer)?;
        Ok(writer.finish())
    }
}

/// [`Returns`] of any type.
pub trait AnyReturns: Sync + std::fmt::Debug {
    /// The outputs' names and types, in the order in which they are declared.
    fn variables(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)>;

    /// Adds the structs and enums that the outputs' types name.
    fn shapes(&self, shapes: &mut Shapes);
}

impl<R> AnyReturns for Returns<R> {
    fn variables(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)> {
        self.names.iter().copied().zip(silently(|| (self.literal_types)(dialect))).collect()
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }
}

/// A task's function with its inputs, ready to run.
pub struct Call(pub(crate) CallKind);

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").finish_non_exhaustive()
    }
}

/// How a task's function ended.
pub(crate) type Ended = Result<Written, Unsuccessful>;

/// A future of a task's end.
pub(crate) type CallFuture = Pin<Box<dyn Future<Output = Ended> + Send>>;

pub(crate) enum CallKind {
    /// Blocks its thread until the task has ended.
    Blocking(Box<dyn FnOnce(&'static Dialect, Outbox) -> Ended + Send>),
    /// Is polled until the task has ended.
    Future(Box<dyn FnOnce(&'static Dialect, Outbox) -> CallFuture + Send>),
}
