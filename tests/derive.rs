//! Derived types: what they say of themselves, how attributes change that, and which values they accept.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use nebulakit::types::outbox::Outbox;
use nebulakit::types::outputs::OutputWriter;
use nebulakit::types::wire::flyteidl::core;
use nebulakit::types::{Dialect, ErrorKind, Untyped, decode, encode};
use nebulakit::{NebulaType, TaskOutputs};
use prost::Message as _;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Inner {
    x: i64,
    y: Option<String>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "Measurement", rename_all = "camelCase")]
struct Sample {
    #[nebula(rename = "id")]
    identifier: u32,
    taken_by: String,
    #[nebula(default = 1.5)]
    weight: f64,
    #[nebula(default = "none")]
    label: String,
    #[nebula(default)]
    tags: Vec<String>,
    #[nebula(required)]
    parent: Option<u32>,
    #[nebula(skip, default = 7)]
    cached: i64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename_all = "lowercase")]
enum Color {
    Red,
    #[nebula(value = "azure", name = "AZURE")]
    Blue,
}

/// Defaults are spelled as those of a task's inputs are.
#[derive(Debug, PartialEq, NebulaType)]
struct Training {
    #[default(3)]
    epochs: u32,
    #[default("adam")]
    optimizer: String,
    #[default(vec![1, 2])]
    sizes: Vec<i64>,
    #[nebula(skip)]
    #[default(7)]
    cached: i64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum IntOrStr {
    Int(i64),
    Str(String),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Number {
    Int(i64),
    Float(f64),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Numbers {
    first: Number,
    second: Number,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Lists {
    Ints(Vec<i64>),
    Strs(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Circle {
    radius: f64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Ring {
    radius: f64,
    hole: f64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Shape {
    Circle(Circle),
    Ring(Ring),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Drawing {
    shapes: Vec<Shape>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    #[nebula(rename = "rest")]
    remainder: i64,
}

fn there_and_back<T: NebulaType + PartialEq + Debug>(value: &T) {
    for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
        assert_eq!(decode::<T>(&encode(value, dialect).unwrap()).unwrap(), *value);
    }
}

/// The bytes of an untyped value: what a struct looks like on the wire.
fn untyped(value: Value) -> Vec<u8> {
    encode(&Untyped::from(value), &Dialect::FLYTE_1).unwrap()
}

fn error<T: NebulaType + Debug>(bytes: &[u8]) -> (ErrorKind, String) {
    let error = decode::<T>(bytes).unwrap_err();
    (error.kind(), error.to_string())
}

fn sample() -> Sample {
    Sample { identifier: 1, taken_by: "n".into(), weight: 2.0, label: "l".into(), tags: vec!["t".into()], parent: Some(2), cached: 7 }
}

#[test]
fn a_struct_travels_by_the_names_of_its_attributes() {
    there_and_back(&sample());
    let map: Untyped = decode(&encode(&sample(), &Dialect::FLYTE_1).unwrap()).unwrap();
    let names: Vec<_> = match map {
        Untyped::Map(entries) => entries.into_iter().map(|(key, _)| key).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(names, ["id", "takenBy", "weight", "label", "tags", "parent"].map(|name| Untyped::String(name.into())));
}

#[test]
fn the_schema_has_titles_names_plain_defaults_and_what_is_required() {
    assert_eq!(
        Sample::schema(&Dialect::FLYTE_1),
        json!({
            "type": "object",
            "title": "Measurement",
            "properties": {
                "id": { "type": "integer" },
                "takenBy": { "type": "string" },
                "weight": { "type": "number", "default": 1.5 },
                "label": { "type": "string", "default": "none" },
                "tags": { "type": "array", "items": { "type": "string" } },
                "parent": { "anyOf": [{ "type": "integer" }, { "type": "null" }] },
            },
            "additionalProperties": false,
            "required": ["id", "takenBy", "parent"],
        })
    );
    assert_eq!(Inner::schema(&Dialect::FLYTE_1)["properties"]["y"]["default"], Value::Null);
}

#[test]
fn the_two_platforms_have_the_structure_of_structs_differently() {
    let first = Inner::literal_type(&Dialect::FLYTE_1).structure.unwrap();
    assert_eq!(first.tag, "");
    assert_eq!(first.dataclass_type.keys().collect::<Vec<_>>(), ["x", "y"]);
    let second = Inner::literal_type(&Dialect::FLYTE_2).structure.unwrap();
    assert_eq!(second.tag, "Object-Dataclass-Transformer");
    assert!(second.dataclass_type.is_empty());
}

#[test]
fn absent_fields_have_their_defaults_and_unknown_ones_are_passed_over() {
    let bytes = untyped(json!({ "surplus": { "deep": [1, {}] }, "takenBy": "n", "parent": null, "id": 3.0 }));
    let expected = Sample { identifier: 3, weight: 1.5, label: "none".into(), tags: vec![], parent: None, ..sample() };
    assert_eq!(decode::<Sample>(&bytes).unwrap(), expected);
}

#[test]
fn a_field_has_its_default_by_the_same_attribute_as_an_input() {
    let expected = Training { epochs: 3, optimizer: "adam".into(), sizes: vec![1, 2], cached: 7 };
    assert_eq!(decode::<Training>(&untyped(json!({}))).unwrap(), expected);
    let schema = Training::schema(&Dialect::FLYTE_1);
    assert_eq!((&schema["properties"]["epochs"]["default"], schema.get("required")), (&json!(3), None));
}

#[test]
fn an_absent_field_without_a_default_is_an_error_with_its_name() {
    let (kind, message) = error::<Sample>(&untyped(json!({ "id": 1, "takenBy": "n" })));
    assert_eq!(kind, ErrorKind::Missing);
    assert_eq!(message, "`parent`: the field is missing; expected `int | none`");
    let (kind, message) = error::<Page<Inner>>(&untyped(json!({ "items": [{ "x": 1 }, { "y": "only" }] })));
    assert_eq!(kind, ErrorKind::Missing);
    assert_eq!(message, "`items[1].x`: the field is missing; expected `int`");
}

#[test]
fn a_field_of_the_wrong_type_is_an_error_with_its_path() {
    let (kind, message) = error::<Page<Inner>>(&untyped(json!({ "items": [{ "x": [] }] })));
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, "`items[0].x`: expected an integer, found a list"));
    let (kind, message) = error::<Inner>(&untyped(json!([1, 2])));
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, "expected a map, found a list"));
    let (kind, message) = error::<Inner>(&encode(&1_i64, &Dialect::FLYTE_1).unwrap());
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, "expected a struct `Inner`, found an integer"));
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    // {"x": 1, "x": 2}
    let msgpack = [0x82, 0xa1, b'x', 1, 0xa1, b'x', 2];
    let binary = core::Binary { value: msgpack.to_vec(), tag: "msgpack".into() };
    let bytes = literal(core::scalar::Value::Binary(binary)).encode_to_vec();
    let (kind, message) = error::<Inner>(&bytes);
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, "`x`: the field comes twice"));
}

#[test]
fn type_parameters_are_the_types_that_they_are_filled_with() {
    there_and_back(&Page { items: vec![1.5], next: None });
    there_and_back(&Page { items: vec![Inner { x: 1, y: None }], next: Some(Inner { x: 2, y: Some("y".into()) }) });
    assert_eq!(Page::<bool>::schema(&Dialect::FLYTE_1)["properties"]["items"], json!({ "type": "array", "items": { "type": "boolean" } }));
}

#[test]
fn an_enum_travels_by_value_or_by_name_and_both_are_read() {
    let text = |text: &str| encode(&text.to_owned(), &Dialect::FLYTE_1).unwrap();
    assert_eq!(encode(&Color::Blue, &Dialect::FLYTE_1).unwrap(), text("azure"));
    assert_eq!(encode(&Color::Blue, &Dialect::FLYTE_2).unwrap(), text("AZURE"));
    assert_eq!(encode(&Color::Red, &Dialect::FLYTE_1).unwrap(), text("red"));
    assert_eq!(encode(&Color::Red, &Dialect::FLYTE_2).unwrap(), text("Red"));
    for (written, color) in [("red", Color::Red), ("Red", Color::Red), ("azure", Color::Blue), ("AZURE", Color::Blue)] {
        assert_eq!(decode::<Color>(&text(written)).unwrap(), color);
        assert_eq!(decode::<Color>(&untyped(json!(written))).unwrap(), color);
    }
    let (kind, message) = error::<Color>(&text("green"));
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, r#"expected one of "red", "azure", found "green""#));
}

fn literal(scalar: core::scalar::Value) -> core::Literal {
    let scalar = core::Scalar { value: Some(scalar) };
    core::Literal { value: Some(core::literal::Value::Scalar(Box::new(scalar))), ..core::Literal::default() }
}

/// A union value that says it is of the variant `tag`.
fn wrapped(value: &[u8], tag: &str) -> Vec<u8> {
    let structure = core::TypeStructure { tag: tag.into(), ..core::TypeStructure::default() };
    let variant = core::LiteralType {
        r#type: Some(core::literal_type::Type::Simple(core::SimpleType::Integer.into())),
        structure: Some(structure),
        ..core::LiteralType::default()
    };
    let union = core::Union { value: Some(Box::new(core::Literal::decode(value).unwrap())), r#type: Some(variant) };
    literal(core::scalar::Value::Union(Box::new(union))).encode_to_vec()
}

fn bytes<T: NebulaType>(value: T) -> Vec<u8> {
    encode(&value, &Dialect::FLYTE_1).unwrap()
}

#[test]
fn a_union_is_written_with_the_type_of_its_variant() {
    there_and_back(&IntOrStr::Int(5));
    there_and_back(&IntOrStr::Str("x".into()));
    there_and_back(&Some(IntOrStr::Int(5)));
    there_and_back(&vec![None, Some(IntOrStr::Str("x".into()))]);
    // Flyte task contract, "unions": 5 of an optional integer.
    assert_eq!(bytes(IntOrStr::Int(5)), bytes(Some(5_i64)));
    assert_eq!(Option::<IntOrStr>::literal_type(&Dialect::FLYTE_1).to_string(), "int | str | none");
}

#[test]
fn a_wrapped_value_is_of_the_variant_with_its_tag_else_of_the_only_one_that_fits() {
    assert_eq!(decode::<IntOrStr>(&wrapped(&bytes(5_i64), "int")).unwrap(), IntOrStr::Int(5));
    assert_eq!(decode::<IntOrStr>(&wrapped(&bytes("x".to_owned()), "")).unwrap(), IntOrStr::Str("x".into()));
    assert_eq!(decode::<Number>(&wrapped(&bytes(5_i64), "float")).unwrap(), Number::Float(5.0));
    assert_eq!(error::<Number>(&wrapped(&bytes(5_i64), "integer")).0, ErrorKind::Ambiguous);
    assert_eq!(error::<IntOrStr>(&wrapped(&bytes(true), "bool")).0, ErrorKind::Mismatch);
    // The value is of another type than its own tag says.
    assert_eq!(error::<IntOrStr>(&wrapped(&bytes(true), "int")).0, ErrorKind::Mismatch);
}

#[test]
fn a_bare_value_is_of_the_only_variant_that_fits() {
    assert_eq!(decode::<IntOrStr>(&bytes(5_i64)).unwrap(), IntOrStr::Int(5));
    assert_eq!(decode::<Number>(&bytes(1.5)).unwrap(), Number::Float(1.5));
    let (kind, message) = error::<Number>(&bytes(5_i64));
    assert_eq!(kind, ErrorKind::Ambiguous);
    assert_eq!(message, "the value fits both `int` and `float`, and does not say which of them it is");
    let (kind, message) = error::<IntOrStr>(&bytes(true));
    assert_eq!(kind, ErrorKind::Mismatch);
    assert_eq!(
        message,
        "the value fits no variant of the union (as `int`: expected an integer, found a boolean; as `str`: expected a string, found a boolean)"
    );
}

#[test]
fn variants_with_one_tag_are_told_apart_by_their_types() {
    there_and_back(&Lists::Ints(vec![]));
    there_and_back(&Lists::Strs(vec![]));
    there_and_back(&Lists::Strs(vec!["x".into()]));
    assert_eq!(decode::<Lists>(&bytes(vec!["x".to_owned()])).unwrap(), Lists::Strs(vec!["x".into()]));
    assert_eq!(error::<Lists>(&bytes(Vec::<i64>::new())).0, ErrorKind::Ambiguous);
}

#[test]
fn inside_structs_the_first_variant_that_fits_exactly_counts_then_the_first_that_fits() {
    there_and_back(&Numbers { first: Number::Float(5.0), second: Number::Int(5) });
    let numbers: Numbers = decode(&untyped(json!({ "first": 5, "second": 5.0 }))).unwrap();
    assert_eq!(numbers, Numbers { first: Number::Int(5), second: Number::Float(5.0) });
    let numbers: Numbers = decode(&untyped(json!({ "first": "5", "second": 1 }))).unwrap();
    assert_eq!(numbers.first, Number::Int(5));
    let (kind, message) = error::<Numbers>(&untyped(json!({ "first": [], "second": 1 })));
    assert_eq!(kind, ErrorKind::Mismatch);
    assert!(message.starts_with("`first`: the value fits no variant"), "{message}");
}

#[test]
fn structs_in_a_union_are_told_apart_by_their_fields() {
    let drawing = Drawing { shapes: vec![Shape::Ring(Ring { radius: 2.0, hole: 1.0 }), Shape::Circle(Circle { radius: 1.0 })] };
    there_and_back(&drawing);
    assert_eq!(decode::<Shape>(&bytes(Ring { radius: 2.0, hole: 1.0 })).unwrap(), drawing.shapes[0]);
    assert_eq!(decode::<Shape>(&bytes(Circle { radius: 1.0 })).unwrap(), drawing.shapes[1]);
    // Another sender's struct with a field more than both is the circle, whose fields it has, and no ring.
    assert_eq!(decode::<Shape>(&untyped(json!({ "radius": 1, "color": "red" }))).unwrap(), drawing.shapes[1]);
}

#[test]
fn outputs_have_the_names_of_the_fields() {
    assert_eq!(Division::NAMES, ["quotient", "rest"]);
    assert_eq!(Division::literal_types(&Dialect::FLYTE_1).len(), 2);
    let mut writer = OutputWriter::new(Division::NAMES, &Dialect::FLYTE_1, Outbox::default());
    Division { quotient: 3, remainder: 1 }.write(&mut writer).unwrap();
    let outputs: BTreeMap<_, _> = writer.finish().outputs.into_iter().map(|output| (output.name, output.literal)).collect();
    assert_eq!(outputs, BTreeMap::from([("quotient", bytes(3_i64)), ("rest", bytes(1_i64))]));
}

#[derive(Debug, NebulaType)]
struct Branch {
    leaves: Vec<Leaf>,
    others: BTreeMap<String, Leaf>,
}

#[derive(Debug, NebulaType)]
struct Leaf {
    back: Option<Vec<Branch>>,
    next: Vec<Sprout>,
}

#[derive(Debug, NebulaType)]
enum Sprout {
    Number(i64),
    Branch(Vec<Branch>),
}

#[test]
#[should_panic(expected = "as if it held itself through others")]
fn types_that_hold_each_other_are_told_instead_of_overflowing_the_stack() {
    let _ = <Branch as NebulaType>::literal_type(&Dialect::FLYTE_1);
}
