//! The nodes of one workflow, sub-workflow or dynamic job: which may begin, and what a failure does to the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use nebulakit_types::wire::flyteidl::core::{
    CompiledWorkflowClosure, Error, Identifier, Literal, LiteralMap, Node, Scalar, TaskTemplate, Union, WorkflowTemplate, literal, node,
    node_execution, scalar, workflow_execution, workflow_metadata::OnFailurePolicy,
};

use super::bindings::{END, Given, START, resolve, sources};
use super::conditions::arms;
use super::failure::Failure;
use super::names;
use super::nodes::{Begun, run_node};
use super::records::NodeRecord;
use super::run::Run;
use super::stop::Stop;
use crate::flyte::world::World;

/// The tasks and sub-workflows that nodes name.
#[derive(Debug, Default)]
pub(crate) struct Templates {
    pub(crate) tasks: Vec<TaskTemplate>,
    pub(crate) workflows: Vec<WorkflowTemplate>,
}

impl Templates {
    pub(crate) fn of(closure: &CompiledWorkflowClosure) -> Self {
        Self {
            tasks: closure.tasks.iter().filter_map(|task| task.template.clone()).collect(),
            workflows: closure.sub_workflows.iter().filter_map(|workflow| workflow.template.clone()).collect(),
        }
    }

    pub(crate) fn task(&self, id: &Identifier) -> Option<&TaskTemplate> {
        self.tasks.iter().find(|task| task.id.as_ref() == Some(id))
    }

    pub(crate) fn workflow(&self, id: &Identifier) -> Option<&WorkflowTemplate> {
        self.workflows.iter().find(|workflow| workflow.id.as_ref() == Some(id))
    }
}

/// Where the nodes of a scope stand: what their ids begin with, and the folder of their documents.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The node within which they are, and the attempt of it.
    within: Option<(String, u32)>,
    folder: String,
}

impl Place {
    pub(crate) fn top(folder: String) -> Self {
        Self { within: None, folder }
    }

    pub(crate) fn within(node: &str, attempt: u32, folder: String) -> Self {
        Self { within: Some((node.to_owned(), attempt)), folder }
    }

    pub(crate) fn parent(&self) -> Option<String> {
        self.within.as_ref().map(|(node, _)| node.clone())
    }

    /// The unique id of a node.
    pub(crate) fn id(&self, spec_id: &str) -> String {
        let id = match &self.within {
            None => spec_id.to_owned(),
            Some((node, attempt)) => format!("{node}-{attempt}-{spec_id}"),
        };
        names::shortened(id, names::MAX_ID)
    }

    /// The folder of a node's documents.
    pub(crate) fn data(&self, spec_id: &str) -> String {
        match self.within {
            None => format!("{}/{spec_id}/data", self.folder),
            Some(_) => format!("{}/{spec_id}", self.folder),
        }
    }
}

/// The nodes that see each other.
#[derive(Clone)]
pub(crate) struct Scope {
    pub(crate) run: Arc<Run>,
    pub(crate) world: Arc<World>,
    pub(crate) templates: Arc<Templates>,
    pub(crate) workflow: Arc<WorkflowTemplate>,
    pub(crate) place: Place,
    pub(crate) inputs: LiteralMap,
    pub(crate) stop: Stop,
}

impl Scope {
    /// The scope of a workflow, whose place is still to be said.
    pub(crate) fn of(run: Arc<Run>, world: Arc<World>, workflow: WorkflowTemplate) -> Self {
        let stop = run.stop.within();
        Self {
            run,
            world,
            templates: Arc::default(),
            workflow: Arc::new(workflow),
            place: Place::top(String::new()),
            inputs: LiteralMap::default(),
            stop,
        }
    }

    /// Tells of a node that neither waits nor runs.
    fn mark(&self, id: &str, inputs: LiteralMap, outputs: Option<LiteralMap>, phase: node_execution::Phase) {
        let data = self.place.data(id);
        let mut record = NodeRecord::new(self.place.id(id), id, self.place.parent());
        record.phase = phase;
        record.inputs = inputs;
        if id == END {
            record.input_uri = format!("{data}/inputs.pb");
        } else if phase == node_execution::Phase::Succeeded {
            record.output_uri = format!("{data}/0/outputs.pb");
        }
        record.outputs = outputs;
        self.run.change(|state| state.nodes.push(record));
    }
}

/// The nodes that have to end before a node begins.
fn needs(node: &Node) -> BTreeSet<String> {
    let mut needs: BTreeSet<String> = sources(&node.inputs).into_iter().chain(node.upstream_node_ids.iter().cloned()).collect();
    if let Some(node::Target::BranchNode(branch)) = &node.target {
        branch.if_else.iter().flat_map(|block| arms(block)).for_each(|arm| needs.extend(self::needs(arm)));
    }
    needs.remove(START);
    needs.remove("");
    needs
}

