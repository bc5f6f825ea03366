//! The variants of a union, typed, and of any type.

use serde_json::Value;

use crate::convert::msgpack::{Packer, Unpacker};
use crate::convert::reader::LiteralRef;
use crate::convert::shapes::Shapes;
use crate::convert::writer::Encoder;
use crate::convert::{MERGED, NebulaType};
use crate::{Dialect, LiteralType, Result};

/// One variant of a union, typed; the bound on `T` is named once, in [`Variant::new`].
pub struct Variant<T> {
    name: &'static str,
    tag: &'static str,
    has_none: bool,
    tag_in: fn(&Dialect) -> &'static str,
    literal_type: fn(&Dialect) -> LiteralType,
    schema: fn(&Dialect) -> Value,
    encode: fn(&T, &mut Encoder) -> Result<()>,
    encode_struct: fn(&mut Encoder, &mut PackStruct<'_>) -> Result<()>,
    decode: fn(LiteralRef<'_>) -> Result<T>,
    pack: fn(&T, &mut Packer) -> Result<()>,
    unpack: fn(&mut Unpacker<'_>) -> Result<T>,
    shapes: fn(&mut Shapes),
}

impl<T> std::fmt::Debug for Variant<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variant").field("tag", &self.tag).finish_non_exhaustive()
    }
}

/// Writes the fields of a variant that is a struct.
type PackStruct<'a> = dyn FnMut(&mut Packer) -> Result<()> + 'a;

fn encode_wrapped<T: NebulaType>(value: &T, encoder: &mut Encoder) -> Result<()> {
    encoder.union_of(value)
}

fn encode_struct_wrapped<T: NebulaType>(encoder: &mut Encoder, fields: &mut PackStruct<'_>) -> Result<()> {
    encoder.union_with::<T>(|encoder| encoder.msgpack(fields))
}

impl<T> Variant<T> {
    /// A variant called `name` that holds a `T`.
    ///
    /// # Panics
    /// In a constant, at compile time: when `T` is itself a union.
    #[must_use]
    pub const fn new(name: &'static str) -> Self
    where
        T: NebulaType,
    {
        assert!(!T::MERGES_NONE, "{}", MERGED);
        assert!(
            !T::IS_UNION,
            "a variant cannot hold a union or an `Option`: Flyte has no unions in unions; list its variants here instead"
        );
        Self {
            name,
            tag: T::TAG,
            has_none: T::HAS_NONE,
            tag_in: T::tag,
            literal_type: T::literal_type,
            schema: T::schema,
            encode: encode_wrapped::<T>,
            encode_struct: encode_struct_wrapped::<T>,
            decode: T::decode,
            pack: T::pack,
            unpack: T::unpack,
            shapes: T::shapes,
        }
    }
}

impl<T> Variant<T> {
    /// Writes a value of this variant as a literal of the union.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::encode`].
    pub fn encode(&self, value: &T, encoder: &mut Encoder) -> Result<()> {
        (self.encode)(value, encoder)
    }

    /// Writes a value of this variant as a field of a struct.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::pack`].
    pub fn pack(&self, value: &T, packer: &mut Packer) -> Result<()> {
        (self.pack)(value, packer)
    }

    /// Writes a struct of this variant as a literal of the union; `fields` writes the struct.
    ///
    /// # Errors
    /// Those of `fields`.
    pub fn encode_struct(&self, encoder: &mut Encoder, mut fields: impl FnMut(&mut Packer) -> Result<()>) -> Result<()> {
        (self.encode_struct)(encoder, &mut fields)
    }

    /// Writes a struct of this variant as a field of a struct; `fields` writes it.
    ///
    /// # Errors
    /// Those of `fields`.
    pub fn pack_struct(&self, packer: &mut Packer, fields: impl FnOnce(&mut Packer) -> Result<()>) -> Result<()> {
        fields(packer)
    }

    /// Whether a value of this variant can be none.
    #[must_use]
    pub const fn has_none(&self) -> bool {
        self.has_none
    }

