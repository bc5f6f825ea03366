//! A map: one run for each element of its lists.

use std::sync::Arc;

use bytes::Bytes;

use super::fault::{End, Fault, code};
use super::running::{Next, Running};
use super::step::Step;
use super::value;
use crate::coordinator::{FailureKind, JobFailure};
use crate::graph::{Map, Mapped, Output, Success};
use crate::run::{EventKind, NodePath};
use crate::task::cancellation::Cancellation;

/// How many failed elements a message names.
const MOST_NAMED: usize = 10;

/// An element of a map.
pub(super) struct Element<'g> {
    inputs: Arc<[Input<'g>]>,
    index: usize,
}

impl<'g> Element<'g> {
    /// Its inputs.
    pub(super) fn inputs(&self) -> Vec<(&'g str, Bytes)> {
        self.inputs.iter().map(|input| input.of(self.index)).collect()
    }
}

/// An input of a map.
enum Input<'g> {
    /// The same for every element.
    Shared(&'g str, Bytes),
    /// One for each element.
    Each(&'g str, Vec<Bytes>),
}

impl<'g> Input<'g> {
    /// What an element gets.
    fn of(&self, index: usize) -> (&'g str, Bytes) {
        match self {
            Self::Shared(name, value) => (name, value.clone()),
            Self::Each(name, values) => (name, values[index].clone()),
        }
    }
}

impl<'g> Step<'g> {
    /// Runs a map, each element by `run`, which takes its path, the element and its cancellation.
    pub(super) async fn map<F, Ran>(&self, map: &'g Map, run: F) -> Result<Bytes, End>
    where
        F: Fn(NodePath, Element<'g>, Cancellation) -> Ran,
        Ran: Future<Output = Result<Bytes, End>>,
    {
        let (inputs, elements) = self.lists(map)?;
        self.walk.tell(&self.path, || EventKind::Started { attempt: 0 });
        self.walk.tell(&self.path, || EventKind::Mapped { elements: elements as u64 });
        let needed = needed(map.success, elements);
        if needed > elements {
            let message = format!("at least {needed} elements must succeed, but the lists have {elements}");
            return Err(self.fault(code::LENGTHS, message));
        }
        let given = self.each(map, &inputs.into(), elements, elements - needed, run).await?;
        self.gathered(map, &given)
    }

    /// The inputs, and how many elements there are.
    fn lists(&self, map: &'g Map) -> Result<(Vec<Input<'g>>, usize), End> {
        let (mut inputs, mut elements) = (Vec::new(), None);
        for (name, bound) in self.inputs()? {
            if !map.mapped.iter().any(|mapped| mapped == name) {
                inputs.push(Input::Shared(name, bound));
                continue;
            }
            let each = value::elements(&bound);
            let each = each.map_err(|error| self.unbound(format_args!("the list `{name}`"), &error))?;
            let expected = *elements.get_or_insert(each.len());
            if each.len() != expected {
                let message = format!("input arrays have different lengths: expecting '{expected}' found '{}', of `{name}`", each.len());
                return Err(self.fault(code::LENGTHS, message));
            }
            inputs.push(Input::Each(name, each));
        }
        let elements = elements.ok_or_else(|| self.fault(code::LENGTHS, "no input array provided"))?;
        Ok((inputs, elements))
    }

    /// Runs all elements, of which `spare` may fail. Returns the outputs of each; [`None`] for a failed one.
    async fn each<F, Ran>(
        &self,
        map: &Map,
        inputs: &Arc<[Input<'g>]>,
        elements: usize,
        spare: usize,
        run: F,
    ) -> Result<Vec<Option<Bytes>>, End>
    where
        F: Fn(NodePath, Element<'g>, Cancellation) -> Ran,
        Ran: Future<Output = Result<Bytes, End>>,
    {
        let at_once = match map.concurrency {
            Some(concurrency) if concurrency > 0 => concurrency as usize,
            _ => usize::MAX,
        };
        let stop = self.frame.stop.below();
        let (mut given, mut failed, mut is_stopped) = (vec![None; elements], Vec::new(), false);
        let (mut running, mut next) = (Running::new(&self.walk), 0);
        loop {
            let may_begin = |next: usize, running: usize| next < elements && running < at_once && !stop.is_cancelled();
            while running.takes() && may_begin(next, running.len()) {
                let index = next;
                let ran = run(self.path.element(index), Element { inputs: Arc::clone(inputs), index }, stop.clone());
                running.push(async move { (index, ran.await) });
                next += 1;
            }
            match running.next(may_begin(next, running.len())).await {
                Next::Begin => {}
                Next::None => break,
                Next::Over((index, Ok(outputs))) => given[index] = Some(outputs),
                Next::Over((_, Err(End::Cancelled))) => is_stopped = true,
                Next::Over((index, Err(End::Failed(fault)))) => {
                    failed.push((index, fault));
                    if failed.len() > spare {
                        stop.cancel();
                    }
                }
            }
        }
        if failed.len() > spare {
            failed.sort_by_key(|(index, _)| *index);
            return Err(self.all_of(&failed));
        }
        if is_stopped || stop.is_cancelled() { Err(End::Cancelled) } else { Ok(given) }
    }

    /// The outputs of the elements, as lists.
    fn gathered(&self, map: &'g Map, given: &[Option<Bytes>]) -> Result<Bytes, End> {
        let names = self.outputs_of(&map.of).iter().map(|output| &*output.name);
        gather(names, given).map_err(|(name, error)| self.unbound(format_args!("its output `{name}`"), &error))
    }

    fn outputs_of(&self, mapped: &Mapped) -> &'g [Output] {
        let graph = self.walk.graph;
        let outputs = match mapped {
            Mapped::Task(name) => graph.tasks.get(name).map(|task| &task.outputs),
            Mapped::Workflow(name) => graph.workflows.get(name).map(|workflow| &workflow.outputs),
        };
        outputs.map_or(&[], Vec::as_slice)
    }

    /// The failure of a map in which these elements failed.
    fn all_of(&self, failed: &[(usize, Arc<Fault>)]) -> End {
        let first = failed.first().map(|(_, fault)| fault);
        let failure = all_of(failed.iter().map(|(index, fault)| (*index, &fault.failure)));
        End::Failed(Arc::new(Fault {
            node: self.path.clone(),
            of: self.what(),
            failure,
            error: first.and_then(|fault| fault.error.clone()),
            used: None,
        }))
    }
}

/// The outputs of the elements of a map as the lists that the map gives, none for those that failed.
///
/// # Errors
/// With the name of the output that cannot be made.
pub(crate) fn gather<'n>(
    names: impl Iterator<Item = &'n str>,
    given: &[Option<Bytes>],
) -> Result<Bytes, (&'n str, nebulakit_types::Error)> {
    let mut lists = Vec::new();
    for name in names {
        let values = given.iter().map(|given| match given {
            Some(outputs) => Ok(value::named(outputs, name)?.unwrap_or_else(value::none)),
            None => Ok(value::none()),
        });
        let list = values.collect::<nebulakit_types::Result<Vec<_>>>().and_then(|values| value::list(&values));
        lists.push((name, list.map_err(|error| (name, error))?));
    }
    Ok(value::literals(&lists))
}

/// The failure of a map in which these elements failed, in their order.
pub(crate) fn all_of<'f>(failed: impl ExactSizeIterator<Item = (usize, &'f JobFailure)>) -> JobFailure {
    let (all, mut first, mut lines) = (failed.len(), None, Vec::new());
    for (index, failure) in failed.take(MOST_NAMED) {
        first.get_or_insert(failure);
        lines.push(format!("[{index}]: {}", failure.message));
    }
    if all > MOST_NAMED {
        lines.push(format!("and {} more", all - MOST_NAMED));
    }
    let kind = first.map_or(FailureKind::Failed, |failure| failure.kind);
    JobFailure::new(kind, first.map_or(code::LENGTHS, |failure| &failure.code), lines.join("; "))
}

/// How many elements must succeed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a part of a length is one")]
pub(crate) fn needed(success: Success, elements: usize) -> usize {
    match success {
        Success::All => elements,
        Success::Count(count) => count as usize,
        Success::Ratio(ratio) => (f64::from(ratio) * elements as f64).ceil() as usize,
    }
}
