//! What messages say of a value that does not fit, and of what was expected.

use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::{Error, ErrorKind, LiteralType, Untyped, storage};

use crate::cli::usage::listed;

/// How many characters of a wrong text are shown.
const SHOWN: usize = 60;

/// What a type is called in "expected ..".
pub(super) fn article(expected: &LiteralType) -> String {
    match &expected.kind {
        TypeKind::Simple(SimpleType::None) => "none".to_owned(),
        TypeKind::Simple(SimpleType::Integer) => "an integer".to_owned(),
        TypeKind::Simple(SimpleType::Float) => "a float".to_owned(),
        TypeKind::Simple(SimpleType::String) => "a string".to_owned(),
        TypeKind::Simple(SimpleType::Boolean) => "`true` or `false`".to_owned(),
        TypeKind::Simple(SimpleType::Datetime) => "a datetime as a string".to_owned(),
        TypeKind::Simple(SimpleType::Duration) => "a duration as a string or seconds".to_owned(),
        TypeKind::Simple(SimpleType::Binary) => "base64".to_owned(),
        TypeKind::Enum(values) => format!("one of {}", listed(values)),
        _ => format!("`{expected}`"),
    }
}

pub(super) fn mismatch(expected: &str, found: &str) -> Error {
    Error::new(ErrorKind::Mismatch, format!("expected {expected}, {found}"))
}

pub(super) fn found_text(text: &str) -> String {
    let text = storage::shown(text);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("found `{}…`", &text[..end]),
        None => format!("found `{text}`"),
    }
}

pub(super) fn found(value: &Untyped) -> String {
    match value {
        Untyped::Null => "found none".to_owned(),
        Untyped::String(text) => format!("found the string {}", found_text(text).trim_start_matches("found ")),
        Untyped::List(_) => "found a list".to_owned(),
        Untyped::Map(_) => "found a map".to_owned(),
        Untyped::Bytes(_) | Untyped::Extension(..) => "found bytes".to_owned(),
        value => format!("found {}", shown(value)),
    }
}

pub(super) fn shown(value: &Untyped) -> String {
    crate::render::plain(value)
}
