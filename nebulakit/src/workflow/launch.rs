//! What `#[launch_plan(..)]` says: constants that are carried to the graph.

use std::time::Duration;

use crate::graph::Phase;
use crate::task::reference::ReferenceSpec;

/// What `#[launch_plan(..)]` says.
#[derive(Debug, Clone)]
pub struct LaunchOptions {
    /// When it is launched by itself.
    pub schedule: Option<LaunchSchedule>,
    /// The input that gets the time that the schedule names.
    pub kickoff: Option<&'static str>,
    /// How many nodes of an execution run at once.
    pub max_parallelism: Option<u32>,
    /// How many executions there are at once.
    pub at_most: Option<u32>,
    /// Labels of its executions.
    pub labels: &'static [(&'static str, &'static str)],
    /// Annotations of its executions.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Environment variables of its executions' containers.
    pub env: &'static [(&'static str, &'static str)],
    /// Who is told how an execution ended.
    pub notifications: &'static [NotifyOptions],
    /// The Kubernetes service account of its executions.
    pub service_account: Option<&'static str>,
    /// The IAM role of its executions.
    pub iam_role: Option<&'static str>,
    /// Where the data of its executions goes.
    pub raw_output_prefix: Option<&'static str>,
    /// Whether remembered results are made again.
    pub overwrite_cache: bool,
    /// Whether its executions may run on machines that can be taken away.
    pub interruptible: Option<bool>,
    /// Whether its registration makes it the active one.
    pub active: bool,
    /// Where it is registered, if elsewhere.
    pub reference: Option<&'static ReferenceSpec>,
}

impl LaunchOptions {
    /// Nothing asked.
    pub const NONE: Self = Self {
        schedule: None,
        kickoff: None,
        max_parallelism: None,
        at_most: None,
        labels: &[],
        annotations: &[],
        env: &[],
        notifications: &[],
        service_account: None,
        iam_role: None,
        raw_output_prefix: None,
        overwrite_cache: false,
        interruptible: None,
        active: false,
        reference: None,
    };
}

/// When a launch plan is launched by itself.
#[derive(Debug, Clone, Copy)]
pub enum LaunchSchedule {
    /// At the times of a cron expression.
    Cron(&'static str),
    /// At a fixed rate.
    Every(Duration),
}

/// Who is told how an execution ended.
#[derive(Debug, Clone, Copy)]
pub struct NotifyOptions {
    /// The addresses.
    pub email: &'static [&'static str],
    /// The ends that are told.
    pub on: &'static [Phase],
}
