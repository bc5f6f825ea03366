//! A bucket of a cloud, what is said of each kind of cloud, and places in them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use object_store::ObjectStore;
use object_store::list::PaginatedListStore;

use super::super::address::Address;
use super::super::config::StorageConfig;
use super::super::location::{split_query, split_scheme};
use super::super::shown::shown;
use super::super::transport::{Connector, innermost};
use crate::{Error, ErrorKind, Result};

/// A kind of cloud: what its file says of it.
#[derive(Debug)]
pub(in super::super) struct Kind {
    /// The feature that has it, by which its schemes are found.
    pub(in super::super) feature: &'static str,
    /// Makes the store of a bucket.
    pub(in super::super) make: fn(&Making<'_>) -> Result<Bucket>,
    /// What to do about a store that sends its clients elsewhere.
    pub(in super::super) elsewhere: &'static str,
    /// Whether it says that access is denied to a missing object, where the credentials may not list the bucket.
    pub(in super::super) denies_absence: bool,
    /// Whether names of metadata are identifiers.
    pub(in super::super) metadata_identifiers: bool,
}

/// What the store of a bucket is made of.
#[derive(Clone, Copy)]
pub(in super::super) struct Making<'a> {
    pub(in super::super) place: &'a Place<'a>,
    /// Where the bucket said it is.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "only buckets of S3 are in one"))]
    pub(in super::super) region: Option<&'a str>,
    pub(in super::super) anonymous: bool,
    pub(in super::super) config: &'a StorageConfig,
    pub(in super::super) connector: &'a Connector,
}

/// What the store of every cloud can do.
pub(in super::super) trait Objects: ObjectStore + PaginatedListStore {}

impl<T: ObjectStore + PaginatedListStore> Objects for T {}

/// A bucket's store.
#[derive(Clone)]
pub(in super::super) struct Bucket {
    pub(in super::super) objects: Arc<dyn Objects>,
    /// Where credentials are looked for, in order.
    pub(in super::super) looked_for: &'static str,
    /// The region that requests are signed for, where the bucket may correct it.
    pub(in super::super) region: Option<String>,
    /// Whether requests carry no credentials.
    pub(in super::super) anonymous: bool,
    /// Whether bodies are hashed before they are sent, and so have to be in memory.
    pub(in super::super) bodies_in_memory: bool,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the objects: what their credentials show of themselves is not ours to decide.
        f.debug_struct("Bucket").field("region", &self.region).finish_non_exhaustive()
    }
}

/// A place in a cloud: a bucket (container) and the key in it, verbatim. Keys of object stores are not percent-encoded in URLs, by the habit
/// of every tool of these stores.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Place<'a> {
    /// What was asked for, as messages name it.
    pub(in super::super) url: &'a str,
    /// The authority as written: the bucket, or `container@account.host`.
    pub(in super::super) authority: &'a str,
    pub(in super::super) key: Cow<'a, str>,
    /// When all that is done there has to be over.
    pub(in super::super) deadline: Option<Instant>,
}

impl<'a> Place<'a> {
    /// The place of an address.
    pub(super) fn of(at: &'a Address) -> Result<Self> {
        // A signature is not part of a key: an object would be named after it.
        let path = split_query(at.target()).0;
        let path = split_scheme(path).map_or(path, |(_, path)| path);
        let (authority, key) = path.split_once('/').unwrap_or((path, ""));
        check_authority(at.url(), authority)?;
        Ok(Self { url: at.url(), authority, key: key.into(), deadline: at.deadline() })
    }

    pub(super) fn kept(&self) -> Owned {
        Owned {
            url: self.url.to_owned(),
            authority: self.authority.to_owned(),
            key: self.key.clone().into_owned(),
            deadline: self.deadline,
        }
    }
}

/// A place that outlives the URL it was read from.
#[derive(Debug, Clone)]
pub(super) struct Owned {
    pub(super) url: String,
    authority: String,
    key: String,
    pub(super) deadline: Option<Instant>,
}

impl Owned {
    pub(super) fn place(&self) -> Place<'_> {
        Place { url: &self.url, authority: &self.authority, key: self.key.as_str().into(), deadline: self.deadline }
    }
}

/// Refuses what could not stand in the host or the path of a request.
fn check_authority(url: &str, authority: &str) -> Result<()> {
    if authority.is_empty() {
        return Err(Error::new(ErrorKind::Url, format!("`{}` names no bucket", shown(url))));
    }
    let strange = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '@' | '$' | ':'));
    match authority.chars().find(|c| strange(*c)) {
        Some(c) => Err(Error::new(ErrorKind::Url, format!("`{}`: {c:?} cannot stand in the name of a bucket", shown(url)))),
        None => Ok(()),
    }
}

/// Checks what will stand in a header of each request; `object_store` panics on what cannot.
#[cfg(any(feature = "aws", feature = "azure"))]
pub(in super::super) fn check_header(place: &Place<'_>, name: &str, value: &str) -> Result<()> {
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) {
        let text = format!("`{}`: the {name} is empty or holds a blank, a line break or a character that is not ASCII", shown(place.url));
        return Err(Error::new(ErrorKind::Denied, text));
    }
    Ok(())
}

/// Turns what a builder of `object_store` refuses into our error.
pub(in super::super) fn refused(place: &Place<'_>, config: &StorageConfig, error: &object_store::Error) -> Error {
    let text = format!("`{}`: the store cannot be set up: {}", shown(place.url), innermost(error));
    Error::new(ErrorKind::Denied, config.scrub(text))
}
