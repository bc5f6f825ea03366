//! What nodes ask for in place of what they run asks for.
//!
//! The platform takes the time limit and whether a node may run on machines that can be taken away from the node alone, so what a task says of them
//! is copied to each of its nodes.

use nebulakit_types::wire::flyteidl::core::{
    NodeMetadata, Resources, RetryStrategy, TaskNodeOverrides, node_metadata, resources::ResourceEntry, resources::ResourceName,
};

use crate::graph::{Amounts, Overrides, Resources as Asked};
use crate::task::options::TaskOptions;
use crate::task::template::{duration, extended};

/// How a node is run that runs `name`, with the options of its task if it runs one.
pub(super) fn metadata(name: &str, overrides: Option<&Overrides>, task: Option<&TaskOptions>) -> NodeMetadata {
    let retries = overrides.and_then(|overrides| overrides.retries).or(task.map(|task| task.retries));
    let timeout = overrides.and_then(|overrides| overrides.timeout).or(task.and_then(|task| task.timeout));
    let interruptible = overrides.and_then(|overrides| overrides.interruptible).or(task.and_then(|task| task.interruptible));
    NodeMetadata {
        name: overrides.and_then(|overrides| overrides.name.clone()).unwrap_or_else(|| last(name).to_owned()),
        retries: Some(RetryStrategy { retries: retries.unwrap_or_default() }),
        timeout: timeout.map(duration),
        interruptible_value: interruptible.map(node_metadata::InterruptibleValue::Interruptible),
        ..NodeMetadata::default()
    }
}

/// What a node changes of its task.
pub(super) fn task(overrides: Option<&Overrides>) -> TaskNodeOverrides {
    let Some(overrides) = overrides else { return TaskNodeOverrides::default() };
    TaskNodeOverrides {
        resources: overrides.resources.as_ref().map(resources),
        extended_resources: extended(overrides.accelerator.as_deref(), overrides.shared_memory.as_deref()),
        container_image: overrides.image.clone().unwrap_or_default(),
        pod_template: None,
    }
}

/// A request without a limit is a limit too: the platform would cut it to the one that tasks have by default.
fn resources(asked: &Asked) -> Resources {
    let Asked { requests, limits } = asked;
    let or = |limit: &Option<String>, request: &Option<String>| limit.clone().or_else(|| request.clone());
    let limits = Amounts {
        cpu: or(&limits.cpu, &requests.cpu),
        memory: or(&limits.memory, &requests.memory),
        gpu: or(&limits.gpu, &requests.gpu),
        ephemeral_storage: or(&limits.ephemeral_storage, &requests.ephemeral_storage),
        storage: or(&limits.storage, &requests.storage),
    };
    Resources { requests: amounts(requests), limits: amounts(&limits) }
}

fn amounts(amounts: &Amounts) -> Vec<ResourceEntry> {
    let named = [
        (ResourceName::Cpu, &amounts.cpu),
        (ResourceName::Memory, &amounts.memory),
        (ResourceName::Gpu, &amounts.gpu),
        (ResourceName::EphemeralStorage, &amounts.ephemeral_storage),
        (ResourceName::Storage, &amounts.storage),
    ];
    let given = named.into_iter().filter_map(|(name, amount)| Some((name, amount.clone()?)));
    given.map(|(name, value)| ResourceEntry { name: name.into(), value }).collect()
}

/// The last segment of a full name, which people know.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
