//! A walk over the wire bytes of a message, in the order of its JSON: object keys sorted.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::instant::Instant;
use crate::message::MAX_NESTED_MESSAGES;
use crate::scan::{Reader, Slot, corrupt};
use crate::wire::describe::{Field, Form, Kind, MAX_FIELDS, MessageFields, Shape};

/// What a walk writes to.
pub(super) trait Sink {
    fn begin_object(&mut self);
    fn key(&mut self, name: &str);
    fn end_object(&mut self);
    fn begin_array(&mut self);
    fn end_array(&mut self);
    fn null(&mut self);
    fn boolean(&mut self, value: bool);
    fn integer(&mut self, value: i64);
    /// The value is finite.
    fn double(&mut self, value: f64);
    fn string(&mut self, value: &str);
    /// A text: the bytes in base64.
    fn bytes(&mut self, value: &[u8]);
}

/// Walks a message; `deeper` is how many levels of messages may be in it.
pub(super) fn message<S: Sink>(bytes: &[u8], message: &'static MessageFields, deeper: usize, sink: &mut S) -> Result<()> {
    let walk = Walk { bytes, message, deeper };
    let mut slots = [const { Slot::Absent }; MAX_FIELDS];
    walk.scan(&mut slots)?;
    match message.form {
        Form::Object => {
            sink.begin_object();
            for (field, slot) in message.fields.iter().zip(&slots) {
                walk.field(field, slot, sink)?;
            }
            sink.end_object();
            Ok(())
        }
        Form::Timestamp => timestamp(walk.integer(&slots, 1), walk.integer(&slots, 2), sink),
        Form::Duration => duration(walk.integer(&slots, 1), walk.integer(&slots, 2), sink),
        Form::Struct => walk.map(&message.fields[0], sink),
        Form::List => walk.list(&message.fields[0], sink),
        Form::Wrapper => walk.value(message.fields[0].kind, &slots[0], sink),
        Form::Value => {
            match message.fields.iter().zip(&slots).find(|(_, slot)| !matches!(slot, Slot::Absent)) {
                // JSON's null is the only value of its enum.
                None | Some((Field { kind: Kind::Enum(_), .. }, _)) => sink.null(),
                Some((field, slot)) => walk.value(field.kind, slot, sink)?,
            }
            Ok(())
        }
    }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    bytes: &'a [u8],
    message: &'static MessageFields,
    deeper: usize,
}

impl<'a> Walk<'a> {
    /// Finds the value of each field: the last one counts, within a oneof too.
    fn scan(&self, slots: &mut [Slot<'a>; MAX_FIELDS]) -> Result<()> {
        let mut reader = self.reader();
        while let Some((number, wire_type)) = reader.tag()? {
            let Some(index) = self.message.fields.iter().position(|field| field.number == number) else {
                reader.skip(wire_type)?;
                continue;
            };
            let field = &self.message.fields[index];
            let many = matches!(field.shape, Shape::Repeated | Shape::Map);
            let found = if many {
                // An entry of a map is a message, whatever its values are.
                reader.value(if field.shape == Shape::Map { Kind::Bytes } else { field.kind }, wire_type)?;
                Slot::Many
            } else {
                reader.value(field.kind, wire_type)?
            };
            if let Shape::OneOf(oneof) = field.shape {
                for (other, slot) in self.message.fields.iter().zip(slots.iter_mut()) {
                    if other.shape == Shape::OneOf(oneof) && other.number != number {
                        *slot = Slot::Absent;
                    }
                }
            }
            slots[index] = match (std::mem::replace(&mut slots[index], Slot::Absent), found) {
                (Slot::Bytes(first), Slot::Bytes(second)) if matches!(field.kind, Kind::Message(_)) => joined(first, &second),
                (_, found) => found,
            };
        }
        Ok(())
    }

    fn reader(&self) -> Reader<'a> {
        Reader::new(self.bytes, self.message.name)
    }

    fn corrupt(&self, what: &str) -> Error {
        corrupt(self.message.name, what)
    }

