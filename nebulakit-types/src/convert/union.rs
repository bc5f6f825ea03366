//! Unions: a value of one of several types, as an enum with one value in each variant.
//!
//! Written always wrapped with the type of its variant. Read wrapped (the variant has the same tag, else the value fits one variant
//! alone), bare (the value fits one variant alone), and inside structs, where nothing says which variant it is: there the first variant
//! that fits exactly, else the one that serde's own form names, else the first one that fits at all. A value that would be read there as
//! another variant's is not written.

use serde_json::{Value, json};

use super::endless::bounded;
use super::msgpack::{Leniency, Packed, Packer, Unpacker, unpack_literal};
use super::reader::{Fields, LiteralRef, LiteralView, Wire, utf8};
use super::shapes::{Part, Shapes};
use super::untyped::Untyped;
use super::writer::Encoder;
use super::{MERGED, NebulaType, enums, untyped_type};
use crate::literal_type::TypeKind;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// The tag of unions, where one stands inside another type.
pub const TAG: &str = "Typed Union";

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

/// The type of a union of these variants.
///
/// # Panics
/// When the union holds itself through other types, and when two variants are the same type, which no reader could tell apart.
#[must_use]
pub fn literal_type(variants: &[&dyn AnyVariant], dialect: &Dialect) -> LiteralType {
    let types: Vec<_> = bounded("a union", || variants.iter().map(|variant| variant.literal_type(dialect)).collect());
    for (right, literal_type) in types.iter().enumerate() {
        let schema = |which: usize| untitled(variants[which].schema(dialect));
        if let Some(left) = (0..right).find(|left| is_alike(&types[*left], literal_type) && schema(*left) == schema(right)) {
            let (first, second) = (variants[left].name(), variants[right].name());
            panic!(
                "the variants `{first}` and `{second}` of a union are both `{literal_type}` on the wire, so that no reader could tell them \
                 apart; keep one of them, or give one a field that the other has not"
            );
        }
    }
    LiteralType::union(types)
}

/// Whether nothing but their schemas can tell two types apart, which not every type carries.
///
/// Files of two formats are one type to Flyte 2, where tasks may give such a union and not take it.
fn is_alike(left: &LiteralType, right: &LiteralType) -> bool {
    !matches!(left.kind, TypeKind::Blob(_)) && left.tag() == right.tag() && left.kind == right.kind
}

/// A schema without the name of the struct, which msgpack does not carry.
fn untitled(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
    }
    schema
}

/// A variant as people are shown it: one of the union's types, or one of the variants that hold nothing.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    name: &'static str,
    doc: &'static str,
    of: Of,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    Member(usize),
    Unit(&'static enums::Variant),
}

impl Told {
    /// The variant called `name`, whose type is that of the union's `member`.
    #[must_use]
    pub const fn member(name: &'static str, doc: &'static str, member: usize) -> Self {
        Self { name, doc, of: Of::Member(member) }
    }

    /// A variant that holds nothing.
    #[must_use]
    pub const fn unit(variant: &'static enums::Variant, doc: &'static str) -> Self {
        Self { name: "", doc, of: Of::Unit(variant) }
    }

    fn part(&self, variants: &[&dyn AnyVariant], dialect: &Dialect) -> Part {
        match self.of {
            Of::Member(member) => Part::new(self.name, self.doc).of_type(variants[member].literal_type(dialect)),
            Of::Unit(variant) => Part::new(variant.text(dialect), self.doc),
        }
    }
}

