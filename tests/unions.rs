//! Enums as Rust users write them: variants without fields, with a value, and with named fields, in one enum.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use nebulakit::NebulaType;
use nebulakit::types::{Dialect, ErrorKind, Untyped, decode, encode};
use serde_json::{Value, json};

/// How a sample went through quality control.
#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Outcome {
    Pass,
    Filtered {
        min_quality: u8,
    },
    #[nebula(value = "gone", name = "LOST")]
    Lost,
    Score(f64),
    Moved {
        #[nebula(rename = "from")]
        packer: String,
        #[default(7)]
        value: i64,
        #[nebula(skip)]
        encoder: Vec<u8>,
    },
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Report {
    first: Outcome,
    others: Vec<Outcome>,
    by_name: BTreeMap<String, Outcome>,
    last: Option<Outcome>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Tree<T: Clone, const N: usize>
where
    T: Debug,
{
    Leaf,
    Node { left: T, right: Option<T> },
    Count { much: i64 },
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Status {
    Done,
    Other(String),
    Took(Duration),
    Weight(f64),
    Any(Untyped),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Holder {
    status: Status,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Sgd {
    momentum: f64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Adam {
    #[default(0.9)]
    beta: f64,
    rate: f64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
enum Optimizer {
    Sgd(Sgd),
    Adam(Adam),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Training {
    optimizer: Optimizer,
}

fn outcomes() -> Vec<Outcome> {
    let moved = Outcome::Moved { packer: "a".into(), value: 8, encoder: vec![] };
    vec![Outcome::Pass, Outcome::Filtered { min_quality: 3 }, Outcome::Lost, Outcome::Score(5.0), moved]
}

fn there_and_back<T: NebulaType + PartialEq + Debug>(value: &T) {
    for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
        assert_eq!(decode::<T>(&encode(value, dialect).unwrap()).unwrap(), *value);
    }
}

fn untyped(value: Value) -> Vec<u8> {
    encode(&Untyped::from(value), &Dialect::FLYTE_1).unwrap()
}

fn error<T: NebulaType + Debug>(value: Value) -> (ErrorKind, String) {
    let error = decode::<T>(&untyped(value)).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn variants_of_every_kind_travel_alone_in_lists_in_options_and_in_structs() {
    for outcome in outcomes() {
        there_and_back(&outcome);
        there_and_back(&Some(outcome));
    }
    there_and_back(&outcomes());
    there_and_back(&None::<Outcome>);
    let by_name = outcomes().into_iter().enumerate().map(|(index, outcome)| (index.to_string(), outcome)).collect();
    there_and_back(&Report { first: Outcome::Lost, others: outcomes(), by_name, last: None });
    there_and_back(&Report { first: Outcome::Score(1.0), others: vec![], by_name: BTreeMap::new(), last: Some(Outcome::Pass) });
}

#[test]
fn units_are_one_enum_values_their_types_and_fields_a_struct_of_the_name() {
    let literal_type = Outcome::literal_type(&Dialect::FLYTE_1);
    assert_eq!(literal_type.to_string(), "enum(Pass, gone) | struct Filtered | float | struct Moved");
    assert_eq!(Outcome::literal_type(&Dialect::FLYTE_2).to_string(), "enum(Pass, LOST) | struct Filtered | float | struct Moved");
    let schema = Outcome::schema(&Dialect::FLYTE_1);
    assert_eq!(schema["anyOf"][0], json!({ "enum": ["Pass", "gone"] }));
    assert_eq!(schema["anyOf"][3]["title"], "Moved");
    assert_eq!(schema["anyOf"][3]["properties"], json!({ "from": { "type": "string" }, "value": { "type": "integer", "default": 7 } }));
}

#[test]
fn values_of_other_senders_are_read_bare_and_in_structs() {
    let report = json!({
        "first": "gone",
        "others": ["Pass", { "min_quality": 3.0 }, 5, { "from": "a" }],
        "by_name": {},
    });
    let read: Report = decode(&untyped(report)).unwrap();
    let moved = Outcome::Moved { packer: "a".into(), value: 7, encoder: vec![] };
    assert_eq!(read.others, [Outcome::Pass, Outcome::Filtered { min_quality: 3 }, Outcome::Score(5.0), moved]);
    assert_eq!((read.first, read.last), (Outcome::Lost, None));
    assert_eq!(decode::<Outcome>(&encode(&"Pass".to_owned(), &Dialect::FLYTE_1).unwrap()).unwrap(), Outcome::Pass);
    assert_eq!(decode::<Outcome>(&untyped(json!({ "min_quality": 4 }))).unwrap(), Outcome::Filtered { min_quality: 4 });
}

#[test]
fn the_form_of_serde_is_read() {
    let filtered = json!({ "Filtered": { "min_quality": 3 } });
    assert_eq!(decode::<Outcome>(&untyped(filtered.clone())).unwrap(), Outcome::Filtered { min_quality: 3 });
    let report = json!({ "first": { "Score": 2 }, "others": [filtered, "Pass"], "by_name": {}, "last": { "Moved": { "from": "x" } } });
    let read: Report = decode(&untyped(report)).unwrap();
    assert_eq!(read.first, Outcome::Score(2.0));
    assert_eq!(read.others, [Outcome::Filtered { min_quality: 3 }, Outcome::Pass]);
    let training: Training = decode(&untyped(json!({ "optimizer": { "Adam": { "rate": 0.5 } } }))).unwrap();
    assert_eq!(training.optimizer, Optimizer::Adam(Adam { beta: 0.9, rate: 0.5 }));
    let (kind, message) = error::<Training>(json!({ "optimizer": { "Adam": { "rate": "x" } } }));
    assert_eq!((kind, message.as_str()), (ErrorKind::Mismatch, "`optimizer.Adam.rate`: expected a float, found a string"));
}

#[test]
fn what_fits_no_variant_is_told_of_every_variant() {
    let (kind, message) = error::<Training>(json!({ "optimizer": { "beta": 0.9 } }));
    assert_eq!(kind, ErrorKind::Mismatch);
    assert_eq!(
        message,
        "`optimizer`: the value fits no variant of the union (as `struct Sgd`: `momentum`: the field is missing; expected `float`; \
         as `struct Adam`: `rate`: the field is missing; expected `float`)"
    );
}

#[test]
fn a_value_that_would_be_read_as_another_variant_is_not_written() {
    let write = |status| encode(&Holder { status }, &Dialect::FLYTE_1).map_err(|error| (error.kind(), error.to_string()));
    for status in [Status::Done, Status::Other("x".into()), Status::Took(Duration::from_secs(1)), Status::Any(Untyped::Bool(true))] {
        let holder = Holder { status: status.clone() };
        assert_eq!(decode::<Holder>(&write(status).unwrap()).unwrap(), holder);
    }
    let refused = |own, other| {
        let message = format!(
            "`status`: a value of the variant `{own}` would be read as the variant `{other}`: inside a struct nothing says which of them it is"
        );
        Err((ErrorKind::Unencodable, message))
    };
    assert_eq!(write(Status::Other("Done".into())), refused("Other", "Done"));
    assert_eq!(write(Status::Weight(1.0)), refused("Weight", "Took"));
    assert_eq!(write(Status::Any(Untyped::String("x".into()))), refused("Any", "Other"));
    // Alone it says what it is.
    there_and_back(&Status::Other("Done".into()));
    there_and_back(&Status::Weight(1.0));
}

#[derive(Debug, NebulaType)]
enum Twins {
    First(Left),
    Second(Right),
}

#[derive(Debug, NebulaType)]
struct Left {
    x: i64,
}

#[derive(Debug, NebulaType)]
struct Right {
    x: u8,
}

#[test]
#[should_panic(expected = "the variants `First` and `Second` of a union are both `struct Right` on the wire")]
fn structs_with_the_same_fields_are_refused_with_the_names_of_their_variants() {
    let _ = Twins::literal_type(&Dialect::FLYTE_1);
}

/// On Flyte 1 the types of two models are equal, as they carry no schema; their values are not.
#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(pydantic)]
enum Model {
    Linear { slope: f64 },
    Constant { value: f64 },
}

#[test]
fn variants_with_fields_meet_the_models_of_pydantic() {
    there_and_back(&Model::Linear { slope: 1.0 });
    there_and_back(&vec![Model::Constant { value: 2.0 }, Model::Linear { slope: 1.0 }]);
    let literal_type = Model::literal_type(&Dialect::FLYTE_2);
    assert_eq!(literal_type.to_string(), "struct Linear | struct Constant");
}

#[test]
fn variants_with_fields_may_have_parameters() {
    type Pair = Tree<i64, 3>;
    there_and_back(&Pair::Leaf);
    there_and_back(&Pair::Node { left: 1, right: None });
    there_and_back(&vec![Pair::Node { left: 1, right: Some(2) }, Pair::Leaf]);
}
