//! What literals refer to outside of their own bytes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Elements, Entries, Fields, MAX_DEPTH, PYTHON_PICKLE, Place, Wire, corrupt, deeper, utf8};
use crate::workspace::Workspace;
use crate::{Error, ErrorKind, Result};

/// What literals refer to outside of their own bytes: the contents of offloaded ones, and the workspace through which files,
/// directories and tables are read. Cheap to clone.
///
/// A platform may move a large literal to a file of its own, at any depth (Flyte task contract, "offloaded literals"). Decoding one
/// whose content is not here fails with [`ErrorKind::NotFetched`]; [`Gathering`](super::Gathering) finds what to fetch, within bounds.
///
/// Contents that were collected without it are bounded one by one: decoding one fails that comes to more than [`Bounds`](super::Bounds)
/// allow once all that it refers to is counted. How often a literal refers to them is not looked at.
#[derive(Clone, Default)]
pub struct References {
    contents: Arc<Contents>,
    workspace: Option<Workspace>,
}

#[derive(Debug, Default)]
struct Contents {
    by_uri: BTreeMap<String, Bytes>,
    /// Why some of them are not read.
    refused: HashMap<String, (ErrorKind, String)>,
}

impl References {
    /// Nothing outside; what nearly every literal needs.
    #[must_use]
    pub fn none() -> &'static Self {
        static NONE: std::sync::LazyLock<References> = std::sync::LazyLock::new(References::default);
        &NONE
    }

    /// The same contents, with data read through `workspace`.
    #[must_use]
    pub fn within(self, workspace: &Workspace) -> Self {
        Self { workspace: Some(workspace.clone()), ..self }
    }

    /// The serialised literal, or the pickle, that stands at `uri`, if it was fetched.
    #[must_use]
    pub fn get(&self, uri: &str) -> Option<&Bytes> {
        self.contents.by_uri.get(uri)
    }

    /// The content at `uri` for whoever reads it, which the bounds may forbid.
    pub(super) fn readable(&self, uri: &str) -> Result<Option<&Bytes>> {
        match self.contents.refused.get(uri) {
            Some((kind, why)) => Err(Error::new(*kind, why.clone())),
            None => Ok(self.get(uri)),
        }
    }

    /// What files, directories and tables are read through.
    #[must_use]
    pub fn workspace(&self) -> Option<&Workspace> {
        self.workspace.as_ref()
    }

    /// Contents, and why some of them are not to be read.
    pub(super) fn of(by_uri: BTreeMap<String, Bytes>, refused: HashMap<String, (ErrorKind, String)>) -> Self {
        Self { contents: Arc::new(Contents { by_uri, refused }), workspace: None }
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the contents: URIs may hold secrets, and values may be anything.
        f.debug_struct("References").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

/// Every URI of an offloaded literal in the literal with these bytes, at any depth, in the order of the bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`] when the bytes are not a literal, [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`].
pub fn offloaded_uris(literal: &[u8]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    visit(literal, &mut |outside, _| {
        if let Outside::Literal { uri, .. } = outside {
            found.push(uri.to_owned());
        }
        Ok(())
    })?;
    Ok(found)
}

/// What stands in a file of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outside<'a> {
    /// An offloaded literal.
    Literal {
        /// Where it is.
        uri: &'a str,
        /// Its size in bytes, where the reference says it.
        size: Option<u64>,
    },
    /// A pickle of Python's, which [`Bytes`] may be read from, by its URI.
    Pickle(&'a str),
}

/// Shows every offloaded literal and every pickle in the literal with these bytes, at any depth, in the order of the bytes, each with the
/// level on which it stands: 1 for the literal itself. Returns how many levels there are.
pub(super) fn visit<'a>(literal: &'a [u8], see: &mut dyn FnMut(Outside<'a>, usize) -> Result<()>) -> Result<usize> {
    let mut visit = Visit { see, levels: 0 };
    visit.literal(literal, MAX_DEPTH)?;
    Ok(visit.levels)
}

struct Visit<'a, 'b> {
    see: &'b mut dyn FnMut(Outside<'a>, usize) -> Result<()>,
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
                    (self.see)(Outside::Literal { uri, size }, level)?;
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
                (2, Wire::Bytes(blob)) => {
                    let place = Place::of(blob)?;
                    if place.format == PYTHON_PICKLE {
                        (self.see)(Outside::Pickle(place.uri), MAX_DEPTH - depth)?;
                    }
                }
                (9, Wire::Bytes(union)) => {
                    let mut union = Fields::new(union);
                    while let Some(field) = union.next()? {
                        if let (1, Wire::Bytes(value)) = field {
                            self.literal(value, depth)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The URI in the bytes of a `LiteralOffloadedMetadata`, and the size; one of 0 bytes says nothing.
pub(super) fn offloaded(metadata: &[u8]) -> Result<(&str, Option<u64>)> {
    let (mut uri, mut size) = (None, 0);
    let mut fields = Fields::new(metadata);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(text)) => uri = Some(utf8(text)?),
            (2, Wire::Varint(number)) => size = number,
            _ => {}
        }
    }
    let uri = uri.ok_or_else(|| corrupt("an offloaded literal has no URI"))?;
    Ok((uri, (size > 0).then_some(size)))
}

/// Whether the literal with these bytes is nothing but a reference, or holds one beside its value.
pub(super) fn refers_at_the_top(literal: &[u8]) -> Result<bool> {
    let mut fields = Fields::new(literal);
    while let Some((number, _)) = fields.next()? {
        if number == 8 {
            return Ok(true);
        }
    }
    Ok(false)
}
