//! A task without its types: what the registry holds, and what runs it.
//!
//! `#[task]` writes one [`Param`](super::param::Param) per input, one [`TaskOptions`] and one [`TaskDef`] that points at them, all constants,
//! and implements [`Sealed`]; everything that runs is in the library.

use std::future::Future;
use std::sync::Arc;

use nebulakit_types::convert::MERGED;
use nebulakit_types::outputs::TaskOutputs;
use nebulakit_types::{Dialect, Error, ErrorKind, Literal, LiteralType, Result};

use crate::task::container::ContainerSpec;
use crate::task::context::Context;
use crate::task::grown::Grown;
use crate::task::inputs::Inputs;
use crate::task::mock::{Mock, MockReturn};
use crate::task::options::TaskOptions;
#[cfg(feature = "run")]
use crate::task::panic::told;
use crate::task::param::AnyParam;
use crate::task::reference::ReferenceSpec;
use crate::task::returns::{AnyReturns, Prepared, Returns, ReturnsAs};
#[cfg(feature = "coordinator")]
use crate::task::strategy::Strategy;

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

/// Only `#[task]` implements it. It is a single `impl` for each task, so that two tasks of one name give few errors.
///
/// The outputs are told here alone, by what the function returns: a type that no task can return is one error, at the type.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a task", label = "`#[task]` makes a type of the function's name one")]
pub trait Sealed {
    /// The outputs.
    type Gives: TaskOutputs;

    /// What the function returns.
    type Returned: ReturnsAs<Self::Gives>;

    /// The task as data.
    fn data() -> &'static TaskDef;
}

impl<T: Sealed> Task for T {
    type Outputs = T::Gives;

    fn def() -> &'static TaskDef {
        T::data()
    }
}

/// The names of the outputs of `T`: those given, else those of the type.
///
/// # Panics
/// In a constant, at compile time: when the number of names is not the number of outputs, and when two values of an output are the same on
/// the wire.
#[must_use]
pub const fn output_names<T: Sealed>(given: &'static [&'static str]) -> &'static [&'static str] {
    assert!(!T::Gives::MERGES_NONE, "{}", MERGED);
    let own = T::Gives::NAMES;
    assert!(given.is_empty() || given.len() == own.len(), "`outputs(..)` does not name exactly the values that the task returns");
    if given.is_empty() { own } else { given }
}

/// Checks that a container task can give what `T` does.
///
/// # Panics
/// In a constant, at compile time: when Flyte's copilot cannot collect one of the outputs.
#[track_caller]
pub const fn outputs_as_files<T: Sealed>() {
    let kinds = T::Gives::KINDS;
    let mut index = 0;
    while index < kinds.len() {
        if let Some(reason) = kinds[index].refused_as_output() {
            panic!("{}", reason);
        }
        index += 1;
    }
}

/// What a function has that can be called. No task without one does.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no body to be called: its code is elsewhere",
    label = "a task without a body",
    note = "`{Self}::node(..)` puts it into a workflow; a container task also runs by `{Self}::call(&ctx, ..)`, by a coordinator and by `run`; a body would stand in for it in tests"
)]
pub trait HasBody {}

/// Stands for the function of a task without a body.
///
/// # Errors
/// Always: runs of such a task end before.
pub fn without_body(_: &mut Inputs<'_>, _: Context) -> Result<Prepared> {
    Err(Error::new(ErrorKind::Mismatch, "the task has no body"))
}

/// A call of `T`'s function, which blocks its thread.
pub fn blocking<T: Sealed>(function: impl FnOnce() -> T::Returned + Send + 'static) -> Prepared {
    Returns::<T::Returned, T::Gives>::blocking(T::data().outputs, function)
}

/// A call of `T`'s function, which is async.
pub fn future<T: Sealed>(future: impl Future<Output = T::Returned> + Send + 'static) -> Prepared {
    Returns::<T::Returned, T::Gives>::future(T::data().outputs, future)
}

/// A task for which closures that return `R` stand in. It is a bound that names a parameter, so that outputs that do not travel are judged where
/// they are told, and not again by the verb.
pub trait Mocked<R, M> {
    /// A closure in place of the task's function, and how it takes the inputs.
    fn mock<A: Send + 'static>(take: fn(&mut Inputs<'_>) -> Result<A>, closure: impl Fn(A) -> R + Send + Sync + 'static) -> Mock;
}

impl<T: Sealed, R: MockReturn<T::Gives, M>, M> Mocked<R, M> for T {
    fn mock<A: Send + 'static>(take: fn(&mut Inputs<'_>) -> Result<A>, closure: impl Fn(A) -> R + Send + Sync + 'static) -> Mock {
        let closure = Arc::new(closure);
        Mock::new(T::data().name, move |inputs| {
            let (taken, closure) = (take(inputs)?, Arc::clone(&closure));
            Ok(R::prepared(T::data().outputs, move || closure(taken)))
        })
    }
}

/// The value of `T`'s input at `index`, whose type is `V`.
///
/// # Errors
/// As of [`Param::take`](super::param::Param::take).
pub fn taken<T: Sealed, V: 'static>(inputs: &mut Inputs<'_>, index: usize) -> Result<V> {
    T::data().params[index].take(inputs)
}

