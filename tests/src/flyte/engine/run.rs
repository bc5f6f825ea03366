//! One execution: what it runs, and how far it is.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use nebulakit_types::wire::flyteidl::admin::{AbortMetadata, ExecutionSpec};
use nebulakit_types::wire::flyteidl::core::{
    CompiledWorkflowClosure, ExecutionError, Identifier, LiteralMap, WorkflowExecutionIdentifier, workflow_execution::Phase,
};
use tokio::sync::{Semaphore, watch};

use super::failure::Failure;
use super::names;
use super::records::NodeRecord;
use super::scope::{Place, Scope, Templates, walk};
use super::stop::Stop;
use crate::flyte::world::World;

/// How many nodes run at once where nobody says.
const MAX_PARALLELISM: usize = 25;

/// An execution.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: WorkflowExecutionIdentifier,
    pub(crate) spec: ExecutionSpec,
    pub(crate) workflow: Identifier,
    pub(crate) inputs: LiteralMap,
    pub(crate) closure: CompiledWorkflowClosure,
    pub(crate) created: SystemTime,
    /// The execution whose good nodes are not run again.
    pub(crate) recovers: Option<Arc<Run>>,
    pub(crate) stop: Stop,
    pub(crate) slots: Semaphore,
    pub(crate) state: Mutex<State>,
    /// Goes up with each change of the state.
    pub(crate) changes: watch::Sender<u64>,
}

/// How far an execution is.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) outputs: Option<LiteralMap>,
    pub(crate) error: Option<ExecutionError>,
    pub(crate) abort: Option<AbortMetadata>,
    pub(crate) is_archived: bool,
    pub(crate) started: Option<SystemTime>,
    pub(crate) updated: Option<SystemTime>,
    pub(crate) nodes: Vec<NodeRecord>,
}

pub(crate) fn is_terminal(phase: Phase) -> bool {
    matches!(phase, Phase::Succeeded | Phase::Failed | Phase::Aborted | Phase::TimedOut)
}

impl Run {
    pub(crate) fn new(
        id: WorkflowExecutionIdentifier,
        spec: ExecutionSpec,
        workflow: Identifier,
        inputs: LiteralMap,
        closure: CompiledWorkflowClosure,
        recovers: Option<Arc<Run>>,
    ) -> Arc<Self> {
        let slots = usize::try_from(spec.max_parallelism).ok().filter(|slots| *slots > 0).unwrap_or(MAX_PARALLELISM);
        Arc::new(Self {
            id,
            spec,
            workflow,
            inputs,
            closure,
            created: SystemTime::now(),
            recovers,
            stop: Stop::new(),
            slots: Semaphore::new(slots),
            state: Mutex::default(),
            changes: watch::Sender::new(0),
        })
    }

    /// Changes the state, and wakes those who wait for it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap();
        state.updated = Some(SystemTime::now());
        let changed = change(&mut state);
        drop(state);
        self.changes.send_modify(|number| *number += 1);
        changed
    }

    /// Changes the record of a node.
    pub(crate) fn node(&self, id: &str, change: impl FnOnce(&mut NodeRecord)) {
        self.change(|state| {
            let record = state.nodes.iter_mut().find(|record| record.id == id).unwrap();
            record.updated = SystemTime::now();
            change(record);
        });
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.lock().unwrap().phase
    }

    /// The node of that id, as it is now.
    pub(crate) fn record(&self, id: &str) -> Option<NodeRecord> {
        self.state.lock().unwrap().nodes.iter().find(|record| record.id == id).cloned()
    }

    /// Waits until something of the state is as wanted.
    pub(crate) async fn until<T>(&self, wanted: impl Fn(&State) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = wanted(&self.state.lock().unwrap()) {
                return found;
            }
            let _ = changes.changed().await;
        }
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) -> Phase {
        self.until(|state| Some(state.phase).filter(|phase| is_terminal(*phase))).await
    }

    /// Runs it to its end.
    pub(crate) async fn drive(self: Arc<Self>, world: Arc<World>) {
        self.change(|state| {
            state.phase = Phase::Running;
            state.started = Some(SystemTime::now());
        });
        let primary = self.closure.primary.clone().unwrap_or_default().template.unwrap_or_default();
        let scope = Scope {
            templates: Arc::new(Templates::of(&self.closure)),
            place: Place::top(names::folder(&world.bucket, &self.id)),
            stop: self.stop.within(),
            inputs: self.inputs.clone(),
            ..Scope::of(self.clone(), world, primary)
        };
        let ended = walk(scope).await;
        self.change(|state| match ended {
            Ok(outputs) => {
                state.phase = Phase::Succeeded;
                state.outputs = Some(outputs);
            }
            Err(Failure::Stopped(_)) => state.phase = Phase::Aborted,
            Err(Failure::Error(error) | Failure::TimedOut(error)) => {
                state.phase = if state.phase == Phase::Aborting { Phase::Aborted } else { Phase::Failed };
                state.error = Some(error);
            }
        });
    }
}
