//! Thrift's compact protocol, as far as footers need more of it than their decoder tells.

/// Nothing of a footer is nested deeper.
const DEPTH: usize = 16;

/// Types of the protocol.
pub(super) const BINARY: u8 = 8;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;
const BOOLEAN: u8 = 1;
const I16: u8 = 4;
pub(super) const I32: u8 = 5;
const I64: u8 = 6;

/// The rest of a structure in Thrift's compact protocol; [`None`] where it is broken.
pub(super) struct Compact<'a>(pub(super) &'a [u8]);

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, count: u64) -> Option<&[u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A signed number.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// Goes on where a value is of the type that it has to be of.
    pub(super) fn expect(&self, kind: u8, expected: u8) -> Option<()> {
        (kind == expected).then_some(())
    }

    /// Hands on each field of a structure with its number and its type.
    pub(super) fn fields(&mut self, field: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            id = match head >> 4 {
                0 => self.integer()?,
                delta => id + i64::from(delta),
            };
            field(self, id, head & 15)?;
        }
    }

    /// The number of elements of a list, and their type.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.number()? } else { u64::from(head >> 4) };
        Some((count, head & 15))
    }

    /// Hands on each element of a list with its type.
    pub(super) fn items(&mut self, item: &mut dyn FnMut(&mut Self, u8) -> Option<()>) -> Option<()> {
        let (count, kind) = self.list()?;
        (0..count).try_for_each(|_| item(self, kind))
    }

    /// The parts of a column's path, joined.
    pub(super) fn path(&mut self, path: &mut String) -> Option<()> {
        let mut parts = Vec::new();
        self.items(&mut |input, kind| {
            input.expect(kind, BINARY)?;
            let length = input.number()?;
            parts.push(String::from_utf8_lossy(input.take(length)?).into_owned());
            Some(())
        })?;
        *path = parts.join(".");
        Some(())
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, kind: u8) -> Option<()> {
        self.pass(kind, DEPTH)
    }

    fn pass(&mut self, kind: u8, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // Booleans are in the type.
            1 | 2 => Some(()),
            3 => self.byte().map(drop),
            4..=6 => self.number().map(drop),
            7 => self.take(8).map(drop),
            BINARY => {
                let length = self.number()?;
                self.take(length).map(drop)
            }
            // Those in lists have a byte of their own.
            LIST => self.items(&mut |input, kind| if kind <= 2 { input.byte().map(drop) } else { input.pass(kind, depth) }),
            STRUCT => self.fields(&mut |input, _, kind| input.pass(kind, depth)),
            _ => None,
        }
    }
}

/// The structures of a footer whose fields are looked at.
#[derive(Debug, Clone, Copy)]
enum Shape {
    File,
    Element,
    Group,
    Chunk,
    Column,
    Statistics,
    Other,
}

impl Shape {
    /// The type of a field, and the structure in it; [`None`] for fields that Parquet does not have.
    fn field(self, id: i64) -> Option<(u8, Self)> {
        Some(match (self, id) {
            (Self::File, 2) => (LIST, Self::Element),
            (Self::File, 4) => (LIST, Self::Group),
            (Self::Group, 1) => (LIST, Self::Chunk),
            (Self::Chunk, 3) => (STRUCT, Self::Column),
            (Self::Column, 12) => (STRUCT, Self::Statistics),
            (Self::File, 5 | 7) | (Self::Group, 4) | (Self::Column, 2 | 3 | 8 | 13) => (LIST, Self::Other),
            (Self::File, 8) | (Self::Element, 10) | (Self::Chunk, 8) | (Self::Column, 16 | 17) => (STRUCT, Self::Other),
            (Self::File, 6 | 9) | (Self::Element, 4) | (Self::Chunk, 1 | 9) | (Self::Statistics, 1 | 2 | 5 | 6) => (BINARY, Self::Other),
            (Self::File, 1) | (Self::Element, 1..=3 | 5..=9) | (Self::Chunk, 5 | 7) | (Self::Column, 1 | 4 | 15) => (I32, Self::Other),
            (Self::File, 3) | (Self::Group, 2 | 3 | 5 | 6) | (Self::Chunk, 2 | 4 | 6) => (I64, Self::Other),
            (Self::Column, 5..=7 | 9..=11 | 14) | (Self::Statistics, 3 | 4 | 9) => (I64, Self::Other),
            (Self::Group, 7) => (I16, Self::Other),
            (Self::Statistics, 7 | 8) => (BOOLEAN, Self::Other),
            _ => return None,
        })
    }
}

/// A footer without fields that are not of Parquet: some writers have taken numbers for their own that got another meaning later.
pub(super) fn cleaned(footer: &[u8]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(footer.len());
    Compact(footer).structure(Shape::File, &mut kept)?;
    Some(kept)
}

impl Compact<'_> {
    fn structure(&mut self, shape: Shape, kept: &mut Vec<u8>) -> Option<()> {
        let mut last = 0;
        self.fields(&mut |input, id, kind| {
            // Both booleans are types of their own.
            let expected = |expected: u8| kind == expected || expected == BOOLEAN && kind == BOOLEAN + 1;
            let Some((_, inner)) = shape.field(id).filter(|(kind, _)| expected(*kind)) else { return input.skip(kind) };
            // All numbers are below 18, and the steps between those of one structure are less than 16.
            kept.push((u8::try_from(id - last).ok().filter(|step| (1..16).contains(step))? << 4) | kind);
            last = id;
            match (kind, inner) {
                (STRUCT, Shape::Column | Shape::Statistics) => input.structure(inner, kept),
                (LIST, Shape::Element | Shape::Group | Shape::Chunk) => {
                    let before = input.0;
                    let (count, kind) = input.list()?;
                    input.expect(kind, STRUCT)?;
                    kept.extend_from_slice(&before[..before.len() - input.0.len()]);
                    (0..count).try_for_each(|_| input.structure(inner, kept))
                }
                _ => {
                    let before = input.0;
                    input.skip(kind)?;
                    kept.extend_from_slice(&before[..before.len() - input.0.len()]);
                    Some(())
                }
            }
        })?;
        kept.push(0);
        Some(())
    }
}
