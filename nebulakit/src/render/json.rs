//! Values as JSON, with the order of keys kept.
//!
//! What JSON cannot say is text: `NaN`, `Infinity` and `-Infinity`, bytes as base64, keys that are not strings as their text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::Untyped;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// Why writing JSON does not fail: every key is text, and memory takes all of it.
const IN_MEMORY: &str = "keys are text, and memory takes them";

/// Writes JSON on one line.
pub(crate) fn to_json(value: &Untyped) -> String {
    serde_json::to_string(&Written(value)).expect(IN_MEMORY)
}

/// The same as a part of other JSON.
pub(crate) fn to_value(value: &Untyped) -> serde_json::Value {
    serde_json::to_value(Written(value)).expect(IN_MEMORY)
}

/// Writes JSON with a line for each element.
pub(crate) fn to_pretty_json(value: &Untyped) -> String {
    serde_json::to_string_pretty(&Written(value)).expect(IN_MEMORY)
}

/// The base64 that stands for bytes.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

struct Written<'a>(&'a Untyped);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Untyped::Null => serializer.serialize_unit(),
            Untyped::Bool(value) => serializer.serialize_bool(*value),
            Untyped::Int(value) => serializer.serialize_i64(*value),
            Untyped::UInt(value) => serializer.serialize_u64(*value),
            Untyped::Float(value) if value.is_nan() => serializer.serialize_str("NaN"),
            Untyped::Float(value) if value.is_infinite() => serializer.serialize_str(if *value > 0.0 { "Infinity" } else { "-Infinity" }),
            Untyped::Float(value) => serializer.serialize_f64(*value),
            Untyped::String(value) => serializer.serialize_str(value),
            Untyped::Bytes(value) => serializer.serialize_str(&to_base64(value)),
            Untyped::Extension(kind, value) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("extension", kind)?;
                map.serialize_entry("data", &to_base64(value))?;
                map.end()
            }
            Untyped::List(elements) => serializer.collect_seq(elements.iter().map(Written)),
            Untyped::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| match key {
                Untyped::String(key) => (key.clone(), Written(value)),
                key => (to_json(key), Written(value)),
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_cannot_say_is_text() {
        let value = Untyped::Map(vec![
            (Untyped::Int(1), Untyped::Bytes(vec![1, 2])),
            (Untyped::String("inf".into()), Untyped::Float(f64::INFINITY)),
        ]);
        assert_eq!(to_json(&value), r#"{"1":"AQI=","inf":"Infinity"}"#);
    }
}
