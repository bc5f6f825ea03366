//! Listings whose keys stay what they are.
//!
//! `object_store` makes a path of each key of a listing: it drops slashes at the ends, trims blanks, and gives up the whole page where one
//! key is not a path. So the keys are wrapped while the answer passes through here, into text of which any path can be made, and unwrapped
//! by the caller.
//!
//! The client reads any XML as a listing, an empty one where it finds no objects in it. What is not a listing is an error here, so that no
//! object is taken for absent.

use bytes::{Bytes, BytesMut};
use futures_util::{TryStreamExt as _, stream};
use http_body_util::{BodyExt as _, StreamBody};
use object_store::client::{HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_decode_str, percent_encode};

use super::cause::Said;
use super::client::named;
use super::trace::{FailedRequest, Trace, What};
use crate::ErrorKind;

/// What a wrapped key consists of; slashes and dots are wrapped too.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The elements that hold keys: of objects and prefixes in S3's XML, which Google speaks too, and of both in Azure's.
const ELEMENTS: [&str; 3] = ["Key", "Prefix", "Name"];

/// The elements that listings are: S3's, which Google speaks too, and Azure's.
const LISTINGS: [&str; 2] = ["ListBucketResult", "EnumerationResults"];

/// The longest reference to a character, in bytes, with both its ends: `&#x0010FFFF;`. Beyond, none is looked for: a text may be full of `&`.
const LONGEST_REFERENCE: usize = 16;

/// Marks a request for a listing, whose answer comes with wrapped keys.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Wrapped;

impl Wrapped {
    pub(super) fn is_wanted(request: &HttpRequest) -> bool {
        request.extensions().get::<Self>().is_some()
    }

    /// The same answer of a server with its keys wrapped. Its body is taken as a whole, as the client does who reads it.
    pub(super) fn answer(origin: String, answer: HttpResponse) -> HttpResponse {
        if !answer.status().is_success() {
            return answer;
        }
        let (mut parts, mut body) = answer.into_parts();
        parts.headers.remove(http::header::CONTENT_LENGTH);
        let status = parts.status;
        let whole = async move {
            let (mut whole, mut last) = (BytesMut::new(), None);
            while let Some(frame) = body.frame().await {
                let frame = frame?;
                if let Some(data) = frame.data_ref() {
                    whole.extend_from_slice(data);
                    last = Some(frame);
                }
            }
            if let Err((kind, what)) = check(&whole) {
                let why = format!("answered {} with {what}", status.as_u16());
                Trace::failed(FailedRequest { origin, metadata: false, what: What::Refused { kind, why: why.clone() } });
                return Err(HttpError::new(HttpErrorKind::Unknown, Said(why)));
            }
            Ok(last.map(|frame| frame.map_data(|_| wrapped(&whole))))
        };
        let whole = stream::once(whole).try_filter_map(|frame| std::future::ready(Ok(frame)));
        HttpResponse::from_parts(parts, HttpResponseBody::new(StreamBody::new(whole)))
    }

    /// The key that a path of a listing stands for.
    pub(in super::super) fn key(path: &str) -> String {
        percent_decode_str(path).decode_utf8_lossy().into_owned()
    }
}

/// Checks that a document is a whole listing, and says what it is else.
fn check(xml: &[u8]) -> Result<(), (ErrorKind, String)> {
    let text = String::from_utf8_lossy(xml);
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err((ErrorKind::Corrupt, "nothing in place of a listing".to_owned()));
    }
    let fault = |what: &str| Err((ErrorKind::Corrupt, what.to_owned()));
    let Some(tag) = root(text) else { return fault("something that is not a listing") };
    let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    if name == "Error" {
        let (code, message) = (named(text, "Code").unwrap_or_default(), named(text, "Message").unwrap_or_default());
        let said = match (code.is_empty(), message.is_empty()) {
            (true, true) => String::new(),
            (false, false) => format!(", {code}: {message}"),
            _ => format!(", {code}{message}"),
        };
        return Err((ErrorKind::Unavailable, format!("an error in place of a listing{said}")));
    }
    if !LISTINGS.contains(&name) {
        return fault("something that is not a listing");
    }
    if !tag.ends_with('/') && !text.ends_with(&format!("</{name}>")) {
        return fault("a listing that breaks off");
    }
    if text.contains("<IsTruncated>true</IsTruncated>") && !text.contains("<NextContinuationToken>") {
        return fault("a page without the way to the next");
    }
    Ok(())
}

