//! Values as text, the way Go writes and reads them: the copilot and what renders commands are Go programs.

use nebulakit_types::literal::{TimeDelta, Timestamp};
use nebulakit_types::{Error, ErrorKind, Result};

use nebulakit_types::convert::time::Instant;

/// Nanoseconds of a second.
const SECOND: i128 = 1_000_000_000;

/// The units of a duration, and how many nanoseconds each has. Both signs for a millionth are read.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", 60 * SECOND),
    ("h", 3_600 * SECOND),
];

/// A float as the shortest decimal without an exponent.
pub(super) fn decimal(value: f64) -> String {
    odd(value).map_or_else(|| value.to_string(), str::to_owned)
}

/// A float as `%v` prints it.
pub(super) fn general(value: f64) -> String {
    odd(value).map_or_else(|| scientific_beyond(value, -4, 6, true), str::to_owned)
}

/// A finite float as Go's JSON has it.
pub(super) fn in_json(value: f64) -> String {
    scientific_beyond(value, -6, 21, false)
}

/// A float with an exponent where that is below `least` or not below `most`.
fn scientific_beyond(value: f64, least: i32, most: i32, two_digits: bool) -> String {
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return value.to_string() };
    if value == 0.0 || (least..most).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let width = if two_digits { 2 } else { 1 };
    format!("{mantissa}e{sign}{:0width$}", exponent.unsigned_abs())
}

/// The floats that are not numbers.
fn odd(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// An instant in RFC 3339.
///
/// # Errors
/// Outside the years 1 to 9999.
pub(super) fn instant(Timestamp { seconds, nanos }: Timestamp) -> Result<String> {
    let nanos = u32::try_from(nanos)
        .map_err(|_| Error::new(ErrorKind::OutOfRange, format!("expected nanoseconds after a second, found {nanos} of them")))?;
    Ok(Instant::new(seconds, nanos)?.to_string())
}

/// A duration such as `1h2m3.5s`.
///
/// # Errors
/// Where Go has none so long: about 292 years.
pub(super) fn duration(TimeDelta { seconds, nanos }: TimeDelta) -> Result<String> {
    let total = i128::from(seconds) * SECOND + i128::from(nanos);
    if i64::try_from(total).is_err() {
        let message = format!("expected a duration of at most 292 years, which is all that the copilot has, found {seconds} seconds");
        return Err(Error::new(ErrorKind::OutOfRange, message));
    }
    let (sign, size) = (if total < 0 { "-" } else { "" }, total.abs());
    let fraction = |unit: i128, name: &str| {
        let (whole, rest) = (size / unit, size % unit);
        let digits = unit.to_string().len() - 1;
        let rest = if rest == 0 { String::new() } else { format!(".{rest:0digits$}").trim_end_matches('0').to_owned() };
        format!("{sign}{whole}{rest}{name}")
    };
    Ok(match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => fraction(1_000, "\u{b5}s"),
        1_000_000..SECOND => fraction(1_000_000, "ms"),
        _ => {
            let (minutes, rest) = (size / (60 * SECOND), size % (60 * SECOND));
            let nanos = rest % SECOND;
            let nanos = if nanos == 0 { String::new() } else { format!(".{nanos:09}").trim_end_matches('0').to_owned() };
            let seconds = format!("{}{nanos}s", rest / SECOND);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}"),
            }
        }
    })
}

/// A duration as the text form of its message.
pub(super) fn message_of(TimeDelta { seconds, nanos }: TimeDelta) -> String {
    let parts = [("seconds", seconds), ("nanos", i64::from(nanos))];
    let parts: Vec<_> = parts.iter().filter(|(_, value)| *value != 0).map(|(name, value)| format!("{name}:{value}")).collect();
    parts.join(" ")
}

fn wrong(expected: &str, text: &str) -> Error {
    /// How much of a wrong text an error shows.
    const SHOWN: usize = 60;
    let cut = text.char_indices().nth(SHOWN).map_or(text.len(), |(at, _)| at);
    let more = if cut < text.len() { ".." } else { "" };
    Error::new(ErrorKind::Mismatch, format!("expected {expected}, found `{}{more}`", &text[..cut]))
}

pub(super) fn read_integer(text: &str) -> Result<i64> {
    text.parse().map_err(|_| wrong("a whole number of 64 bits, such as `7`", text))
}

pub(super) fn read_float(text: &str) -> Result<f64> {
    let value: f64 = text.parse().map_err(|_| wrong("a number, such as `1.5`", text))?;
    let said = text.trim_start_matches(['+', '-']);
    if value.is_infinite() && said.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Err(wrong("a number that a 64-bit float can hold", text));
    }
    Ok(value)
}

pub(super) fn read_boolean(text: &str) -> Result<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(wrong("`true` or `false`", text)),
    }
}

/// Reads an instant in RFC 3339, to the nanosecond; further digits are cut off.
pub(super) fn read_instant(text: &str) -> Result<Timestamp> {
    let expected = || wrong("a datetime in RFC 3339, such as `2024-02-29T12:00:00Z`", text);
    let (before, after) = text.split_at_checked("2024-02-29T12:00:00".len()).ok_or_else(expected)?;
    let digit = |byte: u8, form: u8| if form == b'0' { byte.is_ascii_digit() } else { byte == form };
    if !before.bytes().zip(*b"0000-00-00T00:00:00").all(|(byte, form)| digit(byte, form)) {
        return Err(expected());
    }
    let (fraction, offset) = match after.strip_prefix('.') {
        Some(rest) => {
            let length = rest.bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 {
                return Err(expected());
            }
            rest.split_at(length)
        }
        None => ("", after),
    };
    let is_offset = offset == "Z" || offset.len() == 6 && offset.bytes().skip(1).zip(*b"00:00").all(|(byte, form)| digit(byte, form));
    let part = |range: std::ops::Range<usize>| before[range].parse::<u32>().unwrap_or(u32::MAX);
    // What reads it next would take a leap second.
    if !is_offset || part(11..13) > 23 || part(17..19) > 59 {
        return Err(expected());
    }
    let fraction = &fraction[..fraction.len().min(9)];
    let dot = if fraction.is_empty() { "" } else { "." };
    let instant = Instant::parse(&format!("{before}{dot}{fraction}{offset}")).map_err(|_| expected())?;
    Ok(Timestamp { seconds: instant.seconds(), nanos: instant.nanos().cast_signed() })
}

/// Reads a duration such as `1h2m3.5s`.
pub(super) fn read_duration(text: &str) -> Result<TimeDelta> {
    let expected = || wrong("a duration with a unit, such as `1h2m3.5s`", text);
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(TimeDelta::default());
    }
    if rest.is_empty() {
        return Err(expected());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, tail) = rest.split_at(digits(rest));
        let (fraction, tail) = match tail.strip_prefix('.') {
            Some(tail) => tail.split_at(digits(tail)),
            None => ("", tail),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(expected());
        }
        let length = tail.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(length);
        let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(expected)?;
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<i64>().map_err(|_| expected())?.into() };
        // More digits than these are less than a nanosecond, of an hour too.
        let fraction = &fraction[..fraction.len().min(18)];
        let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap_or_default());
        let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| expected())? };
        total += whole * unit + fraction * unit / scale;
        rest = tail;
    }
    let total = i64::try_from(if negative { -total } else { total }).map_err(|_| expected())?;
    Ok(TimeDelta { seconds: total / 1_000_000_000, nanos: i32::try_from(total % 1_000_000_000).unwrap_or_default() })
}
