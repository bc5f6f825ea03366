//! Instants, spans and dates: written in microseconds and never cut, read from every unit.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray as _, DurationMicrosecondArray, Int64Array, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use jiff::SignedDuration;

use super::Cell;
#[cfg(any(feature = "chrono", feature = "jiff"))]
use crate::convert::time::AsDate;
use crate::convert::time::{AsInstant, AsSpan, Instant};
use crate::literal_type::SimpleType;
use crate::{Error, ErrorKind, LiteralType, Result};

pub(super) fn instant_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// How many of a unit are a second.
fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

pub(super) fn write_instants<'a, T: AsInstant + 'a>(values: impl Iterator<Item = Option<&'a T>>) -> Result<ArrayRef> {
    Ok(Arc::new(micros(values)?.with_timezone("UTC")))
}

pub(super) fn micros<'a, T: AsInstant + 'a>(values: impl Iterator<Item = Option<&'a T>>) -> Result<TimestampMicrosecondArray> {
    let micros = values.map(|value| {
        let Some(value) = value else { return Ok(None) };
        let instant = value.to_instant()?;
        if instant.nanos() % 1_000 != 0 {
            return Err(finer("instant"));
        }
        // Years 1 to 9999 fit into microseconds.
        Ok(Some(instant.seconds() * 1_000_000 + i64::from(instant.nanos() / 1_000)))
    });
    micros.collect()
}

/// Instants without a zone count as UTC, as everywhere in Flyte.
pub(super) fn read_instants<T: AsInstant>(array: &ArrayRef) -> Result<Vec<Option<T>>> {
    let (array, per_second) = match array.data_type() {
        DataType::Timestamp(unit, _) => (array.clone(), per_second(*unit)),
        DataType::Date32 | DataType::Date64 => {
            let array =
                cast(array, &DataType::Timestamp(TimeUnit::Second, None)).map_err(|error| not("instants", array).with_source(error))?;
            (array, 1)
        }
        DataType::Dictionary(_, values) => {
            let opened = cast(array, values).map_err(|error| not("instants", array).with_source(error))?;
            return read_instants(&opened);
        }
        DataType::Null => return Ok((0..array.len()).map(|_| None).collect()),
        _ => return Err(not("instants", array)),
    };
    let units = cast(&array, &DataType::Int64).map_err(|error| not("instants", &array).with_source(error))?;
    let units: &Int64Array = units.as_primitive();
    let values = units.iter().enumerate().map(|(index, units)| {
        let Some(units) = units else { return Ok(None) };
        let nanos = units.rem_euclid(per_second) * (1_000_000_000 / per_second);
        let instant = Instant::new(units.div_euclid(per_second), u32::try_from(nanos).unwrap_or_default());
        instant.and_then(T::from_instant).map(Some).map_err(|error| error.at_index(index))
    });
    values.collect()
}

fn write_spans<'a, T: AsSpan + 'a>(values: impl Iterator<Item = Option<&'a T>>) -> Result<ArrayRef> {
    let micros = values.map(|value| {
        let Some(value) = value else { return Ok(None) };
        let span = value.to_span()?;
        if span.subsec_nanos() % 1_000 != 0 {
            return Err(finer("duration"));
        }
        let micros = i64::try_from(span.as_micros());
        micros.map(Some).map_err(|_| Error::new(ErrorKind::OutOfRange, "the duration is longer than 292,000 years"))
    });
    Ok(Arc::new(micros.collect::<Result<DurationMicrosecondArray>>()?))
}

fn read_spans<T: AsSpan>(array: &ArrayRef) -> Result<Vec<Option<T>>> {
    let per_second = match array.data_type() {
        DataType::Duration(unit) => per_second(*unit),
        DataType::Null => return Ok((0..array.len()).map(|_| None).collect()),
        _ => return Err(not("durations", array)),
    };
    let units = cast(array, &DataType::Int64).map_err(|error| not("durations", array).with_source(error))?;
    let units: &Int64Array = units.as_primitive();
    let values = units.iter().enumerate().map(|(index, units)| {
        let Some(units) = units else { return Ok(None) };
        let nanos = units % per_second * (1_000_000_000 / per_second);
        let span = SignedDuration::new(units / per_second, i32::try_from(nanos).unwrap_or_default());
        T::from_span(span).map(Some).map_err(|error| error.at_index(index))
    });
    values.collect()
}

