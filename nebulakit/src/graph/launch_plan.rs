//! What makes a workflow a launch plan.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::unique;

/// How a launch plan launches its workflow. What it fixes and what it leaves free is in its graph: the one node of the body has a constant for each
/// fixed input, and the graph has an input for each free one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LaunchPlan {
    /// When it is launched by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// The input that gets the time that the schedule names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kickoff: Option<Cow<'static, str>>,
    /// How many nodes of an execution run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_parallelism: Option<u32>,
    /// How many executions there are at once; a launch beyond that is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// Labels of its executions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub labels: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Annotations of its executions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub annotations: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Environment variables of its executions' containers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique::map")]
    pub env: BTreeMap<Cow<'static, str>, Cow<'static, str>>,
    /// Who is told how an execution ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<Notification>,
    /// The Kubernetes service account of its executions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<Cow<'static, str>>,
    /// The IAM role of its executions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_role: Option<Cow<'static, str>>,
    /// Where the data of its executions goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_output_prefix: Option<Cow<'static, str>>,
    /// Whether remembered results are made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overwrite_cache: bool,
    /// Whether its executions may run on machines that can be taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// Whether its registration makes it the active one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub active: bool,
}

/// Who is told how an execution ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<Cow<'static, str>>,
    /// The ends that are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<Phase>,
}

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
