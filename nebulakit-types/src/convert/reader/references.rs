//! What literals refer to outside of their own bytes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::{Fields, Wire, corrupt, utf8};
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

    /// The content at `uri`, unless the bounds forbid to read it.
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
