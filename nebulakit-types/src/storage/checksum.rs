//! Checksums of whole objects that stores send along: Google Cloud Storage always, S3 when it is asked and has one, Azure for most blobs.
//!
//! CRCs of ranges that came side by side are put together, so that a large object is checked as a small one is. MD5, which is all that Azure
//! has, cannot be: it is checked of what comes as one stream.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, checksum_combine};
use http::{HeaderMap, HeaderName, StatusCode, header};
use md5::{Digest as _, Md5};

use super::shown::shown;
use super::words::ONE_TRY;
use crate::{Error, ErrorKind, Result};

/// What the bytes of a whole object have to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checksum {
    kind: Kind,
    value: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Md5,
}

impl Kind {
    /// Those of S3, the better ones first.
    const OF_S3: [(Self, &str); 3] =
        [(Self::Crc64Nvme, "x-amz-checksum-crc64nvme"), (Self::Crc32c, "x-amz-checksum-crc32c"), (Self::Crc32, "x-amz-checksum-crc32")];

    /// How it is summed up, if it is a CRC.
    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Md5 => None,
        }
    }

    /// How many bytes it has.
    fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Md5 => 16,
        }
    }

    /// The number behind base64 of big-endian bytes; of an object of parts, S3 may give a sum of sums, with a hyphen, which says nothing here.
    fn value(self, text: &str) -> Option<Checksum> {
        let bytes = BASE64_STANDARD.decode(text.trim()).ok()?;
        (bytes.len() == self.length()).then(|| Checksum { kind: self, value: number(&bytes) })
    }
}

/// The number that big-endian bytes, 16 at most, are.
fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

impl Checksum {
    /// The one of the whole object that an answer names, if it names one.
    pub(super) fn named(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let composite = text("x-amz-checksum-type").is_some_and(|kind| kind.eq_ignore_ascii_case("COMPOSITE"));
        let amazon = || Kind::OF_S3.iter().filter(|_| !composite).find_map(|(kind, name)| kind.value(text(name)?));
        let google = || {
            // It is that of the stored bytes, which an answer that was decoded on the way does not have.
            let stored = text("x-goog-stored-content-encoding").filter(|encoding| *encoding != "identity");
            if stored.is_some_and(|encoding| text(header::CONTENT_ENCODING.as_str()) != Some(encoding)) {
                return None;
            }
            let hashes = headers.get_all(HeaderName::from_static("x-goog-hash")).iter().filter_map(|value| value.to_str().ok());
            let mut hashes = hashes.flat_map(|hashes| hashes.split(','));
            hashes.find_map(|hash| Kind::Crc32c.value(hash.trim().strip_prefix("crc32c=")?))
        };
        let azure = || {
            // Page and append blobs are changed in place, and keep the MD5 that they were made with.
            text("x-ms-blob-type").filter(|kind| *kind == "BlockBlob")?;
            // `Content-MD5` is that of what the answer holds, which is the whole blob or a range of it; beside a range stands the blob's own.
            let of_blob = text("x-ms-blob-content-md5");
            let of_body = text("content-md5").filter(|_| status == StatusCode::OK);
            Kind::Md5.value(of_blob.or(of_body)?)
        };
        amazon().or_else(google).or_else(azure)
    }

    /// Whether sums of ranges can be joined to that of the whole.
    pub(super) fn can_be_joined(self) -> bool {
        self.kind.crc().is_some()
    }

    /// Begins to sum up bytes that are to be held against it.
    pub(super) fn begin(self) -> Sum {
        Sum { digest: self.kind.crc().map_or_else(|| Digest::Md5(Md5::new()), |crc| Digest::Crc(crc_fast::Digest::new(crc))), length: 0 }
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
        let digits = 2 * self.kind.length();
        let text = format!(
            "`{}`: the {} bytes that came have the {} {:0digits$x}, and the store says {:0digits$x}: they were damaged on the way or in the \
             store{ONE_TRY}",
            shown(url),
            sum.length,
            self.kind,
            sum.value,
            self.value
        );
        Err(Error::new(ErrorKind::Unavailable, text))
    }

    /// The sum of what stands before, and of what follows it, where it follows from theirs.
    pub(super) fn joined(self, before: Summed, after: Summed) -> Option<Summed> {
        let value = |sum: Summed| u64::try_from(sum.value).ok();
        let value = checksum_combine(self.kind.crc()?, value(before)?, value(after)?, after.length);
        Some(Summed { value: value.into(), length: before.length + after.length })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crc32 => "CRC-32",
            Self::Crc32c => "CRC-32C",
            Self::Crc64Nvme => "CRC-64/NVME",
            Self::Md5 => "MD5",
        })
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one for each range under way, and most are the larger one")]
enum Digest {
    Crc(crc_fast::Digest),
    Md5(Md5),
}

/// A sum under way.
pub(super) struct Sum {
    digest: Digest,
    length: u64,
}

/// A checksum, and how many bytes it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summed {
    value: u128,
    length: u64,
}

impl Sum {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        match &mut self.digest {
            Digest::Crc(digest) => digest.update(bytes),
            Digest::Md5(digest) => digest.update(bytes),
        }
        self.length += bytes.len() as u64;
    }

    pub(super) fn end(&self) -> Summed {
        let value = match &self.digest {
            Digest::Crc(digest) => digest.finalize().into(),
            Digest::Md5(digest) => number(&digest.clone().finalize()),
        };
        Summed { value, length: self.length }
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
        Checksum::named(StatusCode::OK, &map)
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
            let all = parts.into_iter().reduce(|before, after| checksum.joined(before, after).unwrap()).unwrap();
            checksum.check("s3://b/k", all).unwrap();
            let error = checksum.check("s3://b/k", parts[0]).unwrap_err().to_string();
            assert!(error.contains("`s3://b/k`: the 4 bytes that came"), "{error}");
        }
    }

    /// That of the same text, of a blob and of what an answer holds.
    #[test]
    fn md5_is_read_where_it_is_that_of_the_whole_and_is_never_joined() {
        let (block, of_blob, of_body) = (
            ("x-ms-blob-type", "BlockBlob"),
            ("x-ms-blob-content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
            ("content-md5", "JfnnlDI7RTiF9RgfG2JNCw=="),
        );
        for headers in [[block, of_body], [block, of_blob]] {
            let checksum = of(&headers).unwrap();
            let mut sum = checksum.begin();
            sum.add(b"1234");
            let before = sum.end();
            sum.add(b"56789");
            checksum.check("abfs://c/k", sum.end()).unwrap();
            let error = checksum.check("abfs://c/k", before).unwrap_err().to_string();
            assert!(error.contains("the 4 bytes that came have the MD5 81dc9bdb52d04dc20036dbd8313ed055"), "{error}");
            assert!(!checksum.can_be_joined() && checksum.joined(before, before).is_none());
        }
        let map = |headers: &[(&'static str, &'static str)]| {
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let named = |headers: &[_]| Checksum::named(StatusCode::PARTIAL_CONTENT, &map(headers));
        assert!(
            named(&[block, of_body]).is_none()
                && named(&[block, ("content-md5", "AAAAAAAAAAAAAAAAAAAAAA=="), of_blob]) == of(&[block, of_blob])
        );
        for kind in [&[][..], &[("x-ms-blob-type", "AppendBlob")], &[("x-ms-blob-type", "PageBlob")]] {
            assert_eq!(of(&[kind, &[of_body, of_blob]].concat()), None, "{kind:?}");
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
