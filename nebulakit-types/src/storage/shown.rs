//! URLs as messages show them: without passwords and signatures.
//!
//! All that prints a URL calls [`shown`]: errors, warnings, logs and `Debug`. What others wrote, which may hold a URL anywhere, goes
//! through `shown_in`.

use std::borrow::Cow;
use std::path::Path;

/// Schemes in whose keys a `?` and a `#` are characters like any other.
const VERBATIM: [&str; 7] = ["s3", "s3a", "s3n", "gs", "gcs", "file", "memory"];

/// Schemes in which the container stands before an `@`.
const AZURE: [&str; 5] = ["abfs", "abfss", "az", "wasb", "wasbs"];

/// Schemes that tell a URL even where its slashes are missing: `https:/host`.
const KNOWN: [&str; 12] = ["s3", "s3a", "s3n", "gs", "gcs", "abfs", "abfss", "az", "wasb", "wasbs", "http", "https"];

/// URLs inside of URLs are shown so deep (`simplecache::https://host`, `https://proxy/https://host`); the rest is left out.
const NESTED: usize = 8;

const HIDDEN: &str = "***";

/// A URL as a message may show it. User names and passwords are left out; and so are the query and the fragment, which may hold a
/// signature, unless the scheme is that of S3, of Google Cloud Storage or of this machine (paths, `file`, `memory`): there they are a part
/// of the key.
///
/// What looks like a password counts as one: of `http://host:80/a@b` the host is left out.
///
/// ```
/// # use nebulakit_types::storage::shown;
/// assert_eq!(shown("https://me:password@host/a?sig=abc"), "https://***@host/a?***");
/// assert_eq!(shown("s3://bucket/odd?key"), "s3://bucket/odd?key");
/// ```
#[must_use]
pub fn shown(url: &str) -> Cow<'_, str> {
    let mut out = String::new();
    // How much of `url` is in `out` already, and where the next URL in it is looked for.
    let (mut done, mut at) = (0, 0);
    let mut query = None;
    for level in 0.. {
        let Some(start) = Start::find(&url[at..query.unwrap_or(url.len())], level == 0) else { break };
        if level == NESTED {
            query = Some(at);
            break;
        }
        let rest = at + start.rest;
        let hidden = match start.user(&url[rest..]) {
            User::None => None,
            User::Before { from, at } => Some((rest + from, rest + at)),
            User::Somewhere { from } => Some((rest + from, url.len())),
        };
        if let Some((from, to)) = hidden {
            out.push_str(&url[done..from]);
            out.push_str(HIDDEN);
            done = to;
        }
        at = done.max(rest);
        // A `?` of a key that stands in another URL is that URL's.
        query = if query.is_some() || !start.is(&VERBATIM) { query_of(&url[at..]).map(|query| at + query) } else { None };
        // Another URL may follow in the path, not in the authority.
        let Some(path) = url[at..].find(['/', '\\']) else { break };
        at = (at + path).min(query.unwrap_or(url.len()));
    }
    if let Some(query) = query {
        let mark = url[query..].chars().next().filter(|c| matches!(c, '?' | '#')).map_or(0, char::len_utf8);
        out.push_str(&url[done..query + mark]);
        out.push_str(HIDDEN);
    } else if out.is_empty() {
        return Cow::Borrowed(url);
    } else {
        out.push_str(&url[done..]);
    }
    Cow::Owned(out)
}

/// Where the query or the fragment begins, percent-encoded ones too.
fn query_of(rest: &str) -> Option<usize> {
    let plain = rest.find(['?', '#']);
    let encoded = rest[..plain.unwrap_or(rest.len())].match_indices('%').map(|(at, _)| at);
    let mut encoded = encoded.filter(|at| rest[*at..].get(..3).is_some_and(|code| matches!(code, "%3F" | "%3f" | "%23")));
    encoded.next().or(plain)
}

/// Where a URL begins in a text.
struct Start<'a> {
    scheme: &'a str,
    /// Where the authority begins.
    rest: usize,
}

impl<'a> Start<'a> {
    /// The first URL in a text; `loosely` also where its slashes are missing. What stands before it (a blank, a quote, `simplecache::`) is
    /// not part of it.
    fn find(text: &'a str, loosely: bool) -> Option<Self> {
        for (colon, _) in text.match_indices(':') {
            let scheme = scheme_before(&text[..colon]);
            let after = &text[colon + 1..];
            let slashes = after.len() - after.trim_start_matches(['/', '\\']).len();
            let found = Self { scheme, rest: colon + 1 + slashes };
            if scheme.is_empty() || slashes < 2 && !(loosely && found.is(&KNOWN)) {
                continue;
            }
            // The path of a `file:` URL begins with a slash. Before any other authority all slashes are passed over.
            return Some(if found.is(&["file"]) { Self { rest: colon + 3, ..found } } else { found });
        }
        // `//host/path`, as in a web page.
        let is_bare = loosely && (text.starts_with("//") || text.starts_with("\\\\"));
        is_bare.then_some(Self { scheme: "file", rest: 2 })
    }

