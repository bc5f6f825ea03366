//! Values of options, checked where they are written: spans of time, Kubernetes quantities, names that the platform accepts.
//!
//! Every function here gives the reason why a text is refused, as a clause that names the way out.

use std::time::Duration;

/// Reads a span of time such as `90s`, `10m` or `1h30m`: whole numbers, each with a unit, from the largest to the smallest.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    const FORM: &str = "write whole numbers with the units `d`, `h`, `m`, `s` and `ms`, as in `10m` or `1h30m`";
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(format!("a duration is missing; {FORM}"));
    }
    let mut millis: u64 = 0;
    let mut previous = u64::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, tail) = rest.split_at(digits);
        let letters = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(format!("`{text}` is not a duration; {FORM}"));
        }
        if unit.is_empty() && tail.is_empty() {
            return Err(format!("`{number}` has no unit; seconds are `\"{number}s\"`, minutes are `\"{number}m\"`"));
        }
        let Some((_, scale)) = UNITS.into_iter().find(|(name, _)| *name == unit) else {
            return Err(format!("`{text}` is not a duration; {FORM}"));
        };
        if scale >= previous {
            return Err(format!("`{text}` is not a duration: its units must go from the largest to the smallest, each once"));
        }
        previous = scale;
        millis = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(scale)?.checked_add(millis))
            .ok_or_else(|| format!("`{text}` is longer than a duration can be"))?;
        rest = tail.trim_start();
    }
    if millis == 0 {
        return Err("a duration of zero means no limit; leave the option out".to_owned());
    }
    Ok(Duration::from_millis(millis))
}

/// What a Kubernetes quantity counts, which decides the texts that make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// CPUs: `2`, `500m`.
    Cores,
    /// Bytes: `512Mi`, `2G`.
    Bytes,
    /// Devices: `1`.
    Whole,
}

/// Reads a Kubernetes quantity as billionths of one core, byte or device, so that two of them can be compared.
pub(crate) fn quantity(text: &str, unit: Unit) -> Result<u128, String> {
    let form = match unit {
        Unit::Cores => "write cores or thousandths of one, as in `2`, `0.5` or `500m`",
        Unit::Bytes => "write bytes with a suffix, as in `512Mi`, `2Gi` or `500M`",
        Unit::Whole => "write a whole number, as in `1`",
    };
    let wrong = |reason: &str| Err(format!("`{text}` {reason}; {form}"));
    let number_length = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, suffix) = text.split_at(number_length);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return wrong("is not a quantity");
    }
    let Some(scale) = scale(suffix) else {
        return Err(match binary_suffix(suffix) {
            Some(meant) => format!("`{suffix}` is not a Kubernetes suffix; write `{number}{meant}i` or `{number}{meant}`"),
            None => format!("`{text}` is not a quantity; {form}"),
        });
    };
    match unit {
        Unit::Whole if !suffix.is_empty() || !fraction.is_empty() => return wrong("is not a whole number"),
        Unit::Bytes if matches!(suffix, "n" | "u" | "m") => {
            return Err(format!("`{text}` is a fraction of a byte, since `m` means a thousandth; write `{number}Mi`"));
        }
        Unit::Cores if suffix.ends_with('i') => return wrong("is not a number of cores"),
        _ => {}
    }
    let too_large = || format!("`{text}` is larger than a quantity can be");
    let (multiplier, divisor) = scale;
    let mut value = format!("{whole}{fraction}").parse::<u128>().map_err(|_| too_large())?;
    value = value.checked_mul(1_000_000_000).and_then(|value| value.checked_mul(multiplier)).ok_or_else(too_large)?;
    let places = u32::try_from(fraction.len()).ok().and_then(|places| 10_u128.checked_pow(places)).ok_or_else(too_large)?;
    Ok(value / places / divisor)
}

/// What a suffix multiplies and divides by.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => (1_000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    })
}

/// The letter that a suffix such as `MB`, `GiB`, `gb` or `mi` was meant to begin with.
fn binary_suffix(suffix: &str) -> Option<&'static str> {
    Some(match suffix.to_ascii_lowercase().as_str() {
        "kb" | "kib" | "ki" => "K",
        "mb" | "mib" | "mi" => "M",
        "g" | "gb" | "gib" | "gi" => "G",
        "t" | "tb" | "tib" | "ti" => "T",
        _ => return None,
    })
}

/// Checks a name of a task: segments of letters, digits, `_` and `-`, joined by dots.
pub(crate) fn task_name(text: &str) -> Result<(), String> {
    let segment = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if text.split('.').all(segment) {
        return Ok(());
    }
    let hint = if text.contains("::") { format!("; write `{}`", text.replace("::", ".")) } else { String::new() };
    Err(format!("`{text}` is not a name of a task: segments of letters, digits, `_` and `-`, joined by dots{hint}"))
}

/// Checks a name of a Kubernetes object: lower-case letters, digits, `-` and `.`.
pub(crate) fn object_name(text: &str) -> Result<(), String> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.len() <= 253 && text.chars().all(inside) && text.starts_with(edge) && text.ends_with(edge) {
        return Ok(());
    }
    Err(format!("`{text}` is not a name of a Kubernetes object: lower-case letters, digits, `-` and `.`, at most 253"))
}

/// Checks the key of a label or an annotation: an optional DNS prefix with `/`, and a name of at most 63 characters.
pub(crate) fn metadata_key(text: &str) -> Result<(), String> {
    let (prefix, name) = text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
    if !name.is_empty() && label_text(name) && prefix.is_none_or(|prefix| object_name(prefix).is_ok()) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not a Kubernetes key: at most 63 letters, digits, `-`, `_` and `.`, optionally after a DNS name and `/`, as in `example.com/team`"
    ))
}

