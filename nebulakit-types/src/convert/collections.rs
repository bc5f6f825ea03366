//! Lists, maps with string keys, maps with integer keys, and optional values.

use crate::convert::kind::Kind;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};

use serde_json::json;

use super::msgpack::{Leniency, Packed, Packer, Unpacker, unpack_literal, whole_with};
use super::reader::{LiteralRef, LiteralView};
use super::shapes::Shapes;
use super::writer::Encoder;
use super::{NebulaType, untyped_type};
use crate::literal_type::{SimpleType, TypeKind};
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

impl<T: NebulaType> NebulaType for Vec<T> {
    const TAG: &'static str = "Typed List";
    const KIND: Kind = Kind::List(&T::KIND);
    const MERGES_NONE: bool = T::MERGES_NONE;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        LiteralType::collection(T::literal_type(dialect))
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        encoder.collection(self, |encoder, element| element.encode(encoder))
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Collection(mut elements) => {
                let mut values = Self::with_capacity(elements.count()?);
                while let Some(element) = elements.next()? {
                    values.push(T::decode(element).map_err(|error| error.at_index(values.len()))?);
                }
                Ok(values)
            }
            LiteralView::Binary(bytes, "msgpack") => whole_with(bytes, literal.references(), Self::unpack),
            other => Err(other.mismatch("a list")),
        }
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        packer.array(self.len())?;
        self.iter().enumerate().try_for_each(|(index, element)| element.pack(packer).map_err(|error| error.at_index(index)))
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        let length = unpacker.expect_array()?;
        unpacker.nested(|inner| (0..length).map(|index| T::unpack(inner).map_err(|error| error.at_index(index))).collect())
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        json!({ "type": "array", "items": T::schema(dialect) })
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }
}

/// A type that can be the key of a map: [`String`], or an integer.
///
/// Maps with string keys are maps on the wire. Maps with integer keys travel as flytekit's do, as msgpack of no declared type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map that travels between tasks",
    label = "not String or an integer"
)]
pub trait MapKey: Ord + Display + Sized + 'static {
    /// The key as the text that it is, if it is text.
    fn as_text(&self) -> Option<&str>;

    /// The key that `text` spells.
    ///
    /// # Errors
    /// When the text spells none, or one out of range.
    fn from_text(text: &str) -> Result<Self>;

    /// Writes the key in a msgpack map.
    ///
    /// # Errors
    /// When it is outside what msgpack can say.
    fn pack_key(&self, packer: &mut Packer) -> Result<()>;

    /// Reads the key from a msgpack map.
    ///
    /// # Errors
    /// When the key is of another kind or out of range.
    fn unpack_key(unpacker: &mut Unpacker<'_>) -> Result<Self>;

    /// The JSON schema of the key.
    fn key_schema(dialect: &Dialect) -> serde_json::Value;

    /// Whether maps with this key have a type of their own on the wire.
    const IS_TEXT: bool;
}

impl MapKey for String {
    const IS_TEXT: bool = true;

    fn as_text(&self) -> Option<&str> {
        Some(self)
    }

    fn from_text(text: &str) -> Result<Self> {
        Ok(text.to_owned())
    }

    fn pack_key(&self, packer: &mut Packer) -> Result<()> {
        packer.string(self)
    }

    fn unpack_key(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        unpacker.expect_key().map(str::to_owned)
    }

    fn key_schema(dialect: &Dialect) -> serde_json::Value {
        Self::schema(dialect)
    }
}

macro_rules! integer_keys {
    ($($integer:ty),*) => {$(
        impl MapKey for $integer {
            const IS_TEXT: bool = false;

            fn as_text(&self) -> Option<&str> {
                None
            }

            fn from_text(text: &str) -> Result<Self> {
                text.trim().parse().map_err(|_| Packed::String(text).mismatch(concat!("an integer key of type ", stringify!($integer))))
            }

            fn pack_key(&self, packer: &mut Packer) -> Result<()> {
                // pydantic's models pass through JSON.
                if packer.is_pydantic() { packer.string(&self.to_string()) } else { self.pack(packer) }
            }

            fn unpack_key(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                // JSON-based senders turn every key into text.
                let before = unpacker.set_leniency(Leniency::Fields);
                let key = Self::unpack(unpacker);
                unpacker.set_leniency(before);
                key
            }

            fn key_schema(dialect: &Dialect) -> serde_json::Value {
                Self::schema(dialect)
            }
        }
    )*};
}

