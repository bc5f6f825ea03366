//! What workflows are made of, and the form in which they are stored.

use nebulakit_types::wire::flyteidl::core::{
    CompiledTask, CompiledWorkflow, CompiledWorkflowClosure, Identifier, Node, WorkflowTemplate, binding_data, if_else_block, node,
    task_node,
};

use super::{State, missing};

/// A node, and all within it.
pub(super) fn within(node: &Node) -> Vec<&Node> {
    let mut all = vec![node];
    match &node.target {
        Some(node::Target::BranchNode(branch)) => {
            let Some(block) = &branch.if_else else { return all };
            let arms = block.case.as_deref().into_iter().chain(&block.other).filter_map(|arm| arm.then_node.as_deref());
            let rest = match &block.default {
                Some(if_else_block::Default::ElseNode(node)) => Some(&**node),
                _ => None,
            };
            all.extend(arms.chain(rest).flat_map(within));
        }
        Some(node::Target::ArrayNode(array)) => all.extend(array.node.iter().flat_map(|node| within(node))),
        _ => {}
    }
    all
}

/// All nodes of a workflow.
pub(super) fn nodes(template: &WorkflowTemplate) -> impl Iterator<Item = &Node> {
    template.nodes.iter().chain(&template.failure_node).flat_map(within)
}

/// The task that a node runs.
pub(super) fn task(node: &Node) -> Option<&Identifier> {
    match &node.target {
        Some(node::Target::TaskNode(task)) => {
            let task_node::Reference::ReferenceId(id) = task.reference.as_ref()?;
            Some(id)
        }
        _ => None,
    }
}

/// A workflow as the platform stores it: with a node for its inputs and one for its outputs.
fn compiled(template: &WorkflowTemplate) -> WorkflowTemplate {
    let mut template = template.clone();
    for binding in template.nodes.iter_mut().flat_map(|node| &mut node.inputs) {
        if let Some(binding_data::Value::Promise(promise)) = binding.binding.as_mut().and_then(|data| data.value.as_mut())
            && promise.node_id.is_empty()
        {
            promise.node_id = "start-node".to_owned();
        }
    }
    let start = Node { id: "start-node".to_owned(), ..Node::default() };
    let end = Node { id: "end-node".to_owned(), inputs: template.outputs.clone(), ..Node::default() };
    template.nodes.splice(0..0, [start, end]);
    template
}

/// Names the nodes of arms as the platform does once it has compiled a workflow: by their conditions too.
pub(crate) fn named(mut compiled: CompiledWorkflowClosure) -> CompiledWorkflowClosure {
    let templates = compiled.primary.iter_mut().chain(&mut compiled.sub_workflows).filter_map(|workflow| workflow.template.as_mut());
    templates.flat_map(|template| &mut template.nodes).for_each(name_arms);
    compiled
}

fn name_arms(node: &mut Node) {
    let Some(node::Target::BranchNode(branch)) = &mut node.target else { return };
    let Some(block) = &mut branch.if_else else { return };
    let rest = match &mut block.default {
        Some(if_else_block::Default::ElseNode(node)) => Some(node),
        _ => None,
    };
    let arms = block.case.as_deref_mut().into_iter().chain(&mut block.other).filter_map(|arm| arm.then_node.as_mut());
    for arm in arms.chain(rest) {
        arm.id = format!("{}-{}", node.id, arm.id);
        name_arms(arm);
    }
}

impl State {
    /// A workflow with all that it runs.
    pub(super) fn closure(&self, id: &Identifier) -> Result<CompiledWorkflowClosure, (u32, String)> {
        let Some((id, spec, _)) = self.workflows.get(id) else { return missing("WORKFLOW", id) };
        let whole = |template: &WorkflowTemplate| CompiledWorkflow { template: Some(compiled(template)), ..CompiledWorkflow::default() };
        let primary = WorkflowTemplate { id: Some(id.clone()), ..spec.template.clone().unwrap_or_default() };
        let mut tasks: Vec<&Identifier> = spec.template.iter().chain(&spec.sub_workflows).flat_map(nodes).filter_map(task).collect();
        let mut seen = std::collections::BTreeSet::new();
        tasks.retain(|id| seen.insert(super::key(id)));
        let tasks = tasks.into_iter().filter_map(|id| self.tasks.get(id));
        Ok(CompiledWorkflowClosure {
            primary: Some(whole(&primary)),
            sub_workflows: spec.sub_workflows.iter().map(whole).collect(),
            tasks: tasks.map(|(_, (template, _), _)| CompiledTask { template: Some(template.clone()) }).collect(),
            ..CompiledWorkflowClosure::default()
        })
    }
}
