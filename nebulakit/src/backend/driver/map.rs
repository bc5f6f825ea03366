//! A map: one run for each element of its lists.

use std::sync::Arc;

use bytes::Bytes;

use super::fault::{End, Fault, code};
use super::running::{Next, Running};
use super::step::Step;
use crate::backend::values::map::{Input, NoMap, gathered, lists, needed};
use crate::coordinator::{FailureKind, JobFailure};
use crate::graph::{Map, Mapped, Output};
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
        let needed = needed(map.success, elements).map_err(|error| self.no_map(error))?;
        let given = self.each(map, &inputs.into(), elements, elements - needed, run).await?;
        self.gathered(map, &given)
    }

    /// The inputs, and how many elements there are.
    fn lists(&self, map: &'g Map) -> Result<(Vec<Input<'g>>, usize), End> {
        lists(self.inputs()?, |name| map.mapped.iter().any(|mapped| mapped == name)).map_err(|error| self.no_map(error))
    }

    fn no_map(&self, error: NoMap) -> End {
        match error {
            NoMap::NoList(name, error) => self.unbound(format_args!("the list `{name}`"), &error),
            NoMap::Lengths(said) => self.fault(code::LENGTHS, said),
        }
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
        let outputs = self.outputs_of(&map.of).iter().map(|output| &*output.name);
        gathered(outputs, given).map_err(|(output, error)| self.unbound(format_args!("its output `{output}`"), &error))
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
