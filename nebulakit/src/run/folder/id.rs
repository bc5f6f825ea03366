//! Ids of runs: short enough to type, and sorted in the order in which the runs began.

use std::time::SystemTime;

use uuid::Uuid;

use crate::coordinator::RunId;
use crate::run::error::{RecordError, RecordErrorKind};

/// Digits and letters, except those that are easily confused.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The id of a run that begins now, such as `20261129-231501-k3f9`: the day and the second in UTC, the fraction of the second in two characters, and two
/// random characters.
pub(super) fn new(now: SystemTime) -> RunId {
    let now = jiff::Timestamp::try_from(now).unwrap_or(jiff::Timestamp::MAX);
    let fraction = now.subsec_nanosecond().unsigned_abs() / (1_000_000_000 / 1024 + 1);
    let chance = Uuid::new_v4().as_fields().0;
    let last: String =
        [fraction >> 5, fraction, chance >> 5, chance].iter().map(|bits| char::from(ALPHABET[*bits as usize % 32])).collect();
    RunId::from(format!("{}-{last}", now.strftime("%Y%m%d-%H%M%S")))
}

/// Checks that `text` can be the id of a run, or the beginning of one.
///
/// # Errors
/// When it cannot, because ids become folder names.
pub(super) fn check(text: &str) -> Result<(), RecordError> {
    let is_valid = !text.is_empty()
        && text.len() <= 100
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_valid {
        return Ok(());
    }
    let shown: String = text.chars().take(100).collect();
    Err(RecordError::new(
        RecordErrorKind::Name,
        format!("`{shown}` is not a valid run id; expected up to 100 letters, digits, `-`, `_` or `.`, and no `.` at the start"),
    ))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time() {
        let at = |millis| new(UNIX_EPOCH + Duration::from_millis(millis)).to_string();
        assert!(at(1_795_994_101_000).starts_with("20261129-231501-00"), "{}", at(1_795_994_101_000));
        let ids: Vec<_> = (0..3000).map(|step| at(1_795_994_101_000 + 2 * step)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| check(id).is_ok()));
    }
}
