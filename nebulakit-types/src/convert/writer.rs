//! Literals written straight into their wire bytes, from the end to the beginning.
//!
//! Every message on the wire is led by its length. Written backwards, a length is known when its turn comes, so that one pass over the
//! value is enough and no tree of literals stands between.

use std::any::TypeId;
use std::rc::Rc;

use prost::encoding::encode_varint;

use super::msgpack::Packer;
use crate::outbox::Outbox;
use crate::{Dialect, Result};

/// A chunk is given up to this many bytes; larger values get a chunk of their own.
const CHUNK: usize = 256 * 1024;

/// Writes one literal, last byte first.
///
/// [`NebulaType::encode`](crate::NebulaType::encode) calls exactly one of the methods that write a literal. Several values of one list
/// or map are written in reverse, which [`Encoder::collection`] and [`Encoder::map`] see to.
#[derive(Debug)]
pub struct Encoder {
    dialect: &'static Dialect,
    chunk: Vec<u8>,
    start: usize,
    full: Vec<(Vec<u8>, usize)>,
    written_before: usize,
    scratch: Vec<u8>,
    /// The types of the variants that were written so far; see [`Encoder::union_of`].
    pub(super) variants: Vec<(TypeId, Rc<[u8]>)>,
    outbox: Outbox,
}

/// The bytes of a map of literals (`flyteidl.core.LiteralMap`): the message of `inputs.pb` and `outputs.pb`.
#[must_use]
pub fn map_of_literals<'a>(literals: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let (mut bytes, mut entry) = (Vec::new(), Vec::new());
    for (name, literal) in literals {
        entry.clear();
        for (tag, part) in [(0x0a, name.as_bytes()), (0x12, literal)] {
            entry.push(tag);
            encode_varint(part.len() as u64, &mut entry);
            entry.extend_from_slice(part);
        }
        bytes.push(0x0a);
        encode_varint(entry.len() as u64, &mut bytes);
        bytes.extend_from_slice(&entry);
    }
    bytes
}

