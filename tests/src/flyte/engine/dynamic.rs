//! What a task becomes that left nodes: a workflow within its node.

use std::sync::Arc;

use nebulakit_types::wire::flyteidl::core::{
    CompiledTask, CompiledWorkflow, CompiledWorkflowClosure, DynamicJobSpec, Identifier, LiteralMap, Node, ResourceType, TaskTemplate,
    TypedInterface, WorkflowTemplate, node, node_execution::Phase, task_node,
};

use super::conditions::arms;
use super::failure::Failure;
use super::nodes::{Running, refused};
use super::scope::{Place, Scope, Templates, walk};

/// Runs the nodes of a job, and gives its outputs.
pub(crate) async fn run(
    running: &Running,
    template: &TaskTemplate,
    job: DynamicJobSpec,
    attempt: u32,
    folder: &str,
) -> Result<LiteralMap, Failure> {
    if job.nodes.is_empty() {
        return Err(unbuilt("NoNodesFound, Node Id: root, Description: Workflow does not contain any nodes."));
    }
    let outputs = template.interface.clone().unwrap_or_default().outputs;
    let declared = outputs.iter().flat_map(|outputs| outputs.variables.keys());
    if let Some(name) = declared.into_iter().find(|name| !job.outputs.iter().any(|binding| &binding.var == *name)) {
        return Err(unbuilt(&format!("ParameterNotBound, Node Id: end-node, Description: Parameter not bound [{name}].")));
    }
    let templates = Templates { tasks: job.tasks, workflows: job.subworkflows };
    let within = templates.workflows.iter().flat_map(|workflow| &workflow.nodes);
    if let Some((node, task)) = job.nodes.iter().chain(within).find_map(|node| missing(node, &templates)) {
        let name = &task.name;
        return Err(unbuilt(&format!("TaskReferenceNotFound, Node Id: {node}, Description: Referenced Task not found [{name}].")));
    }
    let id = template.id.as_ref().map(|id| Identifier { resource_type: ResourceType::Workflow.into(), ..id.clone() });
    let workflow = WorkflowTemplate {
        id,
        interface: Some(TypedInterface { inputs: None, outputs }),
        nodes: job.nodes,
        outputs: job.outputs,
        ..WorkflowTemplate::default()
    };
    running.change(|record| {
        record.is_parent = true;
        record.phase = Phase::DynamicRunning;
        record.dynamic = Some(closure(&workflow, &templates));
    });
    let scope = Scope {
        templates: Arc::new(templates),
        workflow: Arc::new(workflow),
        place: Place::within(&running.id, attempt, folder.to_owned()),
        inputs: LiteralMap::default(),
        stop: running.scope.stop.within(),
        ..running.scope.clone()
    };
    walk(scope).await
}

fn unbuilt(error: &str) -> Failure {
    refused("DynamicWorkflowBuildFailed", &format!("Collected Errors: 1\n\tError 0: Code: {error}\n"))
}

/// A task that a node names and the job does not hold: the platform looks for it nowhere else.
fn missing<'n>(node: &'n Node, templates: &Templates) -> Option<(&'n str, &'n Identifier)> {
    match node.target.as_ref()? {
        node::Target::TaskNode(task) => {
            let task_node::Reference::ReferenceId(id) = task.reference.as_ref()?;
            templates.task(id).is_none().then_some((&node.id, id))
        }
        node::Target::ArrayNode(array) => missing(array.node.as_deref()?, templates),
        node::Target::BranchNode(branch) => arms(branch.if_else.as_deref()?).find_map(|node| missing(node, templates)),
        _ => None,
    }
}

fn closure(workflow: &WorkflowTemplate, templates: &Templates) -> CompiledWorkflowClosure {
    let compiled = |template: &WorkflowTemplate| CompiledWorkflow { template: Some(template.clone()), ..CompiledWorkflow::default() };
    CompiledWorkflowClosure {
        primary: Some(compiled(workflow)),
        sub_workflows: templates.workflows.iter().map(compiled).collect(),
        tasks: templates.tasks.iter().map(|task| CompiledTask { template: Some(task.clone()) }).collect(),
        ..CompiledWorkflowClosure::default()
    }
}