/// Checks the value of a label.
pub(crate) fn label_value(text: &str) -> Result<(), String> {
    if label_text(text) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not a value of a Kubernetes label: at most 63 letters, digits, `-`, `_` and `.`; other text belongs in `annotations`"
    ))
}

fn label_text(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63 && text.chars().all(inside) && (text.is_empty() || text.starts_with(edge) && text.ends_with(edge))
}

/// Devices that Flyte knows to come in parts, and their parts.
const PARTITIONED: [(&str, &[&str]); 2] = [
    ("nvidia-tesla-a100", &["1g.5gb", "2g.10gb", "3g.20gb", "4g.20gb", "7g.40gb"]),
    ("nvidia-a100-80gb", &["1g.10gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]),
];

/// Checks an accelerator: the name of a device, optionally with `:` and the part or slice of it.
pub(crate) fn accelerator(text: &str) -> Result<(), String> {
    let (device, part) = text.split_once(':').map_or((text, None), |(device, part)| (device, Some(part)));
    if device.is_empty() || !label_text(device) {
        return Err(format!("`{text}` is not an accelerator: the name of a device as the cluster labels it, as in `nvidia-tesla-a100`"));
    }
    let Some(part) = part else { return Ok(()) };
    if part.is_empty() || !label_text(part) {
        return Err(format!("`{part}` is not a part of a device; write it as in `nvidia-tesla-a100:2g.10gb`"));
    }
    match PARTITIONED.into_iter().find(|(name, _)| *name == device) {
        Some((_, parts)) if !parts.contains(&part) => {
            Err(format!("`{device}` has no part `{part}`; it has {}", crate::errors::listed(parts.iter().copied())))
        }
        _ => Ok(()),
    }
}

/// Checks a text that may be anything but empty or with blanks in it, such as an image.
pub(crate) fn solid(text: &str, what: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{what} is missing"));
    }
    if text.contains(char::is_whitespace) {
        return Err(format!("{what} has no blanks in it"));
    }
    Ok(())
}

/// Checks a folder in a container, which is mounted there: absolute, and plain.
pub(crate) fn container_path(text: &str) -> Result<(), String> {
    let parts = text.strip_prefix('/').unwrap_or_default().split('/');
    if text.contains([':', ',', '\0']) || !parts.into_iter().all(|part| !matches!(part, "" | "." | "..")) {
        return Err(format!("`{text}` is not a folder in a container: an absolute path without `..`, `:` and `,`, as in `/var/inputs`"));
    }
    Ok(())
}

/// Checks the name of an environment variable that the platform itself is asked to set: capitals, digits and `_`.
pub(crate) fn secret_variable(text: &str) -> Result<(), String> {
    let good = text.chars().enumerate().all(|(i, c)| c.is_ascii_uppercase() || c == '_' || i > 0 && c.is_ascii_digit());
    if good && !text.is_empty() {
        return Ok(());
    }
    Err(format!("`{text}` is not a name that the platform takes: capitals, digits and `_`, as in `DB_PASSWORD`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("2d", 172_800)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("1s500ms"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn wrong_durations_are_refused() {
        for text in ["", "10", "m", "10 minutes", "1.5h", "-1s", "30m1h", "1m1m", "0s", "99999999999999999999s", "9999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_compare_across_suffixes() {
        let bytes = |text| quantity(text, Unit::Bytes);
        assert_eq!(bytes("1Gi"), bytes("1024Mi"));
        assert_eq!(bytes("1e3"), bytes("1k"));
        assert_eq!(bytes("0.5Gi"), bytes("512Mi"));
        assert!(bytes("1G") < bytes("1Gi"));
        assert_eq!(quantity("500m", Unit::Cores), quantity("0.5", Unit::Cores));
        assert_eq!(quantity("2", Unit::Whole), Ok(2_000_000_000));
    }

    #[test]
    fn wrong_quantities_are_refused() {
        for text in ["", "Mi", "-1", "1.2.3", "512MB", "1 Gi", "500m", "1gb", "1e", "9999999999999999999999Ei", "."] {
            assert!(quantity(text, Unit::Bytes).is_err(), "{text}");
        }
        for text in ["1Gi", "one", "1.5.0"] {
            assert!(quantity(text, Unit::Cores).is_err(), "{text}");
        }
        for text in ["0.5", "500m", "1k"] {
            assert!(quantity(text, Unit::Whole).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_checked() {
        assert!(task_name("app.math-2.divider_x").is_ok());
        assert!(task_name("app::math").is_err_and(|message| message.contains("`app.math`")));
        assert!(task_name("a..b").is_err());
        assert!(metadata_key("example.com/team").is_ok());
        assert!(metadata_key("team").is_ok());
        assert!(metadata_key("a/b/c").is_err());
        assert!(label_value("").is_ok());
        assert!(label_value("two words").is_err());
        assert!(accelerator("nvidia-tesla-a100:2g.10gb").is_ok());
        assert!(accelerator("nvidia-tesla-a100:9g.10gb").is_err());
        assert!(accelerator("tpu-v5p-slice:2x2x1").is_ok());
        assert!(secret_variable("DB_2").is_ok());
        assert!(secret_variable("2DB").is_err());
        assert!(container_path("/var/in put").is_ok());
        for path in ["", "/", "var/inputs", "/var//inputs", "/var/../etc", "/var/inputs/", "/a:b"] {
            assert!(container_path(path).is_err(), "{path}");
        }
    }
}
