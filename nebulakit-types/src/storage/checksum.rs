//! Checksums of whole objects that stores send along: Google Cloud Storage always, S3 when it is asked and has one.
//!
//! Those of ranges that came side by side are put together, so that a large object is checked as a small one is.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, Digest, checksum_combine};
use http::{HeaderMap, HeaderName, header};

use super::location::shown;
use super::transfer::ONE_TRY;
use crate::{Error, ErrorKind, Result};

/// What the bytes of a whole object have to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksum {
    kind: Kind,
    value: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Crc32,
    Crc32c,
    Crc64Nvme,
}

impl Kind {
    const ALL: [(Self, &str); 3] =
        [(Self::Crc64Nvme, "x-amz-checksum-crc64nvme"), (Self::Crc32c, "x-amz-checksum-crc32c"), (Self::Crc32, "x-amz-checksum-crc32")];

    fn algorithm(self) -> CrcAlgorithm {
        match self {
            Self::Crc32 => CrcAlgorithm::Crc32IsoHdlc,
            Self::Crc32c => CrcAlgorithm::Crc32Iscsi,
            Self::Crc64Nvme => CrcAlgorithm::Crc64Nvme,
        }
    }

    /// The number behind base64 of big-endian bytes; of an object of parts, S3 may give a sum of sums, with a hyphen, which says nothing here.
    fn value(self, text: &str) -> Option<Checksum> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok()?;
        let length = if self == Self::Crc64Nvme { 8 } else { 4 };
        let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        (bytes.len() == length).then_some(Checksum { kind: self, value })
    }
}

impl Checksum {
    /// The one that an answer names, if it names one.
    pub(super) fn named(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let composite = text("x-amz-checksum-type").is_some_and(|kind| kind.eq_ignore_ascii_case("COMPOSITE"));
        let amazon = Kind::ALL.iter().filter(|_| !composite).find_map(|(kind, name)| kind.value(text(name)?));
        amazon.or_else(|| {
            // It is that of the stored bytes, which an answer that was decoded on the way does not have.
            let stored = text("x-goog-stored-content-encoding").filter(|encoding| *encoding != "identity");
            if stored.is_some_and(|encoding| text(header::CONTENT_ENCODING.as_str()) != Some(encoding)) {
                return None;
            }
            let hashes = headers.get_all(HeaderName::from_static("x-goog-hash")).iter().filter_map(|value| value.to_str().ok());
            let mut hashes = hashes.flat_map(|hashes| hashes.split(','));
            hashes.find_map(|hash| Kind::Crc32c.value(hash.trim().strip_prefix("crc32c=")?))
        })
    }

    /// Begins to sum up bytes that are to be held against it.
    pub(super) fn begin(self) -> Sum {
        Sum { digest: Digest::new(self.kind.algorithm()), length: 0 }
    }

    /// The sum of bytes that are here.
    pub(super) fn of(self, bytes: &[u8]) -> Summed {
        let mut sum = self.begin();
        sum.add(bytes);
        sum.end()
    }

    /// Whether it is that of bytes with this sum.
    pub(super) fn is_of(self, sum: Summed) -> bool {
        sum.value == self.value
    }

    /// Holds the sum of all bytes against it.
    pub(super) fn check(self, url: &str, sum: Summed) -> Result<()> {
        if self.is_of(sum) {
            return Ok(());
        }
        let text = format!(
            "`{}`: the {} bytes that came have the {} {:x}, and the store says {:x}: they were damaged on the way or in the store{ONE_TRY}",
            shown(url),
            sum.length,
            self.kind,
            sum.value,
            self.value
        );
        Err(Error::new(ErrorKind::Unavailable, text))
    }

    /// The sum of what stands before, and of what follows it.
    pub(super) fn joined(self, before: Summed, after: Summed) -> Summed {
        let value = checksum_combine(self.kind.algorithm(), before.value, after.value, after.length);
        Summed { value, length: before.length + after.length }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crc32 => "CRC-32",
            Self::Crc32c => "CRC-32C",
            Self::Crc64Nvme => "CRC-64/NVME",
        })
    }
}

/// A sum under way.
pub(super) struct Sum {
    digest: Digest,
    length: u64,
}

/// The sum of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summed {
    value: u64,
    length: u64,
}

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
    }

    pub(super) fn end(&self) -> Summed {
        Summed { value: self.digest.finalize(), length: self.length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Option<Checksum> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Checksum::named(&map)
    }

    /// The check values of the catalogue of CRCs: those of the text `123456789`.
    #[test]
    fn each_kind_is_read_and_holds_what_it_is_of() {
        for (header, text) in [
            ("x-amz-checksum-crc32", "y/Q5Jg=="),
            ("x-amz-checksum-crc32c", "4waSgw=="),
            ("x-amz-checksum-crc64nvme", "rosUhgp5mIg="),
            ("x-goog-hash", "md5=abc=,crc32c=4waSgw=="),
        ] {
            let checksum = of(&[(header, text)]).unwrap();
            let parts = [&b"1234"[..], b"5", b"6789"].map(|part| {
                let mut sum = checksum.begin();
                sum.add(part);
                sum.end()
            });
            let all = parts.into_iter().reduce(|before, after| checksum.joined(before, after)).unwrap();
            checksum.check("s3://b/k", all).unwrap();
            let error = checksum.check("s3://b/k", parts[0]).unwrap_err().to_string();
            assert!(error.contains("`s3://b/k`: the 4 bytes that came"), "{error}");
        }
    }

    #[test]
    fn what_says_nothing_of_these_bytes_is_passed_over() {
        for headers in [
            &[][..],
            &[("x-amz-checksum-crc32c", "4waSgw==-3")],
            &[("x-amz-checksum-crc32c", "4waSgw=="), ("x-amz-checksum-type", "COMPOSITE")],
            &[("x-amz-checksum-crc64nvme", "4waSgw==")],
            &[("x-goog-hash", "md5=abc=")],
            &[("x-goog-hash", "crc32c=4waSgw=="), ("x-goog-stored-content-encoding", "gzip")],
        ] {
            assert_eq!(of(headers), None, "{headers:?}");
        }
        let stored = [("x-goog-hash", "crc32c=4waSgw=="), ("x-goog-stored-content-encoding", "gzip"), ("content-encoding", "gzip")];
        assert!(of(&stored).is_some());
    }
}
