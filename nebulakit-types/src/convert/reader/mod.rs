//! Literals as they lie in the bytes of a message: borrowed, parsed one level at a time, never built into a tree.
//!
//! `inputs.pb` → `Inputs` → [`LiteralRef`] → [`NebulaType::decode`](super::NebulaType::decode).

mod blob_ref;
mod bounds;
mod fields;
mod gather;
mod outside;
mod references;
mod text;
mod wanted;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use self::blob_ref::{BlobRef, PYTHON_PICKLE};
pub use self::bounds::{Bounds, MAX_OBJECTS, MAX_OFFLOADED, MAX_ROUNDS};
pub(crate) use self::fields::{Fields, Wire, corrupt, pair};
pub use self::gather::Gathering;
pub use self::outside::offloaded_uris;
pub(crate) use self::outside::{Seen, visit};
pub use self::references::References;
use self::references::{offloaded, refers_at_the_top};
use self::text::PIECE;
pub(crate) use self::text::{copied, utf8};
pub use self::wanted::Wanted;
use super::pickle::{self, Pickle};
use crate::storage::shown;
use crate::{Error, ErrorKind, Result};

/// How deep literals may be nested: lists in maps in lists. Python's protobuf stops near 48 levels of lists.
pub const MAX_DEPTH: usize = 64;

/// One literal on the wire, not yet converted.
#[derive(Debug, Clone, Copy)]
pub struct LiteralRef<'a> {
    bytes: &'a [u8],
    references: &'a References,
}

