//! The values that columns are compared with, and where they stand among those that a column can hold.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int32Array, Int64Array,
    StringArray, UInt64Array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Int64Type, TimeUnit, i256};

use super::bound::{Comparison, Test};
use crate::convert::time::{AsInstant, AsSpan, Instant};
use crate::{Bytes, Error, ErrorKind, Result};

/// A value that a column is compared with.
#[derive(Debug, Clone, PartialEq)]
pub struct Value(Inner);

#[derive(Debug, Clone, PartialEq)]
enum Inner {
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    Binary(Bytes),
    /// Nanoseconds since 1970.
    Instant(i128),
    /// Nanoseconds.
    Span(i128),
    /// Of another kind than columns hold, with the reason.
    Wrong(String),
}

/// Where a value stands among those that a column can hold.
pub(super) enum Rank {
    /// It is one of them.
    At(ArrayRef),
    /// It is between this one and the next.
    After(ArrayRef),
    Below,
    Above,
}

impl Rank {
    /// What a comparison with the value asks of the column's values.
    pub(super) fn test(self, comparison: Comparison) -> Test {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        match (self, comparison) {
            (Self::At(value), _) => Test::Compare(comparison, value),
            (Self::After(value), Less | LessOrEqual) => Test::Compare(LessOrEqual, value),
            (Self::After(value), Greater | GreaterOrEqual) => Test::Compare(Greater, value),
            (Self::After(_), _) => Test::Always(comparison == NotEqual),
            (Self::Below, _) => Test::Always(matches!(comparison, Greater | GreaterOrEqual | NotEqual)),
            (Self::Above, _) => Test::Always(matches!(comparison, Less | LessOrEqual | NotEqual)),
        }
    }

    fn shifted(self) -> Self {
        match self {
            Self::At(value) => Self::After(value),
            other => other,
        }
    }
}

impl Value {
    /// Where the value stands in a column of this type.
    pub(super) fn rank(&self, data_type: &DataType) -> Result<Rank> {
        if let DataType::Dictionary(_, values) = data_type {
            return self.rank(values);
        }
        if let DataType::RunEndEncoded(_, values) = data_type {
            return self.rank(values.data_type());
        }
        match (&self.0, data_type) {
            (Inner::Boolean(value), DataType::Boolean) => Ok(Rank::At(Arc::new(BooleanArray::from(vec![*value])))),
            (Inner::Integer(value), data_type) if data_type.is_integer() => integer(*value, data_type),
            (Inner::Float(value), data_type) if data_type.is_integer() && value.is_finite() => {
                #[expect(clippy::cast_possible_truncation, reason = "what is beyond 128 bits is beyond every column")]
                let rank = integer(value.floor() as i128, data_type)?;
                Ok(if value.fract() == 0.0 { rank } else { rank.shifted() })
            }
            (Inner::Float(value), _) if value.is_nan() => Err(wrong("NaN compares with nothing")),
            (Inner::Float(value), DataType::Float64) => Ok(Rank::At(Arc::new(Float64Array::from(vec![*value])))),
            (Inner::Float(value), DataType::Float32 | DataType::Float16) => Ok(single(*value)),
            #[expect(clippy::cast_precision_loss, reason = "compared with floats, as a float")]
            (Inner::Integer(value), DataType::Float64 | DataType::Float32 | DataType::Float16) => {
                Self(Inner::Float(*value as f64)).rank(data_type)
            }
            (
                Inner::Integer(value),
                DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..),
            ) => decimal(&value.to_string(), data_type),
            (
                Inner::Text(text),
                DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..),
            ) => decimal(text, data_type),
            (Inner::Text(text), DataType::Timestamp(unit, _)) => ticks(instant_of(text, data_type)?, *unit, data_type),
            (Inner::Text(text), DataType::Date32) => {
                Self(Inner::Instant(instant_of(text, &DataType::Timestamp(TimeUnit::Nanosecond, None))?)).rank(data_type)
            }
            (Inner::Text(text), DataType::Time32(unit) | DataType::Time64(unit)) => {
                let time = cast(Arc::new(StringArray::from(vec![text.as_str()])), &DataType::Time64(TimeUnit::Nanosecond));
                ticks(units(time.map_err(|_| unfit(data_type))?)?, *unit, data_type)
            }
            (Inner::Text(text), _) if !data_type.is_integer() && !data_type.is_floating() => {
                cast(Arc::new(StringArray::from(vec![text.as_str()])), data_type)
            }
            (Inner::Binary(value), DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)) => {
                cast(Arc::new(BinaryArray::from(vec![value.as_ref()])), data_type)
            }
            (Inner::Instant(nanos), DataType::Timestamp(unit, _)) => ticks(*nanos, *unit, data_type),
            (Inner::Instant(nanos), DataType::Date32) => {
                let Ok(days) = i32::try_from(nanos.div_euclid(DAY)) else {
                    return Ok(if *nanos < 0 { Rank::Below } else { Rank::Above });
                };
                let rank = Rank::At(Arc::new(Date32Array::from(vec![days])));
                Ok(if nanos.rem_euclid(DAY) == 0 { rank } else { rank.shifted() })
            }
            (Inner::Span(nanos), DataType::Duration(unit)) => ticks(*nanos, *unit, data_type),
            (Inner::Wrong(reason), _) => Err(wrong(reason.as_str())),
            _ => Err(unfit(data_type).with_source(std::io::Error::other(format!("the value is {}", self.kind())))),
        }
    }

    fn kind(&self) -> &'static str {
        match self.0 {
            Inner::Boolean(_) => "a boolean",
            Inner::Integer(_) => "an integer",
            Inner::Float(_) => "a float",
            Inner::Text(_) => "a text",
            Inner::Binary(_) => "bytes",
            Inner::Instant(_) => "an instant",
            Inner::Span(_) => "a duration",
            Inner::Wrong(_) => "nothing",
        }
    }
}

