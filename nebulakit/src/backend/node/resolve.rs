//! The values that a node takes, from what the nodes before it left.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use nebulakit_types::{Error, ErrorKind};

use super::files;
use super::folder::{PlanFolder, Settled};
use super::line::{BranchLine, Line, When, Work};
use super::lines::Lines;
use crate::backend::values::{self, Lists};
use crate::graph::{Binding, Bound};

/// The name of the file in which a condition's attempt leaves which arm it takes.
pub(super) const ARM: &str = "arm";

/// Why a value is not there.
#[derive(Debug)]
pub(super) enum Unresolved {
    /// The node of that id has not succeeded.
    NotReady(String),
    /// There is no such part of a value, or it has another form.
    Wrong(Error),
    /// What is in the plan's folder cannot be read.
    Unreadable(io::Error),
}

impl From<Error> for Unresolved {
    fn from(error: Error) -> Self {
        Self::Wrong(error)
    }
}

impl From<io::Error> for Unresolved {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

type Result<T> = std::result::Result<T, Unresolved>;

/// The values of a plan, as far as its nodes have left them.
pub(super) struct Values<'p> {
    folder: &'p PlanFolder,
    lines: &'p Lines,
    known: RefCell<HashMap<String, Rc<Line>>>,
    outputs: RefCell<HashMap<String, Bytes>>,
}

impl<'p> Values<'p> {
    pub(super) fn new(folder: &'p PlanFolder, lines: &'p Lines) -> Self {
        Self { folder, lines, known: RefCell::default(), outputs: RefCell::default() }
    }

