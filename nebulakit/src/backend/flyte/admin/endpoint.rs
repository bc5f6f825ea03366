//! Where a control plane is.

use std::fmt;

use http::Uri;
use http::uri::Authority;

use super::super::error::{ClientError, ClientErrorKind};

/// The port of an endpoint that names none, with and without TLS, as in gRPC's other clients.
const PORT: u16 = 443;

/// Where a control plane is: `host:port`, and whether it speaks TLS. It displays as `host:port`.
#[derive(Debug, Clone)]
pub(in super::super) struct Endpoint {
    authority: Authority,
    pub(in super::super) is_insecure: bool,
}

impl Endpoint {
    /// Reads `host`, `host:port` or `[address]:port`, with or without `dns:///`.
    pub(in super::super) fn parse(text: &str, is_insecure: bool) -> Result<Self, ClientError> {
        let wrong = || {
            let message = format!("the endpoint of the control plane: expected `host:port` or `dns:///host:port`, found `{text}`");
            let error = ClientError::new(ClientErrorKind::Settings, message);
            match text.contains("://") {
                true => error.with_hint("`admin.insecure` says whether it speaks TLS; leave the scheme out"),
                false => error,
            }
        };
        let place = text.strip_prefix("dns:///").unwrap_or(text);
        let authority: Authority = place.parse().map_err(|_| wrong())?;
        if authority.host().is_empty() || place.contains('@') || place.ends_with(':') {
            return Err(wrong());
        }
        match (authority.port(), authority.port_u16()) {
            (None, _) => format!("{authority}:{PORT}").parse().map_err(|_| wrong()).map(|authority| Self { authority, is_insecure }),
            (Some(_), Some(_)) => Ok(Self { authority, is_insecure }),
            (Some(_), None) => Err(wrong()),
        }
    }

    /// The host without its port, and an IPv6 address without its brackets.
    pub(in super::super) fn host(&self) -> &str {
        self.authority.host().trim_matches(['[', ']'])
    }

    /// The address of what people see there, without a port where it is the usual one.
    pub(in super::super) fn address(&self) -> String {
        match (self.is_insecure, self.authority.port_u16()) {
            (false, Some(PORT)) => format!("https://{}", self.authority.host()),
            (false, _) => format!("https://{}", self.authority),
            (true, _) => format!("http://{}", self.authority),
        }
    }

    pub(super) fn origin(&self) -> Uri {
        let scheme = if self.is_insecure { "http" } else { "https" };
        let built = Uri::builder().scheme(scheme).authority(self.authority.clone()).path_and_query("/").build();
        built.expect("a scheme, an authority and a path make a URI")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.authority.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(String, String), String> {
        let endpoint = Endpoint::parse(text, false).map_err(|error| error.to_string())?;
        Ok((endpoint.to_string(), endpoint.host().to_owned()))
    }

    #[test]
    fn endpoints_are_hosts_with_ports() {
        let told = |place: &str, host: &str| Ok((place.to_owned(), host.to_owned()));
        assert_eq!(parsed("dns:///flyte.example.com"), told("flyte.example.com:443", "flyte.example.com"));
        assert_eq!(parsed("localhost:30080"), told("localhost:30080", "localhost"));
        assert_eq!(parsed("[::1]:81"), told("[::1]:81", "::1"));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_expected() {
        for text in ["", ":80", "host:", "host:http", "host:99999", "user@host:1", "a b", "host/path"] {
            let error = parsed(text).unwrap_err();
            let expected = "the endpoint of the control plane: expected `host:port` or `dns:///host:port`, found";
            assert_eq!(error, format!("{expected} `{text}`"));
        }
        let error = parsed("https://flyte.example.com").unwrap_err();
        assert!(error.ends_with("\nhint: `admin.insecure` says whether it speaks TLS; leave the scheme out"), "{error}");
    }
}
