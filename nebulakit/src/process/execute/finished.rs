//! What a task that succeeded leaves.

use bytes::Bytes;
use nebulakit_types::Literal;
use nebulakit_types::literal::{LiteralValue, Primitive};
use nebulakit_types::outputs::Output;

use crate::process::documents::Limits;
use crate::task::def::{Grow, TaskDef};
use crate::task::failure::{Failure, code};
use crate::task::grown::Grown;
use crate::task::run::Returned;

/// What a task that succeeded leaves to be stored.
pub(super) enum Finished {
    /// Its outputs.
    Values(Returned, Limits),
    /// A document that is stored as it is.
    Document { name: &'static str, contents: Bytes },
}

/// What a dynamic task leaves, whose one output is a graph: a job in place of outputs, or the outputs of a graph without nodes.
///
/// # Errors
/// When the platform would not run the graph, or `template` is not that of the task.
pub(super) fn grown(task: &'static TaskDef, grow: Grow, outputs: &[Output], template: &[u8]) -> Result<Finished, Failure> {
    // Another attempt gives the same graph.
    let wrong = |message| Failure { recoverable: Some(false), ..Failure::user(code::NO_GRAPH, message) };
    let graph = outputs.first().map(|graph| Literal::decode(&graph.literal)).transpose();
    let graph = graph.map_err(|error| Failure::of_outputs(&error))?.map(|graph| graph.value);
    let Some(LiteralValue::Primitive(Primitive::String(json))) = graph else {
        return Err(wrong(format!("the task `{}` gave no graph", task.name)));
    };
    Ok(grow(task, &json, template).map_err(wrong)?.into())
}

impl From<Grown> for Finished {
    fn from(grown: Grown) -> Self {
        match grown {
            Grown::Job(contents) => Self::Document { name: "futures.pb", contents: contents.into() },
            Grown::Outputs(contents) => Self::Document { name: "outputs.pb", contents: contents.into() },
        }
    }
}
