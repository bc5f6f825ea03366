//! Values without a declared type: any msgpack value, kept whole.

use serde_json::map::Entry;

use super::msgpack::{Packed, Packer, Unpacker};
use super::reader::{Fields, MAX_DEPTH, Wire, corrupt, deeper, pair, utf8};
use crate::{Error, ErrorKind, Result};

/// A value of no declared type, as an untyped Python `dict` holds them.
///
/// The order of entries, integer keys, bytes, and NaN are kept. Travels as msgpack, with lists and maps nested up to [`MAX_DEPTH`]
/// levels; a `google.protobuf.Struct` is read too, whose numbers are all floats.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Untyped {
    /// No value.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer from -2^63 to 2^63 − 1.
    Int(i64),
    /// An integer from 2^63 to 2^64 − 1.
    UInt(u64),
    /// A 64-bit float.
    Float(f64),
    /// A string.
    String(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Untyped>),
    /// A map in the order of its entries, with keys of any kind.
    Map(Vec<(Untyped, Untyped)>),
    /// A msgpack extension value with its application type.
    Extension(i8, Vec<u8>),
}

impl Untyped {
    /// The value of the string key `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().rev().find(|(name, _)| matches!(name, Self::String(name) if name == key)).map(|(_, value)| value)
    }

    pub(crate) fn pack_into(&self, packer: &mut Packer) -> Result<()> {
        self.pack_at(packer, MAX_DEPTH)
    }

    fn pack_at(&self, packer: &mut Packer, depth: usize) -> Result<()> {
        match self {
            Self::Null => packer.nil(),
            Self::Bool(value) => packer.boolean(*value),
            Self::Int(value) => packer.integer(*value),
            Self::UInt(value) => packer.unsigned(*value),
            Self::Float(value) => packer.float(*value),
            Self::String(value) => packer.string(value)?,
            Self::Bytes(value) => packer.binary(value)?,
            Self::Extension(kind, value) => packer.extension(*kind, value)?,
            Self::List(elements) => {
                let depth = deeper(depth)?;
                packer.array(elements.len())?;
                elements.iter().try_for_each(|element| element.pack_at(packer, depth))?;
            }
            Self::Map(entries) => {
                let depth = deeper(depth)?;
                packer.map(entries.len())?;
                for (key, value) in entries {
                    key.pack_at(packer, depth)?;
                    value.pack_at(packer, depth)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn unpack_at(unpacker: &mut Unpacker<'_>, depth: usize) -> Result<Self> {
        Ok(match unpacker.next()? {
            Packed::Nil => Self::Null,
            Packed::Boolean(value) => Self::Bool(value),
            Packed::Integer(value) => Self::Int(value),
            Packed::Unsigned(value) => Self::UInt(value),
            Packed::Float(value) => Self::Float(value),
            Packed::String(value) => Self::String(value.to_owned()),
            Packed::Binary(value) => Self::Bytes(value.to_vec()),
            Packed::Extension(kind, value) => Self::Extension(kind, value.to_vec()),
            // The announced length reserves nothing: a short message could announce billions.
            Packed::Array(length) => {
                let depth = deeper(depth)?;
                Self::List((0..length).map(|_| Self::unpack_at(unpacker, depth)).collect::<Result<_>>()?)
            }
            Packed::Map(length) => {
                let depth = deeper(depth)?;
                let mut entry = || Ok((Self::unpack_at(unpacker, depth)?, Self::unpack_at(unpacker, depth)?));
                Self::Map((0..length).map(|_| entry()).collect::<Result<_>>()?)
            }
        })
    }
}

/// JSON has no bytes, extensions, NaN, infinities or keys other than strings, and each key once: anything else is an error that says where.
impl TryFrom<Untyped> for serde_json::Value {
    type Error = Error;

    fn try_from(value: Untyped) -> Result<Self> {
        let refused = |what: &str| Err(Error::new(ErrorKind::Unencodable, format!("JSON cannot hold {what}")));
        Ok(match value {
            Untyped::Null => Self::Null,
            Untyped::Bool(value) => Self::Bool(value),
            Untyped::Int(value) => value.into(),
            Untyped::UInt(value) => value.into(),
            Untyped::Float(value) => match serde_json::Number::from_f64(value) {
                Some(number) => Self::Number(number),
                None => return refused(&format!("the float {value}")),
            },
            Untyped::String(value) => Self::String(value),
            Untyped::Bytes(_) => return refused("bytes"),
            Untyped::Extension(..) => return refused("a msgpack extension"),
            Untyped::List(elements) => Self::Array(
                elements
                    .into_iter()
                    .enumerate()
                    .map(|(index, element)| Self::try_from(element).map_err(|error| error.at_index(index)))
                    .collect::<Result<_>>()?,
            ),
            Untyped::Map(entries) => {
                let mut object = serde_json::Map::new();
                for (key, value) in entries {
                    let Untyped::String(key) = key else { return refused("a key that is not a string") };
                    let value = Self::try_from(value).map_err(|error| error.at_key(&key))?;
                    match object.entry(key) {
                        Entry::Vacant(entry) => entry.insert(value),
                        Entry::Occupied(entry) => {
                            return Err(Error::new(ErrorKind::Mismatch, format!("the key `{}` comes twice", entry.key())));
                        }
                    };
                }
                Self::Object(object)
            }
        })
    }
}

/// Numbers become integers where they are written as such, floats elsewhere.
impl From<serde_json::Value> for Untyped {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(value),
            serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => Self::Int(value),
                (None, Some(value)) => Self::UInt(value),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(value) => Self::String(value),
            serde_json::Value::Array(elements) => Self::List(elements.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(object) => {
                Self::Map(object.into_iter().map(|(key, value)| (Self::String(key), Self::from(value))).collect())
            }
        }
    }
}

/// The value of a `google.protobuf.Struct`.
pub(crate) fn from_generic(bytes: &[u8]) -> Result<Untyped> {
    generic_struct(bytes, MAX_DEPTH)
}

fn generic_struct(bytes: &[u8], depth: usize) -> Result<Untyped> {
    let depth = deeper(depth)?;
    let mut entries = Vec::new();
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        let (1, Wire::Bytes(entry)) = field else { continue };
        let (key, value) = pair(entry)?;
        entries.push((Untyped::String(utf8(key)?.to_owned()), generic_value(value, depth)?));
    }
    Ok(Untyped::Map(entries))
}

fn generic_value(bytes: &[u8], depth: usize) -> Result<Untyped> {
    let mut found = None;
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        found = Some(match field {
            (1, Wire::Varint(_)) => Untyped::Null,
            (2, Wire::Fixed64(bits)) => Untyped::Float(f64::from_bits(bits)),
            (3, Wire::Bytes(text)) => Untyped::String(utf8(text)?.to_owned()),
            (4, Wire::Varint(value)) => Untyped::Bool(value != 0),
            (5, Wire::Bytes(inner)) => generic_struct(inner, depth)?,
            (6, Wire::Bytes(inner)) => {
                let depth = deeper(depth)?;
                let mut elements = Vec::new();
                let mut values = Fields::new(inner);
                while let Some(field) = values.next()? {
                    if let (1, Wire::Bytes(value)) = field {
                        elements.push(generic_value(value, depth)?);
                    }
                }
                Untyped::List(elements)
            }
            _ => continue,
        });
    }
    found.ok_or_else(|| corrupt("a value of the struct is empty"))
}
