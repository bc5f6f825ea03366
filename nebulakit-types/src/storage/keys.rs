//! Keys of objects as names of files below a prefix: which can be, and which cannot.
//!
//! Any text is a key to an object store, and tools leave odd ones behind: two slashes in a row, line breaks, `..`. Such an object has no
//! name below a directory, or none that leads back to it, so listings name it in an error of its own and go on.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::location::{join, split_query};
use super::shown::shown;
use crate::{Error, ErrorKind};

/// Whether an object stands for a folder: some tools put an empty one whose key ends in a slash where they show a folder.
pub(super) fn is_marker(key: &str, size: u64) -> bool {
    size == 0 && (key.is_empty() || key.ends_with('/'))
}

/// Why an object below a prefix cannot be a file, nor its marker a folder.
pub(super) fn fault(key: &str, size: u64) -> Option<String> {
    if is_marker(key, size) {
        return if key.is_empty() { None } else { folder_fault(key.strip_suffix('/').unwrap_or(key)) };
    }
    if key.is_empty() || key.ends_with('/') {
        return Some(format!("it ends in a slash, as those of folders do, and holds {size} bytes"));
    }
    folder_fault(key)
}

/// Why a name below a prefix, with `/` between its segments, cannot be that of a folder.
pub(super) fn folder_fault(name: &str) -> Option<String> {
    name.split('/').find_map(|segment| match segment {
        "" => Some("there is nothing before, after or between its slashes".to_owned()),
        "." | ".." => Some(format!("it holds `{segment}` as a name")),
        _ => name_fault(segment),
    })
}

/// The longest key, in bytes, that S3 and Google take; Azure takes as many characters.
#[cfg(feature = "cloud")]
pub(super) const LONGEST: usize = 1024;

/// Why a name cannot be part of a key that is to be stored. The same for every store, so that what works on one machine works on another.
pub(crate) fn name_fault(name: &str) -> Option<String> {
    let control = name.chars().find(char::is_ascii_control);
    control.map(|control| format!("it holds the control character {control:?}, which object stores do not take in names"))
}

/// So often some server may decode the percent signs of a name, one after the other.
const DECODED: usize = 3;

/// The name in a key that could lead out of the prefix before it, to somebody: to a file system, to a web server, or to a client on the way.
///
/// Those read `\\` for a slash, drop blanks and what follows a `;`, and decode percent signs, some of them twice.
pub(crate) fn leading_out(key: &str) -> Option<&str> {
    let is_above = |name: &str| {
        let name = name.split(';').next().unwrap_or_default();
        matches!(name.trim_matches(|c: char| c.is_whitespace() || c.is_control()), "." | "..")
    };
    let leads_out = |name: &&str| {
        let mut name = Cow::Borrowed(*name);
        for _ in 0..=DECODED {
            if name.contains('\0') || name.split(['/', '\\']).any(is_above) {
                return true;
            }
            name = Cow::Owned(percent_decode_str(&name).decode_utf8_lossy().into_owned());
        }
        false
    };
    key.split('/').find(leads_out)
}

/// A key as messages name it, with the last name of its prefix where it would be hard to tell by itself.
pub(super) fn named(prefix: &str, key: &str) -> String {
    if !key.is_empty() && !key.starts_with('/') {
        return key.to_owned();
    }
    let prefix = shown(prefix.trim_end_matches('/'));
    format!("{}/{key}", prefix.rsplit('/').next().unwrap_or(&prefix))
}

/// The URL of a key below a prefix, verbatim.
pub(super) fn exact_url(prefix: &str, key: &str) -> String {
    let (prefix, query) = split_query(prefix);
    let child = join(prefix, "x");
    format!("{}{key}{query}", &child[..child.len() - 1])
}

/// The error of a listing that stands for one key.
pub(super) fn unlisted(prefix: &str, key: &str, why: &str) -> Error {
    let url = exact_url(prefix, key);
    Error::new(ErrorKind::Url, format!("the key {:?} cannot be the name of a file: {why}", shown(&url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_no_file_can_have_say_why() {
        for key in ["a//b", "/a", "a/../b", "..", "./a", "a/.", "a\u{7}b", "a/b\n", "a//", "/", "../"] {
            assert!(fault(key, 0).is_some() && fault(key, 1).is_some(), "{key:?}");
        }
        for key in ["a/b", "...", "a b", "100%", "é", "a\\b", "\u{85}", "~", "*"] {
            assert_eq!(fault(key, 1), None, "{key:?}");
        }
        assert!(fault("", 0).is_none() && fault("a/", 0).is_none());
        assert!(fault("", 1).is_some() && fault("a/", 1).is_some());
    }

    #[test]
    fn a_key_is_named_so_that_it_can_be_found() {
        assert_eq!(named("s3://bucket/raw/", "/x"), "raw//x");
        assert_eq!(named("s3://bucket/odd", ""), "odd/");
        assert_eq!(exact_url("s3://bucket/raw", "/x"), "s3://bucket/raw//x");
        assert_eq!(exact_url("memory://", "a"), "memory://a");
    }
}
