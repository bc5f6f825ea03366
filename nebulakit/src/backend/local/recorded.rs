//! A recorded run, which other processes can stop and answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::ended::{outcome, why};
use super::memory::Remembered;
use super::shelf::RawFolders;
use crate::backend::driver::{Leaving, Memory, Refusal, Shelf, Signals, Turns, Window, World, drive, literals_of};
use crate::backend::extent::Extent;
use crate::backend::{Plan, RunError};
use crate::coordinator::Coordinator;
use crate::graph::Graph;
use crate::run::{
    Answer, Build, Control, EVENT_VERSION, EventKind, Keep, Record, RecordError, RecordErrorKind, Recorder, Request, RunHandle, RunId,
    RunOutcome,
};
use crate::task::cancellation::Cancellation;
use crate::task::mock::Mocks;

/// How long to wait before looking for requests again after an error.
const AGAIN: Duration = Duration::from_secs(1);

/// What the process that starts a run passes to it besides its plan.
#[derive(Default)]
pub(super) struct Given {
    /// Answers to its gates.
    pub(super) answers: HashMap<String, Answer>,
    /// Stops it.
    pub(super) stop: Cancellation,
    /// How long this process drives it, if another one takes it over then.
    pub(super) window: Option<Arc<Window>>,
}

/// A run that has started.
pub(super) struct Started {
    pub(super) handle: RunHandle,
    /// Its result, once its end is recorded.
    pub(super) outputs: oneshot::Receiver<Result<Bytes, RunError>>,
}

/// Starts the run that `recorder` records, on the runtime of the caller.
pub(super) fn start(
    plan: Plan,
    recorder: Arc<Recorder>,
    memory: Arc<Remembered>,
    coordinator: Coordinator,
    mocks: Mocks,
    given: Given,
) -> Result<Started, RunError> {
    create(&plan, &recorder, memory.former.as_ref().map(|former| former.id().clone()))?;
    let former = memory.former.as_ref().map_or_else(HashMap::new, |former| former.answers(&plan.options.inputs));
    let record = Arc::clone(&recorder) as _;
    Ok(go(plan, recorder, Seen { record, memory, former }, coordinator, mocks, given))
}

/// Records what the run is, in front of all that happens in it.
pub(super) fn create(plan: &Plan, recorder: &Recorder, resumes: Option<RunId>) -> Result<(), RunError> {
    let folder = recorder.folder();
    for (name, contents) in &plan.files {
        folder.write(name, contents, recorder.durability()).map_err(RunError::Record)?;
    }
    folder.write_build(&Build::of_this_program().json(), recorder.durability()).map_err(RunError::Record)?;
    let created = EventKind::Created {
        version: EVENT_VERSION,
        run: folder.id().clone(),
        name: plan.graph.name.clone(),
        backend: plan.backend.clone(),
        nodes: Extent::of(&plan.graph).nodes,
        resumes,
        from: plan.options.from.clone(),
    };
    recorder.record(None, created).map_err(RunError::Record)
}

/// What is known when a run is driven, from its beginning or on.
pub(super) struct Seen {
    /// Where its events go.
    pub(super) record: Arc<dyn Record>,
    /// What it knows of tasks that ran before.
    pub(super) memory: Arc<dyn Memory>,
    /// Answers of before.
    pub(super) former: HashMap<String, Answer>,
}

/// Drives the run that `recorder` records, on the runtime of the caller.
pub(super) fn go(
    plan: Plan,
    recorder: Arc<Recorder>,
    Seen { record, memory, former }: Seen,
    coordinator: Coordinator,
    mocks: Mocks,
    given: Given,
) -> Started {
    let folder = recorder.folder().clone();
    let shelf = (plan.options.keep == Keep::Outputs).then(|| Arc::new(RawFolders::new(folder.clone(), Arc::clone(&recorder) as _)));
    let deletes = shelf.is_some();
    let Given { answers, stop, window } = given;
    let (signals, refused) = Signals::open(&plan.graph, answers, former);
    let record = match &window {
        Some(window) => Arc::new(Leaving::new(record, Arc::clone(window))) as _,
        None => record,
    };
    let world = World {
        coordinator,
        run: folder.id().clone(),
        record,
        signals: Arc::new(signals),
        stop,
        strategy: plan.options.strategy,
        stored: Some(Arc::new(folder.clone())),
        mocks,
        memory: Some(memory),
        is_rehearsal: false,
        shelf: shelf.clone().map(|shelf| shelf as Arc<dyn Shelf>),
        from: plan.options.from,
        window: window.clone(),
        moved: Arc::default(),
        turns: Turns::default(),
    };
    let asked = Asked { control: Control::new(&folder), refused, is_told: false };
    let ((over, ended), (gives, outputs)) = (oneshot::channel(), oneshot::channel());
    tokio::spawn(async move {
        let ended = to_its_end(&plan.graph, &world, plan.options.inputs.into(), &recorder, asked).await;
        if let Some(shelf) = shelf {
            ended.iter().for_each(|outputs| shelf.clear(outputs));
            shelf.settle().await;
        }
        // Where it cannot be recorded the run is one that was interrupted: that is how others find it.
        drop(world);
        if let Some(window) = window.filter(|window| ended.is_err() && window.left().is_some()) {
            recorder.release();
            window.let_go();
            return;
        }
        // A disk may be slow.
        let recorded = tokio::task::spawn_blocking(move || {
            let recorded = record_end(&recorder, &ended);
            if deletes && matches!(recorded, Ok(RunOutcome::Succeeded)) {
                // Until its end is recorded a run that resumes this one needs it.
                recorder.folder().data().clear_own();
            }
            // Threads that the run left behind may hold the recorder, and with it the locks.
            recorder.release();
            (recorded, ended)
        });
        let recorded = recorded.await;
        let Ok((recorded, ended)) = recorded else { return };
        let _ = gives.send(match &recorded {
            Ok(_) => ended,
            Err(error) => Err(RunError::Record(error.clone())),
        });
        let _ = over.send(recorded);
    });
    Started { handle: RunHandle::driven(&folder, async move { ended.await.ok() }), outputs }
}

