//! Reading, one value at a time.

use rmp::Marker;

use crate::convert::reader::{MAX_DEPTH, References, corrupt, deeper, utf8};
use crate::{Error, ErrorKind, Result};

/// How far a reader goes to meet a value of another kind than its own.
///
/// Senders differ: consoles and flytectl write every number as a float, JSON-based Python classes write keys as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leniency {
    /// Only the very kind; how unions choose a variant first.
    Exact,
    /// Integral floats for integers and integers for floats.
    Numbers,
    /// The above, decimal text for integers, 0 and 1 for booleans: inside structs.
    Fields,
}

/// One value of msgpack, one level deep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Packed<'a> {
    /// Nil.
    Nil,
    /// A boolean.
    Boolean(bool),
    /// An integer that fits 64 bits with a sign.
    Integer(i64),
    /// An integer above [`i64::MAX`].
    Unsigned(u64),
    /// A float of 32 or 64 bits.
    Float(f64),
    /// A string.
    String(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// An array of this many elements, which follow.
    Array(usize),
    /// A map of this many entries, which follow.
    Map(usize),
    /// An extension value and its application type.
    Extension(i8, &'a [u8]),
}

impl Packed<'_> {
    /// The value's kind with its article, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nil => "none",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Unsigned(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Binary(_) => "bytes",
            Self::Array(_) => "a list",
            Self::Map(_) => "a map",
            Self::Extension(..) => "a msgpack extension",
        }
    }

    /// The error of a reader that wanted something else; `expected` has its article.
    #[must_use]
    pub fn mismatch(&self, expected: &str) -> Error {
        Error::new(ErrorKind::Mismatch, format!("expected {expected}, found {}", self.kind()))
    }
}

/// Reads msgpack values one after the other.
#[derive(Debug, Clone)]
pub struct Unpacker<'a> {
    rest: &'a [u8],
    depth: usize,
    leniency: Leniency,
    references: &'a References,
    /// Whether a pydantic model is read, at any depth above.
    pub(in crate::convert) is_pydantic: bool,
}