/// What stands in the tag of the outermost element: its name, its attributes, and a slash where it is empty.
fn root(mut text: &str) -> Option<&str> {
    loop {
        let rest = text.strip_prefix('<')?;
        let end = if rest.starts_with("!--") { rest.find("-->")? + 2 } else { rest.find('>')? };
        if !rest.starts_with(['?', '!']) {
            return Some(&rest[..end]);
        }
        text = rest[end + 1..].trim_start();
    }
}

/// The document with the text of all elements that hold keys wrapped.
fn wrapped(xml: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(xml.len() + xml.len() / 4);
    let mut rest = xml;
    while let Some(found) = next_key(rest) {
        out.extend_from_slice(found.before);
        let mut key = unescaped(found.text);
        // Azure encodes names that XML cannot hold.
        if found.tag.windows(14).any(|attribute| attribute == b"Encoded=\"true\"") {
            key = percent_decode(&key).collect();
        }
        out.extend(percent_encode(&key, PLAIN).flat_map(str::bytes));
        rest = found.after;
    }
    out.extend_from_slice(rest);
    out.freeze()
}

/// An element that holds a key, in its document.
struct Element<'a> {
    /// Up to the text.
    before: &'a [u8],
    /// The opening tag.
    tag: &'a [u8],
    text: &'a [u8],
    /// From the closing tag on.
    after: &'a [u8],
}

/// The next element that holds a key.
fn next_key(xml: &[u8]) -> Option<Element<'_>> {
    let mut from = 0;
    loop {
        let open = from + xml[from..].iter().position(|byte| *byte == b'<')?;
        let close = open + xml[open..].iter().position(|byte| *byte == b'>')?;
        let tag = &xml[open + 1..close];
        from = close + 1;
        let name = tag.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if !tag.ends_with(b"/") && ELEMENTS.iter().any(|element| element.as_bytes() == name) {
            let end = from + xml[from..].iter().position(|byte| *byte == b'<')?;
            return Some(Element { before: &xml[..from], tag, text: &xml[from..end], after: &xml[end..] });
        }
    }
}

/// The text of an element, its references to characters replaced; those that XML does not allow are some stores' way to write them.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.iter().position(|byte| *byte == b'&') {
        out.extend_from_slice(&rest[..start]);
        let length = rest[start..].iter().take(LONGEST_REFERENCE).position(|byte| *byte == b';');
        let reference = length.and_then(|length| Some((length, character(std::str::from_utf8(&rest[start + 1..start + length]).ok()?)?)));
        match reference {
            Some((length, character)) => {
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[start + length + 1..];
            }
            None => {
                out.push(b'&');
                rest = &rest[start + 1..];
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

fn character(reference: &str) -> Option<char> {
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let hex = number.strip_prefix('x').or_else(|| number.strip_prefix('X'));
            char::from_u32(hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_out_as_they_went_in() {
        let xml = "<?xml version=\"1.0\"?><R xmlns=\"x\"><Name>bucket</Name><Prefix/><Contents><Key>a//b/&amp;&lt;&#7;&#x1F; é</Key><Size>3</Size>\
                   </Contents><CommonPrefixes><Prefix>../</Prefix></CommonPrefixes><Blob><Name Encoded=\"true\">a%EF%BF%BE</Name></Blob>\
                   <Key>&odd;&</Key></R>";
        let wrapped = String::from_utf8(wrapped(xml.as_bytes()).into()).unwrap();
        let mut keys = Vec::new();
        let mut rest = wrapped.as_bytes();
        while let Some(found) = next_key(rest) {
            let text = std::str::from_utf8(found.text).unwrap();
            assert!(object_store::path::Path::parse(text).is_ok());
            keys.push(Wrapped::key(text));
            rest = found.after;
        }
        assert_eq!(keys, ["bucket", "a//b/&<\u{7}\u{1f} é", "../", "a\u{fffe}", "&odd;&"]);
        assert!(wrapped.contains("<Prefix/>") && wrapped.contains("<Size>3</Size>"), "{wrapped}");
    }

    #[test]
    fn what_breaks_off_stays_broken() {
        for xml in ["", "<no", "<Key>", "<Key>a"] {
            assert_eq!(wrapped(xml.as_bytes()), xml.as_bytes());
        }
    }
}
