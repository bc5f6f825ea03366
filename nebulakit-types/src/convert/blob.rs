//! Files and directories as literals (`Blob`), and as fields of structs (a map with `path`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::msgpack::{Packer, Unpacker, unpack_literal};
use super::reader::{BlobRef, LiteralRef, LiteralView, PYTHON_PICKLE};
use super::writer::Encoder;
use crate::dialect::FileShape;
use crate::literal::LiteralValue;
use crate::literal_type::{BlobDimensionality, BlobType};
use crate::storage::shown;
use crate::{Dialect, Error, ErrorKind, Literal, LiteralType, Result};

/// What a literal says of a file or a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) uri: String,
    pub(crate) metadata: BTreeMap<String, String>,
}

/// Which of the two a literal is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// With its article, for messages.
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) dimensionality: BlobDimensionality,
    pub(crate) has_metadata: bool,
}

pub(crate) const FILE: Kind = Kind { name: "a file", title: "FlyteFile", dimensionality: BlobDimensionality::Single, has_metadata: true };

pub(crate) const DIRECTORY: Kind =
    Kind { name: "a directory", title: "FlyteDirectory", dimensionality: BlobDimensionality::Multipart, has_metadata: false };

impl Kind {
    /// The type; Flyte 2 does not tell formats apart.
    pub(crate) fn literal_type(self, format: &str, dialect: &Dialect) -> LiteralType {
        let format = if dialect.files == FileShape::Flyte1 { format } else { "" };
        LiteralType::blob(format, self.dimensionality)
    }

    /// The schema as a field of a struct, as mashumaro writes it for flytekit's classes (Flyte task contract, "dataclass").
    pub(crate) fn schema(self) -> Value {
        let mut properties =
            json!({ "path": { "anyOf": [{ "type": "string" }, { "type": "string", "format": "path" }], "default": null } });
        if self.has_metadata {
            let texts = json!({ "type": "object", "additionalProperties": { "type": "string" }, "propertyNames": { "type": "string" } });
            properties["metadata"] = json!({ "anyOf": [texts, { "type": "null" }], "default": null });
        }
        json!({ "type": "object", "title": self.title, "properties": properties, "additionalProperties": false })
    }

    pub(crate) fn encode(self, reference: Reference, format: &str, encoder: &mut Encoder) {
        let format = if encoder.dialect().files == FileShape::Flyte1 { format } else { "" };
        let blob_type = BlobType { format: format.to_owned(), dimensionality: self.dimensionality };
        let value = LiteralValue::Blob { uri: reference.uri, blob_type };
        encoder.raw(&Literal { value, hash: None, metadata: reference.metadata }.encode());
    }

    /// Reads a `Blob`, or the map by which structs hold files.
    pub(crate) fn decode(self, literal: LiteralRef<'_>) -> Result<Reference> {
        let view = literal.view()?;
        let LiteralView::Blob(blob) = view else {
            return unpack_literal(literal, self.name, |unpacker| self.unpack(unpacker));
        };
        let BlobRef { uri, format, is_single } = BlobRef::of(blob)?;
        let dimensionality = if is_single { BlobDimensionality::Single } else { BlobDimensionality::Multipart };
        if dimensionality != self.dimensionality {
            if format == PYTHON_PICKLE {
                return Err(view.mismatch(self.name));
            }
            let found = if dimensionality == BlobDimensionality::Single { FILE } else { DIRECTORY };
            return Err(Error::new(ErrorKind::Mismatch, format!("expected {}, found {} (`{}`)", self.name, found.name, shown(uri))));
        }
        self.located(Reference { uri: uri.to_owned(), metadata: literal.metadata()? })
    }

    pub(crate) fn pack(self, reference: &Reference, name: &str, packer: &mut Packer) -> Result<()> {
        let metadata = self.has_metadata && !reference.metadata.is_empty();
        let is_flyte_2 = packer.dialect().files == FileShape::Flyte2;
        packer.map(1 + usize::from(metadata) + if is_flyte_2 { 3 } else { 0 })?;
        packer.string("path")?;
        packer.string(&reference.uri)?;
        if is_flyte_2 {
            packer.string("name")?;
            packer.string(name)?;
            packer.string("format")?;
            packer.string("")?;
            packer.string("hash")?;
            packer.nil();
        }
        if metadata {
            packer.string("metadata")?;
            packer.map(reference.metadata.len())?;
            for (key, value) in &reference.metadata {
                packer.string(key)?;
                packer.string(value)?;
            }
        }
        Ok(())
    }

    /// Reads the map by which structs hold files; what else is in it is passed over.
    pub(crate) fn unpack(self, unpacker: &mut Unpacker<'_>) -> Result<Reference> {
        let mut reference = Reference::default();
        let mut found = false;
        let count = unpacker.expect_map()?;
        unpacker.nested(|inner| {
            for _ in 0..count {
                match inner.expect_key()? {
                    "path" if found => return Err(twice("path")),
                    "path" => {
                        inner.expect_string().map_err(|error| error.at_field("path"))?.clone_into(&mut reference.uri);
                        found = true;
                    }
                    "metadata" if inner.is_nil() => {
                        inner.next()?;
                    }
                    "metadata" => {
                        for _ in 0..inner.expect_map()? {
                            let key = inner.expect_key()?;
                            if reference.metadata.insert(key.to_owned(), inner.expect_string()?.to_owned()).is_some() {
                                return Err(twice(key).at_field("metadata"));
                            }
                        }
                    }
                    _ => inner.skip()?,
                }
            }
            Ok(())
        })?;
        if !found {
            return Err(Error::new(ErrorKind::Mismatch, format!("expected {} as a map with `path`, found a map without it", self.name)));
        }
        self.located(reference)
    }

    fn located(self, reference: Reference) -> Result<Reference> {
        if reference.uri.is_empty() {
            return Err(Error::new(ErrorKind::Mismatch, format!("expected {}, found one without a URI", self.name)));
        }
        Ok(reference)
    }
}

#[cold]
fn twice(key: &str) -> Error {
    Error::new(ErrorKind::Mismatch, format!("the key `{key}` comes twice"))
}
