//! URLs that stand for others: those at a prefix that is kept elsewhere.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::keys::leading_out;
use super::location::{canonical_scheme, is_here, path_of, split_scheme, unserved};
use super::shown::{shown, without_query};
use crate::{Error, ErrorKind, Result};

/// What a key of another store cannot hold as it is in the path of a web address.
const NO_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'\\');

/// URLs that stand for others: prefixes that are kept elsewhere, schemes of one's own for them, and for tests, whose `s3://` is memory or a
/// folder. A store of one's own is a [`Store`](super::Store).
///
/// ```
/// # use nebulakit_types::storage::{PutOptions, UrlAliases, Storage, StorageConfig};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut aliases = UrlAliases::default();
/// aliases.register("lake://", "memory://lake")?;
/// aliases.register("s3://bucket/scratch/", "memory://scratch")?;
/// let storage = Storage::new(StorageConfig { aliases, ..StorageConfig::default() });
/// storage.put("s3://bucket/scratch/a", vec!["bytes".into()], &PutOptions::default()).await?;
/// assert_eq!(storage.get("memory://scratch/a").await?, "bytes");
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct UrlAliases {
    /// Those with the longest prefixes first.
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    scheme: String,
    /// What follows the scheme and `//`, without the slash at its end.
    path: String,
    store: String,
}

impl UrlAliases {
    /// Has the URLs at `prefix` and below it served by what is at `store`: a URL of a scheme that is served without being registered, or
    /// a path. What follows the prefix follows that.
    ///
    /// A prefix ends where a name ends, with or without a slash: `s3://bucket/a` is none of `s3://bucket/ab`. Schemes that are spellings
    /// of one another (`s3` and `s3a`, `gs` and `gcs`) are the same. Of several prefixes the longest counts.
    ///
    /// A URL below the prefix stays below `store`: one is refused that holds `.` or `..` as a name, also after a backslash, percent-encoded or
    /// with blanks around it.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a prefix without a scheme, for files of this machine, for a prefix that is registered already, and for a
    /// store that nothing serves or that ends in a query.
    pub fn register(&mut self, prefix: &str, store: &str) -> Result<()> {
        let refused = |why: String| Err(Error::new(ErrorKind::Url, format!("`{}` {why}", shown(prefix))));
        let Some((scheme, path)) = split_scheme(prefix) else { return refused("cannot be registered: it names no scheme".to_owned()) };
        let (scheme, path) = (canonical_scheme(scheme), path.trim_end_matches('/').to_owned());
        if scheme == "file" {
            return refused("cannot be registered: files of this machine are where their paths say".to_owned());
        }
        if let Err(error) = check(store) {
            return refused(format!("cannot be served by `{}`: {}", shown(store), error.message()));
        }
        if without_query(store) != store {
            return refused(format!("cannot be served by `{}`: it holds a query or a fragment, and nothing can follow that", shown(store)));
        }
        if let Some(other) = self.entries.iter().find(|other| other.scheme == scheme && other.path == path) {
            return refused(format!("is registered already, to be served by `{}`", shown(&other.store)));
        }
        let place = self.entries.partition_point(|other| other.path.len() >= path.len());
        self.entries.insert(place, Entry { scheme, path, store: store.to_owned() });
        Ok(())
    }

    /// What a URL stands for, if it is an alias.
    pub(super) fn target(&self, url: &str) -> Result<Option<String>> {
        if self.entries.is_empty() {
            return Ok(None);
        }
        let Some((scheme, path)) = split_scheme(url) else { return Ok(None) };
        let scheme = canonical_scheme(scheme);
        let found = self.entries.iter().find_map(|entry| Some((entry, entry.rest(&scheme, path)?)));
        found.map(|(entry, rest)| entry.target(url, rest)).transpose()
    }

    /// The prefixes that are registered, as messages show them.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = String> + '_ {
        self.entries.iter().map(|entry| shown(&format!("{}://{}", entry.scheme, entry.path)).into_owned())
    }
}

/// What is wrong with a URL that others are to stand for.
fn check(store: &str) -> Result<()> {
    if store.is_empty() {
        return Err(Error::new(ErrorKind::Url, "the URL is empty"));
    }
    match split_scheme(store) {
        Some((scheme, _)) if !is_here(scheme) => Err(unserved(store, scheme, [])),
        _ => path_of(store).map(drop),
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = format!("{}://{}", self.scheme, self.path);
        f.debug_struct("Entry").field("prefix", &shown(&url)).field("store", &shown(&self.store)).finish()
    }
}

impl Entry {
    /// What follows the prefix in a URL that begins with it.
    fn rest<'a>(&self, scheme: &str, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&self.path).filter(|_| scheme == self.scheme)?;
        if self.path.is_empty() || rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    fn target(&self, url: &str, rest: &str) -> Result<String> {
        let odd = |name: &str| cfg!(windows) && name.contains(['\\', ':']);
        if let Some(name) = leading_out(rest).or_else(|| rest.split('/').find(|name| odd(name))) {
            let text = format!("`{}` holds `{name}` as a name, which could lead out of `{}`", shown(url), shown(&self.store));
            return Err(Error::new(ErrorKind::Url, text));
        }
        let scheme = split_scheme(&self.store).map(|(scheme, _)| scheme.to_ascii_lowercase());
        let rest: Cow<'_, str> = match scheme.as_deref() {
            Some("http" | "https") => utf8_percent_encode(rest.trim_start_matches('/'), NO_PATH).to_string().into(),
            Some("file") => rest.replace('%', "%25").into(),
            _ => rest.into(),
        };
        if rest.is_empty() {
            return Ok(self.store.clone());
        }
        let base = self.store.len() - split_scheme(&self.store).map_or(self.store.as_str(), |(_, path)| path).len();
        let (head, base) = self.store.split_at(base);
        Ok(match base.trim_end_matches('/') {
            "" if head.ends_with("//") && base.is_empty() => format!("{head}{rest}"),
            base => format!("{head}{base}/{rest}"),
        })
    }
}