    /// The values bound to inputs or outputs.
    pub(super) fn bound<'b>(&self, bound: &'b [Bound]) -> Result<Vec<(&'b str, Bytes)>> {
        bound.iter().map(|bound| Ok((&*bound.name, at(self.value(&bound.binding), |error| error.at_field(&bound.name))?))).collect()
    }

    /// The value of a binding.
    pub(super) fn value(&self, binding: &Binding) -> Result<Bytes> {
        match binding {
            Binding::Literal(literal) => Ok(literal.encode().into()),
            Binding::Output { node, output, path } => {
                let given = self.output(node, output)?;
                Ok(values::part(given, path, &mut Lists::default())?)
            }
            Binding::List(elements) => {
                let values = elements.iter().enumerate().map(|(index, element)| at(self.value(element), |error| error.at_index(index)));
                Ok(values::list(&values.collect::<Result<Vec<_>>>()?)?)
            }
            Binding::Map(entries) => {
                let values = entries.iter().map(|(key, entry)| Ok((&**key, at(self.value(entry), |error| error.at_key(key))?)));
                Ok(values::map(&values.collect::<Result<Vec<_>>>()?)?)
            }
            Binding::Failure => Err(missing("there is no failure here: whoever starts a failure handler gives it its inputs".to_owned())),
            Binding::Input { .. } | Binding::Fault => Err(missing("the binding is not that of a line".to_owned())),
        }
    }

    /// The first of the conditions around a node that took another arm, if one did.
    pub(super) fn not_taken<'w>(&self, when: &'w [When]) -> Result<Option<&'w str>> {
        for When { branch, arm } in when {
            if self.arm(branch)? != Some(*arm) {
                return Ok(Some(branch));
            }
        }
        Ok(None)
    }

    /// The arm that a condition took; [`None`] if it was skipped.
    fn arm(&self, branch: &str) -> Result<Option<usize>> {
        let node = self.folder.node(branch);
        match node.settled()? {
            Some(Settled::Outputs(attempt)) => {
                let path = node.attempt(attempt).file(ARM);
                let text = files::read_text(&path)?;
                let arm = text.trim_end().parse().map_err(|_| io::Error::other(format!("{} holds no number of an arm", path.display())))?;
                Ok(Some(arm))
            }
            Some(Settled::Skipped | Settled::Spared) => Ok(None),
            None => Err(Unresolved::NotReady(branch.to_owned())),
        }
    }

    /// What the line of that id gives under a name.
    fn output(&self, id: &str, output: &str) -> Result<Bytes> {
        let line = self.line(id)?;
        match &line.run {
            Work::Given(inputs) => {
                let given = match self.file(id, || Ok(self.folder.inputs())) {
                    Err(Unresolved::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => None,
                    given => values::named(&given?, output)?,
                };
                let input = inputs.iter().find(|input| input.name == output);
                let default = || input.map(|input| input.default.as_ref().map_or_else(values::none, |default| default.encode().into()));
                given.or_else(default).ok_or_else(|| missing(format!("the workflow has no input `{output}`")))
            }
            Work::Passes(bound) => self.passed(bound, id, output),
            Work::Branch(branch) => self.passed(self.taken(branch, id)?, id, output),
            _ => {
                let outputs = self.outputs_of(id)?;
                values::named(&outputs, output)?.ok_or_else(|| missing(format!("the node `{id}` has no output `{output}`")))
            }
        }
    }

    fn taken<'b>(&self, branch: &'b BranchLine, id: &str) -> Result<&'b [Bound]> {
        let arm = self.arm(id)?.and_then(|arm| branch.outputs_of(arm));
        arm.ok_or_else(|| missing(format!("the condition `{id}` took no arm")))
    }

    fn passed(&self, bound: &[Bound], id: &str, output: &str) -> Result<Bytes> {
        let passed = bound.iter().find(|bound| bound.name == output);
        self.value(&passed.ok_or_else(|| missing(format!("the node `{id}` has no output `{output}`")))?.binding)
    }

    /// The `outputs.pb` of a job.
    pub(super) fn outputs_of(&self, id: &str) -> Result<Bytes> {
        self.file(id, || {
            let node = self.folder.node(id);
            match node.settled()? {
                Some(Settled::Outputs(attempt)) => Ok(node.attempt(attempt).file("outputs.pb")),
                Some(Settled::Skipped | Settled::Spared) | None => Err(Unresolved::NotReady(id.to_owned())),
            }
        })
    }

    /// A file that is read once.
    fn file(&self, id: &str, path: impl FnOnce() -> Result<std::path::PathBuf>) -> Result<Bytes> {
        if let Some(known) = self.outputs.borrow().get(id) {
            return Ok(known.clone());
        }
        let bytes = files::read(&path()?)?;
        self.outputs.borrow_mut().insert(id.to_owned(), bytes.clone());
        Ok(bytes)
    }

    fn line(&self, id: &str) -> Result<Rc<Line>> {
        if let Some(known) = self.known.borrow().get(id) {
            return Ok(Rc::clone(known));
        }
        let line = self.lines.find(id)?.ok_or_else(|| missing(format!("the plan has no node `{id}`")))?;
        Ok(Rc::clone(self.known.borrow_mut().entry(id.to_owned()).or_insert_with(|| Rc::new(line))))
    }
}

/// The same with where the value is that is wrong.
fn at<T>(value: Result<T>, place: impl FnOnce(Error) -> Error) -> Result<T> {
    value.map_err(|unresolved| match unresolved {
        Unresolved::Wrong(error) => Unresolved::Wrong(place(error)),
        other => other,
    })
}

fn missing(message: String) -> Unresolved {
    Unresolved::Wrong(Error::new(ErrorKind::Missing, message))
}

/// The part of a path behind the last bracket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The node itself.
    Whole,
    /// `[*]`: how many elements its map has.
    Count,
    /// `[5]`: an element of its map.
    Element(usize),
}

/// The node and the part of it that a path names.
pub(super) fn split(path: &str) -> (&str, Part) {
    let Some((node, part)) = path.strip_suffix(']').and_then(|path| path.rsplit_once('[')) else { return (path, Part::Whole) };
    match (part, part.parse()) {
        ("*", _) => (node, Part::Count),
        (_, Ok(index)) => (node, Part::Element(index)),
        _ => (path, Part::Whole),
    }
}
