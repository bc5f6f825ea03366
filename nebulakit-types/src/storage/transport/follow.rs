//! Redirects of web addresses: where they may lead, and what goes along.

use http::header::{AUTHORIZATION, COOKIE, LOCATION, PROXY_AUTHORIZATION};
use http::{HeaderMap, StatusCode};
use object_store::client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use url::Url;

use super::cause::Said;
use super::client::{Hop, origin};
use super::nearby::{Near, Shunned};
use super::redirect::{is_redirect, place};
use super::trace::{FailedRequest, Trace, What};
use crate::ErrorKind;

/// The most redirects that one request follows; more are a circle, or as good as one.
const REDIRECTS: usize = 10;

/// Makes a request without a body and follows its redirects: never from https to http, never to what only this machine reaches unless the
/// request began there, and to another origin without what proves who asks.
pub(in super::super) async fn follow(client: &HttpClient, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let url = |request: &HttpRequest| {
        let url = Url::parse(&request.uri().to_string());
        url.map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))
    };
    let first = url(&request)?;
    let shunned = Shunned::from(Near::of_url(&first));
    let mut at = first.clone();
    let mut steps = 0;
    loop {
        // The first host is what the user named, whatever it stands for.
        let off_limits = if at.host() == first.host() { Shunned::default() } else { shunned };
        request.extensions_mut().insert(Hop { shunned: off_limits, is_further: steps > 0 });
        let answer = client.execute(request.clone()).await?;
        if !is_redirect(answer.status(), answer.headers()) {
            return Ok(answer);
        }
        let next = next(&at, answer.headers()).and_then(|next| match Near::of_url(&next) {
            _ if steps == REDIRECTS => Err((ErrorKind::Io, format!("it comes after {REDIRECTS} redirects"))),
            Some(near) if next.host() != first.host() && shunned.includes(near) => {
                Err((ErrorKind::Denied, format!("no redirect leads to {near}")))
            }
            _ => Ok(next),
        });
        let next = next.map_err(|(kind, why)| refused(&request, &at, answer.status(), answer.headers(), kind, &why))?;
        if next.origin() != at.origin() {
            for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                request.headers_mut().remove(name);
            }
        }
        *request.uri_mut() = next.as_str().parse().map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        at = next;
        steps += 1;
    }
}

/// Where an answer sends on to, if that may be asked at all.
fn next(at: &Url, headers: &HeaderMap) -> Result<Url, (ErrorKind, String)> {
    let location = headers.get(LOCATION).map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned());
    let mut next = at.join(&location.unwrap_or_default()).map_err(|error| (ErrorKind::Io, error.to_string()))?;
    match (at.scheme(), next.scheme()) {
        (_, "https") | ("http", "http") => {}
        (_, "http") => return Err((ErrorKind::Denied, "it leads from https to http".to_owned())),
        (_, other) => return Err((ErrorKind::Denied, format!("`{other}` is neither http nor https"))),
    }
    next.set_fragment(None);
    // The answer names a place; a user and a password would be the answer's own idea.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    Ok(next)
}

fn refused(request: &HttpRequest, at: &Url, status: StatusCode, headers: &HeaderMap, kind: ErrorKind, why: &str) -> HttpError {
    let place = place(at, headers).unwrap_or_default();
    let why = format!("answered {} and sent on to {place}, which is not followed: {why}", status.as_u16());
    Trace::failed(FailedRequest { origin: origin(request), metadata: false, what: What::Refused { kind, why: why.clone() } });
    HttpError::new(HttpErrorKind::Unknown, Said(why))
}
