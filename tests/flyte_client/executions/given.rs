//! Executions that the double has: one that failed, and one that waits.

use nebulakit_types::wire::flyteidl::admin::execution_closure::OutputResult;
use nebulakit_types::wire::flyteidl::admin::node_execution_closure::OutputResult as NodeResult;
use nebulakit_types::wire::flyteidl::admin::{
    NodeExecution, NodeExecutionClosure, NodeExecutionMetaData, TaskExecution, TaskExecutionClosure, Workflow, WorkflowClosure,
    WorkflowExecutionGetDataResponse,
};
use nebulakit_types::wire::flyteidl::core::gate_node::Condition;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{
    ApproveCondition, CompiledWorkflow, CompiledWorkflowClosure, Container, ExecutionError, GateNode, Identifier, LiteralMap,
    NodeExecutionIdentifier, ResourceType, SignalCondition, TaskExecutionIdentifier, TaskTemplate, WorkflowTemplate, execution_error, node,
    node_execution, task_execution, task_template,
};
use nebulakit_types::{Dialect, NebulaType as _};

use crate::double::executions::{State, execution};

fn error(code: &str, message: &str) -> ExecutionError {
    let (code, message) = (code.to_owned(), message.to_owned());
    ExecutionError { code, message, kind: execution_error::ErrorKind::User.into(), ..ExecutionError::default() }
}

fn node_id(name: &str, node: &str) -> NodeExecutionIdentifier {
    let id = execution(name, Phase::Undefined, None).id;
    NodeExecutionIdentifier { node_id: node.to_owned(), execution_id: id }
}

/// A node as the platform tells it.
fn node(name: &str, id: &str, spec: &str, phase: node_execution::Phase, error: Option<ExecutionError>, is_parent: bool) -> NodeExecution {
    let closure =
        NodeExecutionClosure { phase: phase.into(), output_result: error.map(NodeResult::Error), ..NodeExecutionClosure::default() };
    let metadata = NodeExecutionMetaData { spec_node_id: spec.to_owned(), is_parent_node: is_parent, ..NodeExecutionMetaData::default() };
    NodeExecution { id: Some(node_id(name, id)), closure: Some(closure), metadata: Some(metadata), ..NodeExecution::default() }
}

fn task_id(name: &str) -> Identifier {
    Identifier {
        resource_type: ResourceType::Task.into(),
        project: "flytesnacks".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        ..Identifier::default()
    }
}

pub(super) const LONG: &str =
    "-4 is below zero, and this message is longer than the hundred characters that lists of the platform leave of any message";

/// An execution that failed in a node of a sub-workflow, whose id is a hash, in the second attempt.
pub(super) fn failed(state: &mut State) {
    let result = OutputResult::Error(error("USER:Root", LONG));
    state.executions.push(execution("bad", Phase::Failed, Some(result)));
    let key = |parent: &str| ("bad".to_owned(), parent.to_owned());
    let succeeded = node_execution::Phase::Succeeded;
    let top = vec![
        node("bad", "start-node", "start-node", succeeded, None, false),
        node("bad", "n0", "n0", node_execution::Phase::Failed, Some(error("USER:Root", LONG)), true),
    ];
    state.nodes.insert(key(""), top);
    let inner = vec![
        node("bad", "f3mqif3y", "n0", succeeded, None, false),
        node("bad", "f7abcdef", "n1", node_execution::Phase::Failed, None, false),
        node("bad", "end-node", "end-node", succeeded, None, false),
    ];
    state.nodes.insert(key("n0"), inner);
    let attempts = [0, 1].map(|retry_attempt| {
        let id = TaskExecutionIdentifier {
            task_id: Some(task_id("steered.root")),
            node_execution_id: Some(node_id("bad", "f7abcdef")),
            retry_attempt,
        };
        let result = nebulakit_types::wire::flyteidl::admin::task_execution_closure::OutputResult::Error(error("USER:Root", "below zero"));
        let phase = task_execution::Phase::Failed.into();
        let closure = TaskExecutionClosure { phase, output_result: Some(result), ..TaskExecutionClosure::default() };
        TaskExecution { id: Some(id), closure: Some(closure), ..TaskExecution::default() }
    });
    state.attempts.insert(key("f7abcdef"), attempts.into());
    let literal = nebulakit_types::encode(&-4_i64, &Dialect::FLYTE_1).unwrap();
    let literals = [("x".to_owned(), prost::Message::decode(literal.as_slice()).unwrap())].into();
    let full_inputs = Some(LiteralMap { literals });
    state.data.insert("bad/f7abcdef".to_owned(), WorkflowExecutionGetDataResponse { full_inputs, ..Default::default() });
    state.tasks.push(root("execute"));
}

/// The task as it is registered.
fn root(verb: &str) -> TaskTemplate {
    let args = [verb, "--task-name", "steered.root"].map(str::to_owned).into();
    let container = Container { args, ..Container::default() };
    let interface = nebulakit_types::Interface {
        inputs: vec![nebulakit_types::Variable::new("x", i64::literal_type(&Dialect::FLYTE_1))],
        outputs: Vec::new(),
    };
    TaskTemplate {
        id: Some(task_id("steered.root")),
        interface: Some(interface.to_wire()),
        target: Some(task_template::Target::Container(container)),
        ..TaskTemplate::default()
    }
}

/// A workflow with a gate for a value and one for an approval.
pub(super) fn gated(state: &mut State) {
    let id = Identifier { resource_type: ResourceType::Workflow.into(), ..task_id("steered.gated") };
    let gate = |id: &str, condition| {
        let target = Some(node::Target::GateNode(GateNode { condition: Some(condition) }));
        nebulakit_types::wire::flyteidl::core::Node { id: id.to_owned(), target, ..Default::default() }
    };
    let more = SignalCondition {
        signal_id: "more".to_owned(),
        r#type: Some(i64::literal_type(&Dialect::FLYTE_1).to_wire()),
        output_variable_name: "o0".to_owned(),
    };
    let nodes = vec![gate("n0", Condition::Signal(more)), gate("n1", Condition::Approve(ApproveCondition { signal_id: "go".to_owned() }))];
    let template = WorkflowTemplate { id: Some(id.clone()), nodes, ..WorkflowTemplate::default() };
    let primary = Some(CompiledWorkflow { template: Some(template), ..CompiledWorkflow::default() });
    let compiled_workflow = Some(CompiledWorkflowClosure { primary, ..CompiledWorkflowClosure::default() });
    let closure = Some(WorkflowClosure { compiled_workflow, ..WorkflowClosure::default() });
    state.workflow = Some(Workflow { id: Some(id.clone()), closure, ..Workflow::default() });
    let mut waits = execution("waits", Phase::Running, None);
    waits.closure.as_mut().unwrap().workflow_id = Some(id);
    state.executions.push(waits);
}
