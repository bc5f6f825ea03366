//! Instants with an offset, and what a clock shows where nobody says in which zone.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};

use super::super::filter::Value;
use super::times::{micros, read_instants};
use super::{Cell, times};
use crate::convert::time::{AsInstant, Instant};
use crate::literal_type::SimpleType;
use crate::{Error, ErrorKind, LiteralType, Result};

/// Reads what clocks showed; instants are not that: in which zone would they be shown?
fn read_clocks<T: AsInstant>(array: &ArrayRef) -> Result<Vec<Option<T>>> {
    let held = match array.data_type() {
        DataType::Dictionary(_, values) => values,
        held => held,
    };
    if let DataType::Timestamp(_, Some(zone)) = held {
        let message = format!("the column holds instants of the zone `{zone}`, which are not read as times without a zone");
        return Err(Error::new(ErrorKind::Mismatch, message));
    }
    read_instants(array)
}

macro_rules! clocks {
    ($($(#[$attribute:meta])* $clock:ty { from: $from:expr, into: $into:expr })*) => {$(
        /// As UTC, in which clocks show what they show.
        $(#[$attribute])*
        impl AsInstant for $clock {
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
        impl Cell for $clock {
            fn data_type() -> DataType {
                DataType::Timestamp(TimeUnit::Microsecond, None)
            }

            fn literal_type() -> LiteralType {
                LiteralType::simple(SimpleType::Datetime)
            }

            fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
                Ok(Arc::new(micros(values)?))
            }

            fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
                read_clocks(array)
            }
        }
    )*};
}

clocks! {
    #[cfg(feature = "chrono")]
    chrono::NaiveDateTime {
        from: |instant| Ok(chrono::DateTime::<chrono::Utc>::from_instant(instant)?.naive_utc()),
        into: |clock| clock.and_utc().to_instant()
    }
    #[cfg(feature = "jiff")]
    jiff::civil::DateTime {
        from: |instant| Ok(instant.civil()),
        into: |clock| Instant::from_epoch(clock.duration_since(jiff::civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0)))
    }
}

/// Compared with instants as UTC.
#[cfg(feature = "chrono")]
impl From<chrono::NaiveDateTime> for Value {
    fn from(clock: chrono::NaiveDateTime) -> Self {
        clock.and_utc().into()
    }
}

/// Compared with instants as UTC.
#[cfg(feature = "jiff")]
impl From<jiff::civil::DateTime> for Value {
    fn from(clock: jiff::civil::DateTime) -> Self {
        clock.to_string().into()
    }
}

#[cfg(feature = "chrono")]
impl From<chrono::DateTime<chrono::FixedOffset>> for Value {
    fn from(instant: chrono::DateTime<chrono::FixedOffset>) -> Self {
        instant.to_utc().into()
    }
}

/// Written in UTC: a column has one zone for all its values. Read with the column's offset, or in UTC where its zone has a name.
#[cfg(feature = "chrono")]
impl Cell for chrono::DateTime<chrono::FixedOffset> {
    fn data_type() -> DataType {
        times::instant_type()
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::Datetime)
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let values: Vec<_> = values.map(|value| value.map(chrono::DateTime::to_utc)).collect();
        times::write_instants(values.iter().map(Option::as_ref))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let offset = match array.data_type() {
            DataType::Timestamp(_, Some(zone)) => zone.parse().ok(),
            _ => None,
        };
        let offset: chrono::FixedOffset = offset.unwrap_or(chrono::Offset::fix(&chrono::Utc));
        let values = read_instants::<chrono::DateTime<chrono::Utc>>(array)?;
        Ok(values.into_iter().map(|value| value.map(|instant| instant.with_timezone(&offset))).collect())
    }
}
