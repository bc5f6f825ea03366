//! Tests of tasks: a run without a platform, with inputs and outputs as values and with fakes for what a platform provides.
//!
//! A test can call a task's function directly. A run does more: values are converted as on a platform, defaults are used, the outputs are checked
//! against the interface, files are stored and read again, and the error has the code that a console shows.
//!
//! ```
//! use nebulakit::prelude::*;
//! use nebulakit::testing;
//!
//! /// Divides `a` by `b`.
//! #[task]
//! fn divider(a: f64, #[default(2.0)] b: f64) -> anyhow::Result<f64> {
//!     anyhow::ensure!(b != 0.0, "cannot divide {a} by zero");
//!     Ok(a / b)
//! }
//! # fn main() -> Result<(), testing::RunError> {
//!
//! assert_eq!(testing::run_blocking(divider::with(7.0, Default))?, 3.5);
//! let error = testing::run_blocking(divider::with(7.0, 0.0)).unwrap_err();
//! assert_eq!((error.code(), error.message()), ("USER:RuntimeError", "cannot divide 7 by zero"));
//! # Ok(())
//! # }
//! ```
//!
//! In async tests, `testing::run(divider::with(7.0, 2.0)).await` does the same. [`Harness`] gives a task secrets, a checkpoint or other stores, and
//! returns what it left besides its outputs: decks, metrics, progress, log.
//!
//! [`assert_nodes`], [`assert_order`] and [`assert_given`] check the graph of a workflow.

#[cfg(feature = "run")]
pub mod backend_conformance;
mod broken;
mod error;
mod graphs;
mod harness;
mod recorded;
pub mod store_conformance;

pub use self::error::RunError;
pub use self::graphs::{assert_given, assert_nodes, assert_order};
pub use self::harness::{Harness, Run};
pub use self::recorded::Line;
use crate::Invocation;
use crate::TaskOutputs;
#[cfg(feature = "run")]
pub use crate::backend::{Mock, MockReturn, RunLocal};

/// Runs a task with the values of `invocation`, on the runtime that polls this, in a separate folder. Returned files, directories and tables
/// live as long as a value that was returned with them.
///
/// The task's `timeout` applies; [`Harness::deadline`] sets a different one for a test. Both need a runtime with timers, such as that of
/// `#[tokio::test]`.
///
/// # Errors
/// When the task fails, with the code and the kind that would be reported to a platform.
pub async fn run<O: TaskOutputs>(invocation: Invocation<O>) -> Result<O, RunError> {
    Harness::new().run(invocation).await.outputs
}

/// The same in code that is not async, such as a plain `#[test]`.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// In async code, where [`run`] does the same.
pub fn run_blocking<O: TaskOutputs>(invocation: Invocation<O>) -> Result<O, RunError> {
    Harness::new().run_blocking(invocation).outputs
}

/// A workflow or a task with its values, which runs in this process when it is awaited. Tasks can be replaced by [mocks](RunLocal::mock). It is another name
/// for [`Invocation::run_local`].
///
/// # Examples
/// ```
/// use nebulakit::prelude::*;
/// use nebulakit::testing;
///
/// #[task]
/// fn divide(a: i64, b: i64) -> anyhow::Result<(i64, i64)> {
///     anyhow::bail!("the divider for {a} and {b} is not here")
/// }
///
/// #[workflow]
/// fn quotients(a: Promise<Vec<i64>>) -> Promise<Vec<i64>> {
///     divide::map(a, 3).0.clone()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), nebulakit::backend::RunError> {
/// let run = testing::run_local(quotients::with(vec![3, 7])).mock(divide::mock(|a, b| (a / b, 0)));
/// assert_eq!(run.await?, [1, 2]);
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "run")]
pub fn run_local<O: TaskOutputs>(invocation: Invocation<O>) -> RunLocal<O> {
    invocation.run_local()
}

/// The lines of `nodes.jsonl` in the plan of a graph, or why there are none.
#[cfg(feature = "run")]
#[doc(hidden)]
pub fn lines_of_a_plan(graph: &crate::graph::Graph) -> Result<Vec<u8>, String> {
    crate::backend::node::lines_of(graph)
}
