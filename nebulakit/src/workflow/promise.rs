//! A value that a node will produce.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::{Arc, OnceLock};

use nebulakit_types::{Dialect, NebulaType, encode};

use crate::graph::{Place, Problem, ProblemKind};
use crate::workflow::node::{Node, Source};

/// A value that is not there yet: what an input of a workflow, the output of a node or a constant is while a workflow is written.
///
/// It is cheap to clone, and whatever takes a promise takes a reference to one as well. A part of a value is a promise too:
///
/// | of a | written |
/// | --- | --- |
/// | struct with `#[derive(NebulaType)]` | `&config.stop.after`, which the compiler checks |
/// | list, map | `xs.at(0)`, `parts.key("a")` |
/// | tuple of outputs | `&pair.0`, or `.split()` for all of them |
/// | struct with `#[derive(TaskOutputs)]` | `&trained.score` |
///
/// What the result of a workflow does not need is not part of the workflow. A node that is there for its effect is kept by
/// [`after`](Promise::after), by [`also`](Promise::also), or as the result itself.
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
/// #[workflow]
/// fn quadruple(x: Promise<i64>) -> Promise<i64> {
///     let twice = double::node(&x);
///     double::node(twice).retries(3)
/// }
/// # fn main() -> anyhow::Result<()> {
/// assert_eq!(quadruple::graph()?.body.nodes.len(), 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "a promise that nothing uses is not in the workflow: return it, pass it to another node, or keep its node with `.also(..)` or `.after(..)`"]
pub struct Promise<T: ?Sized> {
    // Named so that no field of a user's struct is hidden by it.
    __nk: Handle,
    __of: PhantomData<fn() -> Box<T>>,
}

struct Handle {
    source: Source,
    /// The promises of its parts, made when one is first asked for.
    parts: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl<T: ?Sized> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self::new(self.source().clone())
    }
}

impl<T: ?Sized> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promise({:?})", self.source())
    }
}

impl<T: ?Sized> Promise<T> {
    pub(super) fn new(source: Source) -> Self {
        Self { __nk: Handle { source, parts: OnceLock::new() }, __of: PhantomData }
    }

    pub(super) fn of_node(node: Arc<Node>) -> Self {
        Self::new(Source::of_node(node))
    }

    pub(super) fn source(&self) -> &Source {
        &self.__nk.source
    }

    pub(super) fn source_mut(&mut self) -> &mut Source {
        // Parts hold the node, which would then not change any more.
        self.__nk.parts.take();
        &mut self.__nk.source
    }

    /// For expansions alone.
    #[doc(hidden)]
    pub fn __into_source(self) -> Source {
        self.__nk.source
    }

    /// The same value under another type.
    pub(super) fn read_as<U: ?Sized>(self) -> Promise<U> {
        Promise::new(self.__into_source())
    }
}

impl<T: NebulaType> Promise<T> {
    /// A constant.
    ///
    /// It is written in the form of Flyte 1, which every platform reads. A file, a directory or a table of it is where it is: in an
    /// object store, for those that the workflow runs on have no access to this machine.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// let seven: Promise<i64> = Promise::of(7);
    /// # let _ = seven;
    /// ```
    #[track_caller]
    pub fn of(value: T) -> Self {
        constant(value)
    }
}

impl<T: ?Sized> Promise<T> {
    /// The same value, read as another type of the same Flyte type: `u32` as `i64`, an enum as `String`, a struct as another one.
    ///
    /// Whether the platform casts the one to the other is judged when the graph is built.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn small(x: u32) -> u32 {
    ///     x
    /// }
    ///
    /// #[workflow]
    /// fn numbers(x: Promise<i64>) -> Promise<u32> {
    ///     small::node(x.cast::<u32>())
    /// }
    /// # fn main() -> anyhow::Result<()> {
    /// # numbers::graph()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cast<U: NebulaType>(&self) -> Promise<U> {
        Promise::new(self.source().clone())
    }
}

/// A constant of type `T` where a `U` is taken, which has the same literals.
#[track_caller]
pub(super) fn constant<T: NebulaType, U>(value: T) -> Promise<U> {
    Promise::new(written(encode(&value, &Dialect::FLYTE_1), Location::caller()))
}

/// The source of a constant, or the mistake that it cannot be written.
fn written(literal: nebulakit_types::Result<Vec<u8>>, at: &'static Location<'static>) -> Source {
    match literal {
        Ok(literal) => Source::Constant(literal.into()),
        Err(error) => {
            let message = format!("the constant cannot be written: {error}");
            Source::fault(Problem::new(ProblemKind::Limit, message).at(Place::from(at)), Vec::new())
        }
    }
}

/// A list of promises.
pub(super) fn list<T>(sources: impl IntoIterator<Item = Source>) -> Promise<Vec<T>> {
    Promise::new(Source::List(Arc::new(sources.into_iter().collect())))
}

/// A map of promises, of whichever type of maps takes it.
pub(super) fn entries<T, K: Into<String>, M>(entries: impl IntoIterator<Item = (K, Promise<T>)>) -> Promise<M> {
    let entries = entries.into_iter().map(|(key, promise)| (key.into(), promise.__into_source()));
    Promise::new(Source::Map(Arc::new(entries.collect())))
}

/// What has parts: the fields of a struct, and each of several outputs. The derives and tuples implement it.
pub trait Parts: Sized + 'static {
    /// A promise for each part.
    type Parts: Send + Sync + 'static;

    /// The parts of `whole`.
    fn parts(whole: &Promise<Self>) -> Self::Parts;
}

impl<T: Parts> Deref for Promise<T> {
    type Target = T::Parts;

    fn deref(&self) -> &T::Parts {
        let parts = self.__nk.parts.get_or_init(|| Box::new(T::parts(self)));
        parts.downcast_ref().expect("the parts of a promise are made here alone, by its type")
    }
}
