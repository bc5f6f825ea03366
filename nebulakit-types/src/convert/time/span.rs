//! A span of time, as the wire and text have it.

use jiff::SignedDuration;

use crate::convert::msgpack::{Packed, Packer, Unpacker, whole};
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

/// Seconds as a float, in pydantic's models the text of [`iso_text`].
pub(super) fn pack(span: SignedDuration, packer: &mut Packer) -> Result<()> {
    let span = within_limit(span)?;
    if packer.is_pydantic() {
        return packer.string(&iso_text(span));
    }
    packer.float(span.as_secs_f64());
    Ok(())
}

/// ISO 8601 as pydantic writes it: `-P1Y35DT12H0.001S`, each unit that is not zero, a year of 365 days.
pub(super) fn iso_text(span: SignedDuration) -> String {
    let (seconds, nanos) = (span.as_secs().unsigned_abs(), span.subsec_nanos().unsigned_abs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let part = |number: u64, unit: &str| if number == 0 { String::new() } else { format!("{number}{unit}") };
    let fraction = if nanos == 0 { String::new() } else { format!(".{nanos:09}").trim_end_matches('0').to_owned() };
    let second = if nanos == 0 { part(rest % 60, "S") } else { format!("{}{fraction}S", rest % 60) };
    let date = part(days / 365, "Y") + &part(days % 365, "D");
    let time = part(rest / 3_600, "H") + &part(rest / 60 % 60, "M") + &second;
    let sign = if span.is_negative() { "-" } else { "" };
    match (date.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (false, true) => format!("{sign}P{date}"),
        _ => format!("{sign}P{date}T{time}"),
    }
}

/// A span from ISO 8601 text, as pydantic writes it: a year has 365 days, a month 30, a week 7, a day 24 hours. The friendly forms of `jiff`
/// (`1h 30m`) are read too.
///
/// # Errors
/// When the text is of neither form, or longer than 10,000 years.
pub fn parse(text: &str) -> Result<SignedDuration> {
    let (is_negative, rest) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let Some(parts) = rest.strip_prefix(['P', 'p']) else {
        let span = text.parse().map_err(|error: jiff::Error| Error::new(ErrorKind::Mismatch, WANTED).with_source(error))?;
        return within_limit(span);
    };
    let (seconds, nanos) = iso(parts).ok_or_else(|| Error::new(ErrorKind::Mismatch, format!("{WANTED}, found {text:?}")))?;
    let sign = if is_negative { -1 } else { 1 };
    if seconds.unsigned_abs() > u128::from(LIMIT) {
        return Err(out_of_range(seconds * sign));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the limit was just checked, and a second has a billion nanoseconds")]
    within_limit(SignedDuration::new((seconds * sign) as i64, (nanos * sign) as i32))
}

const WANTED: &str = "expected a duration as ISO 8601 text, such as `P1DT2H30M`";

/// The units before and after the `T`, the largest first, and the seconds of each.
const DATE: &[(char, i128)] = &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('W', 7 * 86_400), ('D', 86_400)];
const TIME: &[(char, i128)] = &[('H', 3_600), ('M', 60), ('S', 1)];

/// The seconds and nanoseconds of what stands behind the `P`. Each unit comes once, in their order; only the last may have a fraction.
fn iso(text: &str) -> Option<(i128, i128)> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time).filter(|time| !time.is_empty())?),
        None => (text, ""),
    };
    let (mut seconds, mut nanos) = (0_i128, 0);
    let mut is_over = false;
    for (mut rest, mut units) in [(date, DATE), (time, TIME)] {
        while !rest.is_empty() {
            if is_over {
                return None;
            }
            let (number, (unit, behind)) = split_number(rest)?;
            let place = units.iter().position(|(name, _)| *name == unit)?;
            let (whole, fraction) = number.split_once(['.', ',']).map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
            // More digits than any span within the limit has are too many, whatever they are.
            let whole: i128 = whole.parse::<u64>().ok()?.into();
            seconds += whole * units[place].1;
            if let Some(fraction) = fraction.filter(|digits| (1..=9).contains(&digits.len())) {
                let billionths = format!("{fraction:0<9}").parse::<i128>().ok()? * units[place].1;
                seconds += billionths / 1_000_000_000;
                nanos = billionths % 1_000_000_000;
                is_over = true;
            } else if fraction.is_some() {
                return None;
            }
            (rest, units) = (behind, &units[place + 1..]);
        }
    }
    (!text.is_empty()).then_some((seconds, nanos))
}

/// The digits at the start, with what separates their fraction; the letter behind them in upper case; and the rest.
fn split_number(text: &str) -> Option<(&str, (char, &str))> {
    let end = text.find(|character: char| !character.is_ascii_digit() && !matches!(character, '.' | ','))?;
    let unit = text[end..].chars().next()?;
    (end > 0).then(|| (&text[..end], (unit.to_ascii_uppercase(), &text[end + unit.len_utf8()..])))
}

/// Seconds as a float carry nanoseconds exactly over some 48 days and microseconds over some 270 years; finer digits are noise of the
/// float.
#[expect(clippy::cast_precision_loss, reason = "the limit is far below 2^53")]
pub(super) fn from_seconds(seconds: f64) -> Result<SignedDuration> {
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
