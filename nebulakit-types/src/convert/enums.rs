//! Unit enums: one of several texts (Flyte's enums).

use serde_json::{Value, json};

use super::NebulaType;
use super::msgpack::{Packed, Packer, Unpacker, whole};
use super::reader::{LiteralRef, LiteralView};
use super::shapes::{Part, Shapes};
use super::writer::Encoder;
use crate::dialect::EnumText;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// The tag of an enum inside a union.
pub const TAG: &str = "DefaultEnumTransformer";

/// The texts of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// What it travels as on Flyte 1, and inside structs.
    pub value: &'static str,
    /// What it travels as on Flyte 2.
    pub name: &'static str,
}

impl Variant {
    pub(super) fn text(&self, dialect: &Dialect) -> &'static str {
        match dialect.enum_text {
            EnumText::Value => self.value,
            EnumText::Name => self.name,
        }
    }
}

/// An enum without values in its variants; `#[derive(NebulaType)]` implements it.
pub trait UnitEnum: NebulaType {
    /// The variants, in the order of the declaration.
    const VARIANTS: &'static [Variant];

    /// The place of the value's variant in [`UnitEnum::VARIANTS`].
    fn index(&self) -> usize;

    /// The value of the variant at a place; [`None`] beyond the last.
    fn at(index: usize) -> Option<Self>;
}

/// The type of an enum.
#[must_use]
pub fn literal_type<T: UnitEnum>(dialect: &Dialect) -> LiteralType {
    LiteralType::enumeration(T::VARIANTS.iter().map(|variant| variant.text(dialect).to_owned()).collect())
}

/// Writes an enum as a string literal.
pub fn encode<T: UnitEnum>(value: &T, encoder: &mut Encoder) {
    encoder.string(T::VARIANTS[value.index()].text(encoder.dialect()));
}

/// Reads an enum from a string, by value or by name.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when the literal is not a string, or its text does not name a variant.
pub fn decode<T: UnitEnum>(literal: LiteralRef<'_>) -> Result<T> {
    match literal.view()? {
        LiteralView::String(text) => of_text(text),
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, unpack),
        other => Err(other.mismatch(&expected::<T>())),
    }
}

/// Writes an enum as a field of a struct, where both platforms have its value.
///
/// # Errors
/// Those of [`Packer::string`].
pub fn pack<T: UnitEnum>(value: &T, packer: &mut Packer) -> Result<()> {
    packer.string(T::VARIANTS[value.index()].value)
}

/// Reads an enum from a field of a struct, by value or by name.
///
/// # Errors
/// As [`decode`].
pub fn unpack<T: UnitEnum>(unpacker: &mut Unpacker<'_>) -> Result<T> {
    match unpacker.next()? {
        Packed::String(text) => of_text(text),
        other => Err(other.mismatch(&expected::<T>())),
    }
}

/// Adds an enum called `name`; `docs` are the doc comments of its variants.
pub fn shapes<T: UnitEnum>(name: &'static str, doc: &'static str, docs: &[&'static str], shapes: &mut Shapes) {
    shapes.add::<T>("enum", name, doc, |dialect| {
        T::VARIANTS.iter().zip(docs).map(|(variant, doc)| Part::new(variant.text(dialect), doc)).collect()
    });
}

/// The JSON schema of an enum as a field of a struct.
#[must_use]
pub fn schema<T: UnitEnum>() -> Value {
    json!({ "enum": T::VARIANTS.iter().map(|variant| variant.value).collect::<Vec<_>>() })
}

fn of_text<T: UnitEnum>(text: &str) -> Result<T> {
    let by_value = T::VARIANTS.iter().position(|variant| variant.value == text);
    by_value.or_else(|| T::VARIANTS.iter().position(|variant| variant.name == text)).and_then(T::at).ok_or_else(|| {
        let expected = expected::<T>();
        Error::new(ErrorKind::Mismatch, format!("expected {expected}, found {text:?}"))
    })
}

fn expected<T: UnitEnum>() -> String {
    let values: Vec<_> = T::VARIANTS.iter().map(|variant| format!("{:?}", variant.value)).collect();
    format!("one of {}", values.join(", "))
}
