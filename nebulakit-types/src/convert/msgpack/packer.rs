//! Writing.

use rmp::encode;

use crate::outbox::Outbox;
use crate::{Dialect, Error, ErrorKind, Result};

/// Writes msgpack.
#[derive(Debug)]
pub struct Packer {
    bytes: Vec<u8>,
    dialect: &'static Dialect,
    outbox: Outbox,
    is_pydantic: bool,
}

/// Why writing msgpack into memory cannot fail.
const IN_MEMORY: &str = "writing into a Vec does not fail";

impl Packer {
    /// An empty packer that shapes values as `dialect` says.
    #[must_use]
    pub fn new(dialect: &'static Dialect) -> Self {
        Self { bytes: Vec::new(), dialect, outbox: Outbox::default(), is_pydantic: false }
    }

    pub(crate) fn reusing(mut bytes: Vec<u8>, dialect: &'static Dialect, outbox: Outbox) -> Self {
        bytes.clear();
        Self { bytes, dialect, outbox, is_pydantic: false }
    }

    /// What has to be stored before the value is of use to others.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// How values are shaped here.
    #[must_use]
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What was written since there were `start` bytes.
    #[must_use]
    pub fn since(&self, start: usize) -> &[u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Whether a pydantic model is written, at any depth above.
    pub(in crate::convert) fn is_pydantic(&self) -> bool {
        self.is_pydantic
    }

    /// Says whether a pydantic model is written, and returns what was said before.
    pub(in crate::convert) fn set_pydantic(&mut self, is_pydantic: bool) -> bool {
        std::mem::replace(&mut self.is_pydantic, is_pydantic)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes nil.
    pub fn nil(&mut self) {
        encode::write_nil(&mut self.bytes).expect(IN_MEMORY);
    }

    /// Writes a boolean.
    pub fn boolean(&mut self, value: bool) {
        encode::write_bool(&mut self.bytes, value).expect(IN_MEMORY);
    }

    /// Writes an integer in the fewest bytes.
    pub fn integer(&mut self, value: i64) {
        encode::write_sint(&mut self.bytes, value).expect(IN_MEMORY);
    }

    /// Writes an unsigned integer in the fewest bytes.
    pub fn unsigned(&mut self, value: u64) {
        encode::write_uint(&mut self.bytes, value).expect(IN_MEMORY);
    }

    /// Writes a float, always with 64 bits.
    pub fn float(&mut self, value: f64) {
        encode::write_f64(&mut self.bytes, value).expect(IN_MEMORY);
    }

    /// Writes a string.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] above 4 GiB, msgpack's limit.
    pub fn string(&mut self, value: &str) -> Result<()> {
        length(value.len(), "string")?;
        encode::write_str(&mut self.bytes, value).expect(IN_MEMORY);
        Ok(())
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] above 4 GiB, msgpack's limit.
    pub fn binary(&mut self, value: &[u8]) -> Result<()> {
        length(value.len(), "byte string")?;
        encode::write_bin(&mut self.bytes, value).expect(IN_MEMORY);
        Ok(())
    }

    /// Writes an extension value of application type `kind`.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] above 4 GiB, msgpack's limit.
    pub fn extension(&mut self, kind: i8, value: &[u8]) -> Result<()> {
        let length = length(value.len(), "extension value")?;
        encode::write_ext_meta(&mut self.bytes, length, kind).expect(IN_MEMORY);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    /// Begins an array; exactly `elements` values have to follow.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] above 2^32 − 1 elements, msgpack's limit.
    pub fn array(&mut self, elements: usize) -> Result<()> {
        encode::write_array_len(&mut self.bytes, length(elements, "list")?).expect(IN_MEMORY);
        Ok(())
    }

    /// Begins a map; exactly `entries` pairs of key and value have to follow.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] above 2^32 − 1 entries, msgpack's limit.
    pub fn map(&mut self, entries: usize) -> Result<()> {
        encode::write_map_len(&mut self.bytes, length(entries, "map")?).expect(IN_MEMORY);
        Ok(())
    }

    /// Writes one value that is msgpack already.
    pub fn raw(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
    }
}

fn length(length: usize, what: &str) -> Result<u32> {
    u32::try_from(length).map_err(|_| {
        Error::new(
            ErrorKind::OutOfRange,
            format!("a {what} of {length} is longer than msgpack can say (4,294,967,295); offload it as a file"),
        )
    })
}
