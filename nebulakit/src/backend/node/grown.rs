//! A node whose own nodes are known only when it runs, a dynamic task or a map of workflows: they run here, by the local driver.
//!
//! Their run is recorded in the attempt's folder, `grown/`. Each task has a process of its own, so that one that crashes does not take the others along.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use nebulakit_types::LiteralType;
use tokio::runtime::Builder;

use super::attempt::Claimed;
use super::end::final_failure;
use super::record::FailureRecord;
use super::refusal::Refusal;
use super::{files, stored};

use crate::backend::values::literals_of;
use crate::backend::{Backend as _, LocalBackend, Options, RunError};
use crate::graph::{Binding, Bound, Graph, Kind, Mapped, Node, Output, optional_of};
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::platform::Platform;
use crate::process::signal::{Heard, StopSignals};
use crate::run::{JobFailure, RunHandle, RunOutcome, RunsFolder};
use crate::services::env::Environment;
use crate::task::builder::ContextBuilder;
use crate::task::failure::{Failure, chain, code};
use crate::task::strategy::Strategy;
use crate::task::surroundings::Surroundings;

/// How often it is looked whether the run is over, while signals are listened to.
const PERIOD: Duration = Duration::from_millis(50);

/// Why it was stopped.
enum Stopped {
    By(&'static str),
    Overdue(Duration),
}

/// Runs it with these inputs.
pub(super) fn run(claimed: Claimed<'_>, inputs: &Bytes, signals: &mut StopSignals) -> Result<Exit, Refusal> {
    let graph = match graph_of(&claimed, inputs) {
        Ok(graph) => graph,
        Err(said) => return Err(Refusal::unfit(format!("cannot run the node `{}`: {said}", claimed.begun.node))),
    };
    let raw = claimed.raw()?;
    match driven(&claimed, &graph, raw, signals) {
        Ok((_, Some(Stopped::By(name)))) => claimed.stopped(name),
        Ok((_, Some(Stopped::Overdue(limit)))) => {
            let said = format!("the node `{}` ran longer than its time limit of {} s", claimed.begun.node, limit.as_secs());
            claimed.fails(FailureRecord::of(Failure { recoverable: Some(true), ..Failure::user(code::TIMEOUT, said) }), None)
        }
        Ok((Ok(outputs), None)) => claimed.gives(&outputs.into()),
        // Its tasks have been repeated as often as they may be.
        Ok((Err(failure), None)) => claimed.fails(failure, None),
        Err(RunError::Refused(reasons)) => claimed.fails(final_failure(code::USER, reasons.join("; ")), None),
        Err(error) => claimed.fails(FailureRecord::of(Failure::system(chain(&error), true)), None),
    }
}

/// The outputs of the run, or why there are none.
type Ended = Result<Vec<u8>, FailureRecord>;

fn driven(claimed: &Claimed<'_>, graph: &Graph, raw: String, signals: &mut StopSignals) -> Result<(Ended, Option<Stopped>), RunError> {
    let environment = Environment::from_process();
    let grown = match stored::url(claimed.attempt.path()) {
        // What is there of it is for people alone: its outputs go into the plan.
        Some(_) => environment.temporary_folder().join(format!("nebulakit-{}", uuid::Uuid::new_v4().simple())),
        None => claimed.attempt.file("grown"),
    };
    let runs = RunsFolder::open(grown).map_err(RunError::Record)?;
    let (dialect, host) = (&Platform::detect(&environment).dialect, Host::new(environment));
    let backend = LocalBackend::new(runs).surroundings(move |folder| {
        let outputs = folder.join("outputs").to_string_lossy().into_owned();
        let temporary = folder.join("tmp").into();
        ContextBuilder::of(Surroundings { raw_output_prefix: Some(raw.clone()), temporary, ..host.surroundings(&outputs, dialect) })
    });
    let plan = backend.compile(graph, &Options::new().strategy(Strategy::Process))?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(RunError::Folder)?;
    let run = runtime.block_on(backend.run(plan))?;
    let (outcome, stopped) = watched(&run, claimed.limit, signals, || runtime.block_on(run.wait()));
    let ended = match outcome.map_err(RunError::Record)? {
        RunOutcome::Succeeded => Ok(run.result().map_err(RunError::Record)?),
        RunOutcome::Failed { failure, .. } => Err(failed(&failure)),
        RunOutcome::Cancelled => Err(FailureRecord::of(Failure::system("its run was stopped", true))),
    };
    Ok((ended, stopped))
}

/// Waits for the run while signals are listened to; a second request to stop ends it at once.
fn watched<T>(run: &RunHandle, limit: Option<Duration>, signals: &mut StopSignals, wait: impl FnOnce() -> T) -> (T, Option<Stopped>) {
    let is_over = AtomicBool::new(false);
    let until = limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
    thread::scope(|scope| {
        let listens = scope.spawn(|| {
            let mut stopped = None;
            while !is_over.load(Ordering::Acquire) {
                // What cannot be stopped any more is over.
                match (signals.next_of_all(Some(PERIOD)), until) {
                    (Some(Heard::Stop(name)), _) if stopped.is_none() => {
                        stopped = Some(Stopped::By(name));
                        let _ = run.cancel();
                    }
                    (Some(Heard::Stop(_)), _) => drop(run.kill()),
                    (_, Some((until, limit))) if stopped.is_none() && Instant::now() >= until => {
                        stopped = Some(Stopped::Overdue(limit));
                        let _ = run.cancel();
                    }
                    _ => {}
                }
            }
            stopped
        });
        let waited = wait();
        is_over.store(true, Ordering::Release);
        (waited, listens.join().unwrap_or(None))
    })
}

fn failed(failure: &JobFailure) -> FailureRecord {
    let kind = serde_json::to_value(failure.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default();
    FailureRecord { kind, code: failure.code.clone(), message: failure.report().to_owned(), recoverable: false }
}

/// A graph of the node alone, with its inputs in it.
fn graph_of(claimed: &Claimed<'_>, inputs: &Bytes) -> Result<Graph, String> {
    let path = claimed.folder.path().join("graph.json");
    let text = files::read_text(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let whole = Graph::from_json(&text).map_err(|problems| format!("{} is no graph: {problems}", path.display()))?;
    let node = find(&whole, &claimed.begun.node).ok_or_else(|| format!("{} has no such node", path.display()))?;
    let mut alone = Node { inputs: Vec::new(), after: Vec::new(), ..node.clone() };
    for (name, literal) in literals_of(inputs).map_err(|error| error.to_string())? {
        let literal = nebulakit_types::Literal::decode(&literal).map_err(|error| error.to_string())?;
        alone.inputs.push(Bound::new(name.to_owned(), Binding::Literal(Box::new(literal))));
    }
    let outputs = outputs(&whole, node);
    let mut graph = Graph::new(whole.name.clone());
    for Output { name, .. } in &outputs {
        graph.body.outputs.push(Bound::new(name.clone(), Binding::output(alone.id.clone(), name.clone())));
    }
    graph.outputs = outputs;
    graph.body.nodes.push(alone);
    (graph.tasks, graph.references, graph.workflows) = (whole.tasks, whole.references, whole.workflows);
    Ok(graph)
}

/// The node with that path.
fn find<'g>(graph: &'g Graph, path: &str) -> Option<&'g Node> {
    let mut within = graph;
    let mut ids = path.split('/').peekable();
    while let Some(id) = ids.next() {
        let handler = within.on_failure.as_deref().filter(|node| node.id == *id);
        let node = within.body.find(id).or(handler)?;
        if ids.peek().is_none() {
            return Some(node);
        }
        let (Kind::Workflow(name) | Kind::LaunchPlan(name)) = &node.kind else { return None };
        within = graph.workflows.get(name)?;
    }
    None
}

/// What the node gives.
fn outputs(graph: &Graph, node: &Node) -> Vec<Output> {
    let of_task = |name: &str| graph.tasks.get(name).map(|task| task.outputs.clone()).unwrap_or_default();
    let of_workflow = |name: &str| graph.workflows.get(name).map(|workflow| workflow.outputs.clone()).unwrap_or_default();
    match &node.kind {
        Kind::Map(map) => {
            let outputs = match &map.of {
                Mapped::Task(name) => of_task(name),
                Mapped::Workflow(name) => of_workflow(name),
            };
            let element = |one: LiteralType| if map.success.lets_some_fail() { optional_of(&one) } else { one };
            let list = |output: Output| Output::new(output.name, LiteralType::collection(element(output.literal_type)));
            outputs.into_iter().map(list).collect()
        }
        Kind::Task(name) | Kind::Reference(name) => of_task(name),
        _ => Vec::new(),
    }
}
