//! From a URL to the store that serves it: schemes, their spellings, what a bucket's name may hold, and how URLs are joined.

use std::borrow::Cow;
use std::path::PathBuf;
#[cfg(feature = "cloud")]
use std::time::Instant;

use percent_encoding::percent_decode_str;

use super::shown::without_query;
pub(super) use super::shown::{shown, shown_path};
use crate::{Error, ErrorKind, Result};

/// The clouds, each behind the cargo feature of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cloud {
    S3,
    Gcs,
    Azure,
}

/// Where a URL leads.
#[derive(Debug, PartialEq)]
pub(super) enum Location<'a> {
    Local(PathBuf),
    /// What follows `memory://`.
    Memory(Cow<'a, str>),
    #[cfg(feature = "cloud")]
    Object(Place<'a>),
    /// The whole URL.
    #[cfg(feature = "http")]
    Web(Cow<'a, str>),
}

/// A place in a cloud: a bucket (container) and the key in it, verbatim. Keys of object stores are not percent-encoded in URLs, by the habit
/// of every tool of these stores.
#[cfg(feature = "cloud")]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place<'a> {
    /// What was asked for, as messages name it.
    pub(super) url: &'a str,
    pub(super) cloud: Cloud,
    /// The authority as written: the bucket, or `container@account.host`.
    pub(super) authority: &'a str,
    pub(super) key: Cow<'a, str>,
    /// When all that is done there has to be over.
    pub(super) deadline: Option<Instant>,
}

const SCHEMES: &[(&str, Option<Cloud>)] = &[
    ("s3", Some(Cloud::S3)),
    ("s3a", Some(Cloud::S3)),
    ("gs", Some(Cloud::Gcs)),
    ("gcs", Some(Cloud::Gcs)),
    ("abfs", Some(Cloud::Azure)),
    ("abfss", Some(Cloud::Azure)),
    ("az", Some(Cloud::Azure)),
    ("wasb", Some(Cloud::Azure)),
    ("wasbs", Some(Cloud::Azure)),
    ("http", None),
    ("https", None),
];

fn feature(cloud: Option<Cloud>) -> (&'static str, bool) {
    match cloud {
        Some(Cloud::S3) => ("aws", cfg!(feature = "aws")),
        Some(Cloud::Gcs) => ("gcp", cfg!(feature = "gcp")),
        Some(Cloud::Azure) => ("azure", cfg!(feature = "azure")),
        None => ("http", cfg!(feature = "http")),
    }
}

impl<'a> Location<'a> {
    /// Reads a URL or a plain path.
    pub(super) fn parse(url: &'a str) -> Result<Self> {
        if url.is_empty() {
            return Err(Error::new(ErrorKind::Url, "the URL is empty"));
        }
        let Some((scheme, rest)) = split_scheme(url) else { return Ok(Self::Local(PathBuf::from(url))) };
        if scheme.eq_ignore_ascii_case("file") {
            return file_url(url, rest).map(Self::Local);
        }
        if scheme.eq_ignore_ascii_case("memory") {
            return Ok(Self::Memory(rest.into()));
        }
        let Some((_, cloud)) = SCHEMES.iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name)) else {
            return Err(unknown_scheme(url, scheme, []));
        };
        match *cloud {
            #[cfg(feature = "http")]
            None => Ok(Self::Web(url.into())),
            #[cfg(feature = "cloud")]
            Some(cloud) if feature(Some(cloud)).1 => {
                // A signature is not part of a key: an object would be named after it.
                let rest = &rest[..rest.len() - split_query(url).1.len()];
                let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
                check_authority(url, authority)?;
                Ok(Self::Object(Place { url, cloud, authority, key: key.into(), deadline: None }))
            }
            off => Err(feature_off(url, feature(off).0)),
        }
    }

    /// Whether a scheme is one of those that have a store, if only in another build.
    pub(super) fn serves(scheme: &str) -> bool {
        matches!(scheme, "file" | "memory") || SCHEMES.iter().any(|(name, _)| *name == scheme)
    }
}

