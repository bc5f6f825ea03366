//! Unions: a value of one of several types, as an enum with one value in each variant.
//!
//! Written always wrapped with the type of its variant. Read wrapped (the variant has the same tag, else the value fits one variant
//! alone), bare (the value fits one variant alone), and inside structs, where nothing says which variant it is: there the first variant
//! that fits exactly, else the first one that fits at all.

use serde_json::{Value, json};

use super::endless::bounded;
use super::msgpack::{Leniency, Packer, Unpacker, unpack_literal};
use super::reader::{Fields, LiteralRef, LiteralView, Wire, utf8};
use super::untyped::Untyped;
use super::writer::Encoder;
use super::{NebulaType, untyped_type};
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// The tag of unions, where one stands inside another type.
pub const TAG: &str = "Typed Union";

/// One variant of a union, typed; the bound on `T` is named once, in [`Variant::new`].
pub struct Variant<T> {
    tag: &'static str,
    tag_in: fn(&Dialect) -> &'static str,
    literal_type: fn(&Dialect) -> LiteralType,
    schema: fn(&Dialect) -> Value,
    encode: fn(&T, &mut Encoder) -> Result<()>,
    decode: fn(LiteralRef<'_>) -> Result<T>,
    pack: fn(&T, &mut Packer) -> Result<()>,
    unpack: fn(&mut Unpacker<'_>) -> Result<T>,
}

impl<T> std::fmt::Debug for Variant<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variant").field("tag", &self.tag).finish_non_exhaustive()
    }
}

fn encode_wrapped<T: NebulaType>(value: &T, encoder: &mut Encoder) -> Result<()> {
    encoder.union_of(value)
}

impl<T> Variant<T> {
    /// A variant that holds a `T`.
    ///
    /// # Panics
    /// In a constant, at compile time: when `T` is itself a union.
    #[must_use]
    pub const fn new() -> Self
    where
        T: NebulaType,
    {
        assert!(
            !T::IS_UNION,
            "a variant cannot hold a union or an `Option`: Flyte has no unions in unions; list its variants here instead"
        );
        Self {
            tag: T::TAG,
            tag_in: T::tag,
            literal_type: T::literal_type,
            schema: T::schema,
            encode: encode_wrapped::<T>,
            decode: T::decode,
            pack: T::pack,
            unpack: T::unpack,
        }
    }
}

impl<T: NebulaType> Default for Variant<T> {
    fn default() -> Self {
        Self::new()
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

    /// The variant together with what makes the union of its value.
    pub const fn choice<U>(&self, make: fn(T) -> U) -> Choice<'_, T, U> {
        Choice { variant: self, make }
    }
}

