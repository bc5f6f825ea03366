//! Instants, spans and dates: `std::time`, and `chrono` and `jiff` behind their features.
//!
//! On the wire an instant is seconds and nanoseconds since 1970 in UTC, of the years 1 to 9999; a date is its midnight in UTC; a span
//! is seconds and nanoseconds of one sign, up to 10,000 years. Inside structs instants and dates are ISO 8601 text and spans are
//! seconds as a float, as flytekit writes them. Other senders' forms are read too: text with `Z`, an offset or no zone (then UTC),
//! spans as ISO 8601 or seconds.

use jiff::SignedDuration;
#[cfg(any(feature = "chrono", feature = "jiff"))]
use jiff::civil::Date;
use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde_json::json;

use super::NebulaType;
use super::msgpack::{Packed, Packer, Unpacker, whole};
use super::reader::{LiteralRef, LiteralView, corrupt};
use super::writer::Encoder;
use crate::literal_type::SimpleType;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, protobuf's range of instants.
const INSTANTS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Ten thousand years of 365.25 days, protobuf's range of spans.
const SPANS: std::ops::RangeInclusive<i64> = -315_576_000_000..=315_576_000_000;

/// From where the wire counts.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// An instant as the wire has it; every type of instant converts through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instant {
    seconds: i64,
    nanos: u32,
}

/// A Rust type of instants.
pub(crate) trait AsInstant: Sized {
    fn from_instant(instant: Instant) -> Result<Self>;
    fn to_instant(&self) -> Result<Instant>;
}

/// A Rust type of spans.
pub(crate) trait AsSpan: Sized {
    fn from_span(span: SignedDuration) -> Result<Self>;
    fn to_span(&self) -> Result<SignedDuration>;
}

/// A Rust type of dates.
#[cfg(any(feature = "chrono", feature = "jiff"))]
pub(crate) trait AsDate: Sized {
    fn from_date(date: Date) -> Result<Self>;
    fn to_date(&self) -> Result<Date>;
}

impl Instant {
    pub(crate) fn new(seconds: i64, nanos: u32) -> Result<Self> {
        if !INSTANTS.contains(&seconds) {
            return Err(Error::new(
                ErrorKind::OutOfRange,
                format!("expected an instant of the years 1 to 9999, found {seconds} seconds since 1970"),
            ));
        }
        Ok(Self { seconds, nanos })
    }

    /// Seconds since 1970, rounded down.
    #[cfg(feature = "schema")]
    pub(crate) fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after those.
    #[cfg(feature = "schema")]
    pub(crate) fn nanos(self) -> u32 {
        self.nanos
    }

    fn decode(view: LiteralView<'_>) -> Result<Self> {
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

    fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
        match unpacker.next()? {
            Packed::String(text) => Self::parse(text),
            other => Err(other.mismatch("a datetime as ISO 8601 text")),
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let pieces = Pieces::parse(text)
            .map_err(|error| Error::new(ErrorKind::Mismatch, "expected a datetime as ISO 8601 text").with_source(error))?;
        let instant = Self::from_civil(pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight())))?;
        let offset = match pieces.to_numeric_offset() {
            Some(offset) => offset.seconds(),
            None if pieces.time_zone_annotation().is_none() => Offset::UTC.seconds(),
            None => return Err(Error::new(ErrorKind::Mismatch, "expected an offset such as `+01:00`, found only the name of a time zone")),
        };
        Self::new(instant.seconds - i64::from(offset), instant.nanos)
    }

    /// The date and time in UTC. Not by way of [`jiff::Timestamp`], which ends a day before the year 9999 does.
    fn civil(self) -> Result<DateTime> {
        EPOCH
            .checked_add(SignedDuration::new(self.seconds, self.nanos.cast_signed()))
            .map_err(|error| Error::new(ErrorKind::OutOfRange, "the instant is outside the calendar").with_source(error))
    }

    fn from_civil(civil: DateTime) -> Result<Self> {
        Self::from_span(civil.duration_since(EPOCH))
    }

    fn from_span(since_epoch: SignedDuration) -> Result<Self> {
        // Spans count away from zero; the wire counts nanoseconds forward.
        let (seconds, nanos) = (since_epoch.as_secs(), since_epoch.subsec_nanos());
        let (seconds, nanos) = if nanos < 0 { (seconds.saturating_sub(1), nanos + 1_000_000_000) } else { (seconds, nanos) };
        Self::new(seconds, nanos.unsigned_abs())
    }

    /// The form of Python's `isoformat`: six digits of a second or none; nine only where six would lose something.
    fn text(self) -> Result<String> {
        let civil = self.civil()?;
        let fraction = match self.nanos {
            0 => String::new(),
            nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
            nanos => format!(".{nanos:09}"),
        };
        Ok(format!("{}{fraction}+00:00", civil.strftime("%Y-%m-%dT%H:%M:%S")))
    }

    fn encode(self, encoder: &mut Encoder) {
        encoder.datetime(self.seconds, self.nanos.cast_signed());
    }
}

