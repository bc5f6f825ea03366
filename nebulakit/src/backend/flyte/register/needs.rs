//! What has to be registered before what.

use std::collections::BTreeMap;

use nebulakit_types::wire::flyteidl::core::workflow_node::Reference;
use nebulakit_types::wire::flyteidl::core::{BranchNode, Identifier, Node, node, task_node};

use super::super::compile::Entity;

/// The places of an entity, and of those among the entities that it needs.
type Placed = (usize, Vec<usize>);

/// The entities by level: each one behind all that it needs, and all of a level at once. Each has to stand behind what it needs already.
pub(super) fn levels(entities: &[Entity]) -> Vec<Vec<Placed>> {
    let mut known: BTreeMap<Key<'_>, (usize, usize)> = BTreeMap::new();
    let mut levels: Vec<Vec<Placed>> = Vec::new();
    for (index, entity) in entities.iter().enumerate() {
        let mut needed = Vec::new();
        needs(entity, &mut needed);
        let found: Vec<_> = needed.into_iter().filter_map(|id| known.get(&key(id))).copied().collect();
        let level = found.iter().map(|(_, level)| level + 1).max().unwrap_or(0);
        known.insert(key(entity.id()), (index, level));
        if levels.len() == level {
            levels.push(Vec::new());
        }
        levels[level].push((index, found.into_iter().map(|(index, _)| index).collect()));
    }
    levels
}

type Key<'a> = (i32, &'a str, &'a str, &'a str, &'a str);

fn key(id: &Identifier) -> Key<'_> {
    (id.resource_type, &id.project, &id.domain, &id.name, &id.version)
}

fn needs<'e>(entity: &'e Entity, needed: &mut Vec<&'e Identifier>) {
    match entity {
        Entity::Task { .. } => {}
        Entity::Workflow { spec, .. } => {
            let templates = spec.template.iter().chain(&spec.sub_workflows);
            let mut nodes: Vec<&Node> = templates.flat_map(|template| template.nodes.iter().chain(&template.failure_node)).collect();
            while let Some(node) = nodes.pop() {
                match &node.target {
                    Some(node::Target::TaskNode(task)) => {
                        needed.extend(task.reference.as_ref().map(|task_node::Reference::ReferenceId(id)| id));
                    }
                    Some(node::Target::WorkflowNode(workflow)) => match &workflow.reference {
                        Some(Reference::LaunchplanRef(id) | Reference::SubWorkflowRef(id)) => needed.push(id),
                        None => {}
                    },
                    Some(node::Target::BranchNode(branch)) => nodes.extend(arms(branch)),
                    Some(node::Target::ArrayNode(array)) => nodes.extend(array.node.as_deref()),
                    Some(node::Target::GateNode(_)) | None => {}
                }
            }
        }
        Entity::LaunchPlan { plan, .. } => needed.extend(plan.spec.as_ref().and_then(|spec| spec.workflow_id.as_ref())),
    }
}

fn arms(branch: &BranchNode) -> impl Iterator<Item = &Node> {
    use nebulakit_types::wire::flyteidl::core::if_else_block::Default;

    let block = branch.if_else.as_deref();
    let cases = block.into_iter().flat_map(|block| block.case.as_deref().into_iter().chain(&block.other));
    let last = block.and_then(|block| match &block.default {
        Some(Default::ElseNode(node)) => Some(&**node),
        _ => None,
    });
    cases.filter_map(|case| case.then_node.as_deref()).chain(last)
}
