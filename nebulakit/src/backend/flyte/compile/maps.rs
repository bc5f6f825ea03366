//! Maps: a node for each element of lists.
//!
//! The platform gives each element the whole lists, and takes the types of the map from the task that it runs. So each way to map a task has a task
//! of its own: the same program, by `map-execute`, with lists for types.

use std::collections::{BTreeSet, HashSet};

use nebulakit_types::wire::flyteidl::core::{ArrayNode, Node as WireNode, TaskTemplate, array_node, node, task_template};
use nebulakit_types::wire::google::protobuf::BoolValue;
use nebulakit_types::{Interface, LiteralType};

use super::options::Options;
use super::tables::of_elements;
use super::tasks;
use crate::graph::{Map, Success};
use crate::task::def::TaskDef;

/// The version of map tasks among the tasks of their type, as flytekit has it.
const TASK_TYPE_VERSION: i32 = 1;

/// A way to map a task.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    task: &'static str,
    /// The inputs that are gone through, in the order of the signature.
    mapped: Vec<&'static str>,
    /// All others, sorted.
    bound: BTreeSet<&'static str>,
    some_fail: bool,
}

impl Way {
    pub(super) fn of(task: &'static TaskDef, map: &Map) -> Self {
        let gone_through: HashSet<&str> = map.mapped.iter().map(|name| &**name).collect();
        let names = task.params.iter().map(|param| param.name());
        let (mapped, bound): (Vec<_>, Vec<_>) = names.partition(|name| gone_through.contains(name));
        Self { task: task.name(), mapped, bound: bound.into_iter().collect(), some_fail: map.success.lets_some_fail() }
    }

    /// The name of its task: that of the mapped one, and what is gone through. Names of inputs have no dashes.
    pub(super) fn name(&self) -> String {
        let verb = if self.some_fail { "try-map" } else { "map" };
        format!("{}.{verb}-{}", self.task, self.mapped.join("-"))
    }

    /// The task that runs one element.
    pub(super) fn template(&self, task: &'static TaskDef, options: &Options) -> TaskTemplate {
        let mut template = tasks::template(task, &self.name(), options);
        let Interface { mut inputs, mut outputs } = task.interface();
        for input in inputs.iter_mut().filter(|input| !self.bound.contains(input.name.as_str())) {
            input.literal_type = LiteralType::collection(input.literal_type.clone());
        }
        for output in &mut outputs {
            output.literal_type = of_elements(&output.literal_type, self.some_fail);
        }
        template.interface = Some(Interface { inputs, outputs }.to_wire());
        template.task_type_version = TASK_TYPE_VERSION;
        if let Some(task_template::Target::Container(container)) = &mut template.target {
            let verb = container.args.first_mut();
            verb.into_iter().for_each(|verb| "map-execute".clone_into(verb));
            container.args.extend(["--bound".to_owned(), self.bound.iter().copied().collect::<Vec<_>>().join(",")]);
        }
        template
    }

    /// The node of a map that runs `element`, the node of its task.
    pub(super) fn node(&self, map: &Map, element: WireNode) -> node::Target {
        let success = match map.success {
            Success::All => array_node::SuccessCriteria::MinSuccessRatio(1.0),
            Success::Count(count) => array_node::SuccessCriteria::MinSuccesses(count),
            Success::Ratio(ratio) => array_node::SuccessCriteria::MinSuccessRatio(ratio),
        };
        node::Target::ArrayNode(Box::new(ArrayNode {
            node: Some(Box::new(element)),
            is_original_sub_node_interface: Some(BoolValue { value: false }),
            bound_inputs: self.bound.iter().map(|name| (*name).to_owned()).collect(),
            parallelism_option: map.concurrency.map(array_node::ParallelismOption::Parallelism),
            success_criteria: Some(success),
            ..ArrayNode::default()
        }))
    }
}
