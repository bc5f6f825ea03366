//! How overrides read in a picture.

use std::time::Duration;

use super::values::{cut, line, quoted};
use crate::graph::overrides::{Amounts, Cache, Overrides};

/// What a node overrides, an item for each.
pub(super) fn overrides(of: &Overrides) -> Vec<String> {
    // All of them are named, so that a new one is not forgotten.
    let Overrides { name, retries, timeout, resources, accelerator, shared_memory, cache, interruptible, image, pod_template, strategy } =
        of;
    let text = |what: &str, value: &Option<String>| value.as_ref().map(|value| format!("{what} {}", cut(value)));
    let mut items = vec![
        name.as_ref().map(|name| format!("name {}", quoted(name))),
        retries.map(|retries| format!("retries {retries}")),
        timeout.map(|timeout| format!("timeout {}", duration(timeout))),
    ];
    if let Some(resources) = resources {
        items.extend(amounts(&resources.requests, &resources.limits).into_iter().map(Some));
    }
    items.extend([
        text("accelerator", accelerator),
        text("shared memory", shared_memory),
        cache.as_ref().map(|cache| match cache {
            Cache::Off => "no cache".to_owned(),
            Cache::Version(version) => format!("cache {}", quoted(version)),
        }),
        interruptible.map(|is| if is { "interruptible" } else { "not interruptible" }.to_owned()),
        text("image", image),
        text("pod template", pod_template),
        strategy.as_ref().map(|strategy| format!("strategy {}", line(strategy.name()))),
    ]);
    items.into_iter().flatten().collect()
}

fn amounts(requests: &Amounts, limits: &Amounts) -> Vec<String> {
    let named = [
        ("cpu", &requests.cpu, &limits.cpu),
        ("memory", &requests.memory, &limits.memory),
        ("gpu", &requests.gpu, &limits.gpu),
        ("ephemeral storage", &requests.ephemeral_storage, &limits.ephemeral_storage),
        ("storage", &requests.storage, &limits.storage),
    ];
    let shown = named.into_iter().filter_map(|(name, request, limit)| match (request, limit) {
        (Some(request), Some(limit)) if request == limit => Some(format!("{name} {}", cut(request))),
        (Some(request), Some(limit)) => Some(format!("{name} {} to {}", cut(request), cut(limit))),
        (Some(request), None) => Some(format!("{name} from {}", cut(request))),
        (None, Some(limit)) => Some(format!("{name} up to {}", cut(limit))),
        (None, None) => None,
    });
    shown.collect()
}

/// `1h30m`, `0.25s`: as it would be written.
pub(super) fn duration(of: Duration) -> String {
    let (seconds, nanos) = (of.as_secs(), of.subsec_nanos());
    let mut text = String::new();
    for (unit, length, most) in [("d", 86_400, u64::MAX), ("h", 3_600, 24), ("m", 60, 60)] {
        let count = seconds / length % most;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if nanos > 0 {
        let fraction = format!("{nanos:09}");
        text.push_str(&format!("{}.{}s", seconds % 60, fraction.trim_end_matches('0')));
    } else if seconds % 60 > 0 || text.is_empty() {
        text.push_str(&format!("{}s", seconds % 60));
    }
    text
}
