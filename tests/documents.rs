//! Documents that flytekit wrote: they are read, and written again to the same bytes.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use nebulakit_types::json::{self, Message};
use nebulakit_types::literal::{Literal, Primitive, Timestamp};
use nebulakit_types::wire::flyteidl::core::ErrorDocument;
use prost::Message as _;
use serde_json::Value;

/// Error documents and literal maps, with their bytes and their JSON.
const DOCUMENTS: &str = include_str!("golden/flytekit-documents.jsonl");
/// Literals with the hash that flytekit gives them when it offloads them. Those called `r0`, `r1`, ... are random.
const HASHES: &str = include_str!("golden/flytekit-hashes.jsonl");

#[test]
fn documents_come_back_byte_for_byte() {
    let mut count = 0;
    for line in DOCUMENTS.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let bytes = from_hex(case["hex"].as_str().unwrap());
        let (message, again) = match case["message"].as_str().unwrap() {
            "flyteidl.core.ErrorDocument" => (Message::ErrorDocument, ErrorDocument::decode(bytes.as_slice()).unwrap().encode_to_vec()),
            "flyteidl.core.LiteralMap" => (Message::LiteralMap, Literal::encode_map(&Literal::decode_map(&bytes).unwrap())),
            other => panic!("`{name}` is a {other}"),
        };
        if name == "eleven_outputs_deterministic_order" {
            // Python's protobuf sorts `o10` before `o1`, which nobody relies on; ours comes after it.
            assert_eq!(Literal::decode_map(&again).unwrap(), Literal::decode_map(&bytes).unwrap());
        } else {
            assert_eq!(again, bytes, "the bytes of `{name}`");
        }
        assert_eq!(json::to_json(message, &bytes).unwrap(), case["json"], "the JSON of `{name}`");
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn offloaded_literals_hash_as_in_flytekit() {
    let mut count = 0;
    for line in HASHES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["name"].as_str().unwrap();
        let bytes = from_hex(case["hex"].as_str().unwrap());
        assert_eq!(json::offload_hash(&bytes).unwrap(), case["hash"].as_str().unwrap(), "the hash of `{name}`");
        // The sorted dictionary has the keys `a` and `aa`, see above; random literals have enum numbers that nobody knows.
        if !name.starts_with('r') && name != "dict_str_int_sorted" {
            assert_eq!(Literal::decode(&bytes).unwrap().encode(), bytes, "the bytes of `{name}`");
        }
        count += 1;
    }
    assert_eq!(count, 262);
}

/// The string of a mebibyte that flytekit was asked to offload.
#[test]
fn a_large_string_hashes_as_in_flytekit() {
    let literal = Literal::from(Primitive::String("x".repeat(1_048_566)));
    assert_eq!(json::offload_hash(&literal.encode()).unwrap(), "N42LLRp59iBy2hb1BfwxczTeduN/NB2JYF0w5hhV50k=");
}

/// Python's `datetime.max`, which is a day later than what some calendars end with.
#[test]
fn the_last_microsecond_of_the_year_9999_has_a_json_form_and_a_hash() {
    let literal = Literal::from(Primitive::Datetime(Timestamp { seconds: 253_402_300_799, nanos: 999_999_000 })).encode();
    let json = json::to_json(Message::Literal, &literal).unwrap();
    assert_eq!(json["scalar"]["primitive"]["datetime"], "9999-12-31T23:59:59.999999Z");
    assert_eq!(json::offload_hash(&literal).unwrap().len(), 44);
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
