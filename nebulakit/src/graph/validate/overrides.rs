//! Which overrides a node takes.

use super::checks::Checks;
use super::words::{Named, listed};
use crate::graph::node::{Kind, Mapped, Node};
use crate::graph::overrides::{Amounts, Overrides};
use crate::graph::problem::{Problem, ProblemKind};
use crate::task::quantity;

/// Judges the overrides of a node by what it runs.
pub(super) fn overrides<'g>(checks: &mut Checks<'g>, node: &'g Node) {
    let Some(overrides) = node.overrides.as_deref() else { return };
    amounts(checks, node, overrides);
    let takes: &[&str] = match &node.kind {
        Kind::Task(_) | Kind::Reference(_) => return,
        Kind::Map(map) if matches!(map.of, Mapped::Task(_)) => return,
        Kind::Map(_) | Kind::Workflow(_) | Kind::LaunchPlan(_) => &["name", "retries", "timeout", "interruptible"],
        Kind::Approve(_) | Kind::Wait(_) | Kind::Sleep(_) => &["name", "timeout"],
        Kind::Branch(_) => &["name"],
    };
    let surplus: Vec<_> = named(overrides).into_iter().filter(|name| !takes.contains(name)).collect();
    if !surplus.is_empty() {
        let message = format!("{} does not take {}", Named(node), listed(surplus));
        let hint = format!("it takes {}", listed(takes.iter().copied()));
        checks.report(Problem::new(ProblemKind::Override, message).at(node.at.clone()).hint(hint));
    }
    sleep(checks, node, overrides);
}

/// Amounts that a cluster would refuse, each told once: the request and the limit are mostly one.
fn amounts<'g>(checks: &mut Checks<'g>, node: &'g Node, overrides: &Overrides) {
    let shared_memory = overrides.shared_memory.as_deref().filter(|size| !size.is_empty());
    let mut wrong: Vec<String> = shared_memory.and_then(|size| quantity::bytes(size).err()).into_iter().collect();
    if let Some(resources) = &overrides.resources {
        wrong.extend(refused(&resources.requests));
        wrong.extend(refused(&resources.limits));
    }
    wrong.sort();
    wrong.dedup();
    for why in wrong {
        let message = format!("the resources of {}: {why}", Named(node));
        checks.report(Problem::new(ProblemKind::Override, message).at(node.at.clone()));
    }
}

fn refused(amounts: &Amounts) -> impl Iterator<Item = String> {
    let Amounts { cpu, memory, gpu, ephemeral_storage, storage } = amounts;
    let cpu = cpu.as_deref().and_then(|cores| quantity::millicores(cores).err());
    let gpu = gpu.as_deref().and_then(|count| quantity::whole(count).err());
    let bytes = [memory, ephemeral_storage, storage].into_iter().flatten().filter_map(|size| quantity::bytes(size).err());
    cpu.into_iter().chain(gpu).chain(bytes)
}

/// A pause that is longer than its own limit always fails.
fn sleep<'g>(checks: &mut Checks<'g>, node: &'g Node, overrides: &Overrides) {
    if let (Kind::Sleep(time), Some(timeout)) = (&node.kind, overrides.timeout)
        && *time > timeout
    {
        let message = format!("{} takes {time:?} and is given up after {timeout:?}", Named(node));
        checks.report(Problem::new(ProblemKind::Gate, message).at(node.at.clone()));
    }
}

/// The names of what is set.
fn named(overrides: &Overrides) -> Vec<&'static str> {
    // All of them are named, so that a new one is not forgotten.
    let Overrides { name, retries, timeout, resources, accelerator, shared_memory, cache, interruptible, image, pod_template, strategy } =
        overrides;
    let set = [
        ("name", name.is_some()),
        ("retries", retries.is_some()),
        ("timeout", timeout.is_some()),
        ("resources", resources.is_some()),
        ("accelerator", accelerator.is_some()),
        ("shared_memory", shared_memory.is_some()),
        ("cache", cache.is_some()),
        ("interruptible", interruptible.is_some()),
        ("image", image.is_some()),
        ("pod_template", pod_template.is_some()),
        ("strategy", strategy.is_some()),
    ];
    set.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
}
