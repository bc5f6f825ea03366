//! How parts of a graph are written that have forms of their own: literals and types as proto3 JSON, times as protobuf writes durations.

use std::time::Duration;

use nebulakit_types::{Literal, LiteralType};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::unique;
use crate::Strategy;

/// A literal, as proto3 JSON.
pub(super) mod literal {
    use super::*;

    pub(in crate::graph) fn serialize<S: Serializer>(literal: &Literal, serializer: S) -> Result<S::Ok, S::Error> {
        literal.to_json().map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>, T: From<Literal>>(deserializer: D) -> Result<T, D::Error> {
        Literal::from_json(&unique::value(deserializer)?).map(T::from).map_err(D::Error::custom)
    }
}

/// A literal that may be absent.
pub(super) mod literal_or_none {
    use super::*;

    pub(in crate::graph) fn serialize<S: Serializer>(literal: &Option<Literal>, serializer: S) -> Result<S::Ok, S::Error> {
        let json = literal.as_ref().map(|literal| literal.to_json().map_err(S::Error::custom)).transpose()?;
        json.serialize(serializer)
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Literal>, D::Error> {
        match unique::value(deserializer)? {
            Value::Null => Ok(None),
            json => Literal::from_json(&json).map(Some).map_err(D::Error::custom),
        }
    }
}

/// A type, as proto3 JSON.
pub(super) mod literal_type {
    use super::*;

    pub(in crate::graph) fn serialize<S: Serializer>(literal_type: &LiteralType, serializer: S) -> Result<S::Ok, S::Error> {
        literal_type.to_json().serialize(serializer)
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LiteralType, D::Error> {
        LiteralType::from_json(&unique::value(deserializer)?).map_err(D::Error::custom)
    }
}

/// A span of time: `90s`, `0.25s`.
pub(super) mod duration {
    use super::*;

    pub(in crate::graph) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
        let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
        serializer.collect_str(&format_args!("{seconds}{}s", fraction.trim_end_matches('0')))
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = |text: &str| (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten();
        let parsed = text.strip_suffix('s').and_then(|number| {
            let (seconds, fraction) = number.split_once('.').unwrap_or((number, "0"));
            let nanos: u64 = digits(&format!("{fraction:0<9}")).filter(|_| fraction.len() <= 9 && !fraction.is_empty())?;
            Some(Duration::new(digits(seconds)?, u32::try_from(nanos).ok()?))
        });
        parsed.ok_or_else(|| D::Error::custom("a span of time is written as `90s` or `0.25s`"))
    }
}

/// A span of time that may be absent.
pub(super) mod duration_or_none {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Span(#[serde(with = "super::duration")] Duration);

    pub(in crate::graph) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(Span).serialize(serializer)
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Span>::deserialize(deserializer)?.map(|Span(duration)| duration))
    }
}

/// A strategy by its name, which may be absent.
pub(super) mod strategy_or_none {
    use super::*;

    pub(in crate::graph) fn serialize<S: Serializer>(strategy: &Option<Strategy>, serializer: S) -> Result<S::Ok, S::Error> {
        strategy.as_ref().map(Strategy::name).serialize(serializer)
    }

    pub(in crate::graph) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Strategy>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Strategy::named))
    }
}
