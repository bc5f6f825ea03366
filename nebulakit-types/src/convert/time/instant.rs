//! Instants in literals and in msgpack.

use crate::Result;
use crate::convert::msgpack::{Packed, Unpacker, whole};
use crate::convert::reader::{LiteralView, corrupt};
use crate::convert::writer::Encoder;
use crate::instant::Instant;

impl Instant {
    pub(super) fn decode(view: LiteralView<'_>) -> Result<Self> {
        match view {
            LiteralView::Datetime(seconds, nanos) => match u32::try_from(nanos) {
                Ok(nanos) if nanos < 1_000_000_000 => Self::new(seconds, nanos),
                _ => Err(corrupt(format!("an instant has {nanos} nanoseconds, which are not from 0 to 999,999,999"))),
            },
            // Attribute access on a struct's field gives the field's own text.
            LiteralView::String(text) => Self::parse(text),
            LiteralView::Binary(bytes, "msgpack") => whole(bytes, Self::unpack),
            other => Err(other.mismatch("a datetime")),
        }
    }

    pub(super) fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::String(text) => Self::parse(text),
            other => Err(other.mismatch("a datetime as ISO 8601 text")),
        }
    }

    pub(super) fn encode(self, encoder: &mut Encoder) {
        encoder.datetime(self.seconds(), self.nanos().cast_signed());
    }
}
