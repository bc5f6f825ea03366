//! What literals refer to outside of their own bytes.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Elements, Entries, Fields, MAX_DEPTH, PYTHON_PICKLE, Place, Wire, corrupt, deeper, utf8};
#[cfg(doc)]
use crate::ErrorKind;
use crate::Result;
use crate::workspace::Workspace;

/// What literals refer to outside of their own bytes: the contents of offloaded ones, and the workspace through which files,
/// directories and tables are read. Cheap to clone.
///
/// A platform may move a large literal to a file of its own, at any depth (Flyte task contract, "offloaded literals"). Decoding one
/// whose content is not here fails with [`ErrorKind::NotFetched`]; [`offloaded_uris`] finds what to fetch.
#[derive(Clone, Default)]
pub struct References {
    contents: Arc<BTreeMap<String, Bytes>>,
    workspace: Option<Workspace>,
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
        self.contents.get(uri)
    }

    /// What files, directories and tables are read through.
    #[must_use]
    pub fn workspace(&self) -> Option<&Workspace> {
        self.workspace.as_ref()
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the contents: URIs may hold secrets, and values may be anything.
        f.debug_struct("References").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

impl FromIterator<(String, Bytes)> for References {
    fn from_iter<I: IntoIterator<Item = (String, Bytes)>>(contents: I) -> Self {
        Self { contents: Arc::new(contents.into_iter().collect()), workspace: None }
    }
}

/// Every URI of an offloaded literal in the literal with these bytes, at any depth, in the order of the bytes.
///
/// # Errors
/// [`ErrorKind::Corrupt`] when the bytes are not a literal, [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`].
pub fn offloaded_uris(literal: &[u8]) -> Result<Vec<String>> {
    let outside = outside(literal)?.into_iter();
    Ok(outside.filter_map(|outside| if let Outside::Literal(uri) = outside { Some(uri) } else { None }).collect())
}

/// What stands in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// An offloaded literal, by its URI.
    Literal(String),
    /// A pickle of Python's, which [`Bytes`] may be read from.
    Pickle(String),
}

/// Every offloaded literal and every pickle in the literal with these bytes, at any depth, in the order of the bytes.
///
/// # Errors
/// As [`offloaded_uris`].
pub fn outside(literal: &[u8]) -> Result<Vec<Outside>> {
    let mut found = Vec::new();
    collect(literal, MAX_DEPTH, &mut found)?;
    Ok(found)
}

fn collect(literal: &[u8], depth: usize, found: &mut Vec<Outside>) -> Result<()> {
    let depth = deeper(depth)?;
    let mut fields = Fields::new(literal);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Bytes(scalar)) => {
                let mut scalar = Fields::new(scalar);
                while let Some(field) = scalar.next()? {
                    match field {
                        (2, Wire::Bytes(blob)) => {
                            let place = Place::of(blob)?;
                            if place.format == PYTHON_PICKLE {
                                found.push(Outside::Pickle(place.uri.to_owned()));
                            }
                        }
                        (9, Wire::Bytes(union)) => {
                            let mut union = Fields::new(union);
                            while let Some(field) = union.next()? {
                                if let (1, Wire::Bytes(value)) = field {
                                    collect(value, depth, found)?;
                                }
                            }
                        }
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(list)) => {
                let mut elements = Elements(Fields::new(list), References::none());
                while let Some(element) = elements.next()? {
                    collect(element.bytes, depth, found)?;
                }
            }
            (3, Wire::Bytes(map)) => {
                let mut entries = Entries(Fields::new(map), References::none());
                while let Some((_, value)) = entries.next()? {
                    collect(value.bytes, depth, found)?;
                }
            }
            (8, Wire::Bytes(metadata)) => found.push(Outside::Literal(offloaded_uri(metadata)?.to_owned())),
            _ => {}
        }
    }
    Ok(())
}

/// The URI in the bytes of a `LiteralOffloadedMetadata`.
pub(super) fn offloaded_uri(metadata: &[u8]) -> Result<&str> {
    let mut fields = Fields::new(metadata);
    while let Some(field) = fields.next()? {
        if let (1, Wire::Bytes(uri)) = field {
            return utf8(uri);
        }
    }
    Err(corrupt("an offloaded literal has no URI"))
}
