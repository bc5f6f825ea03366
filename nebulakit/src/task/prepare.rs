//! A task with its inputs: checked against what it takes, one element of them where a map task runs.

use std::collections::HashSet;

use nebulakit_types::convert::reader::References;
use nebulakit_types::{Error, ErrorKind, Result};

use crate::task::context::Context;
use crate::task::def::TaskDef;
use crate::task::inputs::Inputs;
use crate::task::returns::Prepared;

/// Which element of its lists a map task's run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// The index into the lists; or why it cannot be told, which is the task's failure.
    pub(crate) index: std::result::Result<usize, String>,
    /// The inputs that are passed whole.
    pub(crate) bound: Vec<String>,
}

/// The function of `task` with these inputs, converted.
pub(super) fn prepare(
    task: &'static TaskDef,
    inputs: &[u8],
    references: References,
    element: Option<&Element>,
    context: &Context,
) -> Result<Prepared> {
    let references = references.within(context.workspace());
    let mut inputs = Inputs::parse(inputs, &references)?;
    reject_surplus(task, &inputs)?;
    if let Some(element) = element {
        select_element(task, &mut inputs, element)?;
    }
    match context.surroundings().mocks.prepare(task.name) {
        Some(mock) => mock(&mut inputs),
        None => (task.prepare)(&mut inputs, context.clone()),
    }
}

/// How many of the names that an error speaks of it names.
const NAMED: usize = 5;

fn reject_surplus(task: &TaskDef, inputs: &Inputs<'_>) -> Result<()> {
    let known: Vec<_> = task.params.iter().map(|param| param.name()).collect();
    let taken: HashSet<_> = known.iter().copied().collect();
    let mut surplus = inputs.names().filter(|name| !taken.contains(name));
    let named: Vec<_> = surplus.by_ref().take(NAMED).collect();
    if named.is_empty() {
        return Ok(());
    }
    let others = match surplus.count() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let message = format!("the task `{}` takes the inputs [{}]; [{}]{others} came besides", task.name, known.join(", "), named.join(", "));
    Err(Error::new(ErrorKind::Mismatch, message))
}

fn select_element(task: &TaskDef, inputs: &mut Inputs<'_>, map: &Element) -> Result<()> {
    let index = map.index.as_ref().map_err(|message| Error::new(ErrorKind::Mismatch, message.clone()))?;
    let known: HashSet<_> = task.params.iter().map(|param| param.name()).collect();
    if let Some(name) = map.bound.iter().find(|name| !known.contains(name.as_str())) {
        let message = format!("`--bound` names the input `{name}`, which the task `{}` does not have", task.name);
        return Err(Error::new(ErrorKind::Mismatch, message));
    }
    let bound: HashSet<_> = map.bound.iter().map(String::as_str).collect();
    let mut mapped = task.params.iter().filter(|param| !bound.contains(param.name()));
    mapped.try_for_each(|param| inputs.select(param.name(), *index))
}
