//! Which variant a value is of.

use super::variant::AnyChoice;
use crate::convert::msgpack::{Leniency, Packed, Packer, Unpacker, unpack_literal};
use crate::convert::reader::{Fields, LiteralRef, LiteralView, Wire, utf8};
use crate::convert::untyped::Untyped;
use crate::convert::{NebulaType, untyped_type};
use crate::{Dialect, Error, ErrorKind, LiteralType, Result};

/// Reads a union from a literal, wrapped or bare (Flyte task contract, "unions").
///
/// # Errors
/// [`ErrorKind::Mismatch`] when no variant fits, [`ErrorKind::Ambiguous`] when several do, and the error of the variant that the
/// literal itself names.
pub fn decode<U>(literal: LiteralRef<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    let LiteralView::Union(inner, chosen) = literal.view()? else { return fit(literal, choices) };
    let tag = tag_of(chosen)?;
    let mut tagged: Vec<_> = choices.iter().copied().filter(|choice| choice.tag() == tag).collect();
    if tagged.len() > 1 {
        let chosen = LiteralType::decode(chosen)?;
        let same: Vec<_> = tagged.iter().copied().filter(|choice| choice.literal_type(&Dialect::FLYTE_1).kind == chosen.kind).collect();
        if !same.is_empty() {
            tagged = same;
        }
        // Structs are of one kind, and have names.
        let title = |literal_type: &LiteralType| literal_type.metadata.as_ref().and_then(|schema| schema.get("title").cloned());
        if let Some(wanted) = title(&chosen) {
            let titled: Vec<_> = tagged.iter().copied().filter(|choice| title(&described(*choice)).as_ref() == Some(&wanted)).collect();
            if !titled.is_empty() {
                tagged = titled;
            }
        }
    }
    match tagged.as_slice() {
        [] => fit(inner, choices),
        [choice] => choice.decode(inner),
        several => fit(inner, several),
    }
}

/// The tag in the bytes of a `LiteralType`; empty when there is none.
fn tag_of(literal_type: &[u8]) -> Result<&str> {
    let mut tag = "";
    let mut fields = Fields::new(literal_type);
    while let Some(field) = fields.next()? {
        let (11, Wire::Bytes(structure)) = field else { continue };
        let mut structure = Fields::new(structure);
        while let Some(field) = structure.next()? {
            if let (1, Wire::Bytes(text)) = field {
                tag = utf8(text)?;
            }
        }
    }
    Ok(tag)
}

/// Reads a literal as the one variant that it fits.
fn fit<U>(literal: LiteralRef<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    let view = literal.view()?;
    if matches!(view, LiteralView::Binary(_, "msgpack") | LiteralView::Generic(_)) {
        return unpack_literal(literal, "a union", |unpacker| {
            // As with other bare literals, a value that fits several variants equally well is nobody's.
            let before = unpacker.set_leniency(Leniency::Exact);
            let exact = one(choices, |choice| attempt(unpacker, *choice));
            unpacker.set_leniency(before);
            let (value, rest) = match exact {
                Err(error) if error.kind() == ErrorKind::Mismatch => match named(unpacker, choices)? {
                    Some((value, rest, _)) => (value, rest),
                    None => one(choices, |choice| attempt(unpacker, *choice))?,
                },
                exact => exact?,
            };
            *unpacker = rest;
            unpacker.set_leniency(before);
            Ok(value)
        });
    }
    one(choices, |choice| choice.decode(literal))
}

/// Reads msgpack with a copy of the reader, which comes back as it is after the value.
fn attempt<'a, U>(unpacker: &Unpacker<'a>, choice: &dyn AnyChoice<U>) -> Result<(U, Unpacker<'a>)> {
    let mut attempt = unpacker.clone();
    let value = choice.unpack(&mut attempt)?;
    Ok((value, attempt))
}

/// The value of the one choice that can be read; an untyped value, which could be anything, only if it is the last resort.
fn one<'c, U, V>(choices: &[&'c dyn AnyChoice<U>], mut read: impl FnMut(&&'c dyn AnyChoice<U>) -> Result<V>) -> Result<V> {
    match only(choices, &mut read) {
        Err(error) if error.kind() == ErrorKind::Ambiguous => {
            let untyped = untyped_type().with_tag(Untyped::TAG);
            let typed: Vec<_> = choices.iter().copied().filter(|choice| described(*choice) != untyped).collect();
            if typed.len() == choices.len() { Err(error) } else { only(&typed, read) }
        }
        result => result,
    }
}

fn only<'c, U, V>(choices: &[&'c dyn AnyChoice<U>], mut read: impl FnMut(&&'c dyn AnyChoice<U>) -> Result<V>) -> Result<V> {
    let mut found: Option<(V, &dyn AnyChoice<U>)> = None;
    let mut reasons = Vec::new();
    for choice in choices {
        match (read(choice), &found) {
            (Ok(_), Some((_, first))) => {
                let (first, second) = (described(*first), described(*choice));
                let message = format!("the value fits both `{first}` and `{second}`, and does not say which of them it is");
                return Err(Error::new(ErrorKind::Ambiguous, message));
            }
            (Ok(value), None) => found = Some((value, *choice)),
            // Not a matter of the type: the content is fetched, and then this is asked again.
            (Err(error), _) if error.kind() == ErrorKind::NotFetched => return Err(error),
            (Err(error), _) => reasons.push((*choice, error)),
        }
    }
    found.map(|(value, _)| value).ok_or_else(|| no_fit(&reasons))
}

