//! Values of one of several types.

use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::{Dialect, Error, ErrorKind, LiteralType, Result, Untyped};

/// The entry of a map that has one, by a name.
pub(super) fn only_entry(value: &Untyped) -> Option<(&str, &Untyped)> {
    match value {
        Untyped::Map(entries) => match entries.as_slice() {
            [(Untyped::String(name), inner)] => Some((name, inner)),
            _ => None,
        },
        _ => None,
    }
}

/// The struct that a map of one entry names, as serde writes a variant with fields: `{"Circle": {"radius": 1.0}}`.
pub(super) fn by_name<'a>(variants: &'a [LiteralType], value: &'a Untyped) -> Option<(&'a str, &'a LiteralType, &'a Untyped)> {
    let (name, inner) = only_entry(value)?;
    let is_called =
        |variant: &&LiteralType| variant.metadata.as_ref().and_then(|schema| schema.get("title")).is_some_and(|title| title == name);
    variants.iter().find(is_called).map(|variant| (name, variant, inner))
}

/// The literal of the first variant that `read` can make one of, wrapped as a value of it.
pub(super) fn union(
    variants: &[LiteralType],
    expected: &LiteralType,
    found: &str,
    mut read: impl FnMut(&LiteralType) -> Result<Vec<u8>>,
) -> Result<Vec<u8>> {
    // Text is anything, and much text is base64 by chance.
    let rank = |variant: &&LiteralType| match variant.kind {
        TypeKind::Simple(SimpleType::String) => 1,
        TypeKind::Simple(SimpleType::Binary) => 2,
        _ => 0,
    };
    let mut ordered: Vec<_> = variants.iter().collect();
    ordered.sort_by_key(rank);
    let mut reasons = Vec::new();
    for variant in ordered {
        match read(variant) {
            Ok(literal) => return Ok(wrapped(&literal, variant)),
            Err(error) if error.kind() == ErrorKind::Io => return Err(error),
            Err(_) if variant.kind == TypeKind::Simple(SimpleType::None) => {}
            Err(error) => reasons.push((variant.to_string(), error)),
        }
    }
    Err(none_fits(&format!("expected `{expected}`, {found}"), reasons))
}

/// Why no variant fits: the reason of the only one, else all of them where they say more than that another type was expected.
pub(super) fn none_fits(message: &str, mut reasons: Vec<(String, Error)>) -> Error {
    let says_more = |(_, error): &(String, Error)| !error.path().is_empty() || !error.message().starts_with("expected ");
    if reasons.len() == 1
        && let Some((_, only)) = reasons.pop()
    {
        return only;
    }
    if !reasons.iter().any(says_more) {
        return Error::new(ErrorKind::Mismatch, message);
    }
    let reasons: Vec<_> = reasons.iter().map(|(variant, error)| format!("as `{variant}`: {error}")).collect();
    Error::new(ErrorKind::Mismatch, format!("{message} ({})", reasons.join("; ")))
}

pub(super) fn wrapped(literal: &[u8], variant: &LiteralType) -> Vec<u8> {
    // Only lengths and given bytes are written, which no dialect shapes.
    let mut encoder = Encoder::new(&Dialect::FLYTE_1);
    let union = encoder.mark();
    encoder.prepend(&variant.encode());
    encoder.close(union, 2);
    let value = encoder.mark();
    encoder.raw(literal);
    encoder.close(value, 1);
    encoder.close(union, 9);
    encoder.close(union, 1);
    encoder.finish()
}