/// Adds a union called `name`, and what its variants hold.
pub fn shapes<T>(name: &'static str, doc: &'static str, told: &[Told], variants: &[&dyn AnyVariant], shapes: &mut Shapes) {
    if shapes.add::<T>("union", name, doc, |dialect| told.iter().map(|each| each.part(variants, dialect)).collect()) {
        for each in told {
            if let Of::Member(member) = each.of {
                variants[member].shapes(shapes);
            }
        }
    }
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
        // Structs are of one kind, and have names.
        let title = |literal_type: &LiteralType| literal_type.metadata.as_ref().and_then(|schema| schema.get("title").cloned());
        if let Some(wanted) = title(&chosen) {
            let titled: Vec<_> = tagged.iter().copied().filter(|choice| title(&described(*choice)).as_ref() == Some(&wanted)).collect();
            if !titled.is_empty() {
                tagged = titled;
            }
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
                Err(error) if error.kind() == ErrorKind::Mismatch => match named(unpacker, choices)? {
                    Some((value, rest, _)) => (value, rest),
                    None => one(choices, |choice| attempt(unpacker, *choice))?,
                },
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
    Error::new(ErrorKind::Mismatch, format!("the value fits no variant of the union ({})", reasons.join("; ")))
}

/// Reads a union from a field of a struct.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when no variant fits.
pub fn unpack<U>(unpacker: &mut Unpacker<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    choose(unpacker, choices).map(|(value, _)| value)
}

/// Checks that a value which was packed as the variant `which` would be read as that.
///
/// # Errors
/// [`ErrorKind::Unencodable`] when it would be read as another: inside a struct nothing says which variant a value is of.
pub fn check_packed<U>(packer: &Packer, start: usize, which: usize, choices: &[&dyn AnyChoice<U>]) -> Result<()> {
    let mut unpacker = Unpacker::new(packer.since(start));
    unpacker.set_leniency(Leniency::Fields);
    unpacker.is_pydantic = packer.is_pydantic();
    match choose(&mut unpacker, choices) {
        Ok((_, read)) if read != which => {
            let (own, other) = (choices[which].name(), choices[read].name());
            let message = format!(
                "a value of the variant `{own}` would be read as the variant `{other}`: inside a struct nothing says which of them it is"
            );
            Err(Error::new(ErrorKind::Unencodable, message))
        }
        // What cannot be read at all is the reader's to tell: Python may have written more than we read.
        _ => Ok(()),
    }
}

/// The value, and the place of its variant.
fn choose<U>(unpacker: &mut Unpacker<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<(U, usize)> {
    let leniency = unpacker.leniency();
    unpacker.set_leniency(Leniency::Exact);
    let exact = first(unpacker, choices, |choice| !is_untyped(choice));
    unpacker.set_leniency(leniency);
    let (value, mut rest, which) = match exact {
        Ok(found) => found,
        Err(_) => match named(unpacker, choices)? {
            Some(found) => found,
            None => match first(unpacker, choices, is_untyped) {
                Ok(found) => found,
                Err(_) => first(unpacker, choices, |_| true).map_err(|reasons| no_fit(&reasons))?,
            },
        },
    };
    rest.set_leniency(leniency);
    *unpacker = rest;
    Ok((value, which))
}

/// What was read, the reader behind it, and the place of the variant.
type Found<'a, U> = (U, Unpacker<'a>, usize);

/// Why variants do not fit.
type Reasons<'c, U> = Vec<(&'c dyn AnyChoice<U>, Error)>;

/// The first of the choices that counts and can be read.
fn first<'a, 'c, U>(
    unpacker: &Unpacker<'a>,
    choices: &[&'c dyn AnyChoice<U>],
    counts: impl Fn(&dyn AnyChoice<U>) -> bool,
) -> Result<Found<'a, U>, Reasons<'c, U>> {
    let mut reasons = Vec::new();
    for (which, choice) in choices.iter().enumerate().filter(|(_, choice)| counts(**choice)) {
        match attempt(unpacker, *choice) {
            Ok((value, rest)) => return Ok((value, rest, which)),
            Err(error) => reasons.push((*choice, error)),
        }
    }
    Err(reasons)
}

/// The value in serde's own form, a map of one entry whose key is the name of a variant; [`None`] for anything else.
fn named<'a, U>(unpacker: &Unpacker<'a>, choices: &[&dyn AnyChoice<U>]) -> Result<Option<Found<'a, U>>> {
    let mut inner = unpacker.clone();
    let (Ok(Packed::Map(1)), Ok(Packed::String(key))) = (inner.next(), inner.next()) else { return Ok(None) };
    let Some(which) = choices.iter().position(|choice| choice.names().contains(&key)) else { return Ok(None) };
    let leniency = inner.set_leniency(Leniency::Fields);
    let value = inner.nested(|inner| choices[which].unpack(inner)).map_err(|error| error.at_field(key))?;
    inner.set_leniency(leniency);
    Ok(Some((value, inner, which)))
}

fn is_untyped<U>(choice: &dyn AnyChoice<U>) -> bool {
    choice.tag() == Untyped::TAG && described(choice) == untyped_type().with_tag(Untyped::TAG)
}