#[cold]
fn finer(what: &str) -> Error {
    let message = format!("the {what} has digits below microseconds, for which columns have no room; cut them before the row is written");
    Error::new(ErrorKind::Unencodable, message)
}

#[cold]
fn not(what: &str, array: &ArrayRef) -> Error {
    Error::new(ErrorKind::Mismatch, format!("the column holds {}, which is not read as {what}", array.data_type()))
}

macro_rules! instants {
    ($($(#[$attribute:meta])* $instant:ty;)*) => {$(
        $(#[$attribute])*
        impl Cell for $instant {
            fn data_type() -> DataType {
                instant_type()
            }

            fn literal_type() -> LiteralType {
                LiteralType::simple(SimpleType::Datetime)
            }

            fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
                write_instants(values)
            }

            fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
                read_instants(array)
            }
        }
    )*};
}

macro_rules! spans {
    ($($(#[$attribute:meta])* $span:ty;)*) => {$(
        $(#[$attribute])*
        impl Cell for $span {
            fn data_type() -> DataType {
                DataType::Duration(TimeUnit::Microsecond)
            }

            fn literal_type() -> LiteralType {
                LiteralType::simple(SimpleType::Duration)
            }

            fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
                write_spans(values)
            }

            fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
                read_spans(array)
            }
        }
    )*};
}

/// From where dates count.
#[cfg(any(feature = "chrono", feature = "jiff"))]
const EPOCH: jiff::civil::Date = jiff::civil::Date::constant(1970, 1, 1);

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn write_dates<'a, T: AsDate + 'a>(values: impl Iterator<Item = Option<&'a T>>) -> Result<ArrayRef> {
    let days = values.map(|value| {
        let Some(value) = value else { return Ok(None) };
        let days = value.to_date()?.duration_since(EPOCH).as_hours() / 24;
        Ok(i32::try_from(days).ok())
    });
    Ok(Arc::new(days.collect::<Result<arrow::array::Date32Array>>()?))
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn date<T: AsDate>(days: i32) -> Result<T> {
    let date = EPOCH.checked_add(SignedDuration::from_hours(i64::from(days) * 24));
    T::from_date(date.map_err(|error| Error::new(ErrorKind::OutOfRange, "the date is outside the calendar").with_source(error))?)
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn read_dates<T: AsDate>(array: &ArrayRef) -> Result<Vec<Option<T>>> {
    let days = match array.data_type() {
        DataType::Date32 => array.clone(),
        DataType::Date64 => cast(array, &DataType::Date32).map_err(|error| not("dates", array).with_source(error))?,
        DataType::Null => return Ok((0..array.len()).map(|_| None).collect()),
        _ => return Err(not("dates", array)),
    };
    let days = days.as_primitive::<arrow::datatypes::Date32Type>();
    let values = days.iter().enumerate().map(|(index, day)| day.map(date).transpose().map_err(|error| error.at_index(index)));
    values.collect()
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
macro_rules! dates {
    ($($(#[$attribute:meta])* $date:ty;)*) => {$(
        $(#[$attribute])*
        impl Cell for $date {
            fn data_type() -> DataType {
                DataType::Date32
            }

            fn literal_type() -> LiteralType {
                LiteralType::simple(SimpleType::Datetime)
            }

            fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
                write_dates(values)
            }

            fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
                read_dates(array)
            }
        }
    )*};
}

instants! {
    std::time::SystemTime;
    #[cfg(feature = "jiff")]
    jiff::Timestamp;
    #[cfg(feature = "chrono")]
    chrono::DateTime<chrono::Utc>;
}

spans! {
    std::time::Duration;
    #[cfg(feature = "jiff")]
    SignedDuration;
    #[cfg(feature = "chrono")]
    chrono::TimeDelta;
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
dates! {
    #[cfg(feature = "jiff")]
    jiff::civil::Date;
    #[cfg(feature = "chrono")]
    chrono::NaiveDate;
}
