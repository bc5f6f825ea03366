//! Lists, maps and structs on the command line: a document, or for a list the flag once for each element.

use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::literal_type::TypeKind;
use nebulakit_types::{Error, ErrorKind, LiteralType, Result, Untyped};

use super::said::{found_text, mismatch};
use super::{Parser, union};
use crate::cli::data::from_json;
use crate::cli::run::inputs_file::Notation;

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

    /// A list of one text: a document, or the only element.
    pub(super) fn list(&self, text: &str, element: &LiteralType, expected: &LiteralType) -> Result<Vec<u8>> {
        let start = text.trim_start();
        let is_named = Notation::of_name(text).is_some() || text == "-" || self.places.is_read_once(text);
        let is_document = start.starts_with('[') || text.starts_with('@') || is_named;
        let is_element = takes_places(element) && !start.starts_with('[') && (!text.starts_with('@') || text == "@-");
        if is_document && !is_element {
            return self.value(&self.document(text, expected)?, expected);
        }
        self.elements(&[text], element)
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
    pub(super) fn document(&self, text: &str, expected: &LiteralType) -> Result<Untyped> {
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
