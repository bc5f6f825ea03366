//! Values by name, for people or as JSON: what tasks and workflows take and give.

use nebulakit_types::convert::reader::{Entries, LiteralRef, References};
use nebulakit_types::{Error, Untyped};

use super::output::is_terminal;
use crate::render::{self, Reader};

/// The value of a literal that is called `name`.
pub(super) fn read(name: &str, literal: &[u8], reader: Reader) -> Result<Untyped, Error> {
    render::value(LiteralRef::new(literal, References::none()), reader).map_err(|error| error.at_field(name))
}

/// The values of an `inputs.pb` or an `outputs.pb`.
///
/// # Errors
/// When the bytes are not one.
pub(super) fn of_map(bytes: &[u8], reader: Reader) -> Result<Vec<(String, Untyped)>, Error> {
    let mut values = Vec::new();
    let mut entries = Entries::of_map(bytes, References::none());
    while let Some((name, literal)) = entries.next()? {
        values.push((name.to_owned(), read(name, literal.bytes(), reader)?));
    }
    Ok(values)
}

/// The values of an `inputs.pb` or an `outputs.pb` as text.
///
/// # Errors
/// When the bytes are not one.
pub(super) fn shown(bytes: &[u8], is_json: bool) -> Result<String, Error> {
    if is_json {
        return Ok(for_machines(of_map(bytes, Reader::Machine)?));
    }
    let values = of_map(bytes, Reader::Person)?;
    Ok(match values.as_slice() {
        [(_, value)] => alone(value) + "\n",
        several => several.iter().map(|(name, value)| beside(name, value) + "\n").collect(),
    })
}

/// A value that is the only one.
pub(super) fn alone(value: &Untyped) -> String {
    render::plain(value)
}

/// A value among others, behind its name.
pub(super) fn beside(name: &str, value: &Untyped) -> String {
    let mut shown = render::plain(value);
    if is_terminal() && matches!(value, Untyped::String(_)) {
        // A text's own line breaks must not begin what looks like another value.
        shown = shown.replace('\n', "\n  ");
    }
    format!("{name}: {shown}")
}

/// One object of all values by name, on one line.
pub(super) fn for_machines(values: impl IntoIterator<Item = (String, Untyped)>) -> String {
    format!("{}\n", render::to_json(&object(values)))
}

/// The object itself.
pub(super) fn object(values: impl IntoIterator<Item = (String, Untyped)>) -> Untyped {
    Untyped::Map(values.into_iter().map(|(name, value)| (Untyped::String(name), value)).collect())
}
