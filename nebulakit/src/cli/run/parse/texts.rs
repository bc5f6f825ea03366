//! Texts of flags. Lists, maps and structs are documents; a list may also be its flag once for each element.

use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::literal_type::{SimpleType, TypeKind};
use nebulakit_types::{Error, ErrorKind, LiteralType, Result, Untyped};

use super::parser::Parser;
use super::said::{found_text, mismatch};
use super::unions::{by_name, union};
use super::whole_float;
use crate::cli::data::from_json;
use crate::cli::run::inputs_file::Notation;

/// The text `null`, where a bare `null` is none.
const QUOTED_NULL: &str = "\"null\"";

impl Parser<'_> {
    /// The literal of a flag that is given with these texts, of which there are several only for a list.
    ///
    /// # Errors
    /// Those of [`Parser::text`].
    pub(in crate::cli::run) fn texts(&self, texts: &[&str], expected: &LiteralType) -> Result<Vec<u8>> {
        match (texts, &expected.kind) {
            ([text], _) => self.text(text, expected),
            (texts, TypeKind::Collection(element)) => self.elements(texts, element),
            (texts, TypeKind::Union(variants)) => {
                let found = format!("found {} values", texts.len());
                union(variants, expected, &found, |variant| match variant.kind {
                    TypeKind::Collection(_) => self.texts(texts, variant),
                    _ => Err(mismatch("one value", &found)),
                })
            }
            (texts, _) => Err(mismatch("one value", &format!("found {}", texts.len()))),
        }
    }

    /// The literal of a flag's text.
    ///
    /// # Errors
    /// When the text does not say a value of the type, or names a file that cannot be read.
    pub(in crate::cli::run) fn text(&self, text: &str, expected: &LiteralType) -> Result<Vec<u8>> {
        let as_text = || self.value(&Untyped::String(text.to_owned()), expected);
        match &expected.kind {
            TypeKind::Simple(SimpleType::None) if text == "null" => self.value(&Untyped::Null, expected),
            TypeKind::Simple(SimpleType::Boolean) => match text {
                "true" => self.value(&Untyped::Bool(true), expected),
                "false" => self.value(&Untyped::Bool(false), expected),
                _ => Err(mismatch("`true` or `false`", &found_text(text))),
            },
            TypeKind::Simple(SimpleType::Integer) => match text.trim().parse() {
                Ok(value) => self.value(&Untyped::Int(value), expected),
                Err(_) if text.trim().parse::<i128>().is_ok() => Err(Error::new(
                    ErrorKind::OutOfRange,
                    format!("expected an integer from {} to {}, found {}", i64::MIN, i64::MAX, text.trim()),
                )),
                Err(_) => Err(mismatch("an integer", &found_text(text))),
            },
            TypeKind::Simple(SimpleType::Float) => match (text.trim().parse::<i128>(), text.trim().parse()) {
                (Ok(value), _) => {
                    let mut encoder = Encoder::new(self.dialect);
                    whole_float(value, &mut encoder)?;
                    Ok(encoder.finish())
                }
                (Err(_), Ok(value)) => self.value(&Untyped::Float(value), expected),
                (Err(_), Err(_)) => Err(mismatch("a float", &found_text(text))),
            },
            TypeKind::Collection(element) => self.list(text, element, expected),
            TypeKind::Simple(SimpleType::Struct) | TypeKind::Map(_) => self.value(&self.document(text, expected)?, expected),
            TypeKind::Union(variants) => match from_json(text) {
                Ok(value) if by_name(variants, &value).is_some() => self.value(&value, expected),
                document => match self.variant_of_text(text, variants, expected) {
                    Err(error) => document.ok().and_then(|value| self.named(&value, expected)).unwrap_or(Err(error)),
                    literal => literal,
                },
            },
            _ => as_text(),
        }
    }

    /// The literal of the first variant that can be written as `text`.
    fn variant_of_text(&self, text: &str, variants: &[LiteralType], expected: &LiteralType) -> Result<Vec<u8>> {
        let has = |simple| variants.iter().any(|variant| variant.kind == TypeKind::Simple(simple));
        let is_null = text == QUOTED_NULL && has(SimpleType::None) && has(SimpleType::String);
        union(variants, expected, &found_text(text), |variant| match variant.kind {
            TypeKind::Simple(SimpleType::None) if is_null => Err(mismatch("none", &found_text(text))),
            TypeKind::Simple(SimpleType::String) if is_null => self.text("null", variant),
            _ => self.text(text, variant),
        })
    }

    /// A list of one text: a document, or the only element.
    fn list(&self, text: &str, element: &LiteralType, expected: &LiteralType) -> Result<Vec<u8>> {
        let start = text.trim_start();
        let is_named = Notation::of_name(text).is_some() || text == "-" || self.places.is_read_once(text);
        let is_document = start.starts_with('[') || text.starts_with('@') || is_named;
        let is_element = takes_places(element) && !start.starts_with('[') && (!text.starts_with('@') || text == "@-");
        if is_document && !is_element {
            return self.value(&self.document(text, expected)?, expected);
        }
        self.elements(&[text], element).map_err(|error| match text.contains(',') && !takes_places(element) {
            true => mismatch(&format!("`{expected}` as JSON, or the flag once for each element"), &found_text(text)),
            false => error,
        })
    }

    fn elements(&self, texts: &[&str], element: &LiteralType) -> Result<Vec<u8>> {
        let read = |(index, text): (usize, &&str)| self.text(text, element).map_err(|error| error.at_index(index));
        let elements = texts.iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
        let mut encoder = Encoder::new(self.dialect);
        encoder.collection(&elements, |encoder, element| {
            encoder.raw(element);
            Ok(())
        })?;
        Ok(encoder.finish())
    }

    /// A list, map or struct on the command line: JSON, `@FILE`, `-`, a pipe, or a path that ends in .json, .yaml or .yml.
    fn document(&self, text: &str, expected: &LiteralType) -> Result<Untyped> {
        let is_json = text.trim_start().starts_with(['{', '[', '"']);
        let file = match text.strip_prefix('@') {
            Some(file) => Some(file),
            None => (!is_json && (text == "-" || Notation::of_name(text).is_some() || self.places.is_read_once(text))).then_some(text),
        };
        let Some(file) = file else {
            let wrong = |error| format!("expected `{expected}` as JSON, {} ({error})", found_text(text));
            return from_json(text).map_err(|error| Error::new(ErrorKind::Mismatch, wrong(error)));
        };
        let content = self.places.text(file)?;
        let shown = if file == "-" { "standard input".to_owned() } else { format!("the file `{file}`") };
        Notation::read_any(file, &content).map_err(|error| Error::new(ErrorKind::Mismatch, format!("{shown} is {error}")))
    }
}

/// Whether a text can name a file, a directory or a table.
fn takes_places(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Union(variants) => variants.iter().any(takes_places),
        _ => false,
    }
}
