//! The kinds of what is counted.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::task::quantity::written;

/// A kind of what is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Resource {
    /// Cores.
    Cores,
    /// Memory.
    Memory,
    /// GPUs.
    Gpus,
    /// Tokens of this name.
    Tokens(#[serde(with = "named")] Arc<str>),
}

impl Resource {
    /// An amount of it, for people. Amounts are cores, bytes, GPUs or tokens.
    pub(crate) fn amount(&self, amount: f64) -> String {
        match self {
            Self::Cores => format!("{amount} core{}", plural(amount)),
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was whole, and not negative")]
            Self::Memory => format!("{} of memory", written(amount as u64)),
            Self::Gpus => format!("{amount} GPU{}", plural(amount)),
            Self::Tokens(name) => format!("{amount} token{} `{name}`", plural(amount)),
        }
    }

    /// How to ask for less, or have more.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Cores => "ask for less by `Work::cores` or the task's `requests(cpu = ..)`, or raise the limit by \
                 `Coordinator::builder().cores(..)`, on the command line `--jobs N`"
                .to_owned(),
            Self::Memory => "ask for less by `Work::memory` or the task's `limits(memory = ..)`, or raise the limit by \
                 `Coordinator::builder().memory(..)`"
                .to_owned(),
            Self::Gpus => {
                "ask for fewer by `Work::gpus` or the task's `requests(gpu = ..)`, or name more by `Coordinator::builder().gpus(..)` or \
                 `CUDA_VISIBLE_DEVICES`"
                    .to_owned()
            }
            Self::Tokens(name) => format!(
                "ask for fewer by `Work::tokens` or the task's `tokens(..)`, or raise the limit by \
                 `Coordinator::builder().tokens(\"{name}\", ..)`, on the command line `--tokens {name}=..`"
            ),
        }
    }
}

fn plural(amount: f64) -> &'static str {
    if (amount - 1.0).abs() < f64::EPSILON { "" } else { "s" }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cores => f.write_str("cores"),
            Self::Memory => f.write_str("memory"),
            Self::Gpus => f.write_str("GPUs"),
            Self::Tokens(name) => write!(f, "tokens `{name}`"),
        }
    }
}

mod named {
    use std::sync::Arc;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(name: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}