/// What a literal holds, one level deep.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum LiteralView<'a> {
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Float(f64),
    /// A string.
    String(&'a str),
    /// A boolean.
    Boolean(bool),
    /// An instant: seconds since 1970-01-01T00:00:00Z and 0..=999,999,999 nanoseconds.
    Datetime(i64, i32),
    /// A span: seconds and nanoseconds of the same sign.
    Duration(i64, i32),
    /// Bytes and the tag that says what they are; `msgpack` for structs and untyped values.
    Binary(&'a [u8], &'a str),
    /// No value.
    None,
    /// A `google.protobuf.Struct`, the older form of structs and what consoles send.
    Generic(&'a [u8]),
    /// A file or a directory: the bytes of a `Blob`.
    Blob(&'a [u8]),
    /// A legacy table: the bytes of a `Schema`.
    Schema(&'a [u8]),
    /// A table: the bytes of a `StructuredDataset`.
    StructuredDataset(&'a [u8]),
    /// The bytes of an `Error`.
    Error(&'a [u8]),
    /// A value of one of several types, and the bytes of the `LiteralType` that was chosen.
    Union(LiteralRef<'a>, &'a [u8]),
    /// A list.
    Collection(Elements<'a>),
    /// A map with string keys.
    Map(Entries<'a>),
}

impl LiteralView<'_> {
    /// The value's kind with its article, for messages: `an integer`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(..) => "a datetime",
            Self::Duration(..) => "a duration",
            Self::Binary(_, "msgpack") => "a msgpack value",
            Self::Binary(..) => "binary data",
            Self::None => "none",
            Self::Generic(_) => "a struct",
            Self::Blob(_) => "a file or directory",
            Self::Schema(_) => "a schema",
            Self::StructuredDataset(_) => "a structured dataset",
            Self::Error(_) => "an error",
            Self::Union(..) => "a union value",
            Self::Collection(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// The error of a decoder that wanted something else; `expected` has its article.
    #[must_use]
    pub fn mismatch(&self, expected: &str) -> Error {
        Error::new(ErrorKind::Mismatch, format!("expected {expected}, found {}", self.found()))
    }

    /// [`LiteralView::kind`], and what a pickle is.
    fn found(&self) -> Cow<'static, str> {
        const PICKLE: &str = "which only Python reads";
        match self {
            Self::Blob(blob) => match BlobRef::of(blob) {
                Ok(blob) if blob.format == PYTHON_PICKLE => format!("a pickle, {PICKLE} (`{}`)", shown(blob.uri)).into(),
                _ => self.kind().into(),
            },
            Self::Binary(bytes, "") => match pickle::read(bytes) {
                Some(Pickle::Bytes(_)) => format!("a pickle of `bytes`, {PICKLE}").into(),
                Some(Pickle::Other(Some(class))) => format!("a pickle of `{class}`, {PICKLE}").into(),
                Some(Pickle::Other(None)) => format!("a pickle, {PICKLE}").into(),
                None => self.kind().into(),
            },
            _ => self.kind().into(),
        }
    }
}

impl<'a> LiteralRef<'a> {
    /// A literal from the bytes of its message, and what it refers to outside of them.
    #[must_use]
    pub fn new(bytes: &'a [u8], references: &'a References) -> Self {
        Self { bytes, references }
    }

    /// The bytes of the message, as they came.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// What this literal refers to outside of its bytes.
    #[must_use]
    pub fn references(self) -> &'a References {
        self.references
    }

    /// The value, one level deep; an offloaded literal is replaced by its content.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a literal or hold no value, [`ErrorKind::NotFetched`] for an offloaded one whose
    /// content is not at hand.
    #[inline]
    pub fn view(self) -> Result<LiteralView<'a>> {
        match plain(self.bytes) {
            Some(view) => Ok(view),
            None => self.any_view(),
        }
    }

    /// The bytes of a long text, as they came, where the literal is nothing but that; the caller checks them while it copies them.
    pub(crate) fn long_text(self) -> Option<&'a [u8]> {
        let only = |bytes, number| {
            let mut fields = Fields::new(bytes);
            match (fields.next(), fields.next()) {
                (Ok(Some((found, Wire::Bytes(inner)))), Ok(None)) if found == number => Some(inner),
                _ => None,
            }
        };
        // Scalar, primitive, string value.
        (self.bytes.len() > PIECE).then(|| only(only(only(self.bytes, 1)?, 1)?, 3)).flatten()
    }

    /// [`LiteralRef::view`] of any literal, field by field.
    fn any_view(self) -> Result<LiteralView<'a>> {
        let mut view = None;
        let mut fields = Fields::new(self.bytes);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(scalar)) => view = Some(self.scalar(scalar)?),
                (2, Wire::Bytes(inner)) => view = Some(LiteralView::Collection(Elements(Fields::new(inner), self.references))),
                (3, Wire::Bytes(inner)) => view = Some(LiteralView::Map(Entries(Fields::new(inner), self.references))),
                (8, Wire::Bytes(inner)) => view = Some(self.content(inner)?),
                _ => {}
            }
        }
        view.ok_or_else(|| Error::new(ErrorKind::Mismatch, "the literal holds no value"))
    }

    /// The hash that a sender gave to this value for caching; [`None`] when there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a literal.
    pub fn hash(self) -> Result<Option<&'a str>> {
        let mut hash = None;
        let mut fields = Fields::new(self.bytes);
        while let Some(field) = fields.next()? {
            if let (4, Wire::Bytes(text)) = field {
                hash = Some(utf8(text)?).filter(|text| !text.is_empty());
            }
        }
        Ok(hash)
    }

    /// What a sender noted beside the value, such as a file's metadata.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a literal.
    pub fn metadata(self) -> Result<BTreeMap<String, String>> {
        let mut metadata = BTreeMap::new();
        let mut fields = Fields::new(self.bytes);
        while let Some(field) = fields.next()? {
            if let (5, Wire::Bytes(entry)) = field {
                let (key, value) = pair(entry)?;
                metadata.insert(utf8(key)?.to_owned(), utf8(value)?.to_owned());
            }
        }
        Ok(metadata)
    }

    fn scalar(self, scalar: &'a [u8]) -> Result<LiteralView<'a>> {
        let mut view = None;
        let mut fields = Fields::new(scalar);
        while let Some(field) = fields.next()? {
            view = Some(match field {
                (1, Wire::Bytes(inner)) => primitive(inner)?,
                (2, Wire::Bytes(inner)) => LiteralView::Blob(inner),
                (3, Wire::Bytes(inner)) => binary(inner)?,
                (4, Wire::Bytes(inner)) => LiteralView::Schema(inner),
                (5, Wire::Bytes(_)) => LiteralView::None,
                (6, Wire::Bytes(inner)) => LiteralView::Error(inner),
                (7, Wire::Bytes(inner)) => LiteralView::Generic(inner),
                (8, Wire::Bytes(inner)) => LiteralView::StructuredDataset(inner),
                (9, Wire::Bytes(inner)) => self.union(inner)?,
                _ => continue,
            });
        }
        view.ok_or_else(|| Error::new(ErrorKind::Mismatch, "the literal's scalar holds no value"))
    }

    fn union(self, union: &'a [u8]) -> Result<LiteralView<'a>> {
        let (value, literal_type) = pair(union)?;
        Ok(LiteralView::Union(Self { bytes: value, ..self }, literal_type))
    }

    fn content(self, metadata: &'a [u8]) -> Result<LiteralView<'a>> {
        let (uri, _) = offloaded(metadata)?;
        let not_fetched = || {
            let text = format!("the value is offloaded to `{}`, which has not been fetched", shown(uri));
            Error::new(ErrorKind::NotFetched, text)
        };
        let bytes = self.references.readable(uri)?.ok_or_else(not_fetched)?;
        // An offloaded literal that names itself would never end; the platform never nests them directly.
        if refers_at_the_top(bytes)? {
            return Err(only_a_reference(uri));
        }
        Self { bytes, ..self }.view()
    }
}

/// The error of an offloaded literal that is offloaded once more.
fn only_a_reference(uri: &str) -> Error {
    corrupt(format!("the offloaded literal `{}` is itself only a reference", shown(uri)))
}

/// The elements of a list, in order.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a>(Fields<'a>, &'a References);

impl<'a> Elements<'a> {
    /// The next element; [`None`] at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a list of literals.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot say that the bytes are broken")]
    pub fn next(&mut self) -> Result<Option<LiteralRef<'a>>> {
        let bytes = match self.0.short(1) {
            Some(bytes) => Some(bytes),
            None => self.0.next_of(1)?,
        };
        Ok(bytes.map(|bytes| LiteralRef { bytes, references: self.1 }))
    }

    /// How many elements follow; walks over them without looking inside, so that a list can be given its exact room.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a list of literals.
    pub fn count(mut self) -> Result<usize> {
        let mut count = 0;
        while self.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// The entries of a map, in the order of the bytes; a key may occur twice.
#[derive(Debug, Clone, Copy)]
pub struct Entries<'a>(Fields<'a>, &'a References);

impl<'a> Entries<'a> {
    /// The entries of the `LiteralMap` with these bytes.
    #[must_use]
    pub fn of_map(bytes: &'a [u8], references: &'a References) -> Self {
        Self(Fields::new(bytes), references)
    }

    /// The next entry; [`None`] at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a map of literals.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot say that the bytes are broken")]
    pub fn next(&mut self) -> Result<Option<(&'a str, LiteralRef<'a>)>> {
        let Some(entry) = self.0.next_of(1)? else { return Ok(None) };
        let (key, value) = pair(entry)?;
        Ok(Some((utf8(key)?, LiteralRef { bytes: value, references: self.1 })))
    }
}

/// The custom context that came with the inputs, an `Inputs` of Flyte 2; empty on Flyte 1, whose `LiteralMap` has none. Of a key that comes
/// twice the last value counts.
///
/// # Errors
/// [`ErrorKind::Corrupt`] when the bytes are not such a message.
pub fn custom_context(inputs: &[u8]) -> Result<BTreeMap<String, String>> {
    let (mut context, mut fields) = (BTreeMap::new(), Fields::new(inputs));
    while let Some(entry) = fields.next_of(2)? {
        let (key, value) = pair(entry)?;
        context.insert(utf8(key)?.to_owned(), utf8(value)?.to_owned());
    }
    Ok(context)
}

/// One level of nesting less, or the error that says where the limit is.
pub(crate) fn deeper(depth: usize) -> Result<usize> {
    depth.checked_sub(1).ok_or_else(|| Error::new(ErrorKind::TooDeep, format!("values are nested more than {MAX_DEPTH} levels deep")))
}

/// A number or a boolean in the form that every protobuf library writes, `0a LL 0a LL key value` and nothing else; [`None`] for other
/// literals. Lists of plain numbers are where time is spent.
#[inline]
fn plain<'a>(literal: &[u8]) -> Option<LiteralView<'a>> {
    let [0x0a, scalar, 0x0a, primitive, key, value @ ..] = literal else { return None };
    if usize::from(*scalar) != literal.len() - 2 || usize::from(*primitive) != literal.len() - 4 {
        return None;
    }
    match (key, value) {
        #[expect(clippy::cast_possible_wrap, reason = "protobuf int64 is the two's complement of the varint")]
        (0x08, _) => whole_varint(value).map(|value| LiteralView::Integer(value as i64)),
        (0x11, _) => value.try_into().ok().map(|bits| LiteralView::Float(f64::from_le_bytes(bits))),
        (0x20, [value @ (0 | 1)]) => Some(LiteralView::Boolean(*value == 1)),
        _ => None,
    }
}

/// The varint that these bytes are, if they are one of up to nine bytes (63 bits) and nothing more.
#[inline]
fn whole_varint(bytes: &[u8]) -> Option<u64> {
    let (last, before) = bytes.split_last()?;
    if *last >= 0x80 || before.len() > 8 {
        return None;
    }
    before.iter().rev().try_fold(u64::from(*last), |value, byte| (*byte >= 0x80).then(|| value << 7 | u64::from(byte & 0x7f)))
}

fn primitive<'a>(bytes: &'a [u8]) -> Result<LiteralView<'a>> {
    let mut view = None;
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        view = Some(match field {
            #[expect(clippy::cast_possible_wrap, reason = "protobuf int64 is the two's complement of the varint")]
            (1, Wire::Varint(value)) => LiteralView::Integer(value as i64),
            (2, Wire::Fixed64(value)) => LiteralView::Float(f64::from_bits(value)),
            (3, Wire::Bytes(text)) => LiteralView::String(utf8(text)?),
            (4, Wire::Varint(value)) => LiteralView::Boolean(value != 0),
            (5, Wire::Bytes(inner)) => {
                let (seconds, nanos) = seconds_and_nanos(inner)?;
                LiteralView::Datetime(seconds, nanos)
            }
            (6, Wire::Bytes(inner)) => {
                let (seconds, nanos) = seconds_and_nanos(inner)?;
                LiteralView::Duration(seconds, nanos)
            }
            _ => continue,
        });
    }
    view.ok_or_else(|| Error::new(ErrorKind::Mismatch, "the literal's primitive holds no value"))
}

fn binary(bytes: &[u8]) -> Result<LiteralView<'_>> {
    let (value, tag) = pair(bytes)?;
    Ok(LiteralView::Binary(value, utf8(tag)?))
}

#[expect(clippy::cast_possible_wrap, clippy::cast_possible_truncation, reason = "protobuf int32 and int64 are cut from the varint so")]
fn seconds_and_nanos(bytes: &[u8]) -> Result<(i64, i32)> {
    let (mut seconds, mut nanos) = (0, 0);
    let mut fields = Fields::new(bytes);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Varint(value)) => seconds = value as i64,
            (2, Wire::Varint(value)) => nanos = value as i32,
            _ => {}
        }
    }
    Ok((seconds, nanos))
}