    fn is(&self, schemes: &[&str]) -> bool {
        schemes.iter().any(|known| self.scheme.eq_ignore_ascii_case(known))
    }

    /// What stands in front of the host in `rest`, which begins with the authority.
    fn user(&self, rest: &str) -> User {
        if self.is(&["memory"]) {
            return User::None;
        }
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let mut authority = &rest[..end];
        let mut passed = 0;
        if self.is(&AZURE) {
            let colon = authority.find(':').unwrap_or(end);
            if let Some(at) = authority[..colon].find('@') {
                (authority, passed) = (&authority[at + 1..], at + 1);
            }
        }
        let address = if authority.starts_with('[') { authority.find(']').unwrap_or(0) } else { 0 };
        let colon = authority[address..].find(':').map(|colon| address + colon);
        let at = authority.find('@');
        if colon.is_none_or(|colon| at.is_some_and(|at| at < colon)) && at.is_none_or(|at| !authority[at..].contains(':')) {
            return match authority.rfind('@') {
                None => User::None,
                Some(last) => User::Before { from: passed, at: passed + last },
            };
        }
        // A password may hold what ends an authority: it goes as far as the last `@`.
        let path = if self.is(&VERBATIM) { rest.len() } else { rest.find(['?', '#']).unwrap_or(rest.len()) };
        match rest[passed..].rfind('@').map(|at| passed + at) {
            Some(at) if at < path => User::Before { from: passed, at },
            Some(_) => User::Somewhere { from: passed },
            None => {
                let port = &authority[colon.map_or(0, |colon| colon + 1)..];
                let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) || !self.is(&KNOWN) && !port.contains("%40");
                if is_port { User::None } else { User::Somewhere { from: passed } }
            }
        }
    }
}

/// The scheme that ends a text.
fn scheme_before(text: &str) -> &str {
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let begin = text.trim_end_matches(of_scheme).len();
    text[begin..].trim_start_matches(|c: char| !c.is_ascii_alphabetic())
}

/// What stands in front of a host.
enum User {
    None,
    /// A name, perhaps with a password, from there to its `@`.
    Before {
        from: usize,
        at: usize,
    },
    /// A password whose end cannot be told.
    Somewhere {
        from: usize,
    },
}

/// A text that others wrote, with every URL in it as [`shown`] shows it.
#[must_use]
#[doc(hidden)]
pub fn shown_in(text: String) -> String {
    let mut out = String::new();
    let mut done = 0;
    while let Some(found) = text[done..].find("://") {
        let slashes = done + found;
        let start = slashes - scheme_before(&text[done..slashes]).len();
        let rest = &text[slashes..];
        let ends = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '`' | '"' | '<' | '>' | '{' | '}' | '|' | '^');
        let length = rest.find(ends).unwrap_or(rest.len());
        let length = rest[..length].trim_end_matches(['.', ',', ';', ':', ')', '\'']).len().max(3);
        out.push_str(&text[done..start]);
        out.push_str(&shown(&text[start..slashes + length]));
        done = slashes + length;
    }
    if done == 0 {
        return text;
    }
    out.push_str(&text[done..]);
    out
}

/// A path as messages show it. What was given for a path may be a URL with a mistake in it.
pub(crate) fn shown_path(path: &Path) -> String {
    format!("`{}`", shown(&path.display().to_string()))
}

/// A URL or a path up to where its last name ends: without the query and the fragment that [`shown`] hides, which are not part of a name.
pub(crate) fn without_query(url: &str) -> &str {
    let Some((scheme, _)) = url.split_once("://") else { return url };
    let is_verbatim = scheme_before(scheme) != scheme || VERBATIM.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let end = url.find(['?', '#']).filter(|_| !is_verbatim);
    &url[..end.unwrap_or(url.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_before_queries() {
        assert_eq!(without_query("https://host/a.csv?sig=a/b#c"), "https://host/a.csv");
        assert_eq!(without_query("abfs://container/a.csv?sig=a/b"), "abfs://container/a.csv");
        assert_eq!(without_query("s3://bucket/odd?key#"), "s3://bucket/odd?key#");
        assert_eq!(without_query("/a?b"), "/a?b");
    }
}
