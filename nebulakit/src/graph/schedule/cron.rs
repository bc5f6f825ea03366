//! Cron expressions, as Flyte's scheduler reads them.

use nebulakit_types::visible;

/// A field: what it is called, its least and greatest number, and the names of its numbers.
struct Field {
    name: &'static str,
    least: u32,
    greatest: u32,
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", least: 0, greatest: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, greatest: 23, names: &[] };
const DAY: Field = Field { name: "day of the month", least: 1, greatest: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    least: 1,
    greatest: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Field = Field { name: "day of the week", least: 0, greatest: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// The days of each month, of February those of a leap year.
const DAYS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// What stands for an expression.
const ALIASES: [&str; 7] = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

/// What is wrong with an expression.
pub(super) fn problem(expression: &str) -> Option<String> {
    let shown = || visible::line(expression).chars().take(80).collect::<String>();
    match comes(expression) {
        Ok(true) => None,
        Ok(false) => Some(format!("`{}` never comes: none of its months has one of its days", shown())),
        Err(why) => Some(format!("`{}` is not a cron expression: {why}", shown())),
    }
}

/// Whether the expression ever comes.
fn comes(expression: &str) -> Result<bool, String> {
    let mut rest = expression.trim();
    if rest.starts_with("TZ=") || rest.starts_with("CRON_TZ=") {
        let (zone, after) = rest.split_once(' ').unwrap_or((rest, ""));
        let zone = zone.split_once('=').map_or("", |(_, zone)| zone);
        if zone.is_empty() || !zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+/".contains(&byte)) {
            return Err("a time zone is written as `TZ=Europe/Paris `".to_owned());
        }
        rest = after.trim();
    }
    if let Some(every) = rest.strip_prefix("@every ") {
        return every_so_often(every.trim());
    }
    if rest.starts_with('@') {
        return if ALIASES.contains(&rest) {
            Ok(true)
        } else {
            Err(format!("of its kind there are {} and `@every 1h`", ALIASES.join(", ")))
        };
    }
    let fields: Vec<&str> = rest.split_whitespace().take(7).collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        let hint = match fields.as_slice() {
            [alias] if ALIASES.iter().any(|known| known[1..].eq_ignore_ascii_case(alias)) => {
                format!("; write `@{}`", alias.to_ascii_lowercase())
            }
            [_, _, _, _, _, _] => "; there is none for seconds".to_owned(),
            _ => String::new(),
        };
        return Err(format!("it has five fields: minute, hour, day of the month, month, day of the week{hint}"));
    };
    MINUTE.set(minute)?;
    HOUR.set(hour)?;
    let days = DAY.set(day)?;
    let months = MONTH.set(month)?;
    let weekdays = WEEKDAY.set(weekday)?;
    // A day of the week comes in every month. Where only days of the month are asked for, one of the months has to have one.
    let has_day = |month: u32, days: u64| (1..=DAYS[month as usize - 1]).any(|day| days & (1 << day) != 0);
    Ok(!weekdays.is_any || (1..=12).any(|month| months.numbers & (1 << month) != 0 && has_day(month, days.numbers)))
}

/// The numbers of a field, a bit for each.
struct Set {
    numbers: u64,
    /// Whether the field is not restricted.
    is_any: bool,
}

impl Field {
    fn set(&self, text: &str) -> Result<Set, String> {
        let mut set = Set { numbers: 0, is_any: false };
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(self.step(step)?)),
                None => (part, None),
            };
            let (first, last, is_any) = match range.split_once('-') {
                _ if range == "*" || range == "?" => (self.least, self.greatest, step.is_none_or(|step| step == 1)),
                Some((first, last)) => (self.number(first)?, self.number(last)?, false),
                // `5/10` goes on to the end.
                None => {
                    let first = self.number(range)?;
                    (first, if step.is_some() { self.greatest } else { first }, false)
                }
            };
            if first > last {
                return Err(format!("the {} goes from {first} down to {last}", self.name));
            }
            set.is_any |= is_any;
            for number in (first..=last).step_by(step.unwrap_or(1)) {
                set.numbers |= 1 << number;
            }
        }
        Ok(set)
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(index) => u32::try_from(index).ok().map(|index| index + self.least),
            None => digits(text).and_then(|digits| digits.parse().ok()),
        };
        number.filter(|number| (self.least..=self.greatest).contains(number)).ok_or_else(|| {
            let named = if self.names.is_empty() { String::new() } else { format!(", or a name such as `{}`", self.names[0]) };
            format!("the {} is a number from {} to {}{named}, not `{}`", self.name, self.least, self.greatest, shown(text))
        })
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let step = digits(text).and_then(|digits| digits.parse().ok()).filter(|step| *step > 0);
        step.ok_or_else(|| format!("a step of the {} is a number from 1, not `{}`", self.name, shown(text)))
    }
}

/// `@every` and a duration as Go writes it.
fn every_so_often(text: &str) -> Result<bool, String> {
    const UNITS: [(&str, f64); 8] =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("μs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let wrong = || format!("`{}` is not a duration such as `1h30m`", shown(text));
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        let after = &rest[end..];
        let unit = after.find(|letter: char| letter.is_ascii_digit() || letter == '.').map_or(after, |end| &after[..end]);
        let (_, factor) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        seconds += number * factor;
        rest = &after[unit.len()..];
    }
    if seconds > 0.0 { Ok(true) } else { Err("it is more than 0".to_owned()) }
}

fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

fn shown(text: &str) -> String {
    visible::line(text).chars().take(20).collect()
}