/// The scheme in small letters; of several spellings of one, the first.
pub(super) fn canonical_scheme(scheme: &str) -> String {
    let scheme = scheme.to_ascii_lowercase();
    let cloud = SCHEMES.iter().find(|(name, _)| *name == scheme).and_then(|(_, cloud)| *cloud);
    let first = SCHEMES.iter().find(|(_, other)| cloud.is_some() && *other == cloud);
    first.map_or(scheme, |(name, _)| (*name).to_owned())
}

fn feature_off(url: &str, feature: &str) -> Error {
    let message = format!(
        "`{}`: the feature `{feature}` of nebulakit is off in this program; turn it on with `cargo build --features nebulakit/{feature}`, or \
         with `features = [\"{feature}\"]` where Cargo.toml names nebulakit",
        shown(url)
    );
    Error::new(ErrorKind::Url, message)
}

/// Splits `scheme://rest`; a plain path has no scheme. `file:/path` (RFC 8089) is one without the slashes.
pub(super) fn split_scheme(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !named {
        return None;
    }
    match rest.strip_prefix("//") {
        Some(rest) => Some((scheme, rest)),
        None if scheme.eq_ignore_ascii_case("file") && rest.starts_with('/') => Some((scheme, rest)),
        None => None,
    }
}

/// The path of a `file:` URL, percent-decoded (RFC 8089).
fn file_url(url: &str, rest: &str) -> Result<PathBuf> {
    let path = match rest.find('/') {
        Some(0) => rest,
        Some(end) if rest[..end].eq_ignore_ascii_case("localhost") => &rest[end..],
        _ => {
            return Err(Error::new(
                ErrorKind::Url,
                format!("`{}` names a file on another machine: write three slashes, `file:///path`", shown(url)),
            ));
        }
    };
    let bytes: Cow<'_, [u8]> = percent_decode_str(path).into();
    if bytes.contains(&0) {
        return Err(Error::new(ErrorKind::Url, format!("`{}` holds a NUL, which no path can", shown(url))));
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes.into_owned())))
    }
    #[cfg(not(unix))]
    {
        let text = String::from_utf8(bytes.into_owned())
            .map_err(|_| Error::new(ErrorKind::Url, format!("`{}` is not UTF-8 once its percent signs are decoded", shown(url))))?;
        Ok(PathBuf::from(text))
    }
}

/// The error of a URL that is not on this machine, for a storage that reaches nothing else.
pub(super) fn out_of_reach(url: &str) -> Error {
    let message = format!("`{}` is not on this machine, and this storage reaches nothing else", shown(url));
    Error::new(ErrorKind::Denied, message).with_hint("give the context a storage that does: `Context::builder(dir).storage(..)`")
}

pub(super) fn unknown_scheme(url: &str, scheme: &str, registered: impl IntoIterator<Item = String>) -> Error {
    let mut served = String::from("local paths, file, memory");
    let built_in = SCHEMES.iter().filter(|(_, cloud)| feature(*cloud).1).map(|(name, _)| (*name).to_owned());
    for name in built_in.chain(registered) {
        served.push_str(", ");
        served.push_str(&name);
    }
    Error::new(ErrorKind::Url, format!("`{}`: no store for `{scheme}://`; this program serves {served}", shown(url)))
}

/// Refuses what could not stand in the host or the path of a request.
#[cfg(feature = "cloud")]
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

