//! What becomes of the graph that a dynamic task gave, where a platform runs it.

use crate::task::def::TaskDef;

/// Makes what the container of a task leaves of the graph that the task gave, as JSON. The last argument is the `TaskTemplate` that the task is
/// registered with, encoded.
///
/// A dynamic task has it as a pointer, so that a program without one does not contain it.
pub(crate) type Grow = fn(&'static TaskDef, &str, &[u8]) -> Result<Grown, String>;

/// What the container of a dynamic task leaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Grown {
    /// A `DynamicJobSpec`, encoded: the platform runs it in place of the task.
    Job(Vec<u8>),
    /// A `LiteralMap`, encoded: the outputs of a graph without nodes, which the platform refuses.
    Outputs(Vec<u8>),
}
