//! What workflows and dynamic tasks may return: promises.

use crate::workflow::node::Source;
use crate::workflow::parts::outputs;
use crate::workflow::promise::Promise;

/// What a workflow may return: `Promise<T>`, a tuple of promises, or `Promise<()>` for one that is there for its effects.
#[diagnostic::on_unimplemented(
    message = "a workflow cannot return `{Self}`",
    label = "expected promises",
    note = "return `Promise<T>`, a tuple of promises, or `Promise<()>` for a workflow that is there for its effects"
)]
pub trait WorkflowReturn: 'static {
    /// What comes of it, which is judged where the workflow is defined.
    type Outputs;

    #[doc(hidden)]
    fn __into_source(self) -> Source;
}

impl<O: 'static> WorkflowReturn for Promise<O> {
    type Outputs = O;

    fn __into_source(self) -> Source {
        Self::__into_source(self)
    }
}

/// [`WorkflowReturn`] with the outputs as a parameter.
///
/// Where the compiler does not know `O`, because a function returns what no workflow can, it has said so already, and is silent about this bound.
pub trait WorkflowReturns<O>: 'static {
    /// Where the outputs come from.
    fn promised(self) -> Source;
}

impl<R: WorkflowReturn> WorkflowReturns<R::Outputs> for R {
    fn promised(self) -> Source {
        self.__into_source()
    }
}

/// What a dynamic task may return: promises, or a `Result` of them.
#[diagnostic::on_unimplemented(
    message = "a task cannot return `{Self}`",
    label = "neither promises nor a `Result` of promises",
    note = "a task that builds a graph while it runs returns `Promise<T>`, a tuple of promises, or a `Result` of either"
)]
pub trait DynamicReturn: 'static {
    /// What comes of the graph, which is judged where the task is defined.
    type Outputs;

    #[doc(hidden)]
    fn __into_source(self) -> anyhow::Result<Source>;
}

impl<O: 'static> DynamicReturn for Promise<O> {
    type Outputs = O;

    fn __into_source(self) -> anyhow::Result<Source> {
        Ok(Self::__into_source(self))
    }
}

impl<R: DynamicReturn, E: Into<anyhow::Error> + 'static> DynamicReturn for Result<R, E> {
    type Outputs = R::Outputs;

    fn __into_source(self) -> anyhow::Result<Source> {
        self.map_err(Into::into)?.__into_source()
    }
}

macro_rules! tuples {
    ($($($element:ident $index:tt),*;)*) => {$(
        impl<$($element: 'static),*> WorkflowReturn for ($(Promise<$element>,)*) {
            type Outputs = ($($element,)*);

            fn __into_source(self) -> Source {
                outputs::<Self::Outputs>(vec![$(self.$index.__into_source()),*]).__into_source()
            }
        }

        impl<$($element: 'static),*> DynamicReturn for ($(Promise<$element>,)*) {
            type Outputs = ($($element,)*);

            fn __into_source(self) -> anyhow::Result<Source> {
                Ok(WorkflowReturn::__into_source(self))
            }
        }
    )*};
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
}
