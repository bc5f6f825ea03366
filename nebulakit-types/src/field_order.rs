//! The bytes of messages as Python's protobuf writes them.
//!
//! The generated messages write a oneof where its first member stands, so that a literal's offloaded value (8) would come before its hash
//! (4), and they leave out empty keys and values of map entries. Either form means the same; this one gives the bytes of flytekit.

use prost::encoding::{WireType, encode_key, encode_varint};

use crate::error::Result;
use crate::scan::{LENGTH_DELIMITED, Reader};
use crate::wire::describe::{Kind, MessageFields, Shape};

/// Sorts the fields of a message that was just encoded by number, and completes its map entries, at every depth.
pub(crate) fn sorted(bytes: &[u8], message: &'static MessageFields) -> Vec<u8> {
    rewritten(bytes, message).expect("bytes that were encoded here are well formed")
}

fn rewritten(bytes: &[u8], message: &'static MessageFields) -> Result<Vec<u8>> {
    let mut fields = Vec::new();
    let mut reader = Reader::new(bytes, message.name);
    loop {
        let before = reader.rest();
        let Some((number, wire_type)) = reader.tag()? else { break };
        let body = if wire_type == LENGTH_DELIMITED {
            reader.length_delimited(wire_type)?
        } else {
            reader.skip(wire_type)?;
            &[]
        };
        let whole = &before[..before.len() - reader.rest().len()];
        fields.push((number, whole, body));
    }
    fields.sort_by_key(|(number, ..)| *number);
    let mut out = Vec::with_capacity(bytes.len());
    for (number, whole, body) in fields {
        let field = message.fields.iter().find(|field| field.number == number);
        match field.map(|field| (field.shape, field.kind)) {
            Some((Shape::Map, kind)) => put(number, &entry(body, kind)?, &mut out),
            Some((_, Kind::Message(inner))) => put(number, &rewritten(body, inner)?, &mut out),
            _ => out.extend_from_slice(whole),
        }
    }
    Ok(out)
}

/// An entry of a map, whose keys are texts and whose values are texts or messages.
fn entry(bytes: &[u8], kind: Kind) -> Result<Vec<u8>> {
    let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
    let mut reader = Reader::new(bytes, "map entry");
    while let Some((number, wire_type)) = reader.tag()? {
        *(if number == 1 { &mut key } else { &mut value }) = reader.length_delimited(wire_type)?;
    }
    let mut out = Vec::with_capacity(bytes.len() + 4);
    put(1, key, &mut out);
    match kind {
        Kind::Message(inner) => put(2, &rewritten(value, inner)?, &mut out),
        _ => put(2, value, &mut out),
    }
    Ok(out)
}

fn put(number: u32, body: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(body.len() as u64, out);
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::literal::Literal;

    #[test]
    fn bytes_are_those_of_python() {
        let mut literal = Literal::map(BTreeMap::from([(String::new(), Literal::none())]));
        literal.hash = Some("h".to_owned());
        literal.metadata = BTreeMap::from([("k".to_owned(), String::new())]);
        // Written by Python's protobuf for the same literal.
        let expected = "1a0a0a080a0012040a022a002201682a050a016b1200";
        let found: String = literal.encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, expected);
        assert_eq!(Literal::decode(&literal.encode()).unwrap(), literal);
    }
}
