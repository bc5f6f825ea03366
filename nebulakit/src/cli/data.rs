//! Values from JSON or YAML, with the order of keys kept. [`to_json`](crate::render::to_json) is the way back: what JSON cannot say is text there, and
//! read from such text where the declared type asks for it.

use std::cell::Cell;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::Untyped;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::render::to_json;

/// How much text the aliases of a YAML document may repeat, in bytes: some lines can say gigabytes.
const MOST_REPEATED_TEXT: usize = 8 << 20;

/// How many values the aliases of a YAML document may repeat.
const MOST_REPEATED_VALUES: usize = 100_000;

/// Reads JSON.
///
/// # Errors
/// When the text is not JSON, with line and column.
pub(super) fn from_json(text: &str) -> Result<Untyped, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    // Nothing is repeated in JSON.
    let value = Any(&Left::new(usize::MAX, usize::MAX)).deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// Reads YAML; an empty document is none.
///
/// # Errors
/// When the text is not YAML, with line and column; and when its aliases repeat more than 8 MiB of text, or 100,000 values.
pub(super) fn from_yaml(text: &str) -> Result<Untyped, String> {
    // Without aliases there are no more values than bytes, nor is there more text.
    let most_values = text.len().saturating_add(MOST_REPEATED_VALUES);
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        // A value with others in it begins and ends with an event.
        budget: serde_saphyr::budget! { max_nodes: most_values + 1, max_events: 2 * most_values + 16 },
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::PassThrough,
    };
    let left = Left::new(text.len().saturating_add(MOST_REPEATED_TEXT), most_values);
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| Any(&left).deserialize(deserializer));
    read.map_err(|error| error.to_string())
}

/// The bytes that base64 stands for; [`None`] when the text is not base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.trim_end_matches('\n')).ok()
}

/// The float that JSON has no number for, by its text.
pub(super) fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// What a document may still hold.
struct Left {
    text: Cell<usize>,
    values: Cell<usize>,
}

impl Left {
    fn new(text: usize, values: usize) -> Self {
        Self { text: Cell::new(text), values: Cell::new(values) }
    }
}

/// Reads any value, and takes it off what is left.
#[derive(Clone, Copy)]
struct Any<'a>(&'a Left);

impl Any<'_> {
    fn take_text<E: de::Error>(self, length: usize) -> Result<(), E> {
        let left = self.0.text.get().checked_sub(length);
        let message = || E::custom(format!("its aliases repeat more than {} MiB of text", MOST_REPEATED_TEXT >> 20));
        left.map(|left| self.0.text.set(left)).ok_or_else(message)
    }

    fn take_value<E: de::Error>(self) -> Result<(), E> {
        let left = self.0.values.get().checked_sub(1);
        let message = || E::custom(format!("its aliases repeat more than {MOST_REPEATED_VALUES} values"));
        left.map(|left| self.0.values.set(left)).ok_or_else(message)
    }
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Untyped;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Untyped, D::Error> {
        self.take_value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Untyped;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Untyped, E> {
        Ok(Untyped::Null)
    }

    fn visit_none<E>(self) -> Result<Untyped, E> {
        Ok(Untyped::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Untyped, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Untyped, E> {
        Ok(Untyped::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Untyped, E> {
        Ok(Untyped::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Untyped, E> {
        Ok(i64::try_from(value).map_or(Untyped::UInt(value), Untyped::Int))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Untyped, E> {
        Err(E::custom(format!("the integer {value} is beyond 64 bits")))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Untyped, E> {
        Err(E::custom(format!("the integer {value} is beyond 64 bits")))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Untyped, E> {
        Ok(Untyped::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Untyped, E> {
        self.take_text(value.len())?;
        Ok(Untyped::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Untyped, E> {
        self.take_text(value.len())?;
        Ok(Untyped::String(value))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Untyped, E> {
        self.take_text(value.len())?;
        Ok(Untyped::Bytes(value.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Untyped, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence.next_element_seed(self)? {
            elements.push(element);
        }
        Ok(Untyped::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Untyped, A::Error> {
        let mut entries: Vec<(Untyped, Untyped)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = map.next_key_seed(self)? {
            if !seen.insert(to_json(&key)) {
                return Err(de::Error::custom(format!("the key {} occurs twice", to_json(&key))));
            }
            let value = map.next_value_seed(self)?;
            entries.push((key, value));
        }
        Ok(Untyped::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_order_and_width() {
        let text = r#"{"b":[1,-2,18446744073709551615,1.0,0.1],"a":{"z":null,"y":true}}"#;
        assert_eq!(to_json(&from_json(text).unwrap()), text);
    }

    #[test]
    fn yaml_may_have_as_many_values_as_its_text_has_room_for() {
        let text = format!("[{}]", "1,".repeat(300_000));
        assert!(matches!(from_yaml(&text), Ok(Untyped::List(elements)) if elements.len() == 300_000));
    }

    #[test]
    fn yaml_has_other_keys_and_special_floats() {
        let value = from_yaml("b: [.nan, 1, yes]\n1: -.inf\n").unwrap();
        assert_eq!(to_json(&value), r#"{"b":["NaN",1,"yes"],"1":"-Infinity"}"#);
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused() {
        assert!(from_json(r#"{"a":1,"a":2}"#).unwrap_err().to_string().starts_with("the key \"a\" occurs twice"));
        assert!(from_yaml("a: 1\na: 2\n").is_err());
    }
}
