//! One node, from its inputs to its outputs: what is told of it, and which part of the engine runs it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use nebulakit_types::wire::flyteidl::core::{Error, LiteralMap, Node, node, node_execution::Phase, task_node, workflow_node::Reference};

use super::bindings::{Given, resolve};
use super::failure::{Failure, aborted, system, user};
use super::records::NodeRecord;
use super::scope::{Place, Scope, told, walk};
use super::{arrays, children, conditions, gates, tasks};

/// What a node begins with.
pub(crate) struct Begun {
    pub(crate) spec_id: String,
    pub(crate) given: Arc<Given>,
    pub(crate) place: Place,
    /// What a node that handles a failure is told.
    pub(crate) error: Option<Error>,
}

/// A node that runs: where it is, and what it has been given.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) scope: Scope,
    pub(crate) id: String,
    pub(crate) spec_id: String,
    pub(crate) node: Node,
    pub(crate) data: String,
    pub(crate) inputs: LiteralMap,
}

impl Running {
    pub(crate) fn change(&self, change: impl FnOnce(&mut NodeRecord)) {
        self.scope.run.node(&self.id, change);
    }

    /// The time that its settings give it.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        timeout(&self.node)
    }
}

pub(crate) fn timeout(node: &Node) -> Option<Duration> {
    let timeout = node.metadata.as_ref()?.timeout.as_ref()?;
    let timeout = Duration::new(timeout.seconds.try_into().ok()?, timeout.nanos.try_into().ok()?);
    (timeout > Duration::ZERO).then_some(timeout)
}

/// Runs a node to its end.
pub(crate) fn run_node(scope: Scope, begun: Begun, node: Node) -> BoxFuture<'static, Result<LiteralMap, Failure>> {
    Box::pin(async move {
        let Begun { spec_id, given, place, error } = begun;
        let (id, data) = (place.id(&spec_id), place.data(&spec_id));
        // Said by the first event of a node already: clients choose by it what they ask for next.
        let is_array = matches!(node.target, Some(node::Target::ArrayNode(_)));
        let record = NodeRecord { is_array, ..NodeRecord::new(id.clone(), &spec_id, place.parent()) };
        scope.run.change(|state| state.nodes.push(record));
        let mut running = Running { scope, id, spec_id, node, data, inputs: LiteralMap::default() };
        let ended = match resolve(&running.node.inputs, &given) {
            Ok(inputs) => {
                running.inputs = inputs;
                if let Some(error) = error
                    && let Some(bound) = running.inputs.literals.get_mut("err")
                {
                    *bound = told(bound, error);
                }
                begin(&running, given).await
            }
            Err(failure) => Err(failure),
        };
        end(&running, &ended);
        ended
    })
}

async fn begin(running: &Running, given: Arc<Given>) -> Result<LiteralMap, Failure> {
    let world = &running.scope.world;
    let input_uri = format!("{}/inputs.pb", running.data);
    world.write(&input_uri, &running.inputs).await;
    running.change(|record| {
        record.inputs = running.inputs.clone();
        record.input_uri = input_uri;
    });
    if let Some(outputs) = recovered(running).await {
        return Ok(outputs);
    }
    running.change(|record| {
        record.phase = Phase::Running;
        record.started = Some(SystemTime::now());
    });
    let scope = &running.scope;
    match running.node.target.as_ref().ok_or_else(|| system("UnknownNode", "a node without a target"))? {
        node::Target::TaskNode(task) => {
            let Some(task_node::Reference::ReferenceId(id)) = &task.reference else { return Err(system("BadSpec", "no task")) };
            let template = scope.templates.task(id).ok_or_else(|| system("TaskReferenceNotFound", format!("no task {}", id.name)))?;
            tasks::run(running, template, task.overrides.as_ref()).await
        }
        node::Target::WorkflowNode(workflow) => match &workflow.reference {
            Some(Reference::SubWorkflowRef(id)) => {
                let workflow = scope.templates.workflow(id).cloned();
                let workflow = workflow.ok_or_else(|| system("WorkflowReferenceNotFound", format!("no workflow {}", id.name)))?;
                running.change(|record| record.is_parent = true);
                let folder = format!("{}/0", running.data);
                let inner = Scope {
                    workflow: Arc::new(workflow),
                    place: Place::within(&running.id, 0, folder),
                    inputs: running.inputs.clone(),
                    stop: scope.stop.within(),
                    ..scope.clone()
                };
                written(running, walk(inner).await?).await
            }
            Some(Reference::LaunchplanRef(id)) => children::run(running, id).await,
            None => Err(system("BadSpec", "neither a workflow nor a launch plan")),
        },
        node::Target::BranchNode(branch) => {
            let block = branch.if_else.as_deref().ok_or_else(|| system("BadSpec", "no condition"))?;
            let taken = conditions::taken(block, &running.inputs)?.clone();
            running.change(|record| record.is_parent = true);
            // As the platform renames what stands in a condition.
            let spec_id = format!("{}-{}", running.spec_id, taken.id);
            let place = Place::within(&running.id, 0, format!("{}/0", running.data));
            let outputs = run_node(scope.clone(), Begun { spec_id, given, place, error: None }, taken).await?;
            written(running, outputs).await
        }
        node::Target::GateNode(gate) => gates::run(running, gate).await,
        node::Target::ArrayNode(array) => arrays::run(running, array).await,
    }
}

/// Writes the outputs of a node that ran others.
pub(crate) async fn written(running: &Running, outputs: LiteralMap) -> Result<LiteralMap, Failure> {
    let uri = format!("{}/0/outputs.pb", running.data);
    running.scope.world.write(&uri, &outputs).await;
    running.change(|record| record.output_uri = uri);
    Ok(outputs)
}

/// The outputs that the node had in the execution that this one recovers.
async fn recovered(running: &Running) -> Option<LiteralMap> {
    let former = running.scope.run.recovers.as_ref()?.record(&running.id).filter(NodeRecord::has_succeeded)?;
    let outputs = former.outputs?;
    let uri = format!("{}/0/outputs.pb", running.data);
    running.scope.world.write(&uri, &outputs).await;
    running.change(|record| {
        record.phase = Phase::Recovered;
        record.output_uri = uri;
        record.deck_uri = former.deck_uri;
    });
    Some(outputs)
}

fn end(running: &Running, ended: &Result<LiteralMap, Failure>) {
    running.change(|record| match ended {
        Ok(outputs) => {
            record.outputs = Some(outputs.clone());
            if record.phase != Phase::Recovered {
                record.phase = Phase::Succeeded;
            }
        }
        Err(Failure::Error(error)) => {
            record.phase = Phase::Failed;
            record.error = Some(error.clone());
        }
        Err(Failure::TimedOut(error)) => {
            record.phase = Phase::TimedOut;
            record.error = Some(error.clone());
        }
        Err(Failure::Stopped(why)) => {
            record.phase = Phase::Aborted;
            record.error = Some(aborted(why));
        }
    });
}

/// What a condition, a gate or a job that the platform cannot run says.
pub(crate) fn refused(code: &str, why: &str) -> Failure {
    user(code, why)
}
