//! Reads the fields of a message off its bytes, one level at a time; what the tables in `wire` describe.

use std::borrow::Cow;

use prost::encoding::decode_varint;

use crate::error::{Error, ErrorKind, Result};
use crate::wire::describe::Kind;

/// What the bytes hold for a field.
pub(crate) enum Slot<'a> {
    Absent,
    /// A varint, or the bits of a double.
    Number(u64),
    /// A text, bytes or a message; owned where a message came in several parts, which add up.
    Bytes(Cow<'a, [u8]>),
    /// One or more elements or entries, to be read from the bytes once more.
    Many,
}

pub(crate) fn corrupt(name: &str, what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("bytes that are not a `{name}`: {what}"))
}

/// Reads tags and values off the front of a message.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// The message's name, for errors.
    name: &'static str,
}

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
pub(crate) const LENGTH_DELIMITED: u32 = 2;
const START_GROUP: u32 = 3;
const END_GROUP: u32 = 4;
const FIXED_32: u32 = 5;

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], name: &'static str) -> Self {
        Self { rest: bytes, name }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next field's number and wire type; `None` at the end.
    pub(crate) fn tag(&mut self) -> Result<Option<(u32, u32)>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = u32::try_from(self.varint()?).map_err(|_| corrupt(self.name, "a field number out of range"))?;
        if tag >> 3 == 0 {
            return Err(corrupt(self.name, "the field number 0"));
        }
        Ok(Some((tag >> 3, tag & 7)))
    }

    fn varint(&mut self) -> Result<u64> {
        decode_varint(&mut self.rest).map_err(|_| corrupt(self.name, "a broken varint"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| corrupt(self.name, "it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn length_delimited(&mut self, wire_type: u32) -> Result<&'a [u8]> {
        if wire_type != LENGTH_DELIMITED {
            return Err(corrupt(self.name, "a field of another wire type"));
        }
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| corrupt(self.name, "it ends too early"))?)
    }

    pub(crate) fn value(&mut self, kind: Kind, wire_type: u32) -> Result<Slot<'a>> {
        match (kind, wire_type) {
            (Kind::String | Kind::Bytes | Kind::Message(_), _) => Ok(Slot::Bytes(Cow::Borrowed(self.length_delimited(wire_type)?))),
            (Kind::Double, FIXED_64) => {
                let mut bits = [0; 8];
                bits.copy_from_slice(self.take(8)?);
                Ok(Slot::Number(u64::from_le_bytes(bits)))
            }
            (Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Enum(_), VARINT) => {
                Ok(Slot::Number(self.varint()?))
            }
            _ => Err(corrupt(self.name, "a field of another wire type")),
        }
    }

    /// Skips the value of a field that is not known.
    pub(crate) fn skip(&mut self, wire_type: u32) -> Result<()> {
        let mut open_groups = 0_usize;
        let mut wire_type = wire_type;
        loop {
            match wire_type {
                VARINT => {
                    self.varint()?;
                }
                FIXED_64 => {
                    self.take(8)?;
                }
                LENGTH_DELIMITED => {
                    self.length_delimited(wire_type)?;
                }
                FIXED_32 => {
                    self.take(4)?;
                }
                START_GROUP => open_groups += 1,
                END_GROUP if open_groups > 0 => open_groups -= 1,
                _ => return Err(corrupt(self.name, "an unknown wire type")),
            }
            if open_groups == 0 {
                return Ok(());
            }
            let (_, next) = self.tag()?.ok_or_else(|| corrupt(self.name, "it ends too early"))?;
            wire_type = next;
        }
    }
}
