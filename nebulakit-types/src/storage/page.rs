//! What a listing gives, a page at a time.

use crate::Error;

/// How far down a listing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only what stands directly below the prefix: objects, and the names of the prefixes further down.
    One,
    /// All objects below it.
    All,
}

/// A page of a listing: [`Store::list`](super::Store::list).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// What follows the prefix and its slash in the keys of objects, verbatim, and the objects' lengths in bytes. In the order of the keys, as
    /// far as the store has one.
    pub objects: Vec<(String, u64)>,
    /// The names of prefixes, without slashes: at [`Depth::One`] alone.
    pub prefixes: Vec<String>,
    /// What the next page is asked for by; without it this is the last one.
    pub next: Option<String>,
}

impl Page {
    /// A page of objects and prefixes, and what the next one is asked for by.
    #[must_use]
    pub fn new(objects: Vec<(String, u64)>, prefixes: Vec<String>, next: Option<String>) -> Self {
        Self { objects, prefixes, next }
    }

    /// The one page of a store that has all keys at hand: of those below the prefix, in their order, what a depth shows.
    #[must_use]
    pub fn of_all(depth: Depth, below: impl IntoIterator<Item = (String, u64)>) -> Self {
        let mut page = Self::default();
        for (key, size) in below {
            match key.split_once('/') {
                Some((name, _)) if depth == Depth::One => {
                    if page.prefixes.last().is_none_or(|last| last != name) {
                        page.prefixes.push(name.to_owned());
                    }
                }
                _ => page.objects.push((key, size)),
            }
        }
        page
    }
}

/// What stands directly below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Below {
    /// An object: its name and its length in bytes.
    Object(String, u64),
    /// The name of a prefix with more below it, without the slash.
    Prefix(String),
}

impl Below {
    /// What follows the listed prefix, verbatim.
    pub(super) fn into_key(self) -> String {
        match self {
            Self::Object(key, _) => key,
            Self::Prefix(name) => name + "/",
        }
    }
}

/// What a listing could not give.
#[derive(Debug)]
pub(crate) struct Gap {
    /// What it is of, as a key below the listed prefix; without one the listing ends here.
    pub(crate) key: Option<String>,
    pub(crate) error: Error,
}

impl Gap {
    pub(super) fn at(key: String, error: Error) -> Self {
        Self { key: Some(key), error }
    }
}

impl From<Error> for Gap {
    fn from(error: Error) -> Self {
        Self { key: None, error }
    }
}