/// Nanoseconds of a day.
const DAY: i128 = 86_400_000_000_000;

fn integer(value: i128, data_type: &DataType) -> Result<Rank> {
    let (least, greatest): (i128, i128) = match data_type {
        DataType::Int8 => (i8::MIN.into(), i8::MAX.into()),
        DataType::Int16 => (i16::MIN.into(), i16::MAX.into()),
        DataType::Int32 => (i32::MIN.into(), i32::MAX.into()),
        DataType::Int64 => (i64::MIN.into(), i64::MAX.into()),
        DataType::UInt8 => (0, u8::MAX.into()),
        DataType::UInt16 => (0, u16::MAX.into()),
        DataType::UInt32 => (0, u32::MAX.into()),
        _ => (0, u64::MAX.into()),
    };
    if value < least {
        return Ok(Rank::Below);
    }
    if value > greatest {
        return Ok(Rank::Above);
    }
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => cast(Arc::new(Int64Array::from(vec![value])), data_type),
        (_, Ok(value)) => cast(Arc::new(UInt64Array::from(vec![value])), data_type),
        _ => Ok(Rank::Above),
    }
}

/// The float of 32 bits at or below a value.
fn single(value: f64) -> Rank {
    #[expect(clippy::cast_possible_truncation, reason = "the nearest one is what is looked for")]
    let nearest = value as f32;
    let array = |value: f32| -> ArrayRef { Arc::new(Float32Array::from(vec![value])) };
    match f64::from(nearest).partial_cmp(&value) {
        Some(std::cmp::Ordering::Less) => Rank::After(array(nearest)),
        Some(std::cmp::Ordering::Greater) => Rank::After(array(nearest.next_down())),
        _ => Rank::At(array(nearest)),
    }
}

/// Where a decimal that is written as text stands. The cast rounds, and knows no number that the column is too narrow for.
fn decimal(text: &str, data_type: &DataType) -> Result<Rank> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = match data_type {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => {
            usize::try_from(*scale).ok()
        }
        _ => None,
    };
    let plain = !(whole.is_empty() && fraction.is_empty()) && whole.chars().chain(fraction.chars()).all(|digit| digit.is_ascii_digit());
    let Some(scale) = scale.filter(|_| plain) else { return cast(Arc::new(StringArray::from(vec![text])), data_type) };
    let (kept, cut) = fraction.split_at(scale.min(fraction.len()));
    let (sign, point) = (if negative { "-" } else { "" }, if kept.is_empty() { "" } else { "." });
    let towards_zero = format!("{sign}0{whole}{point}{kept}");
    let Ok(rank) = cast(Arc::new(StringArray::from(vec![towards_zero])), data_type) else {
        return Ok(if negative { Rank::Below } else { Rank::Above });
    };
    match rank {
        rank if cut.bytes().all(|digit| digit == b'0') => Ok(rank),
        Rank::At(value) if negative => below(&value).map(Rank::After),
        rank => Ok(rank.shifted()),
    }
}

/// The decimal one step below.
fn below(value: &ArrayRef) -> Result<ArrayRef> {
    macro_rules! step {
        ($type:ty, $one:expr) => {
            Arc::new(
                value.as_primitive::<$type>().unary::<_, $type>(|value| value.wrapping_sub($one)).with_data_type(value.data_type().clone()),
            ) as ArrayRef
        };
    }
    Ok(match value.data_type() {
        DataType::Decimal32(..) => step!(Decimal32Type, 1),
        DataType::Decimal64(..) => step!(Decimal64Type, 1),
        DataType::Decimal128(..) => step!(Decimal128Type, 1),
        DataType::Decimal256(..) => step!(Decimal256Type, i256::ONE),
        other => return Err(unfit(other)),
    })
}

