//! Instants and spans, as people write them.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use nebulakit_types::convert::time::{Instant, parse_span};
use nebulakit_types::{Error, ErrorKind, Result};

use super::parser::Parser;
use super::said::{found_text, mismatch};

impl Parser<'_> {
    /// An instant: ISO 8601 with `Z`, an offset or no zone (then UTC), a date, `now`, `today`, and any of them plus or minus a duration.
    pub(super) fn instant(&self, text: &str) -> Result<Instant> {
        let text = text.trim();
        let wrong = || mismatch("a datetime, as `2024-02-29T12:30:00Z`, `2024-02-29`, `now` or `today`", &found_text(text));
        let signs = [(" + ", SignedDuration::checked_add as fn(_, _) -> _), (" - ", SignedDuration::checked_sub)];
        for (sign, moved) in signs {
            if let Some((base, span)) = text.split_once(sign) {
                let moved = moved(self.instant(base)?.since_epoch(), duration(span)?);
                return Instant::from_epoch(moved.ok_or_else(wrong)?);
            }
        }
        match text {
            "now" => Ok(self.now),
            "today" => Instant::new(self.now.seconds() - self.now.seconds().rem_euclid(24 * 60 * 60), 0),
            _ => Instant::parse(text).map_err(|error| if error.kind() == ErrorKind::Mismatch { wrong() } else { error }),
        }
    }
}

/// A span: friendly (`1h30m`, `2 days`), ISO 8601 (`PT1H30M`), or seconds. A day has 24 hours; the years of ISO 8601 have 365 days.
pub(in crate::cli) fn duration(text: &str) -> Result<SignedDuration> {
    let text = text.trim();
    let wrong = || mismatch("a duration, as `1h30m`, `2 days`, `PT90S` or seconds", &found_text(text));
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(SignedDuration::from_secs(seconds));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return SignedDuration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    if text.trim_start_matches(['+', '-']).starts_with(['P', 'p']) {
        return parse_span(text).map_err(|error| if error.kind() == ErrorKind::Mismatch { wrong() } else { error });
    }
    let span = text.parse::<Span>().map_err(|_| wrong())?;
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| Error::new(ErrorKind::Mismatch, format!("expected a duration in days or smaller units, {}", found_text(text))))
}
