//! Runs a workflow with its failure handler, a scope from its first node to its last, and a node by its kind.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::done::{Done, Ran};
use super::fault::{End, Fault, code};
use super::frame::{Frame, Instance};
use super::map::Element;
use super::memory::Given;
use super::recall::{Claimed, Known};
use super::running::{Next, Running};
use super::step::Step;
use super::turns::Turn;
use super::value;
use super::walk::Walk;
use super::window::Window;
use crate::backend::extent::DEEPEST;
use crate::graph::{Branch, Graph, Kind, Map, Mapped};
use crate::run::{EventKind, NodePath, Origin};
use crate::task::cancellation::Cancellation;
use crate::task::def::TaskDef;
use crate::task::registry::registry;

/// The node that fails if the outputs of the run's own workflow cannot be built, as on the platform.
const OUTPUTS: &str = "end-node";

/// Marks a node that will never begin, in place of the number of nodes that it needs; no node needs this many.
const SKIPPED: u32 = u32::MAX;

/// Runs a workflow; where it fails, its handler runs behind all that was stopped.
pub(super) fn workflow<'g>(walk: Arc<Walk<'g>>, instance: Instance<'g>, stop: Cancellation) -> BoxFuture<'g, Result<Bytes, End>> {
    Box::pin(async move {
        let instance = Arc::new(instance);
        let body = &instance.graph.body;
        let frame = Frame::new(Arc::clone(&instance), body, walk.layout(body), stop.below());
        let ended = scope(Arc::clone(&walk), Arc::new(frame)).await;
        let (ended, stop) = match walk.ending.fatal_in(instance.path.as_ref()) {
            // It has stopped everything; its handlers run until the run itself is stopped.
            Some(fatal) => (Err(End::Failed(fatal)), walk.world.stop.below()),
            None => (ended, stop),
        };
        let (Err(End::Failed(fault)), Some(handler)) = (&ended, instance.graph.on_failure.as_deref()) else { return ended };
        if stop.is_cancelled() {
            return ended;
        }
        let instance = Arc::new(instance.failed(handler, &fault.failure.message));
        // The handler is a node of no scope: it is fed by the inputs and the error alone.
        let frame = Arc::new(Frame::new(instance, body, walk.layout(body), stop));
        match run(Step::new(walk, frame, handler)).await {
            Err(own @ End::Failed(_)) => Err(own),
            Err(End::Cancelled) | Ok(_) => ended,
        }
    })
}

/// Runs the nodes of a scope, each as soon as those that it needs are over, and returns the scope's outputs.
pub(super) fn scope<'g>(walk: Arc<Walk<'g>>, frame: Arc<Frame<'g>>) -> BoxFuture<'g, Result<Bytes, End>> {
    Box::pin(async move {
        let (layout, nodes) = (Arc::clone(&frame.layout), &frame.scope.nodes);
        let mut needs: Vec<_> = layout.needs().collect();
        let mut ready: VecDeque<_> = (0..).zip(&needs).filter(|(_, needs)| **needs == 0).map(|(place, _)| place).collect();
        let (mut running, mut ended, mut succeeded) = (Running::new(&walk), None, 0);
        let start = |place: u32| {
            let step = Step::new(Arc::clone(&walk), Arc::clone(&frame), &nodes[place as usize]);
            let holds = step.holds.clone();
            async move { (place, run(step).await, holds) }
        };
        loop {
            if frame.stop.is_cancelled() {
                ready.clear();
            }
            while running.takes()
                && let Some(place) = ready.pop_front()
            {
                running.push(start(place));
            }
            let (place, result, holds) = match running.next(!ready.is_empty()).await {
                Next::Over(over) => over,
                Next::Begin => continue,
                Next::None => break,
            };
            match result {
                Ok(outputs) => {
                    succeeded += 1;
                    let held = holds.map(|holds| std::mem::take(&mut *holds.lock().unwrap_or_else(PoisonError::into_inner)));
                    let shelf = walk.world.shelf.as_deref();
                    let free = frame.keep(place, outputs, shelf, held.unwrap_or_default());
                    if let Some(shelf) = shelf {
                        free.into_iter().for_each(|hold| shelf.release(hold));
                    }
                    for later in layout.after(place) {
                        let left = &mut needs[*later as usize];
                        if *left == SKIPPED {
                            continue;
                        }
                        *left -= 1;
                        if *left == 0 {
                            ready.push_back(*later);
                        }
                    }
                }
                Err(end) => {
                    let is_failure = matches!(end, End::Failed(_));
                    if is_failure || walk.world.is_rehearsal {
                        skip(&walk, &frame, place, &mut needs);
                    }
                    if is_failure && !walk.world.is_rehearsal && !frame.instance.graph.keep_going {
                        frame.stop.cancel();
                    }
                    // What was stopped because another one failed is not why the scope failed.
                    if !matches!(ended, Some(End::Failed(_))) {
                        ended = Some(end);
                    }
                }
            }
        }
        if let Some(memory) = walk.rehearsed().filter(|_| succeeded < nodes.len()) {
            // What never begins here would run, and others would take what the scope gives.
            let rest = needs.iter().zip(nodes).filter(|(needs, _)| **needs > 0).map(|(_, node)| node);
            frame.each_known(rest, &mut |known| memory.is_needed(known));
        }
        match ended {
            Some(end) => Err(end),
            None if succeeded < nodes.len() => Err(End::Cancelled),
            None => {
                frame.values(&frame.scope.outputs).inspect(|_| frame.pass_on()).map(|outputs| value::literals(&outputs)).map_err(|error| {
                    let whose = frame.instance.path.clone().unwrap_or_else(|| NodePath::from(OUTPUTS));
                    Fault::of_binding(&whose, frame.instance.graph.name.clone(), "its outputs", &error)
                })
            }
        }
    })
}