/// The instant that a text names, in nanoseconds since 1970, as columns of `data_type` take it. Without an offset it is UTC, as everywhere.
fn instant_of(text: &str, data_type: &DataType) -> Result<i128> {
    let zone = matches!(data_type, DataType::Timestamp(_, Some(_))).then(|| "+00:00".into());
    let text: ArrayRef = Arc::new(StringArray::from(vec![text]));
    let (array, nanos) = match cast(text.clone(), &DataType::Timestamp(TimeUnit::Nanosecond, zone.clone())) {
        Ok(rank) => (rank, 1),
        // Before 1677, or after 2262.
        Err(_) => (cast(text, &DataType::Timestamp(TimeUnit::Microsecond, zone)).map_err(|_| unfit(data_type))?, 1_000),
    };
    Ok(units(array)? * nanos)
}

/// The one value of an array of instants or times, in their unit.
fn units(rank: Rank) -> Result<i128> {
    match rank {
        Rank::At(array) => match cast(array, &DataType::Int64)? {
            Rank::At(units) => Ok(units.as_primitive::<Int64Type>().value(0).into()),
            _ => Err(unfit(&DataType::Int64)),
        },
        _ => Err(unfit(&DataType::Int64)),
    }
}

/// Nanoseconds in a coarser unit.
fn ticks(nanos: i128, unit: TimeUnit, data_type: &DataType) -> Result<Rank> {
    let each: i128 = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    let Ok(ticks) = i64::try_from(nanos.div_euclid(each)) else { return Ok(if nanos < 0 { Rank::Below } else { Rank::Above }) };
    let rank = match data_type {
        DataType::Time32(_) => cast(Arc::new(Int32Array::from(vec![i32::try_from(ticks).map_err(|_| unfit(data_type))?])), data_type)?,
        _ => cast(Arc::new(Int64Array::from(vec![ticks])), data_type)?,
    };
    Ok(if nanos.rem_euclid(each) == 0 { rank } else { rank.shifted() })
}

fn cast(value: ArrayRef, data_type: &DataType) -> Result<Rank> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(&value, data_type, &strict).map(Rank::At).map_err(|error| unfit(data_type).with_source(error))
}

fn unfit(data_type: &DataType) -> Error {
    wrong(format!("the filter compares the column, which holds {data_type}, with a value of another kind"))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Mismatch, message)
}

macro_rules! values {
    ($($from:ty => $variant:ident;)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self(Inner::$variant(value.into()))
            }
        }
    )*};
}

values! {
    bool => Boolean;
    i8 => Integer;
    i16 => Integer;
    i32 => Integer;
    i64 => Integer;
    u8 => Integer;
    u16 => Integer;
    u32 => Integer;
    u64 => Integer;
    f32 => Float;
    f64 => Float;
    &str => Text;
    String => Text;
    Bytes => Binary;
}

fn instant(value: &impl AsInstant) -> Value {
    let nanos = |instant: Instant| i128::from(instant.seconds()) * 1_000_000_000 + i128::from(instant.nanos());
    Value(value.to_instant().map_or_else(|error| Inner::Wrong(error.to_string()), |instant| Inner::Instant(nanos(instant))))
}

fn span(value: &impl AsSpan) -> Value {
    Value(value.to_span().map_or_else(|error| Inner::Wrong(error.to_string()), |span| Inner::Span(span.as_nanos())))
}

#[cfg(any(feature = "chrono", feature = "jiff"))]
fn date(value: &impl crate::convert::time::AsDate) -> Value {
    match value.to_date() {
        Ok(date) => {
            let days = date.duration_since(jiff::civil::Date::constant(1970, 1, 1)).as_hours() / 24;
            Value(Inner::Instant(i128::from(days) * DAY))
        }
        Err(error) => Value(Inner::Wrong(error.to_string())),
    }
}

macro_rules! times {
    ($($(#[$attribute:meta])* $from:ty => $function:ident;)*) => {$(
        $(#[$attribute])*
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                $function(&value)
            }
        }
    )*};
}

times! {
    std::time::SystemTime => instant;
    std::time::Duration => span;
    #[cfg(feature = "jiff")]
    jiff::Timestamp => instant;
    #[cfg(feature = "jiff")]
    jiff::SignedDuration => span;
    #[cfg(feature = "jiff")]
    jiff::civil::Date => date;
    #[cfg(feature = "chrono")]
    chrono::DateTime<chrono::Utc> => instant;
    #[cfg(feature = "chrono")]
    chrono::TimeDelta => span;
    #[cfg(feature = "chrono")]
    chrono::NaiveDate => date;
}
