//! Values of any type that serde knows, boxes and arrays: what they travel as, and what of them is refused.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use nebulakit::types::convert::json::{from_untyped, to_untyped};
use nebulakit::types::{Dialect, ErrorKind, Untyped, decode, encode};
use nebulakit::{Json, NebulaType};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Foreign {
    Unit,
    One(u8),
    Two(i64, Option<char>),
    Named {
        path: PathBuf,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        list: Vec<(f32, String)>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wide {
    signed: i128,
    unsigned: u128,
    largest: u64,
    address: IpAddr,
    by_number: BTreeMap<i8, Foreign>,
    by_truth: HashMap<bool, ()>,
    set: BTreeSet<char>,
    maybe: Option<(u8, u8)>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

fn wide() -> Wide {
    Wide {
        signed: i128::MIN,
        unsigned: u128::MAX,
        largest: u64::MAX,
        address: "::1".parse().unwrap(),
        by_number: BTreeMap::from([(-1, Foreign::Unit), (7, Foreign::One(1)), (8, Foreign::Two(2, Some('x')))]),
        by_truth: HashMap::from([(true, ())]),
        set: BTreeSet::from(['a', 'ü']),
        maybe: Some((1, 2)),
        rest: BTreeMap::from([("z".to_owned(), json!({"deep": [1.5]}))]),
    }
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
struct Holder {
    range: Json<(i64, i64)>,
    foreign: Vec<Json<Foreign>>,
    maybe: Option<Json<PathBuf>>,
    boxed: Box<i64>,
    shared: Arc<Vec<String>>,
    maybe_boxed: Option<Box<f64>>,
    array: [u8; 3],
    matrix: [[f64; 2]; 2],
}

fn holder() -> Holder {
    let named = Foreign::Named { path: "a/b".into(), list: vec![(0.5, "x".into())] };
    Holder {
        range: Json((1, 2)),
        foreign: vec![Json(Foreign::Unit), Json(named)],
        maybe: None,
        boxed: Box::new(7),
        shared: Arc::new(vec!["s".into()]),
        maybe_boxed: Some(Box::new(0.5)),
        array: [1, 2, 3],
        matrix: [[1.0, 2.0], [3.0, 4.0]],
    }
}

fn there_and_back<T: NebulaType + PartialEq + Debug>(value: &T) {
    for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
        assert_eq!(decode::<T>(&encode(value, dialect).unwrap()).unwrap(), *value);
    }
}

fn read<T: DeserializeOwned + Debug>(value: Value) -> Result<T, String> {
    from_untyped(Untyped::from(value)).map_err(|error| error.to_string())
}

#[test]
fn what_serde_knows_travels_without_a_declared_type() {
    there_and_back(&Json(wide()));
    there_and_back(&Json((1_u8, 'x', "y".to_owned(), [1.5_f32])));
    there_and_back(&holder());
    there_and_back(&vec![Json(PathBuf::from("/tmp/x"))]);
    assert_eq!(Json::<u128>::literal_type(&Dialect::FLYTE_1), Untyped::literal_type(&Dialect::FLYTE_1));
    let sent: Untyped = decode(&encode(&Json(Foreign::One(1)), &Dialect::FLYTE_1).unwrap()).unwrap();
    assert_eq!(sent, Untyped::Map(vec![(Untyped::String("One".into()), Untyped::Int(1))]));
}

#[test]
fn order_integers_nan_and_integer_keys_are_kept() {
    let Untyped::Map(entries) = to_untyped(&wide()).unwrap() else { panic!("a struct is a map") };
    assert_eq!(entries[0], (Untyped::String("signed".into()), Untyped::String(i128::MIN.to_string())));
    assert_eq!(entries[2].1, Untyped::UInt(u64::MAX));
    let Untyped::Map(by_number) = &entries[4].1 else { panic!("a map") };
    assert_eq!(by_number[0].0, Untyped::Int(-1));
    let Json(float) = decode::<Json<f64>>(&encode(&Json(f64::NAN), &Dialect::FLYTE_1).unwrap()).unwrap();
    assert!(float.is_nan());
}

#[test]
fn other_senders_write_numbers_as_floats_and_keys_as_text() {
    assert_eq!(read::<(i64, u8, f64)>(json!([1.0, 2.0, 3])), Ok((1, 2, 3.0)));
    assert_eq!(read::<(f32, f64, f64)>(json!([0, 16_777_216, i64::MIN])), Ok((0.0, 16_777_216.0, -(2_f64.powi(63)))));
    assert_eq!(read::<BTreeMap<i8, bool>>(json!({"-1": true})), Ok(BTreeMap::from([(-1, true)])));
    assert_eq!(read::<(u128, i128)>(json!([5, "-170141183460469231731687303715884105728"])), Ok((5, i128::MIN)));
    assert_eq!(read::<Foreign>(json!({"Named": {"path": "x", "unknown": [1, {}]}})), Ok(Foreign::Named { path: "x".into(), list: vec![] }));
}

#[test]
fn what_does_not_fit_is_told_with_its_path() {
    for (result, message) in [
        (read::<Vec<(u8, String)>>(json!([[1, "x"], [300, "y"]])).map(drop), "`[1][0]`: invalid value: integer `300`, expected u8"),
        (read::<(i64,)>(json!([1, 2])).map(drop), "the list has 1 elements more than the type"),
        (read::<f32>(json!(16_777_217)).map(drop), "the integer 16777217 has no exact 32-bit float"),
        (read::<f64>(json!(u64::MAX)).map(drop), "the integer 18446744073709551615 has no exact 64-bit float"),
        (read::<i64>(json!(1.5)).map(drop), "invalid type: floating point `1.5`, expected i64"),
        (read::<BTreeMap<String, u8>>(json!({"a": "x"})).map(drop), "`[\"a\"]`: invalid type: string \"x\", expected u8"),
        (read::<Foreign>(json!("Three")).map(drop), "unknown variant `Three`, expected one of `Unit`, `One`, `Two`, `Named`"),
        (read::<Foreign>(json!([1])).map(drop), "expected the name of a variant, or a map with it as the only key"),
    ] {
        assert_eq!(result.unwrap_err(), message);
    }
    let error = encode(&Json(BTreeMap::from([((1, 2), 3)])), &Dialect::FLYTE_1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unencodable);
    let error = encode(&Json(vec![Some(None::<u8>)]), &Dialect::FLYTE_1).unwrap_err();
    assert_eq!(error.to_string(), "`[0]`: a `Some` of what is itself null would come back as `None`");
}

#[derive(Debug, PartialEq, NebulaType)]
struct Maybe {
    untyped: Option<Untyped>,
}

#[test]
fn a_some_of_null_is_not_written_into_a_struct_as_none() {
    there_and_back(&Maybe { untyped: None });
    there_and_back(&Maybe { untyped: Some(Untyped::Int(1)) });
    there_and_back(&Some(Untyped::Null));
    let error = encode(&Maybe { untyped: Some(Untyped::Null) }, &Dialect::FLYTE_1).unwrap_err();
    assert_eq!(error.to_string(), "`untyped`: a `Some` of what is itself none would come back as `None` from a struct");
}

#[test]
fn boxes_are_what_they_hold_and_arrays_are_lists_of_their_length() {
    assert_eq!(Box::<i64>::literal_type(&Dialect::FLYTE_1), i64::literal_type(&Dialect::FLYTE_1));
    assert_eq!(Arc::<Option<i64>>::absent(), Some(Arc::new(None)));
    assert_eq!(<[i64; 2]>::literal_type(&Dialect::FLYTE_1), Vec::<i64>::literal_type(&Dialect::FLYTE_1));
    there_and_back(&[Some(1_i64), None]);
    there_and_back::<[String; 0]>(&[]);
    let error = decode::<[i64; 2]>(&encode(&vec![1_i64, 2, 3], &Dialect::FLYTE_1).unwrap()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::OutOfRange, "expected a list of exactly 2 elements, found one of 3")
    );
    let bytes = encode(&Untyped::from(json!({"array": [1, 2]})), &Dialect::FLYTE_1).unwrap();
    let error = decode::<Holder>(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "`array`: expected a list of exactly 3 elements, found one of 2");
}

fn foreign() -> impl Strategy<Value = Foreign> {
    let named = (".*", prop::collection::vec((any::<f32>(), ".*"), 0..3));
    prop_oneof![
        Just(Foreign::Unit),
        any::<u8>().prop_map(Foreign::One),
        (any::<i64>(), any::<Option<char>>()).prop_map(|(number, letter)| Foreign::Two(number, letter)),
        named.prop_map(|(path, list)| Foreign::Named { path: path.into(), list }),
    ]
}

proptest! {
    #[test]
    fn values_come_back_as_they_were(list in prop::collection::vec(foreign(), 0..4), wide in any::<(i128, u128, char, u64)>()) {
        there_and_back(&Json((list, wide)));
    }
}
