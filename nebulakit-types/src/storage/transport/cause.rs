//! What is at the bottom of a failed request.

use std::error::Error as StdError;
use std::fmt;

use object_store::client::{HttpError, HttpErrorKind};

use super::body::Unreadable;
use super::nearby::Nearby;
use crate::visible;

/// The longest text that messages take from an answer, in characters; longer ones end with `…`. Stores' own messages are far below, and what
/// answers need not be a store.
const LONGEST_SAID: usize = 300;

/// What kind of failure `object_store` is to take it for, which decides whether it tries again.
pub(super) fn failed(error: reqwest::Error) -> HttpError {
    let mut kind = match &error {
        error if error.is_timeout() => HttpErrorKind::Timeout,
        error if error.is_connect() => HttpErrorKind::Connect,
        error if error.is_decode() => HttpErrorKind::Decode,
        error if error.is_builder() || error.is_redirect() => HttpErrorKind::Unknown,
        _ => HttpErrorKind::Interrupted,
    };
    if caused_by::<Unreadable>(&error).is_some() || caused_by::<Nearby>(&error).is_some() {
        kind = HttpErrorKind::Unknown;
    }
    HttpError::new(kind, error.without_url())
}

/// A failure that is told by its text.
#[derive(Debug)]
pub(super) struct Said(pub(super) String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Said {}

/// A certificate that is not trusted now will not be on the next try.
pub(super) fn permanent(error: HttpError) -> HttpError {
    match caused_by(&error) {
        Some(tls) => HttpError::new(HttpErrorKind::Unknown, Said(tls_text(tls))),
        None => error,
    }
}

pub(crate) fn tls_text(error: &rustls::Error) -> String {
    match error {
        rustls::Error::General(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The first error of type `E` among `error` and what caused it.
pub(crate) fn caused_by<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An I/O error's source is its content's source, not its content.
        let content = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = content.map(|content| content as &(dyn StdError + 'static)).or_else(|| error.source());
    }
    None
}

/// The text at the bottom of a chain: in HTTP clients the others say that there was an error.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    said(&error.to_string())
}

/// What a server said, or a parser of what it said, as messages take it: on one line, without control characters, and not at any length.
pub(crate) fn said(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = visible::line(&text);
    match text.char_indices().nth(LONGEST_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_line_of_text_that_is_not_too_long() {
        assert_eq!(said(" a\u{1b}[31m\n\tb\u{85}\u{202e}c \u{2028}"), "a\\u001b[31m b \\u202ec");
        let long = "é".repeat(LONGEST_SAID);
        assert_eq!(said(&long), long);
        assert_eq!(said(&format!("{long}e")), format!("{long}…"));
    }
}
