//! Spans of time, as workflows say them.

use std::time::Duration;

/// A span of time: a [`Duration`], or text such as `"10m"` or `"1h30m"`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a duration", label = "write text as in `\"1h30m\"`, or a `std::time::Duration`")]
pub trait IntoDuration {
    /// The span, or why it is not one.
    #[doc(hidden)]
    fn __into_duration(self) -> Result<Duration, String>;
}

impl IntoDuration for Duration {
    fn __into_duration(self) -> Result<Duration, String> {
        if self.is_zero() { Err(ZERO.to_owned()) } else { Ok(self) }
    }
}

impl IntoDuration for &str {
    fn __into_duration(self) -> Result<Duration, String> {
        read(self)
    }
}

impl IntoDuration for String {
    fn __into_duration(self) -> Result<Duration, String> {
        read(&self)
    }
}

const ZERO: &str = "a duration of zero is no time at all; leave it out";

/// The units, from the largest to the smallest, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads whole numbers, each with a unit, from the largest to the smallest, as the options of `#[task]` are read.
fn read(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write whole numbers with `d`, `h`, `m`, `s` and `ms`, as in `1h30m`");
    let (mut rest, mut millis, mut previous) = (text.trim(), 0_u64, u64::MAX);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        if unit.is_empty() && tail.is_empty() && !number.is_empty() {
            return Err(format!("`{text}` has no unit; seconds are `{text}s`, minutes are `{text}m`"));
        }
        let (_, scale) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        if scale >= previous {
            return Err(wrong());
        }
        previous = scale;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        millis = number.checked_mul(scale).and_then(|part| part.checked_add(millis)).ok_or_else(wrong)?;
        rest = tail.trim_start();
    }
    if millis == 0 { Err(ZERO.to_owned()) } else { Ok(Duration::from_millis(millis)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_the_options_of_tasks_are() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172_800)] {
            assert_eq!(text.__into_duration(), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "10", "m", "10 minutes", "1.5h", "-1s", "30m1h", "1m1m", "0s", "99999999999999999999s", "soon"] {
            assert!(text.__into_duration().is_err(), "{text}");
        }
        assert!("10".__into_duration().is_err_and(|problem| problem.contains("`10m`")));
    }
}
