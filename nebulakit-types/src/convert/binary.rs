//! Bytes: raw, as Python pickles them, and in the forms that structs and models have.

use crate::convert::kind::Kind;
use std::sync::LazyLock;

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};
use bytes::Bytes;
use serde_json::json;

use super::NebulaType;
use super::msgpack::{Packed, Packer, Unpacker, whole};
use super::pickle::{self, Pickle};
use super::reader::{BlobRef, LiteralRef, LiteralView, PYTHON_PICKLE};
use super::writer::Encoder;
use crate::dialect::StructStructure;
use crate::literal_type::SimpleType;
use crate::storage::shown;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// The one `bytes` object of a pickle.
fn from_pickle(bytes: &[u8]) -> Result<Bytes> {
    let found = match pickle::read(bytes) {
        Some(Pickle::Bytes(content)) => return Ok(Bytes::from(content.into_owned())),
        Some(Pickle::Other(Some(class))) => format!("a pickle of something else than `bytes` (`{class}`)"),
        Some(Pickle::Other(None)) => "a pickle of something else than `bytes`".to_owned(),
        None => "a file of Python's that is not a pickle".to_owned(),
    };
    Err(Error::new(ErrorKind::Mismatch, format!("expected bytes, found {found}")))
}

/// Both alphabets, with padding or without.
static BASE64: LazyLock<GeneralPurpose> = LazyLock::new(|| {
    GeneralPurpose::new(&alphabet::STANDARD, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent))
});

/// The bytes that JSON-based senders write as base64: Python's `encodebytes` breaks the lines, others have the alphabet of URLs.
fn from_base64(text: &str) -> Result<Bytes> {
    let plain = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        byte => byte,
    };
    let joined: Vec<_> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).map(plain).collect();
    BASE64
        .decode(joined)
        .map(Bytes::from)
        .map_err(|error| Error::new(ErrorKind::Mismatch, "expected bytes or base64 text").with_source(error))
}

/// Plain bytes: a binary literal with an empty tag, msgpack's own bytes inside structs (where base64 text is read too), text in UTF-8 inside
/// pydantic models.
impl NebulaType for Bytes {
    const TAG: &'static str = "bytes";
    const KIND: Kind = Kind::Bytes;

    fn literal_type(_: &Dialect) -> LiteralType {
        LiteralType::simple(SimpleType::Binary)
    }

    /// Bytes that would be read as a pickle go out as the pickle of them.
    fn encode(&self, encoder: &mut Encoder) -> Result<()> {
        match pickle::read(self) {
            None => encoder.binary(self, ""),
            Some(_) => encoder.binary(&pickle::write(self), ""),
        }
        Ok(())
    }

    fn decode(literal: LiteralRef<'_>) -> Result<Self> {
        match literal.view()? {
            LiteralView::Binary(bytes, "") => match pickle::read(bytes) {
                Some(_) => from_pickle(bytes),
                None => Ok(Self::copy_from_slice(bytes)),
            },
            // A large one of Python's.
            LiteralView::Blob(blob) if BlobRef::of(blob)?.format == PYTHON_PICKLE => {
                let uri = BlobRef::of(blob)?.uri;
                let missing =
                    || Error::new(ErrorKind::NotFetched, format!("the value is pickled in `{}`, which has not been fetched", shown(uri)));
                from_pickle(literal.references().get(uri).ok_or_else(missing)?)
            }
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            LiteralView::Binary(_, tag) => {
                Err(Error::new(ErrorKind::Mismatch, format!("expected plain bytes, found binary data with the tag `{tag}`")))
            }
            other => Err(other.mismatch("bytes")),
        }
    }

    /// # Errors
    /// Bytes that are not UTF-8, in a pydantic model on Flyte 1: neither it nor its reader has a form for them.
    fn pack(&self, packer: &mut Packer) -> Result<()> {
        if !packer.is_pydantic() {
            return packer.binary(self);
        }
        match std::str::from_utf8(self) {
            Ok(text) => packer.string(text),
            Err(_) if packer.dialect().struct_structure == StructStructure::Tag => packer.binary(self),
            Err(error) => Err(Error::new(
                ErrorKind::Unencodable,
                format!("a pydantic model holds bytes as UTF-8 text, which these are not from byte {} on", error.valid_up_to()),
            )),
        }
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::Binary(bytes) => Ok(Self::copy_from_slice(bytes)),
            Packed::String(text) if unpacker.is_pydantic => Ok(Self::copy_from_slice(text.as_bytes())),
            Packed::String(text) => from_base64(text),
            other => Err(other.mismatch("bytes")),
        }
    }

    fn schema(_: &Dialect) -> serde_json::Value {
        json!({ "type": "string", "format": "base64" })
    }
}
