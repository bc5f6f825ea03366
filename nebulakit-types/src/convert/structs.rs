//! Structs: msgpack maps in the order of the declaration, with a JSON schema in their type (Flyte's dataclasses).
//!
//! `#[derive(NebulaType)]` writes one [`Field`] per field, and calls the functions of this file with them.

use serde_json::{Map, Value, json};

use super::endless::bounded;
use super::model;
use super::msgpack::{Leniency, Packed, Packer, Unpacker, unpack_literal, whole_with};
use super::reader::LiteralRef;
use super::shapes::{Part, Shapes};
use super::untyped::Untyped;
use super::{MERGED, NebulaType, msgpack_annotation};
use crate::dialect::StructStructure;
use crate::literal_type::{SimpleType, TypeStructure};
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// The tag of a struct that meets Python's dataclasses in unions.
pub const DATACLASS: &str = "Object-Dataclass-Transformer";

/// The tag of a struct that meets pydantic's models in unions.
pub const PYDANTIC: &str = "Pydantic Transformer";

/// One field of a struct, typed.
///
/// The bound on `T` is named once, in [`Field::new`]: everything else goes through the functions stored there, so that a field of an
/// unsupported type is exactly one error.
pub struct Field<T> {
    name: &'static str,
    doc: &'static str,
    default: Option<fn() -> T>,
    required: bool,
    literal_type: fn(&Dialect) -> LiteralType,
    schema: fn(&Dialect) -> Value,
    pack: fn(&T, &mut Packer) -> Result<()>,
    unpack: fn(&mut Unpacker<'_>) -> Result<T>,
    absent: fn() -> Option<T>,
    shapes: fn(&mut Shapes),
}

impl<T> std::fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Field").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T> Field<T> {
    /// A field called `name`.
    ///
    /// # Panics
    /// In a constant, at compile time: when two values of the type are the same on the wire.
    #[must_use]
    pub const fn new(name: &'static str) -> Self
    where
        T: NebulaType,
    {
        assert!(!T::MERGES_NONE, "{}", MERGED);
        Self {
            name,
            doc: "",
            default: None,
            required: false,
            literal_type: T::literal_type,
            schema: T::schema,
            pack: T::pack,
            unpack: T::unpack,
            absent: T::absent,
            shapes: T::shapes,
        }
    }
}

impl<T> Field<T> {
    /// Sets the field's doc comment.
    #[must_use]
    pub const fn doc(mut self, doc: &'static str) -> Self {
        self.doc = doc;
        self
    }

    /// The value when the field is absent.
    #[must_use]
    pub const fn default(mut self, value: fn() -> T) -> Self {
        self.default = Some(value);
        self
    }

    /// Says that the field has to be there even if its type has a value for an absent one, as a Python `Optional` without a default.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Writes the field's name and value.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::pack`], with the field's name.
    #[inline]
    pub fn pack(&self, value: &T, packer: &mut Packer) -> Result<()> {
        packer.string(self.name)?;
        (self.pack)(value, packer).map_err(|error| error.at_field(self.name))
    }

    /// Reads the value into its slot; `key` is the name that it came by.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when the slot is taken, and those of the value's own [`NebulaType::unpack`], with the field's name.
    #[inline]
    pub fn unpack(&self, slot: &mut Option<T>, key: &str, unpacker: &mut Unpacker<'_>) -> Result<()> {
        if slot.is_some() {
            return Err(comes_twice(self.name, key));
        }
        *slot = Some((self.unpack)(unpacker).map_err(|error| error.at_field(self.name))?);
        Ok(())
    }

    /// The value that was read, else the default, else what stands for an absent value.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is none of them.
    #[inline]
    pub fn finish(&self, slot: Option<T>) -> Result<T> {
        match slot {
            Some(value) => Ok(value),
            None => self.stand_in().ok_or_else(|| self.missing()),
        }
    }

    fn stand_in(&self) -> Option<T> {
        match self.default {
            Some(default) => Some(default()),
            None if self.required => None,
            None => (self.absent)(),
        }
    }