/// Appends `name` to a prefix with exactly one slash between them.
///
/// The prefix is a URL or a path; its scheme and its escapes stay as they are. An empty prefix gives the name alone. The query and the fragment
/// of a web address stay behind the name, and so does a signature (`?..sig=..`) in a URL of Azure; in other URLs `?` and `#` are part of the key.
///
/// ```
/// # use nebulakit_types::storage::join;
/// assert_eq!(join("s3://bucket/run/", "outputs.pb"), "s3://bucket/run/outputs.pb");
/// assert_eq!(join("/", "outputs.pb"), "/outputs.pb");
/// ```
#[must_use]
pub fn join(prefix: &str, name: &str) -> String {
    let name = name.trim_start_matches('/');
    if prefix.is_empty() {
        return name.to_owned();
    }
    let (prefix, query) = split_query(prefix);
    let scheme = split_scheme(prefix).map_or(0, |(_, rest)| prefix.len() - rest.len());
    let (head, tail) = prefix.split_at(scheme);
    let tail = tail.trim_end_matches('/');
    // `memory://x`: nothing but the scheme stands before the name.
    let slash = if tail.is_empty() && head.ends_with("//") && !head.eq_ignore_ascii_case("file://") { "" } else { "/" };
    format!("{head}{tail}{slash}{name}{query}")
}

/// Splits off what stands behind the path of a URL and is not part of a key.
pub(super) fn split_query(url: &str) -> (&str, &str) {
    let (path, query) = url.split_at(without_query(url).len());
    let is_web = || split_scheme(url).is_some_and(|(scheme, _)| canonical_scheme(scheme).starts_with("http"));
    let is_signature = || query.split(['?', '&']).any(|part| part.starts_with("sig="));
    if query.is_empty() || !is_web() && !is_signature() { (url, "") } else { (path, query) }
}

/// The URL of the object `key` below a prefix: like [`join`], with what `file:` URLs would decode written as an escape.
#[must_use]
pub fn child_url(prefix: &str, key: &str) -> String {
    let escapes = split_scheme(prefix).is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("file"));
    if escapes { join(prefix, &key.replace('%', "%25")) } else { join(prefix, key) }
}

/// The path of a URL that leads to this machine.
pub(crate) fn local_path(url: &str) -> Option<PathBuf> {
    match Location::parse(url) {
        Ok(Location::Local(path)) => Some(path),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_with_one_slash() {
        for (prefix, name, joined) in [
            ("s3://b/p", "x", "s3://b/p/x"),
            ("s3://b/p//", "/x", "s3://b/p/x"),
            ("s3://b", "x", "s3://b/x"),
            ("memory://", "x", "memory://x"),
            ("memory://a/", "x", "memory://a/x"),
            ("file:///", "x", "file:///x"),
            ("file:///tmp/a%20b/", "x", "file:///tmp/a%20b/x"),
            ("out", "x", "out/x"),
            ("/", "x", "/x"),
            ("", "x", "x"),
            ("https://host/p/?sig=a/b", "x", "https://host/p/x?sig=a/b"),
            ("http://host/p#part", "x", "http://host/p/x#part"),
            ("abfs://c@account.dfs.core.windows.net/p?sv=1&sig=a%2Fb", "x", "abfs://c@account.dfs.core.windows.net/p/x?sv=1&sig=a%2Fb"),
            ("az://c?sig=a", "x", "az://c/x?sig=a"),
            // In keys, a question mark is a character like any other.
            ("abfs://c/odd?p", "x", "abfs://c/odd?p/x"),
            ("s3://b/odd?p", "x", "s3://b/odd?p/x"),
        ] {
            assert_eq!(join(prefix, name), joined, "{prefix} + {name}");
        }
    }

    #[test]
    fn file_urls_are_decoded_and_plain_paths_are_not() {
        let local = |url| match Location::parse(url) {
            Ok(Location::Local(path)) => path.to_string_lossy().into_owned(),
            other => panic!("{url}: {other:?}"),
        };
        assert_eq!(local("file:///a%20b/%C3%A9+%25"), "/a b/é+%");
        assert_eq!(local("file://localhost/a"), "/a");
        assert_eq!(local("file:/a"), "/a");
        assert_eq!(local("FILE:///a"), "/a");
        assert_eq!(local("/a%20b"), "/a%20b");
        assert_eq!(local("a:b/c"), "a:b/c");
        assert!(Location::parse("file://host/a").is_err());
    }
}
