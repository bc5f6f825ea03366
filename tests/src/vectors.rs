//! Reading the files of recorded vectors.

use serde_json::Value;

/// The cases of a file with one JSON object on each line.
///
/// # Panics
/// When a line is not JSON.
#[must_use]
pub fn cases(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str(line).expect("a line is a JSON object")).collect()
}

/// The name of a case.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn name(case: &Value) -> &str {
    case["name"].as_str().expect("a case has a name")
}

/// The bytes that a field of a case spells in hexadecimal.
///
/// # Panics
/// When the field is absent or spells none.
#[must_use]
pub fn bytes(case: &Value, field: &str) -> Vec<u8> {
    from_hex(case[field].as_str().unwrap_or_else(|| panic!("`{}` has no `{field}`", name(case))))
}

/// The bytes that a text spells in hexadecimal.
///
/// # Panics
/// When it spells none.
#[must_use]
pub fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("two hexadecimal digits")).collect()
}

/// Bytes in hexadecimal, as the files have them: what failed comparisons show.
#[must_use]
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