/// Records all nodes that will never begin because the node at `place` failed.
fn skip<'g>(walk: &Arc<Walk<'g>>, frame: &Arc<Frame<'g>>, place: u32, needs: &mut [u32]) {
    let mut left = vec![place];
    while let Some(place) = left.pop() {
        for later in frame.layout.after(place) {
            if std::mem::replace(&mut needs[*later as usize], SKIPPED) == SKIPPED {
                continue;
            }
            let (node, because) = (&frame.scope.nodes[*later as usize], frame.path(&frame.scope.nodes[place as usize]));
            let step = Step::new(Arc::clone(walk), Arc::clone(frame), node);
            if walk.world.is_rehearsal {
                step.foretell(because);
            } else {
                walk.tell(&step.path, || EventKind::Skipped { because });
            }
            left.push(*later);
        }
    }
}

/// Runs a node, and returns the bytes of an `outputs.pb`.
async fn run(step: Step<'_>) -> Result<Bytes, End> {
    step.ready(&step.path);
    let outputs: Result<BoxFuture<'_, _>, End> = match &step.node.kind {
        Kind::Task(name) | Kind::Reference(name) => return task(&step, &step.path, name, || step.inputs(), &step.frame.stop).await,
        Kind::Workflow(name) | Kind::LaunchPlan(name) => {
            step.inputs().and_then(|inputs| within(&step, &step.path, name, &inputs, step.frame.stop.clone()))
        }
        Kind::Map(map) => {
            let step = &step;
            Ok(Box::pin(step.map(map, move |path, element, stop| run_element(step, map, path, element, stop))))
        }
        Kind::Branch(branch) => arm(&step, branch),
        Kind::Approve(gate) => Ok(Box::pin(step.approve(gate))),
        Kind::Wait(gate) => Ok(Box::pin(step.wait(gate))),
        Kind::Sleep(time) => Ok(Box::pin(step.sleep(*time))),
    };
    let ended = match outputs {
        Ok(outputs) => outputs.await,
        Err(end) => Err(end),
    };
    Box::pin(step.over(&step.path, ended.map(Done::from))).await
}

/// Runs an element of a map, and returns the bytes of an `outputs.pb`.
async fn run_element<'g>(step: &Step<'g>, map: &'g Map, path: NodePath, element: Element<'g>, stop: Cancellation) -> Result<Bytes, End> {
    step.ready(&path);
    let ended = match &map.of {
        Mapped::Task(name) => return task(step, &path, name, || Ok(element.inputs()), &stop).await,
        Mapped::Workflow(name) => match within(step, &path, name, &element.inputs(), stop) {
            Ok(outputs) => outputs.await,
            Err(end) => Err(end),
        },
    };
    Box::pin(step.over(&path, ended.map(Done::from))).await
}

/// Runs the arm of a condition that is taken.
fn arm<'g>(step: &Step<'g>, branch: &'g Branch) -> Result<BoxFuture<'g, Result<Bytes, End>>, End> {
    let (arm, body) = step.decide(branch)?;
    may_go_deeper(step, &step.path)?;
    step.walk.tell(&step.path, || EventKind::Decided { arm });
    step.walk.tell(&step.path, || EventKind::Started { attempt: 0 });
    let frame = Frame::arm(&step.frame, body, step.walk.layout(body), step.scope_of(&step.path));
    Ok(scope(Arc::clone(&step.walk), Arc::new(frame)))
}

