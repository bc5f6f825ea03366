//! Which store serves a URL: the one that is registered for the longest prefix of it, else the one of its scheme.

use std::fmt;

#[cfg(feature = "http")]
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::keys::leading_out;
use super::location::{Location, canonical_scheme, shown, split_scheme, unknown_scheme};
use super::shown::without_query;
use crate::{Error, ErrorKind, Result};

/// What a key of another store cannot hold as it is in the path of a web address.
#[cfg(feature = "http")]
const NO_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'\\');

/// Which store serves which URLs, where the scheme alone does not say it: for schemes of one's own, for prefixes that are kept elsewhere,
/// and for tests, whose `s3://` is memory or a folder.
///
/// ```
/// # use nebulakit_types::storage::{PutOptions, Registry, Storage, StorageConfig};
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut registry = Registry::default();
/// registry.register("lake://", "memory://lake")?;
/// registry.register("s3://bucket/scratch/", "memory://scratch")?;
/// let storage = Storage::new(StorageConfig { registry, ..StorageConfig::default() });
/// storage.put("s3://bucket/scratch/a", vec!["bytes".into()], &PutOptions::default()).await?;
/// assert_eq!(storage.get("memory://scratch/a").await?, "bytes");
/// # Ok::<(), nebulakit_types::Error>(()) }).unwrap();
/// ```
#[derive(Debug, Clone, Default)]
pub struct Registry {
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

impl Registry {
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
        if let Err(error) = Location::parse(store) {
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

    /// Where a URL leads.
    pub(super) fn locate<'a>(&'a self, url: &'a str) -> Result<Location<'a>> {
        if self.entries.is_empty() {
            return Location::parse(url);
        }
        let Some((scheme, path)) = split_scheme(url) else { return Location::parse(url) };
        let name = canonical_scheme(scheme);
        let of = |entry: &'a Entry| Some((entry, entry.rest(&name, path)?));
        match self.entries.iter().find_map(of) {
            Some((entry, rest)) => entry.locate(url, rest),
            None => Location::parse(url).map_err(|error| match canonical_scheme(scheme) {
                scheme if Location::serves(&scheme) => error,
                _ => unknown_scheme(
                    url,
                    scheme,
                    self.entries.iter().map(|entry| shown(&format!("{}://{}", entry.scheme, entry.path)).into_owned()),
                ),
            }),
        }
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

    fn locate<'a>(&'a self, url: &'a str, rest: &str) -> Result<Location<'a>> {
        let odd = |name: &str| cfg!(windows) && name.contains(['\\', ':']);
        if let Some(name) = leading_out(rest).or_else(|| rest.split('/').find(|name| odd(name))) {
            let text = format!("`{}` holds `{name}` as a name, which could lead out of `{}`", shown(url), shown(&self.store));
            return Err(Error::new(ErrorKind::Url, text));
        }
        let below = |base: &str| match base.trim_end_matches('/') {
            "" => rest.to_owned(),
            base if rest.is_empty() => base.to_owned(),
            base => format!("{base}/{rest}"),
        };
        Ok(match Location::parse(&self.store)? {
            Location::Local(mut path) => {
                path.extend(rest.split('/').filter(|name| !name.is_empty()));
                Location::Local(path)
            }
            Location::Memory(key) => Location::Memory(below(&key).into()),
            #[cfg(feature = "cloud")]
            Location::Object(place) => Location::Object(super::cloud::Place { url, key: below(&place.key).into(), ..place }),
            #[cfg(feature = "http")]
            Location::Web(address) => {
                let path = utf8_percent_encode(rest, NO_PATH).to_string();
                Location::Web(super::join(&address, &path).into())
            }
        })
    }
}