    #[cold]
    fn missing(&self) -> Error {
        let expected = (self.literal_type)(&Dialect::FLYTE_1);
        Error::new(ErrorKind::Missing, format!("the field is missing; expected `{expected}`")).at_field(self.name)
    }
}

/// A [`Field`] of any type.
pub trait AnyField {
    /// The field's name on the wire.
    fn name(&self) -> &'static str;

    /// The field's type.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// The field's JSON schema, with its default where that is one plain value.
    fn schema(&self, dialect: &Dialect) -> Value;

    /// Whether a struct without the field is refused.
    fn is_required(&self) -> bool;

    /// What people are shown of the field.
    fn part(&self, dialect: &Dialect) -> Part;

    /// Adds the structs and enums of the field's type.
    fn shapes(&self, shapes: &mut Shapes);
}

impl<T> AnyField for Field<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        (self.literal_type)(dialect)
    }

    fn schema(&self, dialect: &Dialect) -> Value {
        let mut schema = (self.schema)(dialect);
        if let (Value::Object(schema), Some(default)) = (&mut schema, self.default_value()) {
            schema.insert("default".to_owned(), default);
        }
        schema
    }

    fn is_required(&self) -> bool {
        self.default.is_none() && (self.required || (self.absent)().is_none())
    }

    fn part(&self, dialect: &Dialect) -> Part {
        Part { default: self.untyped_default(), ..Part::new(self.name, self.doc).of_type((self.literal_type)(dialect)) }
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }
}

impl<T> Field<T> {
    /// The default, whatever it is made of.
    fn untyped_default(&self) -> Option<Untyped> {
        let value = std::panic::catch_unwind(|| self.stand_in()).ok()??;
        let mut packer = Packer::new(&Dialect::FLYTE_1);
        (self.pack)(&value, &mut packer).ok()?;
        Untyped::unpack(&mut Unpacker::new(&packer.finish())).ok()
    }
}

impl<T> Field<T> {
    /// The default as JSON; lists and maps have none there, as Python's default factories have none.
    fn default_value(&self) -> Option<Value> {
        // A default that panics is the value's reader's to tell: the type is described without it.
        let value = std::panic::catch_unwind(|| self.stand_in()).ok()??;
        let mut packer = Packer::new(&Dialect::FLYTE_1);
        (self.pack)(&value, &mut packer).ok()?;
        let bytes = packer.finish();
        match Unpacker::new(&bytes).next().ok()? {
            Packed::Nil => Some(Value::Null),
            Packed::Boolean(value) => Some(value.into()),
            Packed::Integer(value) => Some(value.into()),
            Packed::Unsigned(value) => Some(value.into()),
            Packed::Float(value) => serde_json::Number::from_f64(value).map(Value::Number),
            Packed::String(value) => Some(value.into()),
            _ => None,
        }
    }
}

/// The type of a struct called `title`.
///
/// pydantic's schemas are written in another way than those of dataclasses, and Flyte 1 takes only an equal one or none; none fits all
/// (seen on a cluster).
///
/// # Panics
/// When the struct holds itself through other types.
#[must_use]
pub fn literal_type(title: &str, tag: &str, fields: &[&dyn AnyField], dialect: &Dialect) -> LiteralType {
    let structure = match dialect.struct_structure {
        StructStructure::Fields => TypeStructure {
            dataclass_type: bounded(format_args!("the struct `{title}`"), || {
                fields.iter().map(|field| (field.name().to_owned(), field.literal_type(dialect))).collect()
            }),
            ..TypeStructure::default()
        },
        StructStructure::Tag => TypeStructure { tag: tag.to_owned(), ..TypeStructure::default() },
    };
    let comparable = tag == DATACLASS || dialect.struct_structure == StructStructure::Tag;
    let metadata = match schema(title, fields, dialect) {
        Value::Object(metadata) if comparable && tag == PYDANTIC => Some(model::schema(metadata)),
        Value::Object(metadata) if comparable => Some(metadata),
        _ => None,
    };
    LiteralType { metadata, annotation: Some(msgpack_annotation()), structure: Some(structure), ..LiteralType::simple(SimpleType::Struct) }
}

