//! The inputs of one call: read by name, checked against the task, one element of them where a map task runs.

use std::collections::{HashMap, HashSet};

use nebulakit_types::convert::reader::{Entries, LiteralRef, LiteralView, References};
use nebulakit_types::{Error, ErrorKind, Result};

use crate::task::context::Context;
use crate::task::def::{Call, TaskDef};

/// Which element of its lists a map task's run takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// The index into the lists; or why it cannot be told, which is the task's failure.
    pub(crate) index: std::result::Result<usize, String>,
    /// The inputs that are passed whole.
    pub(crate) bound: Vec<String>,
}

/// The inputs of one call, by name.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// In the order in which their names first came; without those that a parameter has taken.
    entries: Vec<Option<(&'a str, LiteralRef<'a>)>>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Inputs<'a> {
    /// The inputs of an `inputs.pb` with these bytes, and what its literals refer to. Of a name that comes twice the last literal counts.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a map of literals.
    pub fn parse(bytes: &'a [u8], references: &'a References) -> Result<Self> {
        let mut inputs = Self { entries: Vec::new(), places: HashMap::new() };
        let mut fields = Entries::of_map(bytes, references);
        while let Some((name, literal)) = fields.next()? {
            let place = *inputs.places.entry(name).or_insert(inputs.entries.len());
            match inputs.entries.get_mut(place) {
                Some(entry) => *entry = Some((name, literal)),
                None => inputs.entries.push(Some((name, literal))),
            }
        }
        Ok(inputs)
    }

    /// Replaces the input `name`, a list, by its element `index`; an input that is not there stays absent.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when the input is no list, [`ErrorKind::OutOfRange`] when the list is too short.
    pub fn select(&mut self, name: &str, index: usize) -> Result<()> {
        let Some((_, literal)) = self.entry(name).and_then(Option::as_mut) else { return Ok(()) };
        let LiteralView::Collection(mut elements) = literal.view()? else {
            return Err(literal.view()?.mismatch("a list to map over").at_field(name));
        };
        let mut length = 0;
        while let Some(element) = elements.next()? {
            if length == index {
                *literal = element;
                return Ok(());
            }
            length += 1;
        }
        Err(Error::new(ErrorKind::OutOfRange, format!("the map index {index} is beyond the list's {length} elements")).at_field(name))
    }

    /// The names that no parameter has taken.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().flatten().map(|(name, _)| *name)
    }

    fn entry(&mut self, name: &str) -> Option<&mut Option<(&'a str, LiteralRef<'a>)>> {
        self.entries.get_mut(*self.places.get(name)?)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<LiteralRef<'a>> {
        self.entry(name)?.take().map(|(_, literal)| literal)
    }
}

/// The call of `task` with these inputs, converted.
pub(super) fn prepare(
    task: &'static TaskDef,
    inputs: &[u8],
    references: References,
    element: Option<&Element>,
    context: &Context,
) -> Result<Call> {
    let references = references.within(context.workspace());
    let mut inputs = Inputs::parse(inputs, &references)?;
    reject_surplus(task, &inputs)?;
    if let Some(element) = element {
        select_element(task, &mut inputs, element)?;
    }
    (task.call)(&mut inputs, context.clone())
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
