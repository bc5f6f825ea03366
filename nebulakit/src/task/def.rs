//! A task without its types: what the registry holds, and what runs it.
//!
//! `#[task]` writes one [`Param`](super::param::Param) per input, one [`Returns`](super::returns::Returns), one [`TaskOptions`] and one
//! [`TaskDef`] that points at them, all constants; everything that runs is in the library.

use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::{Dialect, Literal, Result};

use crate::task::context::Context;
use crate::task::inputs::Inputs;
use crate::task::options::TaskOptions;
#[cfg(feature = "run")]
use crate::task::panic::told;
use crate::task::param::AnyParam;
use crate::task::returns::{AnyReturns, Prepared};

/// A task as a type: what `#[task]` makes beside the function, under the function's name.
///
/// It cannot be implemented by hand.
///
/// # Examples
/// ```
/// use nebulakit::Task;
/// use nebulakit::prelude::*;
///
/// /// Divides `a` by `b`.
/// #[task(retries = 3)]
/// fn divider(a: f64, b: f64) -> f64 {
///     a / b
/// }
///
/// fn retries<T: Task>() -> u32 {
///     T::def().options().retries
/// }
/// # fn main() {
/// assert_eq!(retries::<divider>(), 3);
/// assert_eq!(divider::def().doc(), "Divides `a` by `b`.");
/// # }
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` is not a task", label = "`#[task]` makes a type of the function's name one")]
pub trait Task: Sealed {
    /// What it gives.
    type Outputs: TaskOutputs;

    /// The task as data.
    fn def() -> &'static TaskDef;
}

/// Only `#[task]` implements it.
pub trait Sealed {}

/// One task of this binary, as data.
#[derive(Debug)]
pub struct TaskDef {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) params: &'static [&'static dyn AnyParam],
    pub(crate) returns: &'static dyn AnyReturns,
    pub(crate) options: &'static TaskOptions,
    pub(crate) is_async: bool,
    pub(crate) prepare: Prepare,
}

/// Converts the inputs; the task's own code runs when what it gives does.
pub(crate) type Prepare = fn(&mut Inputs<'_>, Context) -> Result<Prepared>;

/// What `#[task]` knows of a task.
#[derive(Debug)]
pub struct TaskParts {
    /// Its full name, segments joined by dots.
    pub name: &'static str,
    /// Its doc comment; empty when there is none.
    pub doc: &'static str,
    /// The file and the line that it is written at.
    pub at: (&'static str, u32),
    /// Its inputs, in the order of the signature.
    pub params: &'static [&'static dyn AnyParam],
    /// Its outputs.
    pub returns: &'static dyn AnyReturns,
    /// What it asks of the platform.
    pub options: &'static TaskOptions,
    /// Whether its function is async.
    pub is_async: bool,
    /// Converts the inputs.
    pub prepare: Prepare,
}

impl TaskDef {
    /// For expansions alone.
    #[doc(hidden)]
    #[must_use]
    pub const fn of(parts: TaskParts) -> Self {
        let TaskParts { name, doc, at: (file, line), params, returns, options, is_async, prepare } = parts;
        Self { name, doc, file, line, params, returns, options, is_async, prepare }
    }

    /// Its full name, segments joined by dots.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its doc comment; empty when there is none.
    #[must_use]
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// The source file that it is written in, as the compiler was told its path.
    #[must_use]
    pub fn file(&self) -> &'static str {
        self.file
    }

    /// The line of the file that it begins on.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Whether its function is async.
    #[must_use]
    pub fn is_async(&self) -> bool {
        self.is_async
    }

    /// The value of the input `name` where it is left out: that of `#[default(..)]`; none for an `Option`; [`None`] where it has to be given,
    /// and where there is no such input.
    ///
    /// # Errors
    /// When the default cannot be made or encoded: it is the author's own code.
    pub fn default_of(&self, name: &str) -> Result<Option<Literal>> {
        let Some(param) = self.params.iter().find(|param| param.name() == name) else { return Ok(None) };
        match param.default_literal(&Dialect::FLYTE_1) {
            Some(literal) => literal.and_then(|literal| Literal::decode(&literal)).map(Some).map_err(|error| error.at_field(name)),
            None => Ok(param.is_optional().then(Literal::none)),
        }
    }

    /// Why the types of the task cannot be told, if they cannot: types that hold each other have no end.
    #[cfg(feature = "run")]
    pub(crate) fn undescribable(&self, dialect: &Dialect) -> Option<String> {
        let described = told(|| {
            for param in self.params {
                param.literal_type(dialect);
            }
            self.returns.variables(dialect);
        });
        described.err().map(|panic| panic.to_string())
    }

    /// What it asks of the platform.
    #[must_use]
    pub fn options(&self) -> &'static TaskOptions {
        self.options
    }
}
