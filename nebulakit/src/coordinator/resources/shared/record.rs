//! What a process's file says: what its jobs hold, and what the next of them waits for.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::coordinator::resources::limits::{Demand, Limits};

/// What is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) millicores: u64,
    pub(crate) memory: u64,
    pub(crate) gpus: Vec<Arc<str>>,
    pub(crate) tokens: Vec<(Arc<str>, u32)>,
}

/// What one who waits asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Want {
    pub(crate) demand: Demand,
    /// For how long.
    pub(crate) waited: Duration,
    /// Whether jobs that hold something wait for it: nothing is kept from it for others then.
    pub(crate) is_urgent: bool,
}

/// What one who waits asks for, as others read it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Since when, in nanoseconds of the wall clock.
    pub(super) since: u128,
    pub(super) millicores: u64,
    pub(super) memory: u64,
    pub(super) gpus: u32,
    pub(super) tokens: Vec<(Arc<str>, u32)>,
}

impl Wanted {
    pub(super) fn new(demand: &Demand, limits: &Limits, since: u128) -> Self {
        let tokens = demand.tokens.iter().filter_map(|(place, number)| Some((Arc::clone(&limits.tokens.get(*place)?.0), *number)));
        Self { since, millicores: demand.millicores, memory: demand.memory.unwrap_or(0), gpus: demand.gpus, tokens: tokens.collect() }
    }
}

/// The text of a file.
pub(super) fn write(held: &Amounts, wanted: Option<&Wanted>) -> String {
    let mut text = format!("cores {}\nmemory {}\n", held.millicores, held.memory);
    for id in &held.gpus {
        let _ = writeln!(text, "gpu {id}");
    }
    for (name, number) in &held.tokens {
        let _ = writeln!(text, "tokens {number} {name}");
    }
    if let Some(Wanted { since, millicores, memory, gpus, tokens }) = wanted {
        let _ = writeln!(text, "since {since}\nwants-cores {millicores}\nwants-memory {memory}\nwants-gpus {gpus}");
        for (name, number) in tokens {
            let _ = writeln!(text, "wants-tokens {number} {name}");
        }
    }
    text
}

/// What a file says. Lines of later versions are passed over.
pub(super) fn read(text: &str) -> (Amounts, Option<Wanted>) {
    let (mut held, mut wanted) = (Amounts::default(), Wanted::default());
    let number = |text: &str| text.parse().unwrap_or(0);
    let tokens = |text: &str| text.split_once(' ').map(|(number, name)| (Arc::from(name), number.parse().unwrap_or(0)));
    for (key, value) in text.lines().filter_map(|line| line.split_once(' ')) {
        match key {
            "cores" => held.millicores = number(value),
            "memory" => held.memory = number(value),
            "gpu" => held.gpus.push(value.into()),
            "tokens" => held.tokens.extend(tokens(value)),
            "since" => wanted.since = value.parse().unwrap_or(0),
            "wants-cores" => wanted.millicores = number(value),
            "wants-memory" => wanted.memory = number(value),
            "wants-gpus" => wanted.gpus = value.parse().unwrap_or(0),
            "wants-tokens" => wanted.tokens.extend(tokens(value)),
            _ => {}
        }
    }
    (held, (wanted.since > 0).then_some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let held = Amounts { millicores: 1_500, memory: 7, gpus: vec!["GPU-1".into()], tokens: vec![("a b".into(), 2)] };
        assert_eq!(read(&write(&held, None)), (held.clone(), None));
        let wanted = Wanted { since: 5, millicores: 1, memory: 2, gpus: 3, tokens: vec![("t".into(), 4)] };
        assert_eq!(read(&write(&held, Some(&wanted))), (held, Some(wanted)));
        assert_eq!(read("later 1\nnonsense"), (Amounts::default(), None));
    }
}
