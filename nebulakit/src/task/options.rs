//! What a task asks of the platform, as `#[task(...)]` says it: constants that are carried to the registration.

use std::time::Duration;

use crate::task::ask::{Ask, Requests};
use crate::task::strategy::Strategy;

/// What a task asks of the platform; carried from the attribute to the registration.
#[derive(Debug, Clone)]
pub struct TaskOptions {
    /// How often a failed attempt is repeated.
    pub retries: u32,
    /// How long one attempt may run.
    pub timeout: Option<Duration>,
    /// Whether it may run on machines that can be taken away.
    pub interruptible: Option<bool>,
    /// Why it should not be used any more.
    pub deprecated: Option<&'static str>,
    /// Whether results are remembered.
    pub cache: Option<CacheOptions>,
    /// What it needs at least.
    pub requests: Resources,
    /// What it gets at most.
    pub limits: Resources,
    /// What an attempt needs, by its inputs and its number, instead of what is said above.
    pub requests_with: Option<fn(&Ask) -> Requests>,
    /// The tokens that it takes while it runs, by their names; counted by a coordinator.
    pub tokens: &'static [(&'static str, u32)],
    /// How it is repeated where it ran out of memory; by a coordinator.
    pub on_oom: Option<OnOom>,
    /// The accelerator's device name, as `nvidia-tesla-a100`.
    pub accelerator: Option<&'static str>,
    /// The size of the shared memory; empty for as much as the memory limit.
    pub shared_memory: Option<&'static str>,
    /// Environment variables of the container.
    pub env: &'static [(&'static str, &'static str)],
    /// Secrets that the platform hands over.
    pub secrets: &'static [SecretRequest],
    /// The container image, unless registration names another.
    pub image: Option<&'static str>,
    /// Whether the container that a strategy runs it in has a network; on a platform, the platform decides.
    pub network: bool,
    /// The name of a pod template of the cluster.
    pub pod_template: Option<&'static str>,
    /// Labels of the pod.
    pub labels: &'static [(&'static str, &'static str)],
    /// Annotations of the pod.
    pub annotations: &'static [(&'static str, &'static str)],
    /// Whether it makes a deck.
    pub deck: bool,
    /// Whether a container runs it in a process of its own, which another one watches.
    pub supervised: bool,
    /// How a local run runs it, unless something else is asked for.
    pub strategy: Option<Strategy>,
}

impl TaskOptions {
    /// Nothing asked.
    pub const NONE: Self = Self {
        retries: 0,
        timeout: None,
        interruptible: None,
        deprecated: None,
        cache: None,
        requests: Resources::NONE,
        limits: Resources::NONE,
        requests_with: None,
        tokens: &[],
        on_oom: None,
        accelerator: None,
        shared_memory: None,
        env: &[],
        secrets: &[],
        image: None,
        network: false,
        pod_template: None,
        labels: &[],
        annotations: &[],
        deck: false,
        supervised: false,
        strategy: None,
    };
}

/// How results are remembered.
#[derive(Debug, Clone)]
pub struct CacheOptions {
    /// Results of other versions do not count.
    pub version: &'static str,
    /// Whether equal calls at the same time wait for the first of them.
    pub serialize: bool,
    /// Inputs that do not count.
    pub ignore: &'static [&'static str],
}

/// Amounts of resources, each in Kubernetes' quantity notation.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Processor cores, as `500m`.
    pub cpu: Option<&'static str>,
    /// Memory, as `256Mi`.
    pub memory: Option<&'static str>,
    /// Accelerators, as `1`.
    pub gpu: Option<&'static str>,
    /// Disk that goes with the pod, as `10Gi`.
    pub ephemeral_storage: Option<&'static str>,
    /// Disk, as `10Gi`.
    pub storage: Option<&'static str>,
}

impl Resources {
    /// No amounts.
    pub const NONE: Self = Self { cpu: None, memory: None, gpu: None, ephemeral_storage: None, storage: None };
}

/// How a task that ran out of memory is repeated.
#[derive(Debug, Clone)]
pub struct OnOom {
    /// How much memory the next attempt gets, as a multiple of what the one before had.
    pub factor: f64,
    /// The most that an attempt gets, in Kubernetes' quantity notation; [`None`] for what there is.
    pub limit: Option<&'static str>,
}

/// A secret that the platform hands to the task.
#[derive(Debug, Clone)]
pub struct SecretRequest {
    /// The secret's group.
    pub group: &'static str,
    /// The secret's key in the group.
    pub key: &'static str,
    /// The group's version; empty for any.
    pub version: &'static str,
    /// How it is handed over.
    pub mount: Mount,
    /// The environment variable that gets the value (or the file's path); empty for the platform's own naming.
    pub env_var: &'static str,
}

/// How a secret is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// As the platform likes.
    Any,
    /// As an environment variable.
    EnvVar,
    /// As a file.
    File,
}
