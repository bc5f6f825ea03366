//! Redirects, as they are seen and named. The HTTP client follows none.
//!
//! A store that sends its clients elsewhere is misconfigured or not what it seems, and what was signed for one host is not meant for another, so
//! the clouds' are errors. Those of web addresses are part of how the web works; `follow` goes after them.

use http::{HeaderMap, StatusCode, header};
use url::Url;

/// What of a web address may be shown: neither its user, nor its query, nor its fragment.
pub(super) fn place(from: &Url, headers: &HeaderMap) -> Option<String> {
    let location = String::from_utf8_lossy(headers.get(header::LOCATION)?.as_bytes()).into_owned();
    let url = match from.join(&location) {
        Ok(url) => url,
        Err(_) => return Some("something that is not a URL".to_owned()),
    };
    Some(format!("`{}`", shown(&url)))
}

/// The longest place that is shown, in characters.
const SHOWN: usize = 300;

fn shown(url: &Url) -> String {
    if url.cannot_be_a_base() {
        return format!("{}:", url.scheme());
    }
    let mut url = url.clone();
    // These fail for URLs that have no host, and so neither a user nor a password.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().chars().take(SHOWN).collect()
}

/// Whether an answer sends on to another place.
pub(super) fn is_redirect(status: StatusCode, headers: &HeaderMap) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) && headers.contains_key(header::LOCATION)
}
