//! The fields of a protobuf message, read off its bytes.

use prost::encoding::{WireType, decode_key, decode_varint};

use crate::{Error, ErrorKind, Result};

/// A field's value as its wire type gives it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32,
    Bytes(&'a [u8]),
}

/// The fields of a message, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>> {
        let Some(&first) = self.0.first() else { return Ok(None) };
        // Field numbers below 16 with lengths below 128 are one byte each: nearly everything here.
        let (number, wire_type) = if (0x08..0x80).contains(&first) {
            self.0 = &self.0[1..];
            (u32::from(first >> 3), WireType::try_from(u64::from(first & 7)).map_err(|_| corrupt("the message has an unknown wire type"))?)
        } else {
            decode_key(&mut self.0).map_err(|_| corrupt("the message has a broken field key"))?
        };
        let value = match wire_type {
            WireType::Varint => Wire::Varint(self.varint()?),
            WireType::SixtyFourBit => Wire::Fixed64(u64::from_le_bytes(self.array()?)),
            WireType::ThirtyTwoBit => {
                self.array::<4>()?;
                Wire::Fixed32
            }
            WireType::LengthDelimited => Wire::Bytes(self.delimited()?),
            WireType::StartGroup | WireType::EndGroup => return Err(corrupt("the message has a group, which no such message has")),
        };
        Ok(Some((number, value)))
    }

    /// The bytes of the next field if it is field `number`, below 16, with fewer than 128 bytes; else nothing is read.
    #[inline]
    pub(super) fn short(&mut self, number: u8) -> Option<&'a [u8]> {
        let [key, length @ ..0x80, rest @ ..] = self.0 else { return None };
        if *key != number << 3 | 2 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(usize::from(*length))?;
        self.0 = rest;
        Some(bytes)
    }

    /// The bytes of the next field `number`, past all others; [`None`] at the end.
    pub(super) fn next_of(&mut self, number: u32) -> Result<Option<&'a [u8]>> {
        while let Some(field) = self.next()? {
            match field {
                (found, Wire::Bytes(bytes)) if found == number => return Ok(Some(bytes)),
                _ => {}
            }
        }
        Ok(None)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64> {
        match self.0.first() {
            Some(&byte) if byte < 0x80 => {
                self.0 = &self.0[1..];
                Ok(u64::from(byte))
            }
            _ => decode_varint(&mut self.0).map_err(|_| truncated()),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(truncated)?;
        self.0 = rest;
        Ok(*array)
    }

    #[inline]
    fn delimited(&mut self) -> Result<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| truncated())?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(truncated)?;
        self.0 = rest;
        Ok(bytes)
    }
}

#[cold]
fn truncated() -> Error {
    corrupt("the bytes end in the middle of a value")
}

#[cold]
pub(crate) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

/// The fields 1 and 2 of a message that has two fields of bytes: the entries of maps, binary values, unions.
pub(crate) fn pair(message: &[u8]) -> Result<(&[u8], &[u8])> {
    let (mut first, mut second): (&[u8], &[u8]) = (&[], &[]);
    let mut fields = Fields::new(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(inner)) => first = inner,
            (2, Wire::Bytes(inner)) => second = inner,
            _ => {}
        }
    }
    Ok((first, second))
}
