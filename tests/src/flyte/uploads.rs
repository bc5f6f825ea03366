//! Places that clients upload to, and read from, by signed URLs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nebulakit_types::wire::flyteidl::service::{
    CreateDownloadLinkRequest, CreateDownloadLinkResponse, CreateDownloadLocationRequest, CreateDownloadLocationResponse,
    CreateUploadLocationRequest, CreateUploadLocationResponse, PreSignedUrLs, create_download_link_request::Source,
};
use nebulakit_types::wire::google::protobuf::Timestamp;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use prost::Message as _;

use super::grpc::{ALREADY_EXISTS, Answer, INTERNAL, INVALID_ARGUMENT};
use super::store::presign;
use super::watch;
use super::world::World;

/// How long URLs are good that say nothing of it, and the most that they may say.
const EXPIRES: i64 = 3600;

fn refuse<T>(text: impl Into<String>) -> Result<T, (u32, String)> {
    Err((INVALID_ARGUMENT, text.into()))
}

/// Bytes as letters, as the platform names folders after digests.
fn base32(bytes: &[u8]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1 == 1)).collect();
    let letter = |bits: &[bool]| (0..5).fold(0, |number, at| number << 1 | usize::from(bits.get(at).copied().unwrap_or(false)));
    let mut text: String = bits.chunks(5).map(|bits| char::from(letters[letter(bits)])).collect();
    while !text.len().is_multiple_of(8) {
        text.push('=');
    }
    text
}

fn signed(world: &World, method: &str, url: &str, seconds: u64, headers: &[(String, String)]) -> (String, Timestamp) {
    let path = format!("/{}", url.strip_prefix("s3://").unwrap_or(url));
    let now = jiff::Timestamp::now();
    let (host, date) = (world.endpoint.split("://").last().unwrap_or_default(), presign::stamp(now));
    let request = presign::Request { method, host, path: &path, date: &date, seconds, headers };
    let ends = now + jiff::SignedDuration::try_from(Duration::from_secs(seconds)).unwrap_or_default();
    let ends = Timestamp { seconds: ends.as_second(), nanos: ends.subsec_nanosecond() };
    (format!("{}{}", world.endpoint, request.target(&world.credentials)), ends)
}

/// What Go encodes of a path.
const ENCODED: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'[').add(b'\\').add(b']').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// What FlyteAdmin makes of the name of a file, which it reads as a part of an address: the name of the object, and how it is written in the URL that is
/// given to the caller. [`None`] if it cannot be read so.
#[must_use]
pub fn addressed(name: &str) -> Option<(String, String)> {
    let name = name.split(['?', '#']).next().unwrap_or_default();
    let is_escape = |rest: &str| rest.get(..2).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let object = percent_decode_str(name).decode_utf8().ok()?.into_owned();
    name.split('%').skip(1).all(is_escape).then(|| (object, utf8_percent_encode(name, ENCODED).to_string()))
}

pub(crate) async fn upload(world: &World, request: CreateUploadLocationRequest) -> Answer {
    if request.project.is_empty() || request.domain.is_empty() {
        return refuse("project and domain are required parameters");
    }
    if request.content_md5.is_empty() && request.filename_root.is_empty() {
        return refuse("content_md5 or filename_root is a required parameter");
    }
    let seconds = request.expires_in.map_or(EXPIRES, |expires| expires.seconds);
    if seconds > EXPIRES {
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        return refuse(format!("expiresIn [{hours}h{minutes}m{seconds}s] cannot exceed max allowed expiration [1h0m0s]"));
    }
    let root = if request.filename_root.is_empty() { base32(&request.content_md5) } else { request.filename_root.clone() };
    let name = if request.filename.is_empty() { super::random_name() } else { request.filename.clone() };
    let Some((name, address)) = addressed(&name) else { return Err((INTERNAL, format!("parse \"{name}\": invalid URL escape"))) };
    let [native, address] = [name, address].map(|name| format!("{}/{}/{}/{root}/{name}", world.bucket, request.project, request.domain));
    let digest = STANDARD.encode(&request.content_md5);
    // Of a name that is chosen the bytes have to be the same.
    if !request.filename_root.is_empty()
        && !request.filename.is_empty()
        && let Some(bytes) = world.read(&native).await
    {
        use md5::Digest as _;
        if md5::Md5::digest(&bytes).as_slice() != request.content_md5 {
            let text = format!("file already exists at location [{native}], specify a matching hash if you wish to rewrite");
            return Err((ALREADY_EXISTS, text));
        }
    }
    let mut headers = Vec::new();
    if !request.content_md5.is_empty() {
        headers.push(("Content-MD5", digest.clone()));
        if request.add_content_md5_metadata {
            headers.push(("x-amz-meta-flyteContentMD5", digest.clone()));
        }
    }
    let mut to_sign: Vec<_> = headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    to_sign.sort();
    let (signed_url, expires_at) = signed(world, "PUT", &native, seconds.unsigned_abs(), &to_sign);
    // The length of the digest, as the platform has it by mistake.
    headers.push(("Content-Length", digest.len().to_string()));
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(CreateUploadLocationResponse { signed_url, native_url: address, expires_at: Some(expires_at), headers }.encode_to_vec())
}

pub(crate) fn download(world: &World, request: CreateDownloadLinkRequest) -> Answer {
    let Some(Source::NodeExecutionId(id)) = request.source else {
        return refuse("error while validating request. Error: source is required. Provided nil");
    };
    let (_, record) = watch::node_found(world, Some(&id)).or_else(|(_, text)| {
        let execution = super::launch::shown(&id.execution_id.clone().unwrap_or_default());
        let id = format!("node_id:\"{}\" execution_id:{{{execution}}}", id.node_id);
        refuse(format!("failed to find node execution [{id}]. Error: {text}"))
    })?;
    if record.deck_uri.is_empty() {
        return refuse("no deckUrl found for request");
    }
    let (url, ends) = signed(world, "GET", &record.deck_uri, EXPIRES.unsigned_abs(), &[]);
    let urls = PreSignedUrLs { signed_url: vec![url.clone()], expires_at: Some(ends) };
    Ok(CreateDownloadLinkResponse { signed_url: vec![url], expires_at: Some(ends), pre_signed_urls: Some(urls) }.encode_to_vec())
}

/// Signs what it is asked for, whether it is there or not.
pub(crate) fn location(world: &World, request: CreateDownloadLocationRequest) -> Answer {
    if request.native_url.is_empty() {
        return refuse("error while validating request: invalid request. Missing 'native_url' parameter");
    }
    let seconds = request.expires_in.map_or(EXPIRES, |expires| expires.seconds);
    let (signed_url, ends) = signed(world, "GET", &request.native_url, seconds.unsigned_abs(), &[]);
    Ok(CreateDownloadLocationResponse { signed_url, expires_at: Some(ends) }.encode_to_vec())
}
