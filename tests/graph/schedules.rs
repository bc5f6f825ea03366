//! Which schedules there are, and which never come.

use std::time::{Duration, Instant};

use nebulakit::graph::Schedule;

fn cron(expression: &str) -> Option<String> {
    Schedule::Cron(expression.to_owned().into()).problem()
}

#[test]
fn what_the_platform_reads_is_taken() {
    for expression in [
        "0 2 * * *",
        "*/5 * * * *",
        "0 0 29 2 *",
        "0 0 29 FEB ?",
        "0 0 31 1,3-4 *",
        "30 6 * JAN-MAR MON-FRI",
        "0 0 31 2 1",
        "0 0 31 2 */2",
        "5/15 0-23/2 1 1 0,6",
        "  0   2 * * *  ",
        "TZ=Europe/Paris 0 2 * * *",
        "CRON_TZ=UTC @daily",
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
        "@every 1h30m",
        "@every 90s",
        "@every 1.5h",
    ] {
        assert_eq!(cron(expression), None, "{expression}");
    }
}

#[test]
fn what_never_comes_is_refused_with_its_reason_at_once() {
    for expression in ["0 0 31 2 *", "0 0 30 2 ?", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB *", "0 0 30/1 2 *", "TZ=UTC 0 0 31 2 *"] {
        let reason = format!("`{expression}` never comes: none of its months has one of its days");
        let start = Instant::now();
        assert_eq!(cron(expression), Some(reason), "{expression}");
        let fastest = (0..10).map(|_| timed(expression)).min().unwrap().min(start.elapsed());
        assert!(fastest < Duration::from_millis(1), "{expression}: {fastest:?}");
    }
}

fn timed(expression: &str) -> Duration {
    let start = Instant::now();
    cron(expression);
    start.elapsed()
}

#[test]
fn what_is_not_an_expression_is_told_why() {
    for (expression, reason) in [
        ("", "it has five fields"),
        ("daily", "; write `@daily`"),
        ("Hourly", "; write `@hourly`"),
        ("0 0 2 * * *", "; there is none for seconds"),
        ("0 2 * *", "it has five fields"),
        ("60 * * * *", "the minute is a number from 0 to 59, not `60`"),
        ("* 24 * * *", "the hour is a number from 0 to 23, not `24`"),
        ("* * 0 * *", "the day of the month is a number from 1 to 31, not `0`"),
        ("* * * 13 *", "the month is a number from 1 to 12, or a name such as `jan`, not `13`"),
        ("* * * * 7", "the day of the week is a number from 0 to 6, or a name such as `sun`, not `7`"),
        ("* * * * -1", "the day of the week is a number"),
        ("10-5 * * * *", "the minute goes from 10 down to 5"),
        ("*/0 * * * *", "a step of the minute is a number from 1, not `0`"),
        ("+5 * * * *", "the minute is a number"),
        ("1,,2 * * * *", "the minute is a number"),
        ("99999999999999999999 * * * *", "the minute is a number"),
        ("@reboot", "of its kind there are @yearly"),
        ("@every", "of its kind there are @yearly"),
        ("@every 5", "`5` is not a duration such as `1h30m`"),
        ("@every 5 parsecs", "is not a duration such as `1h30m`"),
        ("@every 0s", "it is more than 0"),
        ("TZ= 0 2 * * *", "a time zone is written as `TZ=Europe/Paris `"),
        ("TZ=UTC", "it has five fields"),
        ("\u{1b}[31m * * * *", "not `\\u001b[31m`"),
    ] {
        let problem = cron(expression).unwrap_or_else(|| panic!("`{expression}` was taken"));
        assert!(problem.contains(" is not a cron expression: ") && problem.contains(reason), "{expression}: {problem}");
    }
}

#[test]
fn a_fixed_rate_is_whole_minutes() {
    let every = |duration| Schedule::Every(duration).problem();
    assert_eq!(every(Duration::from_secs(60)), None);
    assert_eq!(every(Duration::from_secs(60 * 60 * 24 * 7)), None);
    for (duration, reason) in [
        (Duration::ZERO, "every 0ns is less than a minute, the least that a fixed rate can be"),
        (Duration::from_secs(59), "every 59s is less than a minute, the least that a fixed rate can be"),
        (Duration::from_secs(90), "every 90s is not a whole number of minutes"),
        (Duration::new(60, 1), "every 60.000000001s is not a whole number of minutes"),
        (Duration::from_secs(60 * (1 << 32)), "every 257698037760s is more than 4294967295 minutes"),
    ] {
        assert_eq!(every(duration).as_deref(), Some(reason));
    }
}
