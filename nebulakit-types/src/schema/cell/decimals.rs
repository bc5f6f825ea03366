//! Decimals: whole numbers of a unit such as a hundredth.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type};

use super::super::filter::Value;
use super::super::widen::widen;
use super::Cell;
use crate::literal_type::SimpleType;
use crate::{Error, ErrorKind, LiteralType, Result};

/// A decimal number of up to `DIGITS` digits (38 at most), `SCALE` of them after the point, for a column of just that type.
///
/// A column with other digits is read where no value changes. Sums are those of [`Decimal::units`].
///
/// ```
/// use nebulakit_types::schema::Decimal;
///
/// let price: Decimal<10, 2> = "-12.5".parse()?;
/// assert_eq!((price.units(), price.to_string().as_str()), (-1250, "-12.50"));
/// assert_eq!(Decimal::<10, 2>::of_units(1999)?.to_string(), "19.99");
/// assert!("0.005".parse::<Decimal<10, 2>>().is_err());
/// # Ok::<(), nebulakit_types::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Decimal<const DIGITS: u8, const SCALE: u8>(i128);

impl<const DIGITS: u8, const SCALE: u8> Decimal<DIGITS, SCALE> {
    const VALID: () = assert!(DIGITS >= 1 && DIGITS <= 38 && SCALE <= DIGITS, "a decimal has 1 to 38 digits, and no more after the point");

    fn data_type() -> DataType {
        const { Self::VALID };
        DataType::Decimal128(DIGITS, SCALE.cast_signed())
    }

    /// The decimal of this many units of the last digit: 1250 is 12.50 with two digits after the point.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`] for more digits.
    pub fn of_units(units: i128) -> Result<Self> {
        const { Self::VALID };
        if units.unsigned_abs() < 10_u128.pow(DIGITS.into()) {
            return Ok(Self(units));
        }
        Err(Error::new(ErrorKind::OutOfRange, format!("a decimal of {DIGITS} digits does not hold {units} units")))
    }

    /// How many units of the last digit it is.
    #[must_use]
    pub fn units(self) -> i128 {
        self.0
    }
}

impl<const DIGITS: u8, const SCALE: u8> fmt::Display for Decimal<DIGITS, SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u128.pow(SCALE.into());
        let (whole, rest) = (self.0.unsigned_abs() / unit, self.0.unsigned_abs() % unit);
        let digits = match SCALE {
            0 => whole.to_string(),
            scale => format!("{whole}.{rest:0width$}", width = usize::from(scale)),
        };
        f.pad_integral(self.0 >= 0, "", &digits)
    }
}

impl<const DIGITS: u8, const SCALE: u8> fmt::Debug for Decimal<DIGITS, SCALE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Reads digits with a sign and a point; none is rounded away.
impl<const DIGITS: u8, const SCALE: u8> FromStr for Decimal<DIGITS, SCALE> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::new(ErrorKind::Mismatch, format!("expected a decimal such as `-12.50`, found {text:?}"));
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, after) = digits.split_once('.').unwrap_or((digits, ""));
        let kept = after.trim_end_matches('0');
        if whole.len() + after.len() == 0 || !whole.bytes().chain(after.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        if kept.len() > usize::from(SCALE) {
            let message = format!("{text:?} has more than {SCALE} digits after the point");
            return Err(Error::new(ErrorKind::OutOfRange, message));
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > usize::from(DIGITS - SCALE) {
            let message = format!("{text:?} has more than {} digits before the point", DIGITS - SCALE);
            return Err(Error::new(ErrorKind::OutOfRange, message));
        }
        let units = format!("0{whole}{kept:0<width$}", width = usize::from(SCALE)).parse::<i128>().map_err(|_| wrong())?;
        Self::of_units(if text.starts_with('-') { -units } else { units })
    }
}

/// Compared with columns of any decimal type.
impl<const DIGITS: u8, const SCALE: u8> From<Decimal<DIGITS, SCALE>> for Value {
    fn from(decimal: Decimal<DIGITS, SCALE>) -> Self {
        decimal.to_string().into()
    }
}

/// Declared as a float, the only number with a fraction that interfaces know.
impl<const DIGITS: u8, const SCALE: u8> Cell for Decimal<DIGITS, SCALE> {
    fn data_type() -> DataType {
        Self::data_type()
    }

    fn literal_type() -> LiteralType {
        LiteralType::simple(SimpleType::Float)
    }

    fn collect<'a>(values: impl Iterator<Item = Option<&'a Self>>) -> Result<ArrayRef> {
        let units: Decimal128Array = values.map(|value| value.map(|decimal| decimal.0)).collect();
        let array = units.with_data_type(Self::data_type());
        Ok(Arc::new(array))
    }

    fn read(array: &ArrayRef) -> Result<Vec<Option<Self>>> {
        let array = widen(array, &Self::data_type())?;
        let values = array.as_primitive::<Decimal128Type>().iter().enumerate();
        values.map(|(index, units)| units.map(Self::of_units).transpose().map_err(|error| error.at_index(index))).collect()
    }
}
