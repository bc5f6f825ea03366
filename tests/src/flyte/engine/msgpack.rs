//! Steps into what is stored as msgpack: which bytes a key or an index names.

use nebulakit_types::wire::flyteidl::core::{Binary, Literal, LiteralCollection, Primitive, Scalar, literal, primitive, scalar};

/// A step into a value.
pub(crate) enum Step<'s> {
    Key(&'s str),
    Index(usize),
}

/// The number after a byte, in so many bytes.
fn number(bytes: &[u8], width: usize) -> Option<u64> {
    Some(bytes.get(1..=width)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// What a value begins with.
enum Head {
    /// A value without parts: its size.
    Plain(usize),
    /// The head's size, and the number of elements.
    Array(usize, u64),
    Map(usize, u64),
}

fn head(bytes: &[u8]) -> Option<Head> {
    let sized = |width: usize| Some(Head::Plain(1 + width + usize::try_from(number(bytes, width)?).ok()?));
    Some(match *bytes.first()? {
        0x80..=0x8f => Head::Map(1, u64::from(bytes[0] & 0xf)),
        0x90..=0x9f => Head::Array(1, u64::from(bytes[0] & 0xf)),
        0xa0..=0xbf => Head::Plain(1 + usize::from(bytes[0] & 0x1f)),
        0xc4 | 0xd9 => sized(1)?,
        0xc5 | 0xda => sized(2)?,
        0xc6 | 0xdb => sized(4)?,
        0xc7 => Head::Plain(3 + usize::try_from(number(bytes, 1)?).ok()?),
        0xcc | 0xd0 => Head::Plain(2),
        0xcd | 0xd1 => Head::Plain(3),
        0xca | 0xce | 0xd2 => Head::Plain(5),
        0xcb | 0xcf | 0xd3 => Head::Plain(9),
        0xdc => Head::Array(3, number(bytes, 2)?),
        0xdd => Head::Array(5, number(bytes, 4)?),
        0xde => Head::Map(3, number(bytes, 2)?),
        0xdf => Head::Map(5, number(bytes, 4)?),
        _ => Head::Plain(1),
    })
}

/// How many bytes the first value takes.
fn size(bytes: &[u8]) -> Option<usize> {
    let (mut at, count) = match head(bytes)? {
        Head::Plain(size) => return Some(size),
        Head::Array(size, count) => (size, count),
        Head::Map(size, count) => (size, 2 * count),
    };
    for _ in 0..count {
        at += size(bytes.get(at..)?)?;
    }
    Some(at)
}

fn text(bytes: &[u8]) -> Option<&str> {
    let skipped = match *bytes.first()? {
        0xa0..=0xbf => 1,
        0xd9 => 2,
        0xda => 3,
        0xdb => 5,
        _ => return None,
    };
    std::str::from_utf8(bytes.get(skipped..size(bytes)?)?).ok()
}

/// The bytes that a step leads to.
pub(crate) fn step<'b>(bytes: &'b [u8], step: &Step<'_>) -> Option<&'b [u8]> {
    let (mut at, count, is_map) = match head(bytes)? {
        Head::Plain(_) => return None,
        Head::Array(size, count) => (size, count, false),
        Head::Map(size, count) => (size, count, true),
    };
    for index in 0..count {
        let mut is_it = matches!(step, Step::Index(wanted) if !is_map && *wanted as u64 == index);
        if is_map {
            let key = bytes.get(at..)?;
            is_it = matches!(step, Step::Key(wanted) if text(key) == Some(wanted));
            at += size(key)?;
        }
        let value = bytes.get(at..)?;
        let size = size(value)?;
        if is_it {
            return value.get(..size);
        }
        at += size;
    }
    None
}

/// What stands there as a literal: parts that are maps stay msgpack.
pub(crate) fn literal(bytes: &[u8]) -> Option<Literal> {
    use primitive::Value;
    let signed = |width: usize| Some(Value::Integer((number(bytes, width)? << (64 - 8 * width)).cast_signed() >> (64 - 8 * width)));
    let value = match head(bytes)? {
        Head::Map(..) => {
            let binary = Binary { value: bytes.to_vec(), tag: "msgpack".to_owned() };
            return Some(of_scalar(scalar::Value::Binary(binary)));
        }
        Head::Array(mut at, count) => {
            let mut literals = Vec::new();
            for _ in 0..count {
                let size = size(bytes.get(at..)?)?;
                literals.push(literal(bytes.get(at..at + size)?)?);
                at += size;
            }
            let value = literal::Value::Collection(LiteralCollection { literals });
            return Some(Literal { value: Some(value), ..Literal::default() });
        }
        Head::Plain(_) => match bytes[0] {
            0xc0 => return Some(of_scalar(scalar::Value::NoneType(Default::default()))),
            0xc2 | 0xc3 => Value::Boolean(bytes[0] == 0xc3),
            0xca => Value::FloatValue(f32::from_bits(u32::try_from(number(bytes, 4)?).ok()?).into()),
            0xcb => Value::FloatValue(f64::from_bits(number(bytes, 8)?)),
            0x00..=0x7f => Value::Integer(bytes[0].into()),
            0xe0..=0xff => Value::Integer(bytes[0].cast_signed().into()),
            0xcc => Value::Integer(number(bytes, 1)?.cast_signed()),
            0xcd => Value::Integer(number(bytes, 2)?.cast_signed()),
            0xce => Value::Integer(number(bytes, 4)?.cast_signed()),
            0xcf | 0xd3 => Value::Integer(number(bytes, 8)?.cast_signed()),
            0xd0 => signed(1)?,
            0xd1 => signed(2)?,
            0xd2 => signed(4)?,
            _ => Value::StringValue(text(bytes)?.to_owned()),
        },
    };
    Some(of_scalar(scalar::Value::Primitive(Primitive { value: Some(value) })))
}

pub(crate) fn of_scalar(value: scalar::Value) -> Literal {
    let value = literal::Value::Scalar(Box::new(Scalar { value: Some(value) }));
    Literal { value: Some(value), ..Literal::default() }
}
