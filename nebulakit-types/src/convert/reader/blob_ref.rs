//! Where a file or a directory is, as a `Blob` says it.

use super::fields::{Fields, Wire};
use super::text::utf8;
use crate::Result;

/// The format of the files that hold Python's pickles.
pub(crate) const PYTHON_PICKLE: &str = "PythonPickle";

/// What a `Blob` says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlobRef<'a> {
    pub(crate) uri: &'a str,
    pub(crate) format: &'a str,
    /// One object, or else many under a prefix.
    pub(crate) is_single: bool,
}

impl<'a> BlobRef<'a> {
    /// Reads the bytes of a `Blob`.
    pub(crate) fn of(blob: &'a [u8]) -> Result<Self> {
        let mut found = Self { uri: "", format: "", is_single: true };
        let mut fields = Fields::new(blob);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(metadata)) => {
                    let mut metadata = Fields::new(metadata);
                    while let Some(field) = metadata.next()? {
                        if let (1, Wire::Bytes(blob_type)) = field {
                            found.read_type(blob_type)?;
                        }
                    }
                }
                (3, Wire::Bytes(text)) => found.uri = utf8(text)?,
                _ => {}
            }
        }
        Ok(found)
    }

    fn read_type(&mut self, blob_type: &'a [u8]) -> Result<()> {
        let mut fields = Fields::new(blob_type);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Bytes(text)) => self.format = utf8(text)?,
                (2, Wire::Varint(number)) => self.is_single = number == 0,
                _ => {}
            }
        }
        Ok(())
    }
}
