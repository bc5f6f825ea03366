//! What a node asks of the machine, in the units of Snakemake.

use crate::backend::demand::amounts;
use crate::coordinator::Resources;
use crate::graph::Node;
use crate::task::registry::registry;

/// What a rule asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Asks {
    /// Whole cores: Snakemake knows no parts of them.
    pub(super) threads: u32,
    /// Its further resources, by their names.
    pub(super) resources: Vec<(String, u64)>,
}

const MIB: u64 = 1 << 20;

impl Asks {
    /// What nodes ask for that only look or wait.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// What the node asks for, or its task.
    pub(super) fn of(node: &Node) -> Self {
        let options = node.task().and_then(|name| registry().get(name)).map(|task| &task.options);
        let task = options.and_then(|options| Resources::of_options(options).ok().flatten()).unwrap_or_default();
        let own = node.overrides.as_ref().and_then(|overrides| overrides.resources.as_ref());
        let asked = match own.and_then(|own| amounts(own).ok()) {
            Some(own) => own.over(task),
            None => task,
        };
        let mut resources = Vec::new();
        if let Some(memory) = asked.memory {
            resources.push(("mem_mb".to_owned(), memory.div_ceil(MIB)));
        }
        if let Some(gpus) = asked.gpus.filter(|gpus| *gpus > 0) {
            resources.push(("gpu".to_owned(), gpus.into()));
        }
        resources.extend(asked.tokens.iter().map(|(name, number)| (token(name), u64::from(*number))));
        Self { threads: whole(asked.cores), resources }
    }
}

/// The resource that stands for a token.
pub(super) fn token(name: &str) -> String {
    let name: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    format!("token_{name}")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the coordinator takes no more cores than that, and none below 0"
)]
fn whole(cores: Option<f64>) -> u32 {
    cores.map_or(1, |cores| (cores.ceil() as u32).max(1))
}
