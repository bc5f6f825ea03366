//! The inputs of one call, read by name.

use std::collections::HashMap;

use nebulakit_types::convert::reader::{Entries, LiteralRef, LiteralView, References};
use nebulakit_types::{Error, ErrorKind, Result};

/// The inputs of one call, by name.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// In the order in which their names first came; without those that a parameter has taken.
    entries: Vec<Option<(&'a str, LiteralRef<'a>)>>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Inputs<'a> {
    /// The inputs of an `inputs.pb` with these bytes, and what its literals refer to. Of a name that comes twice the last literal counts.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] when the bytes are not a map of literals.
    pub fn parse(bytes: &'a [u8], references: &'a References) -> Result<Self> {
        let mut inputs = Self { entries: Vec::new(), places: HashMap::new() };
        let mut fields = Entries::of_map(bytes, references);
        while let Some((name, literal)) = fields.next()? {
            let place = *inputs.places.entry(name).or_insert(inputs.entries.len());
            match inputs.entries.get_mut(place) {
                Some(entry) => *entry = Some((name, literal)),
                None => inputs.entries.push(Some((name, literal))),
            }
        }
        Ok(inputs)
    }

    /// Replaces the input `name`, a list, by its element `index`; an input that is not there stays absent.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when the input is not a list, [`ErrorKind::OutOfRange`] when the list is too short.
    pub fn select(&mut self, name: &str, index: usize) -> Result<()> {
        let Some((_, literal)) = self.entry(name).and_then(Option::as_mut) else { return Ok(()) };
        let LiteralView::Collection(mut elements) = literal.view()? else {
            return Err(literal.view()?.mismatch("a list to map over").at_field(name));
        };
        let mut length = 0;
        while let Some(element) = elements.next()? {
            if length == index {
                *literal = element;
                return Ok(());
            }
            length += 1;
        }
        Err(Error::new(ErrorKind::OutOfRange, format!("the map index {index} is beyond the list's {length} elements")).at_field(name))
    }

    /// The names that no parameter has taken.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.entries.iter().flatten().map(|(name, _)| *name)
    }

    fn entry(&mut self, name: &str) -> Option<&mut Option<(&'a str, LiteralRef<'a>)>> {
        self.entries.get_mut(*self.places.get(name)?)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<LiteralRef<'a>> {
        self.entry(name)?.take().map(|(_, literal)| literal)
    }
}
