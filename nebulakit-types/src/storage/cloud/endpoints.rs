//! What settings say of hosts: endpoints of stores, and the services that credentials come from.

use super::super::shown::shown;
#[cfg(feature = "aws")]
use super::super::transport::is_container_service;
#[cfg(any(feature = "aws", feature = "azure"))]
use super::super::transport::is_this_machine;
use crate::{Error, ErrorKind, Result};

/// Reads an endpoint: a scheme, a host, perhaps a port and a path.
pub(in super::super) fn endpoint_url(endpoint: &str) -> Result<url::Url> {
    read(&format!("the endpoint `{}`", shown(endpoint)), endpoint)
}

fn read(what: &str, endpoint: &str) -> Result<url::Url> {
    let fault = |why: &str| Error::new(ErrorKind::Url, format!("{what} {why}"));
    let url = url::Url::parse(endpoint.trim()).map_err(|error| fault(&format!("is not a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("holds a user name or a password; credentials have settings of their own"));
    }
    match url.scheme() {
        "http" | "https" if url.has_host() && url.query().is_none() && url.fragment().is_none() => Ok(url),
        "http" | "https" => Err(fault("must be a host, perhaps with a port and a path, and nothing after it")),
        _ => Err(fault("must begin with `https://` or `http://`")),
    }
}

/// Reads the address of a service that gives credentials to anyone who can ask: it is sent no secret but one that it handed out itself.
#[cfg(any(feature = "aws", feature = "azure"))]
pub(in super::super) fn service_url(variable: &str, text: &str) -> Result<String> {
    Ok(bare(&read(&format!("`{}`, the value of {variable},", shown(text)), text)?))
}

/// Reads the address of a service that is sent a secret: by https, or on this machine.
#[cfg(any(feature = "aws", feature = "azure"))]
pub(in super::super) fn secret_url(variable: &str, text: &str) -> Result<String> {
    let url = read(&format!("`{}`, the value of {variable},", shown(text)), text)?;
    if url.scheme() == "https" || is_this_machine(&url) { Ok(bare(&url)) } else { Err(open(variable, &url, "this machine")) }
}

/// Reads the address at which a container asks for credentials with a token: by https, on this machine, or at the addresses at which Amazon's
/// container services answer. Amazon's own libraries allow the same.
#[cfg(feature = "aws")]
pub(in super::super) fn container_url(variable: &str, text: &str) -> Result<String> {
    // This one may have a query.
    let (address, query) = text.split_once('?').map_or((text, None), |(address, query)| (address, Some(query)));
    let mut url = read(&format!("`{}`, the value of {variable},", shown(text)), address)?;
    if url.scheme() == "https" || is_this_machine(&url) || is_container_service(&url) {
        url.set_query(query);
        Ok(url.into())
    } else {
        Err(open(variable, &url, "this machine, or an address of Amazon's container services"))
    }
}

/// Reads a path at the container service of Amazon, which is put behind its host as it stands.
#[cfg(feature = "aws")]
pub(in super::super) fn container_path(variable: &str, path: &str) -> Result<String> {
    if path.starts_with('/') {
        return Ok(path.to_owned());
    }
    Err(Error::new(ErrorKind::Url, format!("the value of {variable} must be a path: it has to begin with a slash")))
}

#[cfg(any(feature = "aws", feature = "azure"))]
fn open(variable: &str, url: &url::Url, allowed: &str) -> Error {
    let text = format!("{variable} names `{}`, which would be sent a secret in the clear", url.origin().ascii_serialization());
    Error::new(ErrorKind::Denied, text).with_hint(format!("it has to begin with `https://`, or to name {allowed}"))
}

/// An endpoint as it is put in front of a path.
#[cfg(any(feature = "aws", feature = "azure"))]
fn bare(url: &url::Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// Checks that the name of a bucket can be a part of a path: a path of dots leads out of the endpoint.
#[cfg(any(feature = "aws", feature = "gcp"))]
pub(in super::super) fn check_bucket(url: &str, bucket: &str) -> Result<()> {
    if bucket.contains(['@', ':', '$']) {
        return Err(Error::new(ErrorKind::Url, format!("`{}`: the name of a bucket holds no `@`, `:` or `$`", shown(url))));
    }
    if bucket.chars().all(|c| c == '.') {
        return Err(Error::new(ErrorKind::Url, format!("`{}`: dots alone are not the name of a bucket", shown(url))));
    }
    Ok(())
}
