//! A span of time, as the wire and text have it.

use jiff::SignedDuration;

use crate::convert::msgpack::{Packed, Unpacker, whole};
use crate::convert::reader::{LiteralView, corrupt};
use crate::convert::writer::Encoder;
use crate::{Error, ErrorKind, Result};

/// Ten thousand years of 365.25 days, protobuf's range of spans, in seconds.
const LIMIT: u64 = 315_576_000_000;

pub(super) fn decode(view: LiteralView<'_>) -> Result<SignedDuration> {
    match view {
        LiteralView::Duration(seconds, nanos) => {
            let one_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
            if !one_sign || nanos.unsigned_abs() >= 1_000_000_000 {
                return Err(corrupt(format!(
                    "a duration of {seconds} s and {nanos} ns breaks the rule of one sign and less than a second"
                )));
            }
            within_limit(SignedDuration::new(seconds, nanos))
        }
        LiteralView::Float(seconds) => from_seconds(seconds),
        #[expect(clippy::cast_precision_loss, reason = "spans beyond 2^53 seconds are out of range anyway")]
        LiteralView::Integer(seconds) => from_seconds(seconds as f64),
        LiteralView::String(text) => parse(text),
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, unpack),
        other => Err(other.mismatch("a duration")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans beyond 2^53 seconds are out of range anyway")]
pub(super) fn unpack(unpacker: &mut Unpacker<'_>) -> Result<SignedDuration> {
    match unpacker.next()? {
        Packed::Float(seconds) => from_seconds(seconds),
        Packed::Integer(seconds) => from_seconds(seconds as f64),
        Packed::String(text) => parse(text),
        other => Err(other.mismatch("a duration as seconds or ISO 8601 text")),
    }
}

pub(super) fn encode(span: SignedDuration, encoder: &mut Encoder) -> Result<()> {
    let span = within_limit(span)?;
    encoder.duration(span.as_secs(), span.subsec_nanos());
    Ok(())
}

fn parse(text: &str) -> Result<SignedDuration> {
    let span = text
        .parse()
        .map_err(|error: jiff::Error| Error::new(ErrorKind::Mismatch, "expected a duration as ISO 8601 text").with_source(error))?;
    within_limit(span)
}

/// Seconds as a float carry nanoseconds exactly over some 48 days and microseconds over some 270 years; finer digits are noise of the
/// float.
#[expect(clippy::cast_precision_loss, reason = "the limit is far below 2^53")]
fn from_seconds(seconds: f64) -> Result<SignedDuration> {
    if !seconds.is_finite() || seconds.abs() > LIMIT as f64 {
        return Err(out_of_range(seconds));
    }
    let (parts, nanos) = if seconds.abs() < 4_194_304.0 { (1e9, 1) } else { (1e6, 1_000) };
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second has at most a billion nanoseconds")]
    let fraction = (seconds.fract() * parts).round() as i64 * nanos;
    Ok(SignedDuration::from_secs_f64(seconds.trunc()) + SignedDuration::from_nanos(fraction))
}

/// The span itself; every way in and out asks here.
pub(super) fn within_limit(span: SignedDuration) -> Result<SignedDuration> {
    if span.as_secs().unsigned_abs() > LIMIT { Err(out_of_range(span.as_secs())) } else { Ok(span) }
}

#[cold]
pub(super) fn out_of_range(seconds: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("expected a duration within 10,000 years, found {seconds} seconds"))
}