/// Runs all nodes of a scope, and gives its outputs.
pub(crate) fn walk(scope: Scope) -> BoxFuture<'static, Result<LiteralMap, Failure>> {
    Box::pin(async move {
        scope.mark(START, LiteralMap::default(), Some(scope.inputs.clone()), node_execution::Phase::Succeeded);
        let workflow = scope.workflow.clone();
        let ended = match nodes(&scope).await {
            Ok(given) => outputs(&scope, &given).await,
            Err(failure) => Err(failure),
        };
        let Err(failure) = ended else { return ended };
        if scope.place.parent().is_none() && !matches!(failure, Failure::Stopped(_)) {
            scope.run.change(|state| {
                if state.phase != workflow_execution::Phase::Aborting {
                    state.phase = workflow_execution::Phase::Failing;
                }
            });
        }
        match (&workflow.failure_node, &failure) {
            (Some(handler), Failure::Error(error) | Failure::TimedOut(error)) if !scope.run.stop.is_stopped() => {
                let message = error.message.clone();
                handled(&scope, handler.clone(), message).await?;
                Err(failure)
            }
            _ => Err(failure),
        }
    })
}

async fn nodes(scope: &Scope) -> Result<Given, Failure> {
    let ids: BTreeSet<&str> = scope.workflow.nodes.iter().map(|node| &*node.id).collect();
    let mut waiting: BTreeMap<String, (Node, BTreeSet<String>)> = BTreeMap::new();
    for node in scope.workflow.nodes.iter().filter(|node| node.id != START && node.id != END) {
        let mut needs = needs(node);
        needs.retain(|id| ids.contains(&**id));
        waiting.insert(node.id.clone(), (node.clone(), needs));
    }
    let mut given = Given::from([(START.to_owned(), scope.inputs.clone())]);
    let mut running = FuturesUnordered::new();
    let mut failed: Option<Failure> = None;
    let runs_on =
        scope.workflow.metadata.as_ref().is_some_and(|metadata| metadata.on_failure() == OnFailurePolicy::FailAfterExecutableNodesComplete);
    loop {
        if !scope.stop.is_stopped() {
            let ready: Vec<_> = waiting.iter().filter(|(_, (_, needs))| needs.iter().all(|id| given.contains_key(id))).collect();
            let ready: Vec<_> = ready.into_iter().map(|(id, _)| id.clone()).collect();
            for id in ready {
                let (node, _) = waiting.remove(&id).unwrap();
                let begun = Begun { spec_id: id.clone(), given: Arc::new(given.clone()), place: scope.place.clone(), error: None };
                let scope = scope.clone();
                running.push(async move { (id, run_node(scope, begun, node).await) });
            }
        }
        let Some((id, ended)) = running.next().await else { break };
        match ended {
            Ok(outputs) => {
                given.insert(id, outputs);
            }
            Err(failure) => {
                if !runs_on && !matches!(failure, Failure::Stopped(_)) {
                    scope.stop.stop("Some node execution failed, auto-abort.");
                }
                if failed.is_none() || matches!(failed, Some(Failure::Stopped(_))) {
                    failed = Some(failure);
                }
            }
        }
    }
    match failed {
        None if !waiting.is_empty() => Err(Failure::Stopped(scope.stop.stopped().await)),
        None => Ok(given),
        Some(failure) => {
            if runs_on {
                waiting.keys().for_each(|id| scope.mark(id, LiteralMap::default(), None, node_execution::Phase::Skipped));
            }
            Err(failure)
        }
    }
}

async fn outputs(scope: &Scope, given: &Given) -> Result<LiteralMap, Failure> {
    if scope.place.parent().is_none() {
        scope.run.change(|state| state.phase = workflow_execution::Phase::Succeeding);
    }
    let outputs = resolve(&scope.workflow.outputs, given)?;
    let data = scope.place.data(END);
    scope.world.write(&format!("{data}/inputs.pb"), &outputs).await;
    scope.world.write(&format!("{data}/0/outputs.pb"), &outputs).await;
    scope.mark(END, outputs.clone(), None, node_execution::Phase::Succeeded);
    Ok(outputs)
}

/// Runs the node that handles a failure. What it fails with takes the failure's place.
async fn handled(scope: &Scope, handler: Node, message: String) -> Result<(), Failure> {
    let given = Given::from([(START.to_owned(), scope.inputs.clone())]);
    let error = Error { failed_node_id: handler.id.clone(), message };
    let begun = Begun { spec_id: handler.id.clone(), given: Arc::new(given), place: scope.place.clone(), error: Some(error) };
    let scope = Scope { stop: scope.run.stop.within(), ..scope.clone() };
    run_node(scope, begun, handler).await.map(drop)
}

/// The value of a handler's `err`, in place of the one that is bound.
pub(crate) fn told(bound: &Literal, error: Error) -> Literal {
    let Some(literal::Value::Scalar(scalar)) = &bound.value else { return bound.clone() };
    let Some(scalar::Value::Union(_)) = &scalar.value else { return bound.clone() };
    let value = Literal {
        value: Some(literal::Value::Scalar(Box::new(Scalar { value: Some(scalar::Value::Error(error)) }))),
        ..Literal::default()
    };
    let union = Union { value: Some(Box::new(value)), r#type: Some(error_type()) };
    Literal {
        value: Some(literal::Value::Scalar(Box::new(Scalar { value: Some(scalar::Value::Union(Box::new(union))) }))),
        ..Literal::default()
    }
}

fn error_type() -> nebulakit_types::wire::flyteidl::core::LiteralType {
    use nebulakit_types::literal_type::{LiteralType, SimpleType};
    LiteralType::simple(SimpleType::Error).with_tag("FlyteError").to_wire()
}
