//! Rust values to untyped ones.

use serde_core::Serialize;
use serde_core::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    Serializer,
};

use super::fault::Fault;
use crate::convert::untyped::Untyped;
use crate::{Error, ErrorKind, Result};

/// What serde makes of `value`: structs and maps are maps, tuples are lists, a variant of an enum is its name or a map with that one key.
///
/// # Errors
/// [`ErrorKind::Unencodable`] with the path, when the value's own `Serialize` fails, for a key that is not a text, number or boolean,
/// and for a `Some` of what is itself null, which would come back as `None`.
pub fn to_untyped<T: Serialize + ?Sized>(value: &T) -> Result<Untyped> {
    value.serialize(Writer).map_err(|fault| fault.0)
}

fn refused<T>(message: &str) -> Result<T, Fault> {
    Err(Fault(Error::new(ErrorKind::Unencodable, message)))
}

fn text(value: &str) -> Untyped {
    Untyped::String(value.to_owned())
}

/// A map with the one key that is the name of a variant.
fn of_variant(variant: &str, value: Untyped) -> Untyped {
    Untyped::Map(vec![(text(variant), value)])
}

struct Writer;

/// Elements, entries or fields, and the variant that they are the content of.
struct Parts<P> {
    parts: Vec<P>,
    key: Option<Untyped>,
    variant: Option<&'static str>,
}

type List = Parts<Untyped>;
type Entries = Parts<(Untyped, Untyped)>;

impl<P> Parts<P> {
    fn new(variant: Option<&'static str>) -> Self {
        Self { parts: Vec::new(), key: None, variant }
    }

    fn finish(self, whole: fn(Vec<P>) -> Untyped) -> Untyped {
        let value = whole(self.parts);
        match self.variant {
            Some(variant) => of_variant(variant, value),
            None => value,
        }
    }
}

impl Serializer for Writer {
    type Ok = Untyped;
    type Error = Fault;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = List;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, value: bool) -> Result<Untyped, Fault> {
        Ok(Untyped::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_i64(self, value: i64) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value))
    }

    fn serialize_i128(self, value: i128) -> Result<Untyped, Fault> {
        Ok(match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => Untyped::Int(value),
            (_, Ok(value)) => Untyped::UInt(value),
            _ => Untyped::String(value.to_string()),
        })
    }

    fn serialize_u8(self, value: u8) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Result<Untyped, Fault> {
        Ok(Untyped::Int(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Result<Untyped, Fault> {
        Ok(i64::try_from(value).map_or(Untyped::UInt(value), Untyped::Int))
    }

    fn serialize_u128(self, value: u128) -> Result<Untyped, Fault> {
        match u64::try_from(value) {
            Ok(value) => self.serialize_u64(value),
            Err(_) => Ok(Untyped::String(value.to_string())),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<Untyped, Fault> {
        Ok(Untyped::Float(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<Untyped, Fault> {
        Ok(Untyped::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Untyped, Fault> {
        Ok(Untyped::String(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Untyped, Fault> {
        Ok(text(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Untyped, Fault> {
        Ok(Untyped::Bytes(value.to_vec()))
    }

    fn serialize_none(self) -> Result<Untyped, Fault> {
        Ok(Untyped::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Untyped, Fault> {
        match value.serialize(self)? {
            Untyped::Null => refused("a `Some` of what is itself null would come back as `None`"),
            value => Ok(value),
        }
    }

    fn serialize_unit(self) -> Result<Untyped, Fault> {
        Ok(Untyped::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Untyped, Fault> {
        Ok(Untyped::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Untyped, Fault> {
        Ok(text(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Untyped, Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Untyped, Fault> {
        value.serialize(self).map(|value| of_variant(variant, value)).map_err(|fault| Fault(fault.0.at_field(variant)))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Fault> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Fault> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, Fault> {
        Ok(Parts::new(None))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<List, Fault> {
        Ok(Parts::new(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, Fault> {
        Ok(Parts::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, Fault> {
        Ok(Parts::new(None))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Entries, Fault> {
        Ok(Parts::new(Some(variant)))
    }
}

impl List {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let element = value.serialize(Writer).map_err(|fault| Fault(fault.0.at_index(self.parts.len())))?;
        self.parts.push(element);
        Ok(())
    }
}

macro_rules! lists {
    ($($of:ident::$method:ident,)*) => {$(
        impl $of for List {
            type Ok = Untyped;
            type Error = Fault;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.element(value)
            }

            fn end(self) -> Result<Untyped, Fault> {
                Ok(self.finish(Untyped::List))
            }
        }
    )*};
}

lists! {
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field,
}

macro_rules! structs {
    ($($of:ident,)*) => {$(
        impl $of for Entries {
            type Ok = Untyped;
            type Error = Fault;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
                let value = value.serialize(Writer).map_err(|fault| Fault(fault.0.at_field(name)))?;
                self.parts.push((text(name), value));
                Ok(())
            }

            fn end(self) -> Result<Untyped, Fault> {
                Ok(self.finish(Untyped::Map))
            }
        }
    )*};
}

structs! {
    SerializeStruct,
    SerializeStructVariant,
}

impl SerializeMap for Entries {
    type Ok = Untyped;
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        match key.serialize(Writer)? {
            key @ (Untyped::String(_) | Untyped::Int(_) | Untyped::UInt(_) | Untyped::Bool(_)) => self.key = Some(key),
            _ => return refused("the key of a map is a text, an integer or a boolean, and this one is something else"),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let Some(key) = self.key.take() else { return refused("a value of a map came before its key") };
        let value = value.serialize(Writer).map_err(|fault| Fault(at(&key, fault.0)))?;
        self.parts.push((key, value));
        Ok(())
    }

    fn end(self) -> Result<Untyped, Fault> {
        Ok(self.finish(Untyped::Map))
    }
}

/// The error, in the entry with this key.
pub(super) fn at(key: &Untyped, error: Error) -> Error {
    match key {
        Untyped::String(key) => error.at_key(key),
        Untyped::Int(key) => error.at_key(&key.to_string()),
        Untyped::UInt(key) => error.at_key(&key.to_string()),
        Untyped::Bool(key) => error.at_key(&key.to_string()),
        _ => error,
    }
}
