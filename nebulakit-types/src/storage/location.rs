//! What URLs are made of: schemes and their spellings, paths of files, and how names are joined to them.

use std::borrow::Cow;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;

use super::shown::{shown, without_query};
use crate::{Error, ErrorKind, Result};

/// The schemes of the stores that come along, each with the feature that has it, in the order in which messages name them. Of one feature the
/// first is the one that the others are spellings of, but for `http`.
const SCHEMES: [(&str, &str, bool); 11] = [
    ("s3", "aws", cfg!(feature = "aws")),
    ("s3a", "aws", cfg!(feature = "aws")),
    ("gs", "gcp", cfg!(feature = "gcp")),
    ("gcs", "gcp", cfg!(feature = "gcp")),
    ("abfs", "azure", cfg!(feature = "azure")),
    ("abfss", "azure", cfg!(feature = "azure")),
    ("az", "azure", cfg!(feature = "azure")),
    ("wasb", "azure", cfg!(feature = "azure")),
    ("wasbs", "azure", cfg!(feature = "azure")),
    ("http", "http", cfg!(feature = "http")),
    ("https", "http", cfg!(feature = "http")),
];

/// The schemes of a feature.
#[cfg(feature = "client")]
pub(super) fn schemes_of(feature: &str) -> Vec<String> {
    SCHEMES.iter().filter(|(_, of, _)| *of == feature).map(|(name, ..)| (*name).to_owned()).collect()
}

/// Whether a scheme is that of a store that comes along with this build.
pub(super) fn is_here(scheme: &str) -> bool {
    matches!(scheme.to_ascii_lowercase().as_str(), "file" | "memory")
        || SCHEMES.iter().any(|(name, _, is_here)| *is_here && scheme.eq_ignore_ascii_case(name))
}

/// Whether a scheme is that of a store that comes along, if only in another build.
pub(super) fn comes_along(scheme: &str) -> bool {
    matches!(scheme, "file" | "memory") || SCHEMES.iter().any(|(name, ..)| *name == scheme)
}

/// Why no store serves a scheme.
pub(super) fn unserved(url: &str, scheme: &str, others: impl IntoIterator<Item = String>) -> Error {
    match SCHEMES.iter().find(|(name, ..)| scheme.eq_ignore_ascii_case(name)) {
        Some((_, feature, false)) => feature_off(url, feature),
        _ => unknown_scheme(url, scheme, others),
    }
}

/// The scheme in small letters; of several spellings of one, the first.
pub(super) fn canonical_scheme(scheme: &str) -> String {
    let scheme = scheme.to_ascii_lowercase();
    let feature = SCHEMES.iter().find(|(name, ..)| *name == scheme).map(|(_, feature, _)| *feature).filter(|feature| *feature != "http");
    let first = SCHEMES.iter().find(|(_, other, _)| Some(*other) == feature);
    first.map_or(scheme, |(name, ..)| (*name).to_owned())
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

fn unknown_scheme(url: &str, scheme: &str, others: impl IntoIterator<Item = String>) -> Error {
    let mut served = String::from("local paths, file, memory");
    let come_along = SCHEMES.iter().filter(|(.., is_here)| *is_here).map(|(name, ..)| (*name).to_owned());
    for name in come_along.chain(others) {
        served.push_str(", ");
        served.push_str(&name);
    }
    Error::new(ErrorKind::Url, format!("`{}`: no store for `{scheme}://`; this program serves {served}", shown(url)))
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

/// The path of a URL that leads to this machine, which a plain path does too; [`None`] for any other URL.
///
/// # Examples
/// ```
/// use std::path::Path;
///
/// use nebulakit_types::storage::local_path;
///
/// assert_eq!(local_path("file:///data/a%20b").as_deref(), Some(Path::new("/data/a b")));
/// assert_eq!(local_path("data/a").as_deref(), Some(Path::new("data/a")));
/// assert_eq!(local_path("s3://bucket/a"), None);
/// ```
#[must_use]
pub fn local_path(url: &str) -> Option<PathBuf> {
    path_of(url).ok().flatten()
}

/// The same; a URL of a file that cannot be one says why.
pub(super) fn path_of(url: &str) -> Result<Option<PathBuf>> {
    match split_scheme(url) {
        None if url.is_empty() => Ok(None),
        None => Ok(Some(PathBuf::from(url))),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => file_url(url, rest).map(Some),
        Some(_) => Ok(None),
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
        let local = |url| path_of(url).unwrap().unwrap().to_string_lossy().into_owned();
        assert_eq!(local("file:///a%20b/%C3%A9+%25"), "/a b/é+%");
        assert_eq!(local("file://localhost/a"), "/a");
        assert_eq!(local("file:/a"), "/a");
        assert_eq!(local("FILE:///a"), "/a");
        assert_eq!(local("/a%20b"), "/a%20b");
        assert_eq!(local("a:b/c"), "a:b/c");
        assert!(path_of("file://host/a").is_err());
    }
}