fn described<U>(choice: &dyn AnyChoice<U>) -> LiteralType {
    choice.literal_type(&Dialect::FLYTE_1)
}

#[cold]
fn no_fit<U>(reasons: &[(&dyn AnyChoice<U>, Error)]) -> Error {
    let reasons: Vec<_> = reasons.iter().map(|(choice, error)| format!("as `{}`: {error}", described(*choice))).collect();
    Error::new(ErrorKind::Mismatch, format!("the value fits no variant of the union ({})", reasons.join("; ")))
}

/// Reads a union from a field of a struct.
///
/// # Errors
/// [`ErrorKind::Mismatch`] when no variant fits.
pub fn unpack<U>(unpacker: &mut Unpacker<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<U> {
    choose(unpacker, choices).map(|(value, _)| value)
}

/// Checks that a value which was packed as the variant `which` would be read as that.
///
/// # Errors
/// [`ErrorKind::Unencodable`] when it would be read as another: inside a struct nothing says which variant a value is of.
pub fn check_packed<U>(packer: &Packer, start: usize, which: usize, choices: &[&dyn AnyChoice<U>]) -> Result<()> {
    let mut unpacker = Unpacker::new(packer.since(start));
    unpacker.set_leniency(Leniency::Fields);
    unpacker.is_pydantic = packer.is_pydantic();
    match choose(&mut unpacker, choices) {
        Ok((_, read)) if read != which => {
            let (own, other) = (choices[which].name(), choices[read].name());
            let message = format!(
                "a value of the variant `{own}` would be read as the variant `{other}`: inside a struct nothing says which of them it is"
            );
            Err(Error::new(ErrorKind::Unencodable, message))
        }
        // What cannot be read at all is the reader's to tell: Python may have written more than we read.
        _ => Ok(()),
    }
}

/// The value, and the place of its variant.
fn choose<U>(unpacker: &mut Unpacker<'_>, choices: &[&dyn AnyChoice<U>]) -> Result<(U, usize)> {
    let leniency = unpacker.leniency();
    unpacker.set_leniency(Leniency::Exact);
    let exact = first(unpacker, choices, |choice| !is_untyped(choice));
    unpacker.set_leniency(leniency);
    let (value, mut rest, which) = match exact {
        Ok(found) => found,
        Err(_) => match named(unpacker, choices)? {
            Some(found) => found,
            None => match first(unpacker, choices, is_untyped) {
                Ok(found) => found,
                Err(_) => first(unpacker, choices, |_| true).map_err(|reasons| no_fit(&reasons))?,
            },
        },
    };
    rest.set_leniency(leniency);
    *unpacker = rest;
    Ok((value, which))
}

/// What was read, the reader behind it, and the place of the variant.
type Match<'a, U> = (U, Unpacker<'a>, usize);

/// Why variants do not fit.
type Reasons<'c, U> = Vec<(&'c dyn AnyChoice<U>, Error)>;

/// The first of the choices that counts and can be read.
fn first<'a, 'c, U>(
    unpacker: &Unpacker<'a>,
    choices: &[&'c dyn AnyChoice<U>],
    counts: impl Fn(&dyn AnyChoice<U>) -> bool,
) -> Result<Match<'a, U>, Reasons<'c, U>> {
    let mut reasons = Vec::new();
    for (which, choice) in choices.iter().enumerate().filter(|(_, choice)| counts(**choice)) {
        match attempt(unpacker, *choice) {
            Ok((value, rest)) => return Ok((value, rest, which)),
            Err(error) => reasons.push((*choice, error)),
        }
    }
    Err(reasons)
}

/// The value in serde's own form, a map of one entry whose key is the name of a variant; [`None`] for anything else.
fn named<'a, U>(unpacker: &Unpacker<'a>, choices: &[&dyn AnyChoice<U>]) -> Result<Option<Match<'a, U>>> {
    let mut inner = unpacker.clone();
    let (Ok(Packed::Map(1)), Ok(Packed::String(key))) = (inner.next(), inner.next()) else { return Ok(None) };
    let Some(which) = choices.iter().position(|choice| choice.names().contains(&key)) else { return Ok(None) };
    let leniency = inner.set_leniency(Leniency::Fields);
    let value = inner.nested(|inner| choices[which].unpack(inner)).map_err(|error| error.at_field(key))?;
    inner.set_leniency(leniency);
    Ok(Some((value, inner, which)))
}

fn is_untyped<U>(choice: &dyn AnyChoice<U>) -> bool {
    choice.tag() == Untyped::TAG && described(choice) == untyped_type().with_tag(Untyped::TAG)
}