integer_keys!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

fn map_type<K: MapKey, V: NebulaType>(dialect: &Dialect) -> LiteralType {
    if K::IS_TEXT { LiteralType::map(V::literal_type(dialect)) } else { untyped_type() }
}

fn map_schema<K: MapKey, V: NebulaType>(dialect: &Dialect) -> serde_json::Value {
    json!({ "type": "object", "additionalProperties": V::schema(dialect), "propertyNames": K::key_schema(dialect) })
}

/// Sorted by key, so that equal maps have equal bytes: caches compare them.
fn sorted<'a, K: MapKey, V: 'a>(entries: impl Iterator<Item = (&'a K, &'a V)>) -> Vec<(&'a K, &'a V)> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}

fn encode_map<'a, K: MapKey, V: NebulaType>(encoder: &mut Encoder, entries: impl Iterator<Item = (&'a K, &'a V)>) -> Result<()> {
    let entries = sorted(entries);
    if K::IS_TEXT {
        let entries = entries.iter().map(|(key, value)| (key.as_text().unwrap_or_default(), *value));
        encoder.map(entries, |encoder, value| value.encode(encoder))
    } else {
        encoder.msgpack(|packer| pack_entries(packer, &entries))
    }
}

fn pack_entries<K: MapKey, V: NebulaType>(packer: &mut Packer, entries: &[(&K, &V)]) -> Result<()> {
    packer.map(entries.len())?;
    for (key, value) in entries {
        key.pack_key(packer)?;
        value.pack(packer).map_err(|error| error.at_key(&key.to_string()))?;
    }
    Ok(())
}

/// Reads a map; `insert` says whether the key is new.
fn decode_map<K: MapKey, V: NebulaType>(literal: LiteralRef<'_>, insert: impl FnMut(K, V) -> bool) -> Result<()> {
    let mut insert = insert;
    match literal.view()? {
        LiteralView::Map(all) => {
            let mut entries = all;
            while let Some((key, value)) = entries.next()? {
                let value = V::decode(value).map_err(|error| error.at_key(key))?;
                if !insert(K::from_text(key)?, value) {
                    return Err(collision(&K::from_text(key)?, key, |spelled| {
                        let mut entries = all;
                        while let Some((key, _)) = entries.next()? {
                            if !spelled(K::from_text(key)?, key) {
                                break;
                            }
                        }
                        Ok(())
                    }));
                }
            }
            Ok(())
        }
        _ => unpack_literal(literal, "a map", |unpacker| unpack_entries(unpacker, insert)),
    }
}

/// Reads the entries of a map; `insert` says whether the key is new.
fn unpack_entries<K: MapKey, V: NebulaType>(unpacker: &mut Unpacker<'_>, mut insert: impl FnMut(K, V) -> bool) -> Result<()> {
    let length = unpacker.expect_map()?;
    unpacker.nested(|inner| {
        let all = inner.clone();
        for _ in 0..length {
            let at = inner.clone();
            let key = K::unpack_key(inner)?;
            let value = V::unpack(inner).map_err(|error| error.at_key(&key.to_string()))?;
            if !insert(key, value) {
                return Err(collision(&K::unpack_key(&mut at.clone())?, &spelled(at)?, |met| {
                    let mut rest = all;
                    while met(K::unpack_key(&mut rest.clone())?, &spelled(rest.clone())?) {
                        rest.skip()?;
                        rest.skip()?;
                    }
                    Ok(())
                }));
            }
        }
        Ok(())
    })
}

/// The key that comes next, as its sender spelled it.
fn spelled(mut unpacker: Unpacker<'_>) -> Result<String> {
    Ok(match unpacker.next()? {
        Packed::String(text) => text.to_owned(),
        Packed::Integer(value) => value.to_string(),
        Packed::Unsigned(value) => value.to_string(),
        Packed::Float(value) => format!("{value:?}"),
        other => other.kind().to_owned(),
    })
}

/// The error of a key that was there before, perhaps in another spelling. `walk` shows the map's keys one after the other, until it is told
/// to stop.
#[cold]
fn collision<K: MapKey>(key: &K, text: &str, walk: impl FnOnce(&mut dyn FnMut(K, &str) -> bool) -> Result<()>) -> Error {
    let mut first = None;
    let walked = walk(&mut |met, spelled| {
        if met == *key {
            first = Some(spelled.to_owned());
        }
        first.is_none()
    });
    match (walked, first) {
        (Err(error), None) => error,
        (_, Some(first)) if first != text => {
            Error::new(ErrorKind::Mismatch, format!("the keys `{first}` and `{text}` are the same integer"))
        }
        _ => Error::new(ErrorKind::Mismatch, format!("the key `{text}` comes twice")),
    }
}

