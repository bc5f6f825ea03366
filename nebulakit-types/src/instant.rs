//! A point in time, as the wire and text have it.

use std::fmt;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

use crate::{Error, ErrorKind, Result};

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, protobuf's range of instants.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// From where the wire counts.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A point in time of the years 1 to 9999, to the nanosecond, as a datetime literal has it; every Rust type of instants converts
/// through it. Shown as RFC 3339 in UTC, with as few digits of a second as hold it.
///
/// Not a [`jiff::Timestamp`], which ends a day before the year 9999 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    seconds: i64,
    nanos: u32,
}

impl Instant {
    /// From whole seconds since 1970, rounded down, and the nanoseconds after them.
    ///
    /// # Errors
    /// Outside the years 1 to 9999, and with a second or more of nanoseconds.
    pub fn new(seconds: i64, nanos: u32) -> Result<Self> {
        if !RANGE.contains(&seconds) {
            return Err(Error::new(
                ErrorKind::OutOfRange,
                format!("expected an instant of the years 1 to 9999, found {seconds} seconds since 1970"),
            ));
        }
        if nanos >= 1_000_000_000 {
            return Err(Error::new(ErrorKind::OutOfRange, format!("expected less than a second of nanoseconds, found {nanos}")));
        }
        Ok(Self { seconds, nanos })
    }

    /// From a span since 1970.
    ///
    /// # Errors
    /// Outside the years 1 to 9999.
    pub fn from_epoch(span: SignedDuration) -> Result<Self> {
        // Spans count away from zero; the wire counts nanoseconds forward.
        let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
        let (seconds, nanos) = if nanos < 0 { (seconds.saturating_sub(1), nanos + 1_000_000_000) } else { (seconds, nanos) };
        Self::new(seconds, nanos.unsigned_abs())
    }

    /// From ISO 8601 text with `Z`, an offset, or no zone, which counts as UTC; a date is its midnight.
    ///
    /// # Errors
    /// When the text is not of that form, or outside the years 1 to 9999.
    pub fn parse(text: &str) -> Result<Self> {
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

    /// Seconds since 1970, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after those.
    #[must_use]
    pub fn nanos(self) -> u32 {
        self.nanos
    }

    /// The span since 1970.
    #[must_use]
    pub fn since_epoch(self) -> SignedDuration {
        SignedDuration::new(self.seconds, self.nanos.cast_signed())
    }

    /// The date and time in UTC.
    #[must_use]
    pub fn civil(self) -> DateTime {
        let (day, second) = (self.seconds.div_euclid(DAY), self.seconds.rem_euclid(DAY));
        let of = |unit: i64, most: i64| (second / unit % most).try_into().unwrap_or_default();
        date_of(day).at(of(3_600, 24), of(60, 60), of(1, 60), self.nanos.cast_signed())
    }

    pub(crate) fn from_civil(civil: DateTime) -> Result<Self> {
        Self::from_epoch(civil.duration_since(EPOCH))
    }

    /// The date and time in UTC as ISO 8601 has them, without what is less than a second.
    pub(crate) fn to_the_second(self) -> String {
        // Printing by a pattern would bring every directive of it into every binary.
        let at = self.civil();
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
    }

    /// The form of Python's `isoformat`: six digits of a second or none; nine only where six would lose something.
    pub(crate) fn isoformat(self) -> String {
        let fraction = match self.nanos {
            0 => String::new(),
            nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
            nanos => format!(".{nanos:09}"),
        };
        format!("{}{fraction}+00:00", self.to_the_second())
    }
}

/// The date of a day counted from 1970-01-01. What jiff has for it can fail, and a binary would hold the text of all its errors.
///
/// Years are counted from March on here: the leap day is the last one.
fn date_of(day: i64) -> Date {
    // From 0000-03-01, in rounds of 400 years.
    let day = day + 719_468;
    let (round, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = round * 400 + year + i64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    #[expect(clippy::cast_possible_truncation, reason = "they are those of a date of the years 1 to 9999")]
    let date = Date::constant(year as i16, month as i8, day as i8);
    date
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.civil())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    #[test]
    fn every_day_has_its_date() {
        let mut date = Date::constant(1, 1, 1);
        for day in RANGE.start() / DAY..=RANGE.end() / DAY {
            assert_eq!(date_of(day), date);
            date = date.tomorrow().unwrap_or_default();
        }
        let last = Instant::new(*RANGE.end(), 999_999_999).unwrap();
        assert_eq!(last.civil(), Date::constant(9999, 12, 31).at(23, 59, 59, 999_999_999));
    }

    #[test]
    fn the_first_and_the_last_instant_are_read_and_written() {
        for (python, shown, seconds, nanos) in [
            ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00Z", *RANGE.start(), 0),
            ("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59.999999Z", *RANGE.end(), 999_999_000),
            ("1969-12-31T23:59:59.000000001+00:00", "1969-12-31T23:59:59.000000001Z", -1, 1),
        ] {
            let instant = read(python);
            assert_eq!(instant, Instant { seconds, nanos });
            assert_eq!(instant.isoformat(), python);
            assert_eq!(instant.to_string(), shown);
            assert_eq!(read(shown), instant);
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
}
