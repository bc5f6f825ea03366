//! What becomes of the graph that a dynamic task gave, where a platform runs it.

/// What the container of a dynamic task leaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Grown {
    /// A `DynamicJobSpec`, encoded: the platform runs it in place of the task.
    Job(Vec<u8>),
    /// A `LiteralMap`, encoded: the outputs of a graph without nodes, which the platform refuses.
    Outputs(Vec<u8>),
}