/// How much had been written at some point; see [`Encoder::mark`].
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl Encoder {
    /// An empty encoder that shapes values as `dialect` says.
    #[must_use]
    pub fn new(dialect: &'static Dialect) -> Self {
        Self::sending(dialect, Outbox::default())
    }

    /// The same, with files and tables of the value put into `outbox`.
    #[must_use]
    pub fn sending(dialect: &'static Dialect, outbox: Outbox) -> Self {
        Self {
            dialect,
            chunk: Vec::new(),
            start: 0,
            full: Vec::new(),
            written_before: 0,
            scratch: Vec::new(),
            variants: Vec::new(),
            outbox,
        }
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

    /// Everything written, in reading order.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.set_aside();
        if let [(chunk, 0)] = self.full.as_mut_slice() {
            return std::mem::take(chunk);
        }
        let mut bytes = Vec::with_capacity(self.len());
        while let Some((chunk, start)) = self.full.pop() {
            bytes.extend_from_slice(&chunk[start..]);
        }
        bytes
    }

    fn len(&self) -> usize {
        self.written_before + self.chunk.len() - self.start
    }

    /// Remembers the present place, for [`Encoder::close`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(self.len())
    }

    /// Puts the length of all that was written since `mark` before it, and field `number` with wire type 2 before that.
    pub fn close(&mut self, mark: Mark, number: u8) {
        self.varint((self.len() - mark.0) as u64);
        self.prepend(&[number << 3 | 2]);
    }

    /// Writes raw bytes before everything written so far.
    #[inline]
    pub fn prepend(&mut self, bytes: &[u8]) {
        if bytes.len() > self.start {
            self.make_room(bytes.len());
        }
        let end = self.start;
        self.start -= bytes.len();
        self.chunk[self.start..end].copy_from_slice(bytes);
    }

    #[cold]
    fn make_room(&mut self, needed: usize) {
        let next = (self.chunk.len() * 2).clamp(256, CHUNK).max(needed);
        self.set_aside();
        self.chunk = vec![0; next];
        self.start = next;
    }

    /// Puts the present chunk to the full ones.
    fn set_aside(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        let start = std::mem::take(&mut self.start);
        self.written_before += chunk.len() - start;
        if start < chunk.len() {
            self.full.push((chunk, start));
        }
    }

    /// Writes bytes before everything written so far, as a chunk of their own and without a copy.
    fn prepend_chunk(&mut self, bytes: Vec<u8>) {
        self.set_aside();
        self.written_before += bytes.len();
        self.full.push((bytes, 0));
    }

    /// Writes bytes as a field inside of fields, whose numbers are given from the inside out.
    fn wrapped(&mut self, value: &[u8], numbers: &[u8]) {
        let mark = self.mark();
        if value.len() < CHUNK {
            self.prepend(value);
            return numbers.iter().for_each(|number| self.close(mark, *number));
        }
        // The heads are made first, by an encoder that takes the value for written: so a large value is copied once, and never again
        // if it is all that there is.
        let mut heads = Self { written_before: value.len(), ..Self::new(self.dialect) };
        numbers.iter().for_each(|number| heads.close(Mark(0), *number));
        self.prepend_chunk([&heads.chunk[heads.start..], value].concat());
    }

    #[inline]
    fn varint(&mut self, value: u64) {
        if value < 0x80 {
            self.prepend(&[value as u8]);
        } else {
            let mut buffer = [0; 10];
            let mut rest = &mut buffer[..];
            encode_varint(value, &mut rest);
            let length = 10 - rest.len();
            self.prepend(&buffer[..length]);
        }
    }

    /// Writes an integer literal.
    #[inline]
    pub fn integer(&mut self, value: i64) {
        #[expect(clippy::cast_sign_loss, reason = "protobuf int64 is the varint of the two's complement")]
        let value = value as u64;
        // `0a LL 0a LL 08 value`, in one go: lists of integers are where time is spent.
        let mut buffer = [0x0a, 0, 0x0a, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let mut rest = &mut buffer[5..];
        encode_varint(value, &mut rest);
        let length = 15 - rest.len();
        buffer[1] = length as u8 - 2;
        buffer[3] = length as u8 - 4;
        self.prepend(&buffer[..length]);
    }

    /// Writes a float literal.
    #[inline]
    pub fn float(&mut self, value: f64) {
        let mut buffer = [0x0a, 11, 0x0a, 9, 0x11, 0, 0, 0, 0, 0, 0, 0, 0];
        buffer[5..].copy_from_slice(&value.to_le_bytes());
        self.prepend(&buffer);
    }

    /// Writes a boolean literal.
    pub fn boolean(&mut self, value: bool) {
        self.prepend(&[0x0a, 4, 0x0a, 2, 0x20, u8::from(value)]);
    }

    /// Writes a string literal.
    pub fn string(&mut self, value: &str) {
        self.wrapped(value.as_bytes(), &[3, 1, 1]);
    }

    /// Writes an instant: seconds since 1970-01-01T00:00:00Z and 0..=999,999,999 nanoseconds.
    pub fn datetime(&mut self, seconds: i64, nanos: i32) {
        self.seconds_and_nanos(seconds, nanos, 5);
    }

    /// Writes a span: seconds and nanoseconds of the same sign.
    pub fn duration(&mut self, seconds: i64, nanos: i32) {
        self.seconds_and_nanos(seconds, nanos, 6);
    }

    #[expect(clippy::cast_sign_loss, reason = "protobuf int32 and int64 are the varint of the 64-bit two's complement")]
    fn seconds_and_nanos(&mut self, seconds: i64, nanos: i32, number: u8) {
        let mark = self.mark();
        if nanos != 0 {
            self.varint(i64::from(nanos) as u64);
            self.prepend(&[0x10]);
        }
        if seconds != 0 {
            self.varint(seconds as u64);
            self.prepend(&[0x08]);
        }
        self.close(mark, number);
        self.close(mark, 1);
        self.close(mark, 1);
    }

    /// Writes a literal that holds nothing.
    pub fn none(&mut self) {
        self.prepend(&[0x0a, 2, 0x2a, 0]);
    }

    /// Writes an error literal.
    pub fn error(&mut self, failed_node_id: &str, message: &str) {
        let mark = self.mark();
        for (text, number) in [(message, 2), (failed_node_id, 1)] {
            if !text.is_empty() {
                let inner = self.mark();
                self.prepend(text.as_bytes());
                self.close(inner, number);
            }
        }
        self.close(mark, 6);
        self.close(mark, 1);
    }

    /// Writes a binary literal; `tag` says what the bytes are, empty for plain bytes.
    pub fn binary(&mut self, value: &[u8], tag: &str) {
        if tag.is_empty() && !value.is_empty() {
            return self.wrapped(value, &[1, 3, 1]);
        }
        self.tagged(tag, value.is_empty(), |encoder| encoder.prepend(value));
    }

    fn tagged(&mut self, tag: &str, is_empty: bool, value: impl FnOnce(&mut Self)) {
        let mark = self.mark();
        if !tag.is_empty() {
            let inner = self.mark();
            self.prepend(tag.as_bytes());
            self.close(inner, 2);
        }
        if !is_empty {
            let inner = self.mark();
            value(self);
            self.close(inner, 1);
        }
        self.close(mark, 3);
        self.close(mark, 1);
    }

    /// Writes a binary literal with the tag `msgpack`, of what `pack` packs: structs and untyped values.
    ///
    /// # Errors
    /// Those of `pack`.
    pub fn msgpack(&mut self, pack: impl FnOnce(&mut Packer) -> Result<()>) -> Result<()> {
        let mut packer = Packer::reusing(std::mem::take(&mut self.scratch), self.dialect, std::mem::take(&mut self.outbox));
        let packed = pack(&mut packer);
        self.outbox = std::mem::take(packer.outbox());
        let bytes = packer.finish();
        packed?;
        if bytes.len() < CHUNK {
            self.binary(&bytes, "msgpack");
            self.scratch = bytes;
        } else {
            self.tagged("msgpack", false, |encoder| encoder.prepend_chunk(bytes));
        }
        Ok(())
    }

    /// Writes a list; `element` writes one element.
    ///
    /// # Errors
    /// Those of `element`, with the element's index.
    pub fn collection<T>(&mut self, elements: &[T], mut element: impl FnMut(&mut Self, &T) -> Result<()>) -> Result<()> {
        let all = self.mark();
        for (index, value) in elements.iter().enumerate().rev() {
            let one = self.mark();
            element(self, value).map_err(|error| error.at_index(index))?;
            self.close(one, 1);
        }
        self.close(all, 2);
        Ok(())
    }

    /// Writes a map; `entries` come in the order in which they shall lie in the bytes, `value` writes one value.
    ///
    /// # Errors
    /// Those of `value`, with the entry's key.
    pub fn map<'a, T: 'a>(
        &mut self,
        entries: impl DoubleEndedIterator<Item = (&'a str, &'a T)>,
        mut value: impl FnMut(&mut Self, &T) -> Result<()>,
    ) -> Result<()> {
        let all = self.mark();
        for (key, entry) in entries.rev() {
            let one = self.mark();
            value(self, entry).map_err(|error| error.at_key(key))?;
            self.close(one, 2);
            self.key_of_entry(one, key);
        }
        self.close(all, 3);
        Ok(())
    }

    /// Puts the key before the value of a map entry begun at `entry`, and closes it.
    pub(crate) fn key_of_entry(&mut self, entry: Mark, key: &str) {
        let mark = self.mark();
        self.prepend(key.as_bytes());
        self.close(mark, 1);
        self.close(entry, 1);
    }

    /// Writes a literal with a hash for caching; `value` writes the literal itself. An empty hash is none.
    ///
    /// # Errors
    /// Those of `value`.
    pub fn hashed(&mut self, hash: &str, value: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if !hash.is_empty() {
            self.wrapped(hash.as_bytes(), &[4]);
        }
        value(self)
    }

    /// Writes a literal that is already encoded.
    pub fn raw(&mut self, literal: &[u8]) {
        self.prepend(literal);
    }
}
