//! Maps of workflows: each way to map one has a task that makes a workflow's node of each element, since the platform's own maps run tasks alone.

use std::collections::HashSet;

use nebulakit_types::wire::flyteidl::core::{DynamicJobSpec, TaskTemplate};
use nebulakit_types::{Interface, LiteralType};

use super::options::Options;
use super::tables::of_elements;
use super::tasks;
use crate::graph::{Graph, Map};
use crate::task::elements::Plan;
use crate::task::template::{MAP, standing_in};

/// A way to map a workflow.
#[derive(Clone)]
pub(super) struct Way<'p> {
    pub(super) graph: &'p Graph,
    /// The inputs that are gone through, in the order of the signature.
    mapped: Vec<&'p str>,
    /// How many elements run at once; 0 for all of them.
    concurrency: u32,
}

impl<'p> Way<'p> {
    pub(super) fn of(graph: &'p Graph, map: &Map) -> Self {
        let gone_through: HashSet<&str> = map.mapped.iter().map(|name| &**name).collect();
        let mapped = graph.inputs.iter().map(|input| &*input.name).filter(|name| gone_through.contains(name)).collect();
        Self { graph, mapped, concurrency: map.concurrency.unwrap_or_default() }
    }

    /// The name of its task: that of the workflow, how many run at once, and what is gone through. No input begins with a digit.
    pub(super) fn name(&self) -> String {
        let rows = if self.concurrency > 0 { format!("-{}", self.concurrency) } else { String::new() };
        format!("{}.map{rows}-{}", self.graph.name, self.mapped.join("-"))
    }

    /// Its task, which makes nodes as the one of `job`.
    pub(super) fn template(&self, job: DynamicJobSpec, options: &Options) -> TaskTemplate {
        let Interface { mut inputs, mut outputs } = self.graph.interface();
        for input in inputs.iter_mut().filter(|input| self.mapped.contains(&input.name.as_str())) {
            input.literal_type = LiteralType::collection(input.literal_type.clone());
        }
        for output in &mut outputs {
            output.literal_type = of_elements(&output.literal_type, false);
        }
        let mapped = self.mapped.iter().map(|name| (*name).to_owned()).collect();
        let template = standing_in(&options.binary, MAP, &Interface { inputs, outputs });
        let custom = Plan { mapped, concurrency: self.concurrency, job }.to_custom();
        tasks::registered(TaskTemplate { custom: Some(custom), ..template }, &self.name(), &options.image, options)
    }
}
