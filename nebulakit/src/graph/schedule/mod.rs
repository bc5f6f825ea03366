//! When a launch plan is launched by itself, and whether that ever happens.

mod cron;

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::form;

/// When a launch plan is launched by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// At the times of a cron expression.
    Cron(Cow<'static, str>),
    /// At a fixed rate, in whole minutes.
    Every(#[serde(with = "form::duration")] Duration),
}

impl Schedule {
    /// What is wrong with the schedule: it is not one, or it never comes.
    ///
    /// A cron expression has five fields (minute, hour, day of the month, month, day of the week) with `*` or `?`, numbers, `a-b`, `/step` and
    /// lists; months and days of the week may be named (`JAN`, `MON-FRI`), and Sunday is 0. Where both days are restricted, either will do. `TZ=Europe/Paris ` or
    /// `CRON_TZ=.. ` may stand before. `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly` and `@every 1h30m` stand for
    /// themselves. It is what Flyte's scheduler reads (Flyte registration contract, schedules), but for what never comes.
    ///
    /// ```
    /// use nebulakit::graph::Schedule;
    ///
    /// assert_eq!(Schedule::Cron("0 0 29 2 *".into()).problem(), None);
    /// assert_eq!(
    ///     Schedule::Cron("0 0 31 2 *".into()).problem().as_deref(),
    ///     Some("`0 0 31 2 *` never comes: none of its months has one of its days"),
    /// );
    /// ```
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        match self {
            Self::Cron(expression) => cron::problem(expression),
            Self::Every(every) => rate(*every),
        }
    }
}

/// What is wrong with a fixed rate: the platform counts whole minutes.
fn rate(every: Duration) -> Option<String> {
    const MINUTE: u64 = 60;
    let minutes = every.as_secs() / MINUTE;
    if minutes == 0 {
        Some(format!("every {every:?} is less than a minute, the least that a fixed rate can be"))
    } else if every.subsec_nanos() > 0 || !every.as_secs().is_multiple_of(MINUTE) {
        Some(format!("every {every:?} is not a whole number of minutes"))
    } else if u32::try_from(minutes).is_err() {
        Some(format!("every {every:?} is more than {} minutes", u32::MAX))
    } else {
        None
    }
}