/// A span as the wire has it; every type of span converts through it.
fn decode_span(view: LiteralView<'_>) -> Result<SignedDuration> {
    match view {
        LiteralView::Duration(seconds, nanos) => {
            let one_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
            if !one_sign || nanos.unsigned_abs() >= 1_000_000_000 {
                return Err(corrupt(format!(
                    "a duration of {seconds} s and {nanos} ns breaks the rule of one sign and less than a second"
                )));
            }
            if !SPANS.contains(&seconds) {
                return Err(span_out_of_range(seconds));
            }
            Ok(SignedDuration::new(seconds, nanos))
        }
        LiteralView::Float(seconds) => span_from_seconds(seconds),
        #[expect(clippy::cast_precision_loss, reason = "spans beyond 2^53 seconds are out of range anyway")]
        LiteralView::Integer(seconds) => span_from_seconds(seconds as f64),
        LiteralView::String(text) => parse_span(text),
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, unpack_span),
        other => Err(other.mismatch("a duration")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans beyond 2^53 seconds are out of range anyway")]
fn unpack_span(unpacker: &mut Unpacker<'_>) -> Result<SignedDuration> {
    match unpacker.next()? {
        Packed::Float(seconds) => span_from_seconds(seconds),
        Packed::Integer(seconds) => span_from_seconds(seconds as f64),
        Packed::String(text) => parse_span(text),
        other => Err(other.mismatch("a duration as seconds or ISO 8601 text")),
    }
}

fn parse_span(text: &str) -> Result<SignedDuration> {
    text.parse().map_err(|error: jiff::Error| Error::new(ErrorKind::Mismatch, "expected a duration as ISO 8601 text").with_source(error))
}

/// Seconds as a float carry nanoseconds exactly over some 48 days and microseconds over some 270 years; finer digits are noise of the
/// float.
fn span_from_seconds(seconds: f64) -> Result<SignedDuration> {
    let limit = 315_576_000_000.0;
    if !seconds.is_finite() || seconds.abs() > limit {
        return Err(span_out_of_range(seconds));
    }
    let (parts, nanos) = if seconds.abs() < 4_194_304.0 { (1e9, 1) } else { (1e6, 1_000) };
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a second has at most a billion nanoseconds")]
    let fraction = (seconds.fract() * parts).round() as i64 * nanos;
    Ok(SignedDuration::from_secs_f64(seconds.trunc()) + SignedDuration::from_nanos(fraction))
}

#[cold]
fn span_out_of_range(seconds: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::OutOfRange, format!("expected a duration within 10,000 years, found {seconds} seconds"))
}

fn encode_span(span: SignedDuration, encoder: &mut Encoder) -> Result<()> {
    if !SPANS.contains(&span.as_secs()) {
        return Err(span_out_of_range(span.as_secs()));
    }
    encoder.duration(span.as_secs(), span.subsec_nanos());
    Ok(())
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn decode_date(view: LiteralView<'_>) -> Result<Date> {
    match view {
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, unpack_date),
        other => Ok(Instant::decode(other)?.civil()?.date()),
    }
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn unpack_date(unpacker: &mut Unpacker<'_>) -> Result<Date> {
    Ok(Instant::unpack(unpacker)?.civil()?.date())
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn midnight(date: Date) -> Result<Instant> {
    Instant::from_civil(date.at(0, 0, 0, 0))
}

macro_rules! instants {
    ($($(#[$attribute:meta])* $instant:ty { from: $from:expr, into: $into:expr })*) => {$(
        #[allow(unused_doc_comments, reason = "they belong to the other implementation")]
        $(#[$attribute])*
        impl AsInstant for $instant {
            fn from_instant(instant: Instant) -> Result<Self> {
                let from: fn(Instant) -> Result<Self> = $from;
                from(instant)
            }

            fn to_instant(&self) -> Result<Instant> {
                let into: fn(&Self) -> Result<Instant> = $into;
                into(self)
            }
        }

        $(#[$attribute])*
        impl NebulaType for $instant {
            const TAG: &'static str = "datetime";

            fn literal_type(_: &Dialect) -> LiteralType {
                LiteralType::simple(SimpleType::Datetime)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                self.to_instant()?.encode(encoder);
                Ok(())
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                Self::from_instant(Instant::decode(literal.view()?)?)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                packer.string(&self.to_instant()?.text()?)
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                Self::from_instant(Instant::unpack(unpacker)?)
            }

            fn schema(_: &Dialect) -> serde_json::Value {
                json!({ "type": "string", "format": "date-time" })
            }
        }
    )*};
}

macro_rules! spans {
    ($($(#[$attribute:meta])* $span:ty { from: $from:expr, into: $into:expr })*) => {$(
        #[allow(unused_doc_comments, reason = "they belong to the other implementation")]
        $(#[$attribute])*
        impl AsSpan for $span {
            fn from_span(span: SignedDuration) -> Result<Self> {
                let from: fn(SignedDuration) -> Result<Self> = $from;
                from(span)
            }

            fn to_span(&self) -> Result<SignedDuration> {
                let into: fn(&Self) -> Result<SignedDuration> = $into;
                into(self)
            }
        }

        $(#[$attribute])*
        impl NebulaType for $span {
            const TAG: &'static str = "timedelta";

            fn literal_type(_: &Dialect) -> LiteralType {
                LiteralType::simple(SimpleType::Duration)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                encode_span(self.to_span()?, encoder)
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                Self::from_span(decode_span(literal.view()?)?)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                packer.float(self.to_span()?.as_secs_f64());
                Ok(())
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                Self::from_span(unpack_span(unpacker)?)
            }

            fn schema(_: &Dialect) -> serde_json::Value {
                json!({ "type": "number", "format": "time-delta" })
            }
        }
    )*};
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
macro_rules! dates {
    ($($(#[$attribute:meta])* $date:ty { from: $from:expr, into: $into:expr })*) => {$(
        #[allow(unused_doc_comments, reason = "they belong to the other implementation")]
        $(#[$attribute])*
        impl AsDate for $date {
            fn from_date(date: Date) -> Result<Self> {
                let from: fn(Date) -> Result<Self> = $from;
                from(date)
            }

            fn to_date(&self) -> Result<Date> {
                let into: fn(&Self) -> Result<Date> = $into;
                into(self)
            }
        }

        $(#[$attribute])*
        impl NebulaType for $date {
            const TAG: &'static str = "date";

            fn literal_type(_: &Dialect) -> LiteralType {
                LiteralType::simple(SimpleType::Datetime)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                midnight(self.to_date()?)?.encode(encoder);
                Ok(())
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                Self::from_date(decode_date(literal.view()?)?)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                packer.string(&self.to_date()?.to_string())
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                Self::from_date(unpack_date(unpacker)?)
            }

            fn schema(_: &Dialect) -> serde_json::Value {
                json!({ "type": "string", "format": "date" })
            }
        }
    )*};
}

fn outside(what: &str) -> impl FnOnce() -> Error {
    move || Error::new(ErrorKind::OutOfRange, format!("the value is outside the range of {what}"))
}

instants! {
    std::time::SystemTime {
        from: |instant| {
            let whole = std::time::Duration::from_secs(instant.seconds.unsigned_abs());
            let second = if instant.seconds < 0 { Self::UNIX_EPOCH.checked_sub(whole) } else { Self::UNIX_EPOCH.checked_add(whole) };
            second.and_then(|second| second.checked_add(std::time::Duration::from_nanos(instant.nanos.into()))).ok_or_else(outside("SystemTime"))
        },
        into: |time| {
            let span = match time.duration_since(Self::UNIX_EPOCH) {
                Ok(after) => SignedDuration::try_from(after),
                Err(before) => SignedDuration::try_from(before.duration()).map(|before| -before),
            };
            Instant::from_span(span.map_err(|error| Error::new(ErrorKind::OutOfRange, "expected an instant of the years 1 to 9999").with_source(error))?)
        }
    }
    #[cfg(feature = "jiff")]
    jiff::Timestamp {
        from: |instant| Self::new(instant.seconds, instant.nanos.cast_signed()).map_err(|_| outside("jiff::Timestamp")()),
        into: |instant| Instant::from_span(instant.as_duration())
    }
    #[cfg(feature = "chrono")]
    chrono::DateTime<chrono::Utc> {
        from: |instant| Self::from_timestamp(instant.seconds, instant.nanos).ok_or_else(outside("chrono::DateTime")),
        // A leap second counts as the last nanosecond of the second before it.
        into: |instant| Instant::new(instant.timestamp(), instant.timestamp_subsec_nanos().min(999_999_999))
    }
}

spans! {
    /// Not negative: a negative span is an error that says so.
    std::time::Duration {
        from: |span| Self::try_from(span).map_err(|_| {
            Error::new(ErrorKind::OutOfRange, format!("expected a duration that is not negative, found {} seconds", span.as_secs_f64()))
        }),
        into: |span| SignedDuration::try_from(*span).map_err(|_| span_out_of_range(span.as_secs()))
    }
    #[cfg(feature = "jiff")]
    SignedDuration { from: Ok, into: |span| Ok(*span) }
    #[cfg(feature = "chrono")]
    chrono::TimeDelta {
        from: |span| Ok(Self::seconds(span.as_secs()) + Self::nanoseconds(span.subsec_nanos().into())),
        into: |span| Ok(SignedDuration::new(span.num_seconds(), span.subsec_nanos()))
    }
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
dates! {
    #[cfg(feature = "jiff")]
    Date { from: Ok, into: |date| Ok(*date) }
    #[cfg(feature = "chrono")]
    chrono::NaiveDate {
        from: |date| Self::from_ymd_opt(date.year().into(), date.month().cast_unsigned().into(), date.day().cast_unsigned().into())
            .ok_or_else(outside("chrono::NaiveDate")),
        into: |date| {
            use chrono::Datelike;
            let parts = (i16::try_from(date.year()), i8::try_from(date.month()), i8::try_from(date.day()));
            let (Ok(year), Ok(month), Ok(day)) = parts else { return Err(outside("the years 1 to 9999")()) };
            Date::new(year, month, day).map_err(|_| outside("the years 1 to 9999")())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn read(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn the_first_and_the_last_instant_are_read_and_written() {
        for (text, seconds, nanos) in [
            ("0001-01-01T00:00:00+00:00", *INSTANTS.start(), 0),
            ("9999-12-31T23:59:59.999999+00:00", *INSTANTS.end(), 999_999_000),
            ("1969-12-31T23:59:59.000000001+00:00", -1, 1),
        ] {
            let instant = read(text);
            assert_eq!(instant, Instant { seconds, nanos });
            assert_eq!(instant.text().unwrap(), text);
        }
        assert!(Instant::parse("9999-12-31T23:59:59-01:00").is_err());
        assert!(Instant::parse("0001-01-01T00:00:00+01:00").is_err());
    }

    #[test]
    fn every_form_of_an_instant_is_read() {
        let noon = Instant { seconds: 1_709_208_000, nanos: 0 };
        for text in ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00", "2024-02-29 12:00:00", "2024-02-29T14:30:00+02:30"] {
            assert_eq!(read(text), noon, "{text}");
        }
        assert_eq!(read("2024-02-29"), Instant { seconds: 1_709_164_800, nanos: 0 });
        assert!(Instant::parse("noon").is_err());
    }

    #[test]
    fn system_times_reach_from_year_1_to_9999() {
        let last = SystemTime::UNIX_EPOCH + Duration::new(253_402_300_799, 999_999_999);
        let first = SystemTime::UNIX_EPOCH - Duration::from_secs(62_135_596_800);
        for time in [first, last, SystemTime::UNIX_EPOCH - Duration::from_nanos(1)] {
            let bytes = crate::encode(&time, &Dialect::FLYTE_1).unwrap();
            assert_eq!(crate::decode::<SystemTime>(&bytes).unwrap(), time);
        }
        assert!(crate::encode(&(last + Duration::from_secs(1)), &Dialect::FLYTE_1).is_err());
        assert!(crate::encode(&(first - Duration::from_nanos(1)), &Dialect::FLYTE_1).is_err());
    }

    #[cfg(feature = "jiff")]
    #[test]
    fn dates_reach_the_end_of_the_year_9999() {
        let date = jiff::civil::date(9999, 12, 31);
        let bytes = crate::encode(&date, &Dialect::FLYTE_1).unwrap();
        assert_eq!(crate::decode::<Date>(&bytes).unwrap(), date);
    }
}
