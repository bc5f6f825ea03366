//! Instants, spans and dates: `std::time`, and `chrono` and `jiff` behind their features.
//!
//! On the wire an instant is seconds and nanoseconds since 1970 in UTC, of the years 1 to 9999; a date is its midnight in UTC; a span
//! is seconds and nanoseconds of one sign, up to 10,000 years. Inside structs instants and dates are ISO 8601 text and spans are
//! seconds as a float, as flytekit writes them. Other senders' forms are read too: text with `Z`, an offset or no zone (then UTC),
//! spans as seconds or ISO 8601, whose years have 365 days there and months 30, as pydantic has it.

mod instant;
mod span;

use crate::convert::kind::Kind;
use jiff::SignedDuration;
#[cfg(any(feature = "chrono", feature = "jiff"))]
use jiff::civil::Date;
use serde_json::json;

pub use span::parse as parse_span;

pub use crate::instant::Instant;

use super::NebulaType;
#[cfg(any(feature = "chrono", feature = "jiff"))]
use super::msgpack::whole;
use super::msgpack::{Packer, Unpacker};
use super::reader::LiteralRef;
#[cfg(any(feature = "chrono", feature = "jiff"))]
use super::reader::LiteralView;
use super::writer::Encoder;
use crate::literal_type::SimpleType;
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// A duration in seconds, as pydantic writes it.
pub(super) fn iso_text(seconds: f64) -> Option<String> {
    span::from_seconds(seconds).ok().map(span::iso_text)
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

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn decode_date(view: LiteralView<'_>) -> Result<Date> {
    match view {
        LiteralView::Binary(bytes, "msgpack") => whole(bytes, unpack_date),
        other => Ok(Instant::decode(other)?.civil().date()),
    }
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn unpack_date(unpacker: &mut Unpacker<'_>) -> Result<Date> {
    Ok(Instant::unpack(unpacker)?.civil().date())
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
            const KIND: Kind = Kind::Plain;

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
                let text = self.to_instant()?.isoformat();
                match text.strip_suffix("+00:00") {
                    Some(local) if packer.is_pydantic() => packer.string(&format!("{local}Z")),
                    _ => packer.string(&text),
                }
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
            const KIND: Kind = Kind::Plain;

            fn literal_type(_: &Dialect) -> LiteralType {
                LiteralType::simple(SimpleType::Duration)
            }

            fn encode(&self, encoder: &mut Encoder) -> Result<()> {
                span::encode(self.to_span()?, encoder)
            }

            fn decode(literal: LiteralRef<'_>) -> Result<Self> {
                Self::from_span(span::decode(literal.view()?)?)
            }

            fn pack(&self, packer: &mut Packer) -> Result<()> {
                span::pack(self.to_span()?, packer)
            }

            fn unpack(unpacker: &mut Unpacker<'_>) -> Result<Self> {
                Self::from_span(span::unpack(unpacker)?)
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
            const KIND: Kind = Kind::Plain;

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
            let whole = std::time::Duration::from_secs(instant.seconds().unsigned_abs());
            let second = if instant.seconds() < 0 { Self::UNIX_EPOCH.checked_sub(whole) } else { Self::UNIX_EPOCH.checked_add(whole) };
            second.and_then(|second| second.checked_add(std::time::Duration::from_nanos(instant.nanos().into()))).ok_or_else(outside("SystemTime"))
        },
        into: |time| {
            let span = match time.duration_since(Self::UNIX_EPOCH) {
                Ok(after) => SignedDuration::try_from(after),
                Err(before) => SignedDuration::try_from(before.duration()).map(|before| -before),
            };
            Instant::from_epoch(span.map_err(|error| Error::new(ErrorKind::OutOfRange, "expected an instant of the years 1 to 9999").with_source(error))?)
        }
    }
    #[cfg(feature = "jiff")]
    jiff::Timestamp {
        from: |instant| Self::new(instant.seconds(), instant.nanos().cast_signed()).map_err(|_| outside("jiff::Timestamp")()),
        into: |instant| Instant::from_epoch(instant.as_duration())
    }
    #[cfg(feature = "chrono")]
    chrono::DateTime<chrono::Utc> {
        from: |instant| Self::from_timestamp(instant.seconds(), instant.nanos()).ok_or_else(outside("chrono::DateTime")),
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
        into: |span| SignedDuration::try_from(*span).map_err(|_| span::out_of_range(span.as_secs()))
    }
    #[cfg(feature = "jiff")]
    SignedDuration { from: Ok, into: |span| Ok(*span) }
    #[cfg(feature = "chrono")]
    chrono::TimeDelta {
        from: |span| Self::try_seconds(span.as_secs())
            .and_then(|seconds| seconds.checked_add(&Self::nanoseconds(span.subsec_nanos().into())))
            .ok_or_else(outside("chrono::TimeDelta")),
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

    #[cfg(feature = "chrono")]
    #[test]
    fn a_span_of_more_than_10_000_years_is_an_error() {
        let text = crate::encode(&"PT9223372036854775807S".to_owned(), &Dialect::FLYTE_1).unwrap();
        let error = crate::decode::<chrono::TimeDelta>(&text).unwrap_err().to_string();
        assert_eq!(error, "expected a duration within 10,000 years, found 9223372036854775807 seconds");
        // Arrow's columns hold such spans, and read them without the wire.
        assert!(<chrono::TimeDelta as AsSpan>::from_span(SignedDuration::MAX).is_err());
    }
}