/// The JSON schema of a struct, as mashumaro writes it for dataclasses (Flyte task contract, "dataclass").
///
/// # Panics
/// When the struct holds itself through other types.
#[must_use]
pub fn schema(title: &str, fields: &[&dyn AnyField], dialect: &Dialect) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("title".to_owned(), title.into());
    if !fields.is_empty() {
        let properties = fields.iter().map(|field| (field.name().to_owned(), field.schema(dialect)));
        let properties: Map<_, _> = bounded(format_args!("the struct `{title}`"), || properties.collect());
        schema.insert("properties".to_owned(), properties.into());
    }
    schema.insert("additionalProperties".to_owned(), false.into());
    let required: Vec<_> = fields.iter().filter(|field| field.is_required()).map(|field| field.name()).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.into()
}

/// Adds a struct called `title`, and what its fields hold.
pub fn shapes<T>(title: &'static str, doc: &'static str, fields: &[&dyn AnyField], shapes: &mut Shapes) {
    if shapes.add::<T>("struct", title, doc, |dialect| fields.iter().map(|field| field.part(dialect)).collect()) {
        fields.iter().for_each(|field| field.shapes(shapes));
    }
}

/// Reads a struct from a literal: msgpack, or the older `google.protobuf.Struct` that consoles send.
///
/// # Errors
/// When the literal is of another kind, and those of the struct's own [`NebulaType::unpack`].
pub fn decode<T: NebulaType>(title: &str, literal: LiteralRef<'_>) -> Result<T> {
    match literal.view()? {
        super::reader::LiteralView::Binary(bytes, "msgpack") => whole_with(bytes, literal.references(), T::unpack),
        _ => unpack_literal(literal, &format!("a struct `{title}`"), T::unpack),
    }
}

/// Reads the entries of a struct; `field` reads the value of the one with the given key, and says whether it knows the key.
///
/// Unknown fields are passed over, unless the reader wants exactly this struct.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when the value is not a map with strings as keys, and those of `field`.
#[inline]
pub fn entries(unpacker: &mut Unpacker<'_>, mut field: impl FnMut(&str, &mut Unpacker<'_>) -> Result<bool>) -> Result<()> {
    let count = unpacker.expect_map()?;
    unpacker.nested(|inner| {
        let leniency = inner.leniency();
        if leniency != Leniency::Exact {
            inner.set_leniency(Leniency::Fields);
        }
        for _ in 0..count {
            let key = inner.expect_key()?;
            if !field(key, inner)? {
                unknown_field(key, inner)?;
            }
        }
        inner.set_leniency(leniency);
        Ok(())
    })
}

/// [`entries`] of a pydantic model, where bytes are text in UTF-8.
///
/// # Errors
/// As [`entries`].
#[inline]
pub fn pydantic_entries(unpacker: &mut Unpacker<'_>, field: impl FnMut(&str, &mut Unpacker<'_>) -> Result<bool>) -> Result<()> {
    let before = std::mem::replace(&mut unpacker.is_pydantic, true);
    let read = entries(unpacker, field);
    unpacker.is_pydantic = before;
    read
}

/// Writes a pydantic model, where bytes are text in UTF-8; `pack` writes its fields.
///
/// # Errors
/// Those of `pack`.
pub fn pydantic_pack(packer: &mut Packer, pack: impl FnOnce(&mut Packer) -> Result<()>) -> Result<()> {
    let before = packer.set_pydantic(true);
    let packed = pack(packer);
    packer.set_pydantic(before);
    packed
}

#[cold]
fn comes_twice(name: &str, key: &str) -> Error {
    let again = if key == name { String::new() } else { format!(", now as `{key}`") };
    Error::new(ErrorKind::Mismatch, format!("the field comes twice{again}")).at_field(name)
}

#[cold]
fn unknown_field(key: &str, unpacker: &mut Unpacker<'_>) -> Result<()> {
    if unpacker.leniency() == Leniency::Exact {
        return Err(Error::new(ErrorKind::Mismatch, "the struct has no such field").at_field(key));
    }
    unpacker.skip().map_err(|error| error.at_field(key))
}