/// One task of this binary, as data.
#[derive(Debug)]
pub struct TaskDef {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    /// The digests of what its function and its options are written as.
    #[cfg_attr(not(feature = "run"), expect(dead_code, reason = "runs record them"))]
    pub(crate) digests: (u64, u64),
    pub(crate) params: &'static [&'static dyn AnyParam],
    pub(crate) outputs: &'static [&'static str],
    pub(crate) returns: &'static dyn AnyReturns,
    pub(crate) options: &'static TaskOptions,
    pub(crate) container: Option<&'static ContainerSpec>,
    pub(crate) has_body: bool,
    pub(crate) is_async: bool,
    /// Whether it gives a graph instead of values.
    pub(crate) is_dynamic: bool,
    /// What makes a platform's job of that graph.
    pub(crate) grow: Option<Grow>,
    /// Where it is registered, if elsewhere.
    pub(crate) reference: Option<&'static ReferenceSpec>,
    pub(crate) prepare: Prepare,
}

/// Makes what the container of a task leaves of the graph that the task gave, as JSON. The last argument is the `TaskTemplate` that the task is
/// registered with, encoded.
///
/// A dynamic task has it as a pointer, so that a program without one does not contain it.
pub(crate) type Grow = fn(&'static TaskDef, &str, &[u8]) -> Result<Grown, String>;

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
    /// The digests of what its function and its options are written as.
    pub digests: (u64, u64),
    /// Its inputs, in the order of the signature.
    pub params: &'static [&'static dyn AnyParam],
    /// The names of its outputs.
    pub outputs: &'static [&'static str],
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
    pub const fn of<T: Sealed>(parts: TaskParts) -> Self {
        let TaskParts { name, doc, at: (file, line), digests, params, outputs, options, is_async, prepare } = parts;
        let returns = const { &Returns::<T::Returned, T::Gives>::new() };
        let is_dynamic = <T::Returned as ReturnsAs<T::Gives>>::IS_DYNAMIC;
        Self {
            name,
            doc,
            file,
            line,
            digests,
            params,
            outputs,
            returns,
            options,
            container: None,
            has_body: true,
            is_async,
            is_dynamic,
            grow: None,
            reference: None,
            prepare,
        }
    }

    /// For expansions alone: the task is a program in an image. Where it `has_body`, that stands in for the program in tests.
    #[doc(hidden)]
    #[must_use]
    pub const fn in_container(self, container: &'static ContainerSpec, has_body: bool) -> Self {
        Self { container: Some(container), has_body, ..self }
    }

    /// For expansions alone: what makes a platform's job of the graph that the task gives.
    #[doc(hidden)]
    #[must_use]
    pub const fn grown_by(self, grow: Grow) -> Self {
        Self { grow: Some(grow), ..self }
    }

    /// For expansions alone: the task is registered elsewhere. Where it `has_body`, that stands in for it in tests.
    #[doc(hidden)]
    #[must_use]
    pub const fn registered_as(self, reference: &'static ReferenceSpec, has_body: bool) -> Self {
        Self { reference: Some(reference), has_body, ..self }
    }

    /// The outputs' names and types, in the order in which they are declared.
    pub(crate) fn output_types(&self, dialect: &Dialect) -> Vec<(&'static str, LiteralType)> {
        self.outputs.iter().copied().zip(self.returns.literal_types(dialect)).collect()
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

    /// Whether it returns promises: a graph, which runs in its place.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.is_dynamic
    }

    /// Where it is registered, if its code is elsewhere.
    #[must_use]
    pub fn reference(&self) -> Option<&'static ReferenceSpec> {
        self.reference
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

    /// The image and the command of a container task; [`None`] for a task that is a function of this binary.
    #[must_use]
    pub fn container(&self) -> Option<&'static ContainerSpec> {
        self.container
    }

    /// Why the types of the task cannot be told, if they cannot: types that hold each other have no end.
    #[cfg(feature = "run")]
    pub(crate) fn undescribable(&self, dialect: &Dialect) -> Option<String> {
        let described = told(|| {
            for param in self.params {
                param.literal_type(dialect);
            }
            self.output_types(dialect);
        });
        described.err().map(|panic| panic.to_string())
    }

    /// How it is run in this process where nobody says otherwise.
    #[cfg(feature = "coordinator")]
    pub(crate) fn at_home(&self) -> Strategy {
        if self.is_async { Strategy::Async } else { Strategy::Thread }
    }

    /// How a local run runs it: as its node says, else its options, else the run, else where its code is at home.
    #[cfg(feature = "run")]
    pub(crate) fn runs_by(&self, of_node: Option<&Strategy>, of_run: Option<&Strategy>) -> Strategy {
        if self.container.is_some() {
            return Strategy::Container;
        }
        if self.is_dynamic {
            // What it gives is made of functions of this process.
            return self.at_home();
        }
        of_node.or(self.options.strategy.as_ref()).or(of_run).cloned().unwrap_or_else(|| self.at_home())
    }

    /// What it asks of the platform.
    #[must_use]
    pub fn options(&self) -> &'static TaskOptions {
        self.options
    }
}