impl<'a> Unpacker<'a> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, depth: MAX_DEPTH, leniency: Leniency::Numbers, references: References::none(), is_pydantic: false }
    }

    /// The same reader, with files and tables read through what the literal around the bytes refers to.
    #[must_use]
    pub fn with(self, references: &'a References) -> Self {
        Self { references, ..self }
    }

    /// What the values refer to outside of their bytes.
    #[must_use]
    pub fn references(&self) -> &'a References {
        self.references
    }

    /// How far this reader goes to meet values of other kinds.
    #[must_use]
    pub fn leniency(&self) -> Leniency {
        self.leniency
    }

    /// Sets how far this reader goes, and returns how far it went before.
    pub fn set_leniency(&mut self, leniency: Leniency) -> Leniency {
        std::mem::replace(&mut self.leniency, leniency)
    }

    /// The bytes not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether the next value is nil.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.rest.first() == Some(&Marker::Null.to_u8())
    }

    /// The next value, one level deep.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes end or are not msgpack.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot say that the bytes are broken")]
    pub fn next(&mut self) -> Result<Packed<'a>> {
        let marker = Marker::from_u8(self.array::<1>()?[0]);
        #[expect(clippy::cast_lossless, reason = "one form for all widths reads better here")]
        Ok(match marker {
            Marker::Null => Packed::Nil,
            Marker::True => Packed::Boolean(true),
            Marker::False => Packed::Boolean(false),
            Marker::FixPos(value) => Packed::Integer(value as i64),
            Marker::FixNeg(value) => Packed::Integer(value as i64),
            Marker::U8 => Packed::Integer(u8::from_be_bytes(self.array()?) as i64),
            Marker::U16 => Packed::Integer(u16::from_be_bytes(self.array()?) as i64),
            Marker::U32 => Packed::Integer(u32::from_be_bytes(self.array()?) as i64),
            Marker::U64 => {
                let value = u64::from_be_bytes(self.array()?);
                i64::try_from(value).map_or(Packed::Unsigned(value), Packed::Integer)
            }
            Marker::I8 => Packed::Integer(i8::from_be_bytes(self.array()?) as i64),
            Marker::I16 => Packed::Integer(i16::from_be_bytes(self.array()?) as i64),
            Marker::I32 => Packed::Integer(i32::from_be_bytes(self.array()?) as i64),
            Marker::I64 => Packed::Integer(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Packed::Float(f32::from_be_bytes(self.array()?) as f64),
            Marker::F64 => Packed::Float(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.string(length as usize)?,
            Marker::Str8 => self.length_8().and_then(|length| self.string(length))?,
            Marker::Str16 => self.length_16().and_then(|length| self.string(length))?,
            Marker::Str32 => self.length_32().and_then(|length| self.string(length))?,
            Marker::Bin8 => Packed::Binary(self.length_8().and_then(|length| self.take(length))?),
            Marker::Bin16 => Packed::Binary(self.length_16().and_then(|length| self.take(length))?),
            Marker::Bin32 => Packed::Binary(self.length_32().and_then(|length| self.take(length))?),
            Marker::FixArray(length) => Packed::Array(length as usize),
            Marker::Array16 => Packed::Array(self.length_16()?),
            Marker::Array32 => Packed::Array(self.length_32()?),
            Marker::FixMap(length) => Packed::Map(length as usize),
            Marker::Map16 => Packed::Map(self.length_16()?),
            Marker::Map32 => Packed::Map(self.length_32()?),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.length_8().and_then(|length| self.extension(length))?,
            Marker::Ext16 => self.length_16().and_then(|length| self.extension(length))?,
            Marker::Ext32 => self.length_32().and_then(|length| self.extension(length))?,
            Marker::Reserved => return Err(corrupt("the msgpack has the byte 0xc1, which msgpack never uses")),
        })
    }

    /// The next value if it is an integer of one byte, as most are, and fits; else nothing is read.
    #[inline]
    pub(crate) fn small_integer<T: TryFrom<i8>>(&mut self) -> Option<T> {
        let (first, rest) = self.rest.split_first()?;
        let value = first.cast_signed();
        // Below are the markers of all other values.
        let value = if value >= -32 { T::try_from(value).ok()? } else { return None };
        self.rest = rest;
        Some(value)
    }

    /// The next value if it is a string of fewer than 32 bytes, as most keys are; else nothing is read.
    #[inline]
    fn short_string(&mut self) -> Option<&'a str> {
        let [marker @ 0xa0..=0xbf, rest @ ..] = self.rest else { return None };
        let (text, rest) = rest.split_at_checked(usize::from(marker & 0x1f))?;
        let text = std::str::from_utf8(text).ok()?;
        self.rest = rest;
        Some(text)
    }

    /// The length of an array; [`Leniency`] stays as it is for its elements.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] for any other kind of value, [`ErrorKind::Corrupt`] for a length beyond the bytes at hand.
    pub fn expect_array(&mut self) -> Result<usize> {
        match self.next()? {
            Packed::Array(length) => self.at_least(length),
            other => Err(other.mismatch("a list")),
        }
    }

    /// The number of entries of a map.
    ///
    /// # Errors
    /// As [`Unpacker::expect_array`].
    pub fn expect_map(&mut self) -> Result<usize> {
        match self.next()? {
            Packed::Map(length) => self.at_least(length),
            other => Err(other.mismatch("a map")),
        }
    }

    /// The key of a map entry that has to be a string.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] for any other kind of value.
    #[inline]
    pub fn expect_key(&mut self) -> Result<&'a str> {
        if let Some(key) = self.short_string() {
            return Ok(key);
        }
        match self.next()? {
            Packed::String(key) => Ok(key),
            other => Err(other.mismatch("a string as key")),
        }
    }

    /// The text of a string.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] for any other kind of value.
    pub fn expect_string(&mut self) -> Result<&'a str> {
        match self.next()? {
            Packed::String(text) => Ok(text),
            other => Err(other.mismatch("a string")),
        }
    }

    /// Runs `inside` one level deeper.
    ///
    /// # Errors
    /// [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`] levels, and those of `inside`.
    pub fn nested<T>(&mut self, inside: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let depth = self.depth;
        self.depth = deeper(depth)?;
        let result = inside(self);
        self.depth = depth;
        result
    }

    /// Passes over one value, however deep.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes end or are not msgpack.
    pub fn skip(&mut self) -> Result<()> {
        let mut left = 1_usize;
        while left > 0 {
            left -= 1;
            left = match self.next()? {
                Packed::Array(length) => left.saturating_add(self.at_least(length)?),
                Packed::Map(length) => left.saturating_add(self.at_least(length)?.saturating_mul(2)),
                _ => left,
            };
        }
        Ok(())
    }

    /// The bytes of one value, however deep.
    ///
    /// # Errors
    /// As [`Unpacker::skip`].
    pub fn raw(&mut self) -> Result<&'a [u8]> {
        let before = self.rest;
        self.skip()?;
        Ok(&before[..before.len() - self.rest.len()])
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when something does.
    pub fn end(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            surplus => Err(corrupt(format!("{surplus} bytes follow the msgpack value"))),
        }
    }

    /// A length is believed only as far as there are bytes, so that a lie does not reserve memory.
    fn at_least(&self, length: usize) -> Result<usize> {
        if length > self.rest.len() {
            return Err(corrupt(format!("the msgpack announces {length} values where {} bytes are left", self.rest.len())));
        }
        Ok(length)
    }

    fn string(&mut self, length: usize) -> Result<Packed<'a>> {
        Ok(Packed::String(utf8(self.take(length)?)?))
    }

    fn extension(&mut self, length: usize) -> Result<Packed<'a>> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(Packed::Extension(kind, self.take(length)?))
    }

    fn length_8(&mut self) -> Result<usize> {
        Ok(usize::from(u8::from_be_bytes(self.array()?)))
    }

    fn length_16(&mut self) -> Result<usize> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn length_32(&mut self) -> Result<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).map_err(|_| truncated())
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(truncated)?;
        self.rest = rest;
        Ok(*array)
    }
}

#[cold]
fn truncated() -> Error {
    corrupt("the msgpack ends in the middle of a value")
}
