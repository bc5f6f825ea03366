//! What makes a workflow a launch plan.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// How a launch plan launches its workflow. What it fixes and what it leaves free is in its graph: the one node of the body has a constant for each
/// fixed input, and the graph has an input for each free one.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct LaunchPlan {
    /// When it is launched by itself.
    pub schedule: Option<Schedule>,
    /// The input that gets the time that the schedule names.
    pub kickoff: Option<Cow<'static, str>>,
    /// How many nodes of an execution run at once.
    pub max_parallelism: Option<u32>,
    /// How many executions there are at once; a launch beyond that is skipped.
    pub at_most: Option<u32>,
    /// Labels of its executions.
    pub labels: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Annotations of its executions.
    pub annotations: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Environment variables of its executions' containers.
    pub env: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Who is told how an execution ended.
    pub notifications: Vec<Notification>,
    /// The Kubernetes service account of its executions.
    pub service_account: Option<Cow<'static, str>>,
    /// The IAM role of its executions.
    pub iam_role: Option<Cow<'static, str>>,
    /// Where the data of its executions goes.
    pub raw_output_prefix: Option<Cow<'static, str>>,
    /// Whether remembered results are made again.
    pub overwrite_cache: bool,
    /// Whether its executions may run on machines that can be taken away.
    pub interruptible: Option<bool>,
    /// Whether its registration makes it the active one.
    pub active: bool,
}

/// When a launch plan is launched by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schedule {
    /// At the times of a cron expression.
    Cron(Cow<'static, str>),
    /// At a fixed rate, in whole minutes.
    Every(Duration),
}

/// Who is told how an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The addresses.
    pub email: Vec<Cow<'static, str>>,
    /// The ends that are told.
    pub on: Vec<Phase>,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Well.
    Succeeded,
    /// With an error.
    Failed,
    /// Somebody ended it.
    Aborted,
    /// It took too long.
    TimedOut,
}
