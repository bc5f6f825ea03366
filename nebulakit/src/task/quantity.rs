//! Amounts as Kubernetes writes them: `500m`, `256Mi`, `2`.

/// Thousandths of a core, rounded up.
///
/// # Errors
/// When `text` is not a number of cores.
pub(crate) fn millicores(text: &str) -> Result<u64, String> {
    scaled(text, 1_000).ok_or_else(|| format!("`{text}` is not a number of cores; write `2`, `0.5` or `500m`"))
}

/// Bytes, rounded up.
///
/// # Errors
/// When `text` is not an amount of bytes.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    scaled(text, 1)
        .ok_or_else(|| format!("`{text}` is not an amount of bytes; write a number with a suffix, as in `512Mi`, `2Gi` or `500M`"))
}

/// An amount of bytes, for people: with a suffix where it is whole mebibytes.
#[cfg(feature = "coordinator")]
pub(crate) fn written(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;
    match bytes {
        0 => "0 bytes".to_owned(),
        whole if whole % GIB == 0 => format!("{}Gi", whole / GIB),
        whole if whole % MIB == 0 => format!("{}Mi", whole / MIB),
        _ => format!("{bytes} bytes"),
    }
}

/// A whole number.
///
/// # Errors
/// When `text` is not one.
pub(crate) fn whole(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a whole number"))
}

/// What an amount is in parts of which `parts` make one, rounded up.
fn scaled(text: &str, parts: u128) -> Option<u64> {
    let text = text.trim();
    let number = &text[..text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len()];
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') {
        return None;
    }
    let (multiplier, divisor) = scale(&text[number.len()..])?;
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let places = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let value = digits.checked_mul(parts)?.checked_mul(multiplier)?.div_ceil(places.checked_mul(divisor)?);
    u64::try_from(value).ok()
}

/// What a suffix multiplies and divides by.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    const UNITS: &str = "kMGTPE";
    if let Some(power) = ["", "m", "u", "n"].iter().position(|one| *one == suffix) {
        return Some((1, 1_000_u128.pow(u32::try_from(power).ok()?)));
    }
    if let Some(exponent) = suffix.strip_prefix(['e', 'E']).and_then(|exponent| exponent.parse::<i32>().ok()) {
        let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
        return Some(if exponent < 0 { (1, power) } else { (power, 1) });
    }
    let (letter, base) = match suffix.strip_suffix('i') {
        Some("K") => ("k", 1_024_u128),
        Some("k") => return None,
        Some(letter) => (letter, 1_024),
        None => (suffix, 1_000),
    };
    let mut letters = letter.chars();
    let power = UNITS.find(letters.next()?).filter(|_| letters.next().is_none())?;
    Some((base.pow(u32::try_from(power).ok()? + 1), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_kubernetes_writes_them() {
        for (text, expected) in [("2", 2_000), ("500m", 500), ("0.5", 500), (".25", 250), ("1.", 1_000), ("100u", 1), ("1k", 1_000_000)] {
            assert_eq!(millicores(text), Ok(expected), "{text}");
        }
        let amounts =
            [("256Mi", 256 << 20), ("1Ki", 1_024), ("1k", 1_000), ("16Gi", 16 << 30), ("1.5G", 1_500_000_000), ("2e3", 2_000), ("12", 12)];
        for (text, expected) in amounts {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        assert_eq!((bytes("1Ei"), bytes("1E")), (Ok(1 << 60), Ok(1_000_000_000_000_000_000)));
        assert_eq!((whole("3"), whole("1.5").is_err()), (Ok(3), true));
    }

    #[test]
    fn what_is_not_an_amount_is_told() {
        for text in ["", "Mi", "1GB", "1ki", "1.2.3", "-1", "1 Gi", "é", "99999999999Ei"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(millicores("two").unwrap_err(), "`two` is not a number of cores; write `2`, `0.5` or `500m`");
    }
}
