//! Nodes by themselves: their order, and how those are kept that give nothing.

use std::panic::Location;
use std::sync::Arc;

use crate::workflow::node::Source;
use crate::workflow::promise::Promise;

/// What names nodes: a promise, a reference to one, or a tuple, array, slice or [`Vec`] of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a node",
    label = "expected a promise, a reference to one, or a tuple, array or `Vec` of them"
)]
pub trait Nodes {
    #[doc(hidden)]
    fn __into_sources(self) -> Vec<Source>;
}

impl<T: ?Sized> Nodes for Promise<T> {
    fn __into_sources(self) -> Vec<Source> {
        match self.__into_source() {
            // In place where nobody else holds it, so that a loop that gathers nodes makes neither a deep nest nor a copy each time.
            Source::All(list) => Arc::try_unwrap(list).unwrap_or_else(|list| vec![Source::All(list)]),
            source => vec![source],
        }
    }
}

impl<T: ?Sized> Nodes for &Promise<T> {
    fn __into_sources(self) -> Vec<Source> {
        vec![self.source().clone()]
    }
}

impl<N: Nodes> Nodes for Vec<N> {
    fn __into_sources(self) -> Vec<Source> {
        self.into_iter().flat_map(N::__into_sources).collect()
    }
}

impl<T> Nodes for &Vec<Promise<T>> {
    fn __into_sources(self) -> Vec<Source> {
        self.as_slice().__into_sources()
    }
}

impl<T> Nodes for &[Promise<T>] {
    fn __into_sources(self) -> Vec<Source> {
        self.iter().map(|promise| promise.source().clone()).collect()
    }
}

impl<N: Nodes, const LEN: usize> Nodes for [N; LEN] {
    fn __into_sources(self) -> Vec<Source> {
        self.into_iter().flat_map(N::__into_sources).collect()
    }
}

macro_rules! tuples {
    ($($first:ident $($element:ident)*;)*) => {$(
        impl<$first: Nodes, $($element: Nodes),*> Nodes for ($first, $($element,)*) {
            #[allow(non_snake_case)]
            fn __into_sources(self) -> Vec<Source> {
                let ($first, $($element,)*) = self;
                #[allow(unused_mut)]
                let mut sources = $first.__into_sources();
                $(sources.extend($element.__into_sources());)*
                sources
            }
        }
    )*};
}

tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H; A B C D E F G H I; A B C D E F G H I J;
    A B C D E F G H I J K; A B C D E F G H I J K L;
}

impl<T: ?Sized> Promise<T> {
    /// The node starts only when `earlier` has ended, though it takes nothing from it.
    ///
    /// It is for what `::node(..)` or `::map(..)` just gave, a gate or a condition.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::prelude::*;
    ///
    /// #[task]
    /// fn notify(text: String) {
    ///     let _ = text;
    /// }
    ///
    /// #[workflow]
    /// fn in_order() -> Promise<()> {
    ///     let first = notify::node("first");
    ///     notify::node("second").after(first)
    /// }
    /// # fn main() -> anyhow::Result<()> {
    /// # in_order::graph()?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn after(self, earlier: impl Nodes) -> Self {
        let sources = earlier.__into_sources();
        self.change(Location::caller(), "after", |node| {
            node.after.extend(sources);
            Ok(())
        })
    }

    /// The same value, which brings `others` along: their nodes are in the workflow wherever this value is, in no order.
    ///
    /// # Examples
    /// ```
    /// # use nebulakit::prelude::*;
    /// # #[task]
    /// # fn notify(text: String) {
    /// #     let _ = text;
    /// # }
    /// #[workflow]
    /// fn told(x: Promise<i64>) -> Promise<i64> {
    ///     x.also(notify::node("it runs"))
    /// }
    /// # fn main() -> anyhow::Result<()> {
    /// # told::graph()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn also(self, others: impl Nodes) -> Self {
        let others = others.__into_sources();
        Self::new(match self.__into_source() {
            Source::Also(mut also) => {
                Arc::make_mut(&mut also).1.extend(others);
                Source::Also(also)
            }
            source => Source::Also(Arc::new((source, others))),
        })
    }

    /// The node without its value: what a workflow returns that is there for its effects.
    pub fn done(&self) -> Promise<()> {
        Promise::new(Source::All(Arc::new(vec![self.source().clone()])))
    }
}

/// No value, when all of `nodes` have ended.
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn notify(text: String) {
///     let _ = text;
/// }
///
/// #[workflow]
/// fn both() -> Promise<()> {
///     all((notify::node("one"), notify::node("other")))
/// }
/// # fn main() -> anyhow::Result<()> {
/// # both::graph()?;
/// # Ok(())
/// # }
/// ```
pub fn all(nodes: impl Nodes) -> Promise<()> {
    Promise::new(Source::All(Arc::new(nodes.__into_sources())))
}