fn record_end(recorder: &Recorder, ended: &Result<Bytes, RunError>) -> Result<RunOutcome, RecordError> {
    let (outcome, outputs) = match ended {
        Ok(outputs) => (RunOutcome::Succeeded, Some(recorder.keep(outputs)?)),
        Err(error) => (outcome(error), None),
    };
    recorder.record(None, EventKind::Ended { outcome: outcome.clone(), outputs })?;
    removed(recorder).map_or(Ok(outcome), Err)
}

/// The error of a run whose folder is gone, with everything that was recorded in it.
fn removed(recorder: &Recorder) -> Option<RecordError> {
    let path = recorder.folder().path();
    (!path.exists()).then(|| {
        RecordError::new(RecordErrorKind::NotFound, format!("the folder of the run was removed while it ran: `{}`", path.display()))
    })
}

/// Drives the run, and handles requests from other processes.
async fn to_its_end(graph: &Graph, world: &World, inputs: Bytes, recorder: &Recorder, mut asked: Asked) -> Result<Bytes, RunError> {
    let given = literals_of(&inputs).map_err(RunError::Inputs)?;
    let ended = {
        let mut driven = std::pin::pin!(drive(graph, world, &given));
        let mut over = std::pin::pin!(over(world));
        let mut is_over = false;
        loop {
            tokio::select! {
                ended = &mut driven => break ended,
                next = asked.next() => asked.heed(next, world, recorder),
                () = &mut over, if !is_over => {
                    is_over = true;
                    world.stop.cancel();
                }
            }
        }
    };
    world.coordinator.shutdown(Duration::ZERO).await;
    ended.map_err(why)
}

/// Waits until the time of this driver is over.
async fn over(world: &World) {
    match &world.window {
        Some(window) => window.over().await,
        None => std::future::pending().await,
    }
}

/// Requests to the run.
struct Asked {
    control: Control,
    /// Answers that turned out not to fit their gates.
    refused: UnboundedReceiver<Refusal>,
    /// Whether it has been reported that requests cannot be handled.
    is_told: bool,
}

/// What to do next.
enum Next {
    Heed(Request),
    Refuse(Refusal),
}

impl Asked {
    /// What to do next. After an error, it waits a while before it returns.
    async fn next(&mut self) -> Result<Next, RecordError> {
        tokio::select! {
            Some(refusal) = self.refused.recv() => Ok(Next::Refuse(refusal)),
            request = self.control.watch() => {
                if request.is_err() {
                    tokio::time::sleep(AGAIN).await;
                }
                request.map(Next::Heed)
            }
        }
    }

    /// Handles a request. The first error is logged. If the folder of the run is gone, the run stops, because nobody could see what it does.
    fn heed(&mut self, next: Result<Next, RecordError>, world: &World, recorder: &Recorder) {
        let heard = next.and_then(|next| match next {
            Next::Heed(Request::Cancel) => {
                world.window.iter().for_each(|window| window.end_here());
                world.stop.cancel();
                recorder.record(None, EventKind::Stopping)
            }
            Next::Heed(Request::Kill) => {
                world.window.iter().for_each(|window| window.end_here());
                world.stop.cancel();
                world.coordinator.hurry();
                recorder.record(None, EventKind::Stopping)
            }
            Next::Heed(Request::Answer { signal, answer }) => match world.signals.answer(signal.clone(), answer) {
                Ok(()) => recorder.record(None, EventKind::Answered { signal }),
                Err(refusal) => self.refuse(refusal, recorder),
            },
            Next::Refuse(refusal) => self.refuse(refusal, recorder),
        });
        let Err(error) = heard else { return };
        if removed(recorder).is_some() {
            world.stop.cancel();
        }
        if !std::mem::replace(&mut self.is_told, true) {
            tracing::warn!(%error, "requests to the run {} are ignored", world.run);
        }
    }

    fn refuse(&mut self, Refusal { signal, why }: Refusal, recorder: &Recorder) -> Result<(), RecordError> {
        self.control.refuse(&signal)?;
        recorder.record(None, EventKind::Refused { signal, why })
    }
}
