//! What work took of the machine.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What work took of the machine, as far as that is known. Nothing of it is estimated.
///
/// | where it ran | what is known |
/// |---|---|
/// | an async function in this process | how long it ran |
/// | a plain function in this process | that, and the CPU time of its thread |
/// | a process or a container | that, CPU time in all and in the kernel, and the most memory |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// How long it ran, by the clock on the wall; as JSON in microseconds.
    #[serde(rename = "wall_us", default, with = "micros")]
    pub wall: Duration,
    /// The CPU time that it took: of its thread, or of its process with all that it started and waited for.
    #[serde(rename = "cpu_us", default, skip_serializing_if = "Option::is_none", with = "some_micros")]
    pub cpu: Option<Duration>,
    /// How much of that the kernel took; the rest is the user's own code.
    #[serde(rename = "system_us", default, skip_serializing_if = "Option::is_none", with = "some_micros")]
    pub system: Option<Duration>,
    /// The most memory that its process had at once, or its container, in bytes.
    #[serde(rename = "memory_bytes", default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

impl Usage {
    /// How much of the CPU time the kernel did not take.
    #[must_use]
    pub fn user(&self) -> Option<Duration> {
        Some(self.cpu?.saturating_sub(self.system?))
    }

    /// This, and what `other` work took: times add up, of memory the larger amount counts. What is known of one alone is that of the one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let sum = |one: Option<Duration>, other: Option<Duration>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Self {
            wall: self.wall.saturating_add(other.wall),
            cpu: sum(self.cpu, other.cpu),
            system: sum(self.system, other.system),
            memory: self.memory.max(other.memory),
        }
    }
}

fn of_micros(duration: Duration) -> u64 {
    // More microseconds than these are beyond any clock.
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

mod micros {
    use super::{Deserialize as _, Duration, of_micros};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(of_micros(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}

mod some_micros {
    use super::{Deserialize as _, Duration, Serialize as _, of_micros};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(of_micros).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_micros))
    }
}