    /// The variant together with what makes the union of its value.
    pub const fn choice<U>(&self, make: fn(T) -> U) -> Choice<'_, T, U> {
        Choice { variant: self, make, names: &[] }
    }
}

/// Checks that no two variants are the same plain type, which no reader could tell apart. `messages` has what is said of each pair: the first
/// with the second, with the third, and so on, then the second with the third.
///
/// # Panics
/// In a constant, at compile time: when two are.
pub const fn assert_distinct(tags: &[&str], messages: &[&str]) {
    // Lists, maps and structs have more to tell them apart than the tag.
    const PLAIN: [&str; 10] = ["int", "float", "str", "bool", "datetime", "timedelta", "date", "none", "bytes", "Typed Union"];
    let (mut left, mut pair) = (0, 0);
    while left < tags.len() {
        let mut right = left + 1;
        while right < tags.len() {
            let mut plain = 0;
            while plain < PLAIN.len() {
                assert!(!(equal(tags[left], PLAIN[plain]) && equal(tags[right], PLAIN[plain])), "{}", messages[pair]);
                plain += 1;
            }
            pair += 1;
            right += 1;
        }
        left += 1;
    }
}

const fn equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

impl<T> Variant<T> {
    /// The tag of the variant's type.
    #[must_use]
    pub const fn tag(&self) -> &'static str {
        self.tag
    }
}

/// A [`Variant`] of any type, for what does not depend on it.
pub trait AnyVariant {
    /// The variant's name, or that of the first of several which are one type.
    fn name(&self) -> &'static str;

    /// The type of the variant, tagged as unions have it.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// The JSON schema of the variant.
    fn schema(&self, dialect: &Dialect) -> Value;

    /// Adds the structs and enums of the variant's value.
    fn shapes(&self, shapes: &mut Shapes);
}

impl<T> AnyVariant for Variant<T> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        (self.literal_type)(dialect).with_tag((self.tag_in)(dialect))
    }

    fn schema(&self, dialect: &Dialect) -> Value {
        (self.schema)(dialect)
    }

    fn shapes(&self, shapes: &mut Shapes) {
        (self.shapes)(shapes);
    }
}

/// A variant of the union `U`; see [`Variant::choice`].
#[derive(Debug)]
pub struct Choice<'a, T, U> {
    variant: &'a Variant<T>,
    make: fn(T) -> U,
    names: &'static [&'static str],
}

impl<T, U> Choice<'_, T, U> {
    /// The same variant, with the names by which serde's own form calls it: `{"Circle": {"radius": 1.0}}`.
    #[must_use]
    pub const fn called(self, names: &'static [&'static str]) -> Self {
        Self { names, ..self }
    }
}

/// A [`Choice`] of any type: how a union is read.
pub trait AnyChoice<U> {
    /// The tag of the variant's type.
    fn tag(&self) -> &'static str;

    /// The names by which serde's own form calls the variant.
    fn names(&self) -> &'static [&'static str];

    /// The variant's name, as [`AnyVariant::name`].
    fn name(&self) -> &'static str;

    /// The type of the variant, tagged as unions have it.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// Reads the literal as a value of this variant.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::decode`].
    fn decode(&self, literal: LiteralRef<'_>) -> Result<U>;

    /// Reads msgpack as a value of this variant.
    ///
    /// # Errors
    /// Those of the value's own [`NebulaType::unpack`].
    fn unpack(&self, unpacker: &mut Unpacker<'_>) -> Result<U>;
}

impl<T, U> AnyChoice<U> for Choice<'_, T, U> {
    fn tag(&self) -> &'static str {
        self.variant.tag
    }

    fn names(&self) -> &'static [&'static str] {
        self.names
    }

    fn name(&self) -> &'static str {
        self.variant.name
    }

    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        self.variant.literal_type(dialect)
    }

    fn decode(&self, literal: LiteralRef<'_>) -> Result<U> {
        (self.variant.decode)(literal).map(self.make)
    }

    fn unpack(&self, unpacker: &mut Unpacker<'_>) -> Result<U> {
        (self.variant.unpack)(unpacker).map(self.make)
    }
}
