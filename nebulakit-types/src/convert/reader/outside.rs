//! A walk through a literal, at any depth: what it refers to outside of its own bytes, and its scalars.

use super::references::{References, offloaded};
use super::{BlobRef, Elements, Entries, Fields, MAX_DEPTH, Wire, deeper};
use crate::Result;

/// Every URI of an offloaded literal in the literal with these bytes, at any depth, in the order of the bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`](crate::ErrorKind::Corrupt) when the bytes are not a literal, [`ErrorKind::TooDeep`](crate::ErrorKind::TooDeep) beyond [`MAX_DEPTH`].
pub fn offloaded_uris(literal: &[u8]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    visit(literal, &mut |seen, _| {
        if let Seen::Offloaded { uri, .. } = seen {
            found.push(uri.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}

/// What is seen on the way through a literal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    /// An offloaded literal.
    Offloaded {
        /// Where it is.
        uri: &'a str,
        /// Its size in bytes, where the reference says it.
        size: Option<u64>,
    },
    /// A file or a directory.
    Blob(BlobRef<'a>),
    /// Another scalar, by the number of its field in a `Scalar`, and its bytes.
    Scalar(u32, &'a [u8]),
}

/// Shows what is in the literal with these bytes, at any depth, in the order of the bytes, each with the level on which it stands: 1 for the literal itself.
/// Returns how many levels there are.
pub(crate) fn visit<'a>(literal: &'a [u8], see: &mut dyn FnMut(Seen<'a>, usize) -> Result<()>) -> Result<usize> {
    let mut visit = Visit { see, levels: 0 };
    visit.literal(literal, MAX_DEPTH)?;
    Ok(visit.levels)
}

struct Visit<'a, 'b> {
    see: &'b mut dyn FnMut(Seen<'a>, usize) -> Result<()>,
    levels: usize,
}

impl<'a> Visit<'a, '_> {
    fn literal(&mut self, literal: &'a [u8], depth: usize) -> Result<()> {
        let depth = deeper(depth)?;
        let level = MAX_DEPTH - depth;
        self.levels = self.levels.max(level);
        let mut fields = Fields::new(literal);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(scalar)) => self.scalar(scalar, depth)?,
                (2, Wire::Bytes(list)) => {
                    let mut elements = Elements(Fields::new(list), References::none());
                    while let Some(element) = elements.next()? {
                        self.literal(element.bytes, depth)?;
                    }
                }
                (3, Wire::Bytes(map)) => {
                    let mut entries = Entries(Fields::new(map), References::none());
                    while let Some((_, value)) = entries.next()? {
                        self.literal(value.bytes, depth)?;
                    }
                }
                (8, Wire::Bytes(metadata)) => {
                    let (uri, size) = offloaded(metadata)?;
                    (self.see)(Seen::Offloaded { uri, size }, level)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn scalar(&mut self, scalar: &'a [u8], depth: usize) -> Result<()> {
        let mut scalar = Fields::new(scalar);
        while let Some(field) = scalar.next()? {
            match field {
                (2, Wire::Bytes(blob)) => (self.see)(Seen::Blob(BlobRef::of(blob)?), MAX_DEPTH - depth)?,
                (9, Wire::Bytes(union)) => {
                    let mut union = Fields::new(union);
                    while let Some(field) = union.next()? {
                        if let (1, Wire::Bytes(value)) = field {
                            self.literal(value, depth)?;
                        }
                    }
                }
                (number, Wire::Bytes(bytes)) => (self.see)(Seen::Scalar(number, bytes), MAX_DEPTH - depth)?,
                _ => {}
            }
        }
        Ok(())
    }
}
