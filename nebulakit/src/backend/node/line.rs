//! One line of `nodes.jsonl`: a node of the workflow, with everything around it followed.
//!
//! Ids are paths of nodes. Bindings name ids of lines, and the two that every platform reserves: `start-node` is what a workflow is given, `end-node` what it gives.
//! So no line needs the graph, and none more than the lines that it names.

use serde::{Deserialize, Serialize};

#[cfg(feature = "run")]
use crate::graph::Output;
use crate::graph::{Bound, Gate, Input, Map, Test};

/// What a workflow is given: its inputs are the outputs of this line.
#[cfg(feature = "run")]
pub(in crate::backend) const START: &str = "start-node";

/// What the run's own workflow gives.
#[cfg(feature = "run")]
pub(in crate::backend) const END: &str = "end-node";

/// A node that is known before the workflow runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend) struct Line {
    /// Its path.
    pub(in crate::backend) id: String,
    /// What it does.
    pub(in crate::backend) run: Work,
    /// What feeds it, from outputs of other lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend) inputs: Vec<Bound>,
    /// The jobs that have to be over before it begins, be it for their outputs or for their order alone: never lines that pass values on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend) needs: Vec<String>,
    /// The conditions that it is in, outermost first: where another arm is taken it is skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend) when: Vec<When>,
    /// How often its task is repeated.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(in crate::backend) retries: u32,
    /// Whether it runs only where its workflow fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::backend) is_handler: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(retries: &u32) -> bool {
    *retries == 0
}

/// That an arm of a condition is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct When {
    /// The line of the condition.
    pub(in crate::backend) branch: String,
    /// Which arm, from 0; behind the last one is "otherwise".
    pub(in crate::backend) arm: usize,
}

/// What a line does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::backend) enum Work {
    /// A job that runs a task.
    Task(String),
    /// A job that runs what is known only when it runs, a dynamic task or a map of workflows, on the machine that it is on.
    Grown(String),
    /// A map of a task. Elements are jobs, `id[5]`, and so is `id[*]`, which counts them; the line itself is the job that gathers what they gave.
    Map(MapLine),
    /// A job that decides a condition.
    Branch(BranchLine),
    /// A person approves, or does not.
    Approve(Box<Gate>),
    /// A person gives a value.
    Wait(Box<Gate>),
    /// Time passes.
    Sleep {
        /// How much.
        millis: u64,
    },
    /// No job: its outputs are these values.
    Passes(Vec<Bound>),
    /// No job: what the run is given, and what it is where nothing is given.
    Given(Vec<Input>),
    /// The job that gives what the workflow gives: its inputs.
    Gives,
}

/// A map of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend) struct MapLine {
    /// What is mapped, over which inputs, and how many elements have to succeed.
    pub(in crate::backend) map: Box<Map>,
    /// The outputs of the task.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend) outputs: Vec<String>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend) struct BranchLine {
    /// The arms, as they are tested.
    pub(in crate::backend) arms: Vec<ArmLine>,
    /// What holds where none of them does.
    pub(in crate::backend) otherwise: OtherwiseLine,
}

/// An arm of a condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::backend) struct ArmLine {
    /// When it is taken.
    #[serde(rename = "when")]
    pub(in crate::backend) test: Test,
    /// What it gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in crate::backend) outputs: Vec<Bound>,
}

/// What holds where no arm of a condition is taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::backend) enum OtherwiseLine {
    /// The last arm gives these.
    Outputs(Vec<Bound>),
    /// The condition fails.
    Fail(String),
}

#[cfg(feature = "run")]
impl Work {
    /// Whether a job does it, of whatever kind; else it only passes values on.
    pub(in crate::backend) fn is_job(&self) -> bool {
        !matches!(self, Self::Passes(_) | Self::Given(_))
    }
}

impl BranchLine {
    /// What the arm of that number gives.
    pub(in crate::backend) fn outputs_of(&self, arm: usize) -> Option<&[Bound]> {
        match (self.arms.get(arm), &self.otherwise) {
            (Some(arm), _) => Some(&arm.outputs),
            (None, OtherwiseLine::Outputs(outputs)) if arm == self.arms.len() => Some(outputs),
            (None, _) => None,
        }
    }
}

impl MapLine {
    /// That of a map of a task with these outputs.
    #[cfg(feature = "run")]
    pub(in crate::backend) fn of(map: &Map, outputs: &[Output]) -> Self {
        Self { map: Box::new(map.clone()), outputs: outputs.iter().map(|output| output.name.to_string()).collect() }
    }
}
