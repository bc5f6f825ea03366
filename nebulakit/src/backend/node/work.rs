//! What a line comes to, once what it takes is there.

use bytes::Bytes;

use super::end::final_failure;
use super::folder::{PlanFolder, Settled};
use super::line::{BranchLine, Line, MapLine, OtherwiseLine, Work};
use super::record::FailureRecord;
use super::resolve::{Part, Unresolved, Values};
use crate::backend::values::code;
use crate::backend::values::literals;
use crate::backend::values::map::{Input, NoMap, gathered, lists, needed};
use crate::backend::values::test::{Undecided, holds};
use crate::graph::Success;
use crate::process::exit::Exit;
use crate::task::failure::{Failure, chain_in_line};

/// What is to be done for a line.
#[derive(Debug)]
pub(super) enum Todo {
    /// The task runs with this `inputs.pb`.
    Task(String, Bytes),
    /// What is known only when it runs runs with this `inputs.pb`.
    Grown(Bytes),
    /// Nothing: this is its `outputs.pb`.
    Outputs(Bytes),
    /// Nothing: the condition takes this arm.
    Arm(usize),
    /// Nothing: the map has so many elements.
    Elements(usize),
    /// Nothing: it is in an arm that is not taken, of the condition of this id.
    Skipped(String),
    /// Time passes, so many milliseconds.
    Sleep(u64),
    /// A person answers the signal; the node passes on this `outputs.pb` where that is all that it takes.
    Answer(Box<crate::graph::Gate>, Option<Bytes>),
}

/// Why nothing can be done.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) failure: FailureRecord,
    pub(super) exit: Exit,
}

impl From<Unresolved> for Trouble {
    fn from(unresolved: Unresolved) -> Self {
        of_value("an input", unresolved)
    }
}

fn of_value(what: &str, unresolved: Unresolved) -> Trouble {
    match unresolved {
        Unresolved::NotReady(node) => {
            let failure = FailureRecord::of(Failure::system(format!("the node `{node}` has not succeeded"), true));
            Trouble { failure, exit: Exit::Unready }
        }
        Unresolved::Wrong(error) => wrong(code::BINDING, format!("cannot resolve {what}: {}", chain_in_line(&error))),
        Unresolved::Unreadable(error) => {
            Trouble { failure: FailureRecord::of(Failure::system(format!("cannot read {what}: {error}"), true)), exit: Exit::Failed }
        }
    }
}

fn wrong(code: &str, message: String) -> Trouble {
    Trouble { failure: final_failure(code, message), exit: Exit::Final }
}

impl From<NoMap> for Trouble {
    fn from(no_map: NoMap) -> Self {
        match no_map {
            NoMap::NoList(name, error) => of_value(&format!("the list `{name}`"), Unresolved::Wrong(error)),
            NoMap::Lengths(said) => wrong(code::LENGTHS, said),
        }
    }
}

/// Says what is to be done for a part of a line.
pub(super) fn todo(folder: &PlanFolder, values: &Values<'_>, line: &Line, part: Part) -> Result<Todo, Trouble> {
    if let Some(branch) = values.not_taken(&line.when)? {
        return Ok(Todo::Skipped(branch.to_owned()));
    }
    match (&line.run, part) {
        (Work::Map(map), Part::Element(index)) => element(values, line, map, index),
        (Work::Map(map), Part::Count) => {
            let (_, elements) = of_map(values, line, map)?;
            needed(map.map.success, elements)?;
            Ok(Todo::Elements(elements))
        }
        (Work::Map(map), Part::Whole) => gather(folder, values, line, map).map(Todo::Outputs),
        (Work::Branch(branch), _) => decide(values, branch).map(Todo::Arm),
        (Work::Sleep { millis }, _) => Ok(Todo::Sleep(*millis)),
        (Work::Wait(gate), _) => Ok(Todo::Answer(gate.clone(), None)),
        (run, _) => {
            let inputs = literals(&values.bound(&line.inputs)?);
            Ok(match run {
                Work::Task(name) => Todo::Task(name.clone(), inputs),
                Work::Grown(_) => Todo::Grown(inputs),
                Work::Approve(gate) => Todo::Answer(gate.clone(), Some(inputs)),
                _ => Todo::Outputs(inputs),
            })
        }
    }
}

fn of_map<'l>(values: &Values<'_>, line: &'l Line, map: &MapLine) -> Result<(Vec<Input<'l>>, usize), Trouble> {
    Ok(lists(values.bound(&line.inputs)?, |name| map.map.mapped.iter().any(|mapped| mapped == name))?)
}

fn element(values: &Values<'_>, line: &Line, map: &MapLine, index: usize) -> Result<Todo, Trouble> {
    let (inputs, elements) = of_map(values, line, map)?;
    if index >= elements {
        return Err(wrong(code::LENGTHS, format!("the map `{}` has {elements} elements, and none of the number {index}", line.id)));
    }
    let inputs: Vec<_> = inputs.iter().map(|input| input.of(index)).collect();
    Ok(Todo::Task(map.map.of.name().to_owned(), literals(&inputs)))
}

/// The outputs of a map, of those of its elements.
fn gather(folder: &PlanFolder, values: &Values<'_>, line: &Line, map: &MapLine) -> Result<Bytes, Trouble> {
    let (_, elements) = of_map(values, line, map)?;
    let needed = needed(map.map.success, elements)?;
    let given: Result<Vec<_>, Unresolved> = (0..elements)
        .map(|index| {
            let id = format!("{}[{index}]", line.id);
            match folder.node(&id).settled()? {
                Some(Settled::Spared) if map.map.success != Success::All => Ok(None),
                _ => values.outputs_of(&id).map(Some),
            }
        })
        .collect();
    let given = given.map_err(|error| of_value("what an element gave", error))?;
    let succeeded = given.iter().flatten().count();
    if succeeded < needed {
        let said = format!("{succeeded} of {elements} elements succeeded, and at least {needed} must");
        return Err(wrong(code::LENGTHS, said));
    }
    let outputs = map.outputs.iter().map(String::as_str);
    gathered(outputs, &given).map_err(|(output, error)| of_value(&format!("its output `{output}`"), Unresolved::Wrong(error)))
}

fn decide(values: &Values<'_>, branch: &BranchLine) -> Result<usize, Trouble> {
    for (number, arm) in branch.arms.iter().enumerate() {
        let is_taken = holds(&arm.test, &|side| values.value(side)).map_err(|undecided| match undecided {
            Undecided::Unbound(unresolved) => of_value("a value that it compares", unresolved),
            Undecided::Malformed(what) => wrong(code::BRANCH, what),
        })?;
        if is_taken {
            return Ok(number);
        }
    }
    match &branch.otherwise {
        OtherwiseLine::Outputs(_) => Ok(branch.arms.len()),
        OtherwiseLine::Fail(message) => Err(wrong(code::NO_ARM, message.clone())),
    }
}