    /// Writes a field with its name, if it is to be written.
    fn field<S: Sink>(&self, field: &Field, slot: &Slot<'a>, sink: &mut S) -> Result<()> {
        let is_message = matches!(field.kind, Kind::Message(_));
        let left_out = match slot {
            Slot::Absent => true,
            Slot::Number(0) => field.shape == Shape::Single,
            Slot::Bytes(bytes) => field.shape == Shape::Single && bytes.is_empty() && !is_message,
            Slot::Number(_) | Slot::Many => false,
        };
        if left_out {
            return Ok(());
        }
        sink.key(field.json_name);
        let written = match field.shape {
            Shape::Map => self.map(field, sink),
            Shape::Repeated => self.list(field, sink),
            Shape::Single | Shape::OneOf(_) => self.value(field.kind, slot, sink),
        };
        written.map_err(|error| error.at_field(field.json_name))
    }

    fn value<S: Sink>(&self, kind: Kind, slot: &Slot<'_>, sink: &mut S) -> Result<()> {
        let number = if let Slot::Number(number) = slot { *number } else { 0 };
        let bytes = if let Slot::Bytes(bytes) = slot { &**bytes } else { &[] };
        match kind {
            Kind::Bool => sink.boolean(number != 0),
            #[expect(clippy::cast_possible_truncation, reason = "protobuf reads 32-bit fields from the low bits")]
            Kind::Int32 => sink.integer((number as i32).into()),
            #[expect(clippy::cast_possible_truncation, reason = "protobuf reads 32-bit fields from the low bits")]
            Kind::Uint32 => sink.integer((number as u32).into()),
            Kind::Int64 => sink.string(&number.cast_signed().to_string()),
            Kind::Uint64 => sink.string(&number.to_string()),
            Kind::Double => {
                let double = f64::from_bits(number);
                if double.is_finite() {
                    sink.double(double);
                } else if double.is_nan() {
                    sink.string("NaN");
                } else {
                    sink.string(if double > 0.0 { "Infinity" } else { "-Infinity" });
                }
            }
            Kind::String => {
                sink.string(std::str::from_utf8(bytes).map_err(|source| self.corrupt("text that is not UTF-8").with_source(source))?)
            }
            Kind::Bytes => sink.bytes(bytes),
            Kind::Enum(names) => {
                #[expect(clippy::cast_possible_truncation, reason = "protobuf reads enum numbers from the low bits")]
                let number = number as i32;
                match names.iter().find(|(named, _)| *named == number) {
                    Some((_, name)) => sink.string(name),
                    None => sink.integer(number.into()),
                }
            }
            Kind::Message(inner) => message(bytes, inner, self.levels(1)?, sink)?,
        }
        Ok(())
    }

    /// How many levels are left below `taken` more.
    fn levels(&self, taken: usize) -> Result<usize> {
        self.deeper.checked_sub(taken).ok_or_else(|| {
            Error::new(ErrorKind::TooDeep, format!("`{}` nested deeper than {} messages", self.message.name, MAX_NESTED_MESSAGES))
        })
    }

    fn list<S: Sink>(&self, field: &Field, sink: &mut S) -> Result<()> {
        sink.begin_array();
        let mut reader = self.reader();
        let mut index = 0;
        while let Some((number, wire_type)) = reader.tag()? {
            if number == field.number {
                let slot = reader.value(field.kind, wire_type)?;
                self.value(field.kind, &slot, sink).map_err(|error| error.at_index(index))?;
                index += 1;
            } else {
                reader.skip(wire_type)?;
            }
        }
        sink.end_array();
        Ok(())
    }

