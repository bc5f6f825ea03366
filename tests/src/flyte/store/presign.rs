//! URLs that are signed for one request, as S3 has them (signature version 4, in the query).

use sha2::{Digest as _, Sha256};

/// A key, by its id and its secret.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// A request that is signed.
pub(crate) struct Request<'r> {
    pub(crate) method: &'r str,
    pub(crate) host: &'r str,
    pub(crate) path: &'r str,
    /// When it is signed, as `20240229T123456Z`.
    pub(crate) date: &'r str,
    pub(crate) seconds: u64,
    /// The signed headers besides the host: names in small letters, sorted.
    pub(crate) headers: &'r [(String, String)],
}

const REGION: &str = "us-east-1";

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len().min(64)].copy_from_slice(&key[..key.len().min(64)]);
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

/// A text as it stands in a URL; slashes stay in paths.
pub(crate) fn escaped(text: &str, keep_slash: bool) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep_slash && byte == b'/';
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Request<'_> {
    fn query(&self, credentials: &Credentials) -> String {
        let signed: Vec<&str> = self.signed();
        let scope = format!("{}/{}/{REGION}/s3/aws4_request", credentials.id, &self.date[..8]);
        [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("X-Amz-Credential", scope),
            ("X-Amz-Date", self.date.to_owned()),
            ("X-Amz-Expires", self.seconds.to_string()),
            ("X-Amz-SignedHeaders", signed.join(";")),
        ]
        .map(|(name, value)| format!("{name}={}", escaped(&value, false)))
        .join("&")
    }

    fn signed(&self) -> Vec<&str> {
        let mut signed: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).chain(["host"]).collect();
        signed.sort_unstable();
        signed
    }

    /// The signature.
    pub(crate) fn signature(&self, credentials: &Credentials) -> String {
        let value = |name: &str| match name {
            "host" => self.host,
            _ => self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim()),
        };
        let signed = self.signed();
        let headers: String = signed.iter().map(|name| format!("{name}:{}\n", value(name))).collect();
        let (path, query, signed) = (escaped(self.path, true), self.query(credentials), signed.join(";"));
        let canonical = format!("{}\n{path}\n{query}\n{headers}\n{signed}\nUNSIGNED-PAYLOAD", self.method);
        let day = &self.date[..8];
        let digest = hex(&Sha256::digest(canonical));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{day}/{REGION}/s3/aws4_request\n{digest}", self.date);
        let key = format!("AWS4{}", credentials.secret).into_bytes();
        let key = [day, REGION, "s3", "aws4_request"].iter().fold(key, |key, part| hmac(&key, part.as_bytes()));
        hex(&hmac(&key, text.as_bytes()))
    }

    /// The path and query of the signed URL.
    pub(crate) fn target(&self, credentials: &Credentials) -> String {
        let (path, query) = (escaped(self.path, true), self.query(credentials));
        format!("{path}?{query}&X-Amz-Signature={}", self.signature(credentials))
    }
}

/// A moment as signatures have it.
pub(crate) fn stamp(time: jiff::Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}