/// Checks that no two variants are the same plain type, which no reader could tell apart.
///
/// # Panics
/// In a constant, at compile time: when two are.
pub const fn assert_distinct(tags: &[&str]) {
    // Lists, maps and structs have more to tell them apart than the tag.
    const PLAIN: [&str; 10] = ["int", "float", "str", "bool", "datetime", "timedelta", "date", "none", "bytes", "Typed Union"];
    let mut left = 0;
    while left < tags.len() {
        let mut right = left + 1;
        while right < tags.len() {
            let mut plain = 0;
            while plain < PLAIN.len() {
                assert!(
                    !(equal(tags[left], PLAIN[plain]) && equal(tags[right], PLAIN[plain])),
                    "two variants hold the same Flyte type, which no reader could tell apart; keep one of them"
                );
                plain += 1;
            }
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
    /// The type of the variant, tagged as unions have it.
    fn literal_type(&self, dialect: &Dialect) -> LiteralType;

    /// The JSON schema of the variant.
    fn schema(&self, dialect: &Dialect) -> Value;
}

impl<T> AnyVariant for Variant<T> {
    fn literal_type(&self, dialect: &Dialect) -> LiteralType {
        (self.literal_type)(dialect).with_tag((self.tag_in)(dialect))
    }

    fn schema(&self, dialect: &Dialect) -> Value {
        (self.schema)(dialect)
    }
}

/// A variant of the union `U`; see [`Variant::choice`].
#[derive(Debug)]
pub struct Choice<'a, T, U> {
    variant: &'a Variant<T>,
    make: fn(T) -> U,
}

/// A [`Choice`] of any type: how a union is read.
pub trait AnyChoice<U> {
    /// The tag of the variant's type.
    fn tag(&self) -> &'static str;

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

/// The type of a union of these variants.
///
/// # Panics
/// When the union holds itself through other types.
#[must_use]
pub fn literal_type(variants: &[&dyn AnyVariant], dialect: &Dialect) -> LiteralType {
    LiteralType::union(bounded("a union", || variants.iter().map(|variant| variant.literal_type(dialect)).collect()))
}

/// The JSON schema of a union as a field of a struct.
///
/// # Panics
/// When the union holds itself through other types.
#[must_use]
pub fn schema(variants: &[&dyn AnyVariant], dialect: &Dialect) -> Value {
    let variants: Vec<_> = bounded("a union", || variants.iter().map(|variant| variant.schema(dialect)).collect());
    json!({ "anyOf": variants })
}

/// Reads a union from a literal, wrapped or bare (Flyte task contract, "unions").
///
/// # Errors
/// [`ErrorKind::Mismatch`] when no variant fits, [`ErrorKind::Ambiguous`] when several do, and the error of the variant that the
/// literal itself names.
pub fn decode<U>(literal: LiteralRef<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    let LiteralView::Union(inner, chosen) = literal.view()? else { return fit(literal, choices) };
    let tag = tag_of(chosen)?;
    let mut tagged: Vec<_> = choices.iter().copied().filter(|choice| choice.tag() == tag).collect();
    if tagged.len() > 1 {
        let chosen = LiteralType::decode(chosen)?;
        let same: Vec<_> = tagged.iter().copied().filter(|choice| choice.literal_type(&Dialect::FLYTE_1).kind == chosen.kind).collect();
        if !same.is_empty() {
            tagged = same;
        }
    }
    match tagged.as_slice() {
        [] => fit(inner, choices),
        [choice] => choice.decode(inner),
        several => fit(inner, several),
    }
}

/// The tag in the bytes of a `LiteralType`; empty when there is none.
fn tag_of(literal_type: &[u8]) -> Result<&str> {
    let mut tag = "";
    let mut fields = Fields::new(literal_type);
    while let Some(field) = fields.next()? {
        let (11, Wire::Bytes(structure)) = field else { continue };
        let mut structure = Fields::new(structure);
        while let Some(field) = structure.next()? {
            if let (1, Wire::Bytes(text)) = field {
                tag = utf8(text)?;
            }
        }
    }
    Ok(tag)
}

/// Reads a literal as the one variant that it fits.
fn fit<U>(literal: LiteralRef<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    let view = literal.view()?;
    if matches!(view, LiteralView::Binary(_, "msgpack") | LiteralView::Generic(_)) {
        return unpack_literal(literal, "a union", |unpacker| {
            // As with other bare literals, a value that fits several variants equally well is nobody's.
            let before = unpacker.set_leniency(Leniency::Exact);
            let exact = one(choices, |choice| attempt(unpacker, *choice));
            unpacker.set_leniency(before);
            let (value, rest) = match exact {
                Err(error) if error.kind() == ErrorKind::Mismatch => one(choices, |choice| attempt(unpacker, *choice))?,
                exact => exact?,
            };
            *unpacker = rest;
            unpacker.set_leniency(before);
            Ok(value)
        });
    }
    one(choices, |choice| choice.decode(literal))
}

/// Reads msgpack with a copy of the reader, which comes back as it is after the value.
fn attempt<'a, U>(unpacker: &Unpacker<'a>, choice: &dyn AnyChoice<U>) -> Result<(U, Unpacker<'a>)> {
    let mut attempt = unpacker.clone();
    let value = choice.unpack(&mut attempt)?;
    Ok((value, attempt))
}

/// The value of the one choice that can be read; an untyped value, which could be anything, only if it is the last resort.
fn one<'c, U, V>(choices: &[&'c dyn AnyChoice<U>], mut read: impl FnMut(&&'c dyn AnyChoice<U>) -> Result<V>) -> Result<V> {
    match only(choices, &mut read) {
        Err(error) if error.kind() == ErrorKind::Ambiguous => {
            let untyped = untyped_type().with_tag(Untyped::TAG);
            let typed: Vec<_> = choices.iter().copied().filter(|choice| described(*choice) != untyped).collect();
            if typed.len() == choices.len() { Err(error) } else { only(&typed, read) }
        }
        result => result,
    }
}

fn only<'c, U, V>(choices: &[&'c dyn AnyChoice<U>], mut read: impl FnMut(&&'c dyn AnyChoice<U>) -> Result<V>) -> Result<V> {
    let mut found: Option<(V, &dyn AnyChoice<U>)> = None;
    let mut reasons = Vec::new();
    for choice in choices {
        match (read(choice), &found) {
            (Ok(_), Some((_, first))) => {
                let (first, second) = (described(*first), described(*choice));
                let message = format!("the value fits both `{first}` and `{second}`, and does not say which of them it is");
                return Err(Error::new(ErrorKind::Ambiguous, message));
            }
            (Ok(value), None) => found = Some((value, *choice)),
            // Not a matter of the type: the content is fetched, and then this is asked again.
            (Err(error), _) if error.kind() == ErrorKind::NotFetched => return Err(error),
            (Err(error), _) => reasons.push((*choice, error)),
        }
    }
    found.map(|(value, _)| value).ok_or_else(|| no_fit(&reasons))
}

fn described<U>(choice: &dyn AnyChoice<U>) -> LiteralType {
    choice.literal_type(&Dialect::FLYTE_1)
}

#[cold]
fn no_fit<U>(reasons: &[(&dyn AnyChoice<U>, Error)]) -> Error {
    let reasons: Vec<_> = reasons.iter().map(|(choice, error)| format!("as `{}`: {error}", described(*choice))).collect();
    Error::new(ErrorKind::Mismatch, format!("the value fits none of the union's variants ({})", reasons.join("; ")))
}

/// Reads a union from a field of a struct.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when no variant fits.
pub fn unpack<U>(unpacker: &mut Unpacker<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    let leniency = unpacker.leniency();
    let mut reasons = Vec::new();
    for exactness in [Leniency::Exact, leniency] {
        for choice in choices {
            let mut attempt = unpacker.clone();
            attempt.set_leniency(exactness);
            match choice.unpack(&mut attempt) {
                Ok(value) => {
                    attempt.set_leniency(leniency);
                    *unpacker = attempt;
                    return Ok(value);
                }
                Err(error) if exactness == leniency => reasons.push((*choice, error)),
                Err(_) => {}
            }
        }
        if exactness == leniency {
            break;
        }
    }
    Err(no_fit(&reasons))
}