    fn map<S: Sink>(&self, field: &Field, sink: &mut S) -> Result<()> {
        let inside = Self { deeper: self.levels(1)?, ..*self };
        let mut entries = Vec::new();
        let mut reader = self.reader();
        while let Some((number, wire_type)) = reader.tag()? {
            if number != field.number {
                reader.skip(wire_type)?;
                continue;
            }
            let entry = reader.length_delimited(wire_type)?;
            entries.push((inside.entry_key(entry)?, entry));
        }
        // The sort is stable, so that of equal keys the last one stays last: it counts.
        entries.sort_by_key(|(key, _)| *key);
        sink.begin_object();
        for (index, (key, entry)) in entries.iter().enumerate() {
            if entries.get(index + 1).is_some_and(|(next, _)| next == key) {
                continue;
            }
            sink.key(key);
            let slot = inside.entry_value(field.kind, entry)?;
            inside.value(field.kind, &slot, sink).map_err(|error| error.at_key(key))?;
        }
        sink.end_object();
        Ok(())
    }

    fn entry_key(&self, entry: &'a [u8]) -> Result<&'a str> {
        let mut key: &[u8] = &[];
        let mut reader = Reader::new(entry, self.message.name);
        while let Some((number, wire_type)) = reader.tag()? {
            if number == 1 {
                key = reader.length_delimited(wire_type)?;
            } else {
                reader.skip(wire_type)?;
            }
        }
        std::str::from_utf8(key).map_err(|source| self.corrupt("a key that is not UTF-8").with_source(source))
    }

    fn entry_value(&self, kind: Kind, entry: &'a [u8]) -> Result<Slot<'a>> {
        let mut value = Slot::Absent;
        let mut reader = Reader::new(entry, self.message.name);
        while let Some((number, wire_type)) = reader.tag()? {
            if number == 2 {
                value = match (value, reader.value(kind, wire_type)?) {
                    (Slot::Bytes(first), Slot::Bytes(second)) if matches!(kind, Kind::Message(_)) => joined(first, &second),
                    (_, found) => found,
                };
            } else {
                reader.skip(wire_type)?;
            }
        }
        Ok(value)
    }

    /// The integer field `number`; zero where it is absent.
    fn integer(&self, slots: &[Slot<'_>], number: u32) -> i64 {
        let index = self.message.fields.iter().position(|field| field.number == number);
        match index.map(|index| &slots[index]) {
            Some(Slot::Number(number)) => number.cast_signed(),
            _ => 0,
        }
    }
}

fn joined<'a>(first: Cow<'a, [u8]>, second: &[u8]) -> Slot<'a> {
    let mut both = first.into_owned();
    both.extend_from_slice(second);
    Slot::Bytes(Cow::Owned(both))
}

/// The longest duration, either way: about 10,000 years.
const MAX_DURATION_SECONDS: u64 = 315_576_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

fn timestamp<S: Sink>(seconds: i64, nanos: i64, sink: &mut S) -> Result<()> {
    let nanos = u32::try_from(nanos).map_err(|_| Error::new(ErrorKind::OutOfRange, format!("an instant has {nanos} nanoseconds")))?;
    let instant = Instant::new(seconds, nanos)?;
    sink.string(&format!("{}{}Z", instant.to_the_second(), fraction(instant.nanos().into())));
    Ok(())
}

fn duration<S: Sink>(seconds: i64, nanos: i64, sink: &mut S) -> Result<()> {
    let same_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    if !same_sign || seconds.unsigned_abs() > MAX_DURATION_SECONDS || nanos.unsigned_abs() >= NANOS_PER_SECOND {
        return Err(Error::new(ErrorKind::OutOfRange, "a duration outside 10,000 years, or whose parts have different signs"));
    }
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    sink.string(&format!("{sign}{}{}s", seconds.unsigned_abs(), fraction(nanos.unsigned_abs())));
    Ok(())
}

/// The fraction of a second with no, three, six or nine digits, as few as hold it.
fn fraction(nanos: u64) -> String {
    if nanos == 0 {
        String::new()
    } else if nanos.is_multiple_of(1_000_000) {
        format!(".{:03}", nanos / 1_000_000)
    } else if nanos.is_multiple_of(1_000) {
        format!(".{:06}", nanos / 1_000)
    } else {
        format!(".{nanos:09}")
    }
}