macro_rules! maps {
    ($($map:ty, [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> NebulaType for $map {
            const TAG: &'static str = "Typed Dict";
            const MERGES_NONE: bool = V::MERGES_NONE;
            const KIND: Kind = Kind::Map(&V::KIND);

            fn literal_type(dialect: &Dialect) -> LiteralType {
                map_type::<K, V>(dialect)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                encode_map(encoder, self.iter())
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                let mut map = Self::default();
                decode_map(literal, |key, value| map.insert(key, value).is_none())?;
                Ok(map)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                pack_entries(packer, &sorted(self.iter()))
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                let mut map = Self::default();
                unpack_entries(unpacker, |key, value| map.insert(key, value).is_none())?;
                Ok(map)
            }

            fn schema(dialect: &Dialect) -> serde_json::Value {
                map_schema::<K, V>(dialect)
            }

            fn shapes(shapes: &mut Shapes) {
                V::shapes(shapes);
            }
        }
    )*};
}

maps! {
    BTreeMap<K, V>, [K: MapKey, V: NebulaType];
    HashMap<K, V, S>, [K: MapKey + Hash, V: NebulaType, S: BuildHasher + Default + 'static];
}

/// A value or none: a union with none as its last variant.
///
/// Read whether it comes wrapped as a union or bare, and also where it is absent. An optional value that is itself optional is the
/// same type on the wire, so that tasks and fields of structs refuse it: `Some(None)` would come back as `None`.
impl<T: NebulaType> NebulaType for Option<T> {
    const TAG: &'static str = "Typed Union";
    const IS_UNION: bool = true;
    const HAS_NONE: bool = true;
    const MERGES_NONE: bool = T::HAS_NONE || T::MERGES_NONE;
    const KIND: Kind = Kind::Union;

    fn literal_type(dialect: &Dialect) -> LiteralType {
        let inner = T::literal_type(dialect);
        let mut variants = match inner.kind {
            TypeKind::Union(variants) if T::IS_UNION => variants,
            _ => vec![inner.with_tag(T::tag(dialect))],
        };
        let none = LiteralType::simple(SimpleType::None).with_tag(<()>::TAG);
        if !variants.contains(&none) {
            variants.push(none);
        }
        LiteralType::union(variants)
    }

    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        match self {
            Some(value) if T::IS_UNION => value.encode(encoder),
            Some(value) => encoder.union_of(value),
            None => encoder.union_of(&()),
        }
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        let inner = match literal.view()? {
            LiteralView::None => return Ok(None),
            LiteralView::Binary(bytes, "msgpack") if Unpacker::new(bytes).is_nil() => return Ok(None),
            LiteralView::Union(inner, _) => match inner.view()? {
                LiteralView::None => return Ok(None),
                _ if T::IS_UNION => literal,
                _ => inner,
            },
            _ => literal,
        };
        T::decode(inner).map(Some)
    }

    fn pack(&self, packer: &mut Packer) -> Result<()> {
        match self {
            Some(value) => {
                let start = packer.len();
                value.pack(packer)?;
                // Types that are none in some values alone: untyped ones.
                if Unpacker::new(packer.since(start)).is_nil() {
                    let message = "a `Some` of what is itself none would come back as `None` from a struct";
                    return Err(Error::new(ErrorKind::Unencodable, message));
                }
                Ok(())
            }
            None => {
                packer.nil();
                Ok(())
            }
        }
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        if unpacker.is_nil() {
            return <()>::unpack(unpacker).map(|()| None);
        }
        T::unpack(unpacker).map(Some)
    }

    fn schema(dialect: &Dialect) -> serde_json::Value {
        let none = <()>::schema(dialect);
        let mut schema = T::schema(dialect);
        if T::IS_UNION
            && let Some(variants) = schema.get_mut("anyOf").and_then(serde_json::Value::as_array_mut)
        {
            if !variants.contains(&none) {
                variants.push(none);
            }
            return schema;
        }
        json!({ "anyOf": [schema, none] })
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn shapes(shapes: &mut Shapes) {
        T::shapes(shapes);
    }
}
