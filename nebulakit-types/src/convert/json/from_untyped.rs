//! Untyped values to Rust ones.

use serde_core::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde_core::forward_to_deserialize_any;

use super::fault::Fault;
use super::to_untyped::at;
use crate::Result;
use crate::convert::untyped::Untyped;

/// The value that serde reads from `value`.
///
/// Numbers come in every width that holds them: consoles and `google.protobuf.Struct` write all of them as floats, senders of JSON all
/// keys as text.
///
/// # Errors
/// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) with the path and serde's own words, when it is not a `T`.
pub fn from_untyped<T: DeserializeOwned>(value: Untyped) -> Result<T> {
    T::deserialize(Reader { value, is_key: false }).map_err(|fault| fault.0)
}

struct Reader {
    value: Untyped,
    /// Whether it is the key of a map, which may be a number in a text.
    is_key: bool,
}

fn reader(value: Untyped) -> Reader {
    Reader { value, is_key: false }
}

impl Reader {
    /// The integer that is meant where one is asked for.
    #[expect(clippy::cast_possible_truncation, reason = "the guard checks that the float is whole and in range")]
    fn integer(self) -> Self {
        let value = match self.value {
            Untyped::Float(value) if value.fract() == 0.0 && value.abs() < 2_f64.powi(63) => Untyped::Int(value as i64),
            Untyped::String(text) if self.is_key => match (text.parse(), text.parse()) {
                (Ok(value), _) => Untyped::Int(value),
                (_, Ok(value)) => Untyped::UInt(value),
                _ => Untyped::String(text),
            },
            value => value,
        };
        Self { value, ..self }
    }
}

/// Refuses an integer that a float of `digits` binary digits would round, as serde does without a word.
fn whole(value: &Untyped, digits: u32) -> Result<(), Fault> {
    let integer = match value {
        Untyped::Int(value) => i128::from(*value),
        Untyped::UInt(value) => i128::from(*value),
        _ => return Ok(()),
    };
    let magnitude = integer.unsigned_abs();
    if magnitude == 0 || magnitude.ilog2() + 1 - magnitude.trailing_zeros() <= digits {
        return Ok(());
    }
    let bits = if digits == f32::MANTISSA_DIGITS { 32 } else { 64 };
    Err(Fault::custom(format!("the integer {integer} has no exact {bits}-bit float")))
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.integer().deserialize_any(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Untyped::Null => visitor.visit_unit(),
            Untyped::Bool(value) => visitor.visit_bool(value),
            Untyped::Int(value) => match u64::try_from(value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(value),
            },
            Untyped::UInt(value) => visitor.visit_u64(value),
            Untyped::Float(value) => visitor.visit_f64(value),
            Untyped::String(value) => visitor.visit_string(value),
            Untyped::Bytes(value) => visitor.visit_byte_buf(value),
            Untyped::List(elements) => {
                let mut elements = Elements { left: elements.into_iter(), index: 0 };
                let value = visitor.visit_seq(&mut elements)?;
                match elements.left.len() {
                    0 => Ok(value),
                    surplus => Err(Fault::custom(format!("the list has {surplus} elements more than the type"))),
                }
            }
            Untyped::Map(entries) => visitor.visit_map(Entries { left: entries.into_iter(), entry: None }),
            Untyped::Extension(..) => Err(Fault::invalid_type(Unexpected::Other("a msgpack extension"), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Untyped::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Untyped::String(variant) => visitor.visit_enum(Variant { variant, content: None }),
            Untyped::Map(mut entries) if entries.len() == 1 => match entries.pop() {
                Some((Untyped::String(variant), content)) => visitor.visit_enum(Variant { variant, content: Some(content) }),
                _ => Err(Fault::custom("expected the name of a variant as the only key")),
            },
            _ => Err(Fault::custom("expected the name of a variant, or a map with it as the only key")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Untyped::String(text) if self.is_key && text == "true" => visitor.visit_bool(true),
            Untyped::String(text) if self.is_key && text == "false" => visitor.visit_bool(false),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        whole(&self.value, f32::MANTISSA_DIGITS)?;
        self.deserialize_any(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        whole(&self.value, f64::MANTISSA_DIGITS)?;
        self.deserialize_any(visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match text_of(&self.value).and_then(|text| text.parse().ok()) {
            Some(value) => visitor.visit_u128(value),
            None => self.integer().deserialize_any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match text_of(&self.value).and_then(|text| text.parse().ok()) {
            Some(value) => visitor.visit_i128(value),
            None => self.integer().deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The text of an integer that no other kind of value holds.
fn text_of(value: &Untyped) -> Option<&str> {
    match value {
        Untyped::String(text) => Some(text),
        _ => None,
    }
}

struct Elements {
    left: std::vec::IntoIter<Untyped>,
    index: usize,
}

impl<'de> SeqAccess<'de> for &mut Elements {
    type Error = Fault;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some(element) = self.left.next() else { return Ok(None) };
        let value = seed.deserialize(reader(element)).map_err(|fault| Fault(fault.0.at_index(self.index)))?;
        self.index += 1;
        Ok(Some(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

struct Entries {
    left: std::vec::IntoIter<(Untyped, Untyped)>,
    entry: Option<(Untyped, Untyped)>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Fault> {
        let Some((key, value)) = self.left.next() else { return Ok(None) };
        self.entry = Some((key.clone(), value));
        seed.deserialize(Reader { value: key, is_key: true }).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Fault> {
        let Some((key, value)) = self.entry.take() else { return Err(Fault::custom("a value was asked for before its key")) };
        seed.deserialize(reader(value)).map_err(|fault| Fault(at(&key, fault.0)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }
}

struct Variant {
    variant: String,
    content: Option<Untyped>,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Fault;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content), Fault> {
        let variant = seed.deserialize(self.variant.into_deserializer())?;
        Ok((variant, Content(self.content)))
    }
}

struct Content(Option<Untyped>);

impl Content {
    fn reader(self) -> Result<Reader, Fault> {
        self.0.map(reader).ok_or_else(|| Fault::custom("the variant holds a value, and only its name came"))
    }
}

impl<'de> VariantAccess<'de> for Content {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.0 {
            None | Some(Untyped::Null) => Ok(()),
            Some(_) => Err(Fault::custom("the variant holds nothing, and a value came")),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Fault> {
        seed.deserialize(self.reader()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.reader()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.reader()?.deserialize_any(visitor)
    }
}