/// Runs a task, if it has to run. What it takes while it waits for its turn is all that many nodes take at once: what comes before and after that is in boxes, and
/// its inputs are only there meanwhile.
async fn task<'g>(
    step: &Step<'g>,
    path: &NodePath,
    name: &str,
    inputs: impl Fn() -> Result<Vec<(&'g str, Bytes)>, End> + Sync,
    stop: &Cancellation,
) -> Result<Bytes, End> {
    let Some(task) = registry().get(name) else { return Box::pin(step.over(path, Err(step.unknown(path, "task", name)))).await };
    let _busy = step.walk.world.window.as_deref().map(Window::busy);
    let claimed = match step.memory() {
        None => None,
        Some(memory) => match Box::pin(async { step.known(memory, path, task, inputs()?, stop).await }).await {
            Ok(Known::Outputs(done)) => return Box::pin(step.over(path, Ok(*done))).await,
            Ok(Known::Nothing(claimed)) => Some(claimed),
            Err(end) => return Box::pin(step.over(path, Err(end))).await,
        },
    };
    let turn = step.turn(path, task, stop).await;
    Box::pin(async {
        let ended = match (turn, inputs()) {
            (Ok(turn), Ok(inputs)) => ran(step, path, task, inputs, claimed, turn, stop).await,
            (Err(end), _) | (_, Err(end)) => Err(end),
        };
        step.over(path, ended).await
    })
    .await
}

/// Runs a task that has to run and has its turn.
async fn ran(
    step: &Step<'_>,
    path: &NodePath,
    task: &'static TaskDef,
    inputs: Vec<(&str, Bytes)>,
    claimed: Option<Box<Claimed>>,
    turn: Turn,
    stop: &Cancellation,
) -> Result<Done, End> {
    let Some((memory, claimed)) = step.memory().zip(claimed) else {
        return job(step, path, task, inputs, None, turn, stop).await.map(Done::from);
    };
    let Claimed { digest, is_again, claim } = *claimed;
    let Ran { outputs, used } = job(step, path, task, inputs, Some(Given { digest: &digest, is_again }), turn, stop).await?;
    if let Some(claim) = claim {
        Box::pin(step.remember(memory, path, claim, &outputs)).await;
    }
    let files = memory.stamp(&outputs).await;
    Ok(Done { outputs, from: Origin::Run, inputs: Some(digest), files, used })
}

/// Runs a workflow within the one that `step` is of.
fn below<'g>(
    step: &Step<'_>,
    walk: Arc<Walk<'g>>,
    instance: Instance<'g>,
    path: &NodePath,
    stop: Cancellation,
) -> Result<BoxFuture<'g, Result<Bytes, End>>, End> {
    may_go_deeper(step, path)?;
    Ok(workflow(walk, instance.at_depth(step.frame.depth + 1), stop))
}

/// Checks whether another scope may run within that of `step`.
fn may_go_deeper(step: &Step<'_>, path: &NodePath) -> Result<(), End> {
    if step.frame.depth < DEEPEST {
        return Ok(());
    }
    let message = format!("workflows, dynamic tasks and conditions are nested more than {DEEPEST} deep; does the recursion end?");
    Err(Fault::between(path, step.what(), code::TOO_DEEP, message))
}

/// Runs a task, and the graph that it returns if it is dynamic. Failures in that graph are not retried: the attempts are only for the task.
async fn job(
    step: &Step<'_>,
    path: &NodePath,
    task: &'static TaskDef,
    inputs: Vec<(&str, Bytes)>,
    given: Option<Given<'_>>,
    turn: Turn,
    stop: &Cancellation,
) -> Result<Ran, End> {
    let Ran { outputs, used } = step.job(path, task, inputs, given, turn, stop).await?;
    step.hold(path, &outputs);
    if !task.is_dynamic || step.walk.world.mocks.has(task.name) {
        return Ok(Ran { outputs, used });
    }
    let graph = step.grown(path, &outputs)?;
    Ok(Ran { outputs: Box::pin(grown(step, path, &graph, stop)).await?, used })
}

/// Runs a graph that a dynamic task returned.
async fn grown(step: &Step<'_>, path: &NodePath, graph: &Graph, stop: &Cancellation) -> Result<Bytes, End> {
    let walk = Arc::new(Walk::new(graph, step.walk.world, step.walk.ending));
    let instance = Instance::new(graph, Some(path.clone()), &[]).within(step.scope_of(path));
    below(step, walk, instance, path, stop.below())?.await
}

/// Runs a workflow of the graph.
fn within<'g>(
    step: &Step<'g>,
    path: &NodePath,
    name: &str,
    inputs: &[(&str, Bytes)],
    stop: Cancellation,
) -> Result<BoxFuture<'g, Result<Bytes, End>>, End> {
    let Some(graph) = step.walk.workflow(name) else { return Err(step.unknown(path, "workflow", name)) };
    step.walk.tell(path, || EventKind::Started { attempt: 0 });
    let instance = Instance::new(graph, Some(path.clone()), inputs).within(step.scope_of(path));
    below(step, Arc::clone(&step.walk), instance, path, stop)
}
