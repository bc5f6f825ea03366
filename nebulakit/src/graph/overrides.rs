//! What a node asks for in place of what it runs asks for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::form;
use crate::Strategy;

/// What a node asks for in place of what it runs asks for; [`None`] leaves it at that.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Overrides {
    /// What people call the node; its id is made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How often a failed attempt is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How long one attempt may run; of a gate, how long it waits.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "form::duration_or_none")]
    pub timeout: Option<Duration>,
    /// What it needs, and what it gets at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The accelerator's device name, as `nvidia-tesla-a100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<String>,
    /// The size of the shared memory; empty for as much as the memory limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_memory: Option<String>,
    /// Whether results are remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    /// Whether it may run on machines that can be taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// The container image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The name of a pod template of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_template: Option<String>,
    /// How a local run runs it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "form::strategy_or_none")]
    pub strategy: Option<Strategy>,
}

/// Whether a node's results are remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Cache {
    /// They are not.
    Off,
    /// They are; those of other versions do not count.
    Version(String),
}

/// What a node needs, and what it gets at most: [`cpu`](Self::cpu) and its like set both, since a platform may cut a request to a limit that it
/// is above.
///
/// ```
/// use nebulakit::graph::Resources;
///
/// let resources = Resources::new().cpu("4").memory("8Gi").gpu(1).limits(Resources::new().memory("16Gi"));
/// assert_eq!(resources.requests.memory.as_deref(), Some("8Gi"));
/// assert_eq!(resources.limits.memory.as_deref(), Some("16Gi"));
/// assert_eq!(resources.limits.cpu.as_deref(), Some("4"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// What it needs at least.
    #[serde(default)]
    pub requests: Amounts,
    /// What it gets at most.
    #[serde(default)]
    pub limits: Amounts,
}

/// Amounts of resources, each in Kubernetes' quantity notation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Amounts {
    /// Processor cores, as `500m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Memory, as `256Mi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Accelerators, as `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
    /// Disk that goes with the pod, as `10Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<String>,
    /// Disk, as `10Gi`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}

impl Resources {
    /// No amounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Processor cores, as `500m`.
    #[must_use]
    pub fn cpu(self, quantity: impl Into<String>) -> Self {
        self.both(|amounts| &mut amounts.cpu, quantity.into())
    }

    /// Memory, as `256Mi`.
    #[must_use]
    pub fn memory(self, quantity: impl Into<String>) -> Self {
        self.both(|amounts| &mut amounts.memory, quantity.into())
    }

    /// Accelerators.
    #[must_use]
    pub fn gpu(self, count: u32) -> Self {
        self.both(|amounts| &mut amounts.gpu, count.to_string())
    }

    /// Disk that goes with the pod, as `10Gi`.
    #[must_use]
    pub fn ephemeral_storage(self, quantity: impl Into<String>) -> Self {
        self.both(|amounts| &mut amounts.ephemeral_storage, quantity.into())
    }

    /// Disk, as `10Gi`.
    #[must_use]
    pub fn storage(self, quantity: impl Into<String>) -> Self {
        self.both(|amounts| &mut amounts.storage, quantity.into())
    }

    /// Other limits than the requests, for what `limits` names.
    #[must_use]
    pub fn limits(mut self, limits: Self) -> Self {
        let Amounts { cpu, memory, gpu, ephemeral_storage, storage } = limits.limits;
        let own = &mut self.limits;
        let named = [
            (&mut own.cpu, cpu),
            (&mut own.memory, memory),
            (&mut own.gpu, gpu),
            (&mut own.ephemeral_storage, ephemeral_storage),
            (&mut own.storage, storage),
        ];
        for (own, named) in named {
            if named.is_some() {
                *own = named;
            }
        }
        self
    }

    fn both(mut self, amount: fn(&mut Amounts) -> &mut Option<String>, quantity: String) -> Self {
        *amount(&mut self.requests) = Some(quantity.clone());
        *amount(&mut self.limits) = Some(quantity);
        self
    }
}
