//! Values and types as flytekit wrote them: ours are the same bytes, and its bytes are read as the same values.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use jiff::SignedDuration;
use nebulakit::types::convert::check::check;
use nebulakit::types::convert::msgpack::Packer;
use nebulakit::types::convert::reader::{LiteralRef, References};
use nebulakit::types::{
    Bytes, Dialect, Directory, File, FlyteError, Hashed, Literal, LiteralType, NebulaType, Raw, Untyped, decode, encode, file,
};
use nebulakit_tests::python::*;
use nebulakit_tests::vectors::{self, to_hex};
use nebulakit_types::literal_type::castable;
use serde_json::Value;

/// What flytekit's type engine made of one Python value each: the type, the literal, and the msgpack inside.
const LITERALS: &str = include_str!("golden/flytekit-literals.jsonl");

/// Python's protobuf puts a key that begins with another one before it (`dt` before `d`); the order means nothing, and ours is the
/// usual one.
const OTHER_ORDER: [&str; 1] = ["dataclass_temporal"];

/// Proto3 JSON is read as it is written: every recorded literal and type is the same again.
#[test]
fn literals_and_types_come_back_from_json() {
    let files = [LITERALS, include_str!("golden/flytekit-decode.jsonl")];
    let mut count = 0;
    for case in files.into_iter().flat_map(vectors::cases) {
        let name = vectors::name(&case);
        if let Ok(literal) = Literal::decode(&vectors::bytes(&case, "literal_hex"))
            && let Ok(json) = literal.to_json()
        {
            let again = Literal::from_json(&json).unwrap_or_else(|error| panic!("`{name}`: {error}"));
            // Bytes, since a literal with a NaN in it is not equal to itself.
            assert_eq!(again.encode(), literal.encode(), "`{name}`");
            count += 1;
        }
        if case["literal_type_hex"].is_string() {
            let literal_type = LiteralType::decode(&vectors::bytes(&case, "literal_type_hex")).unwrap();
            assert_eq!(LiteralType::from_json(&literal_type.to_json()).unwrap(), literal_type, "`{name}`");
        }
    }
    assert!(count > 100, "{count} literals");
}

/// What proto3 JSON allows beside what we write, and what it does not.
#[test]
fn proto3_json_is_read_as_the_protocol_says() {
    let read = |json: Value| Literal::from_json(&json);
    let primitive = |json: Value| read(serde_json::json!({"scalar": {"primitive": json}})).map(|literal| literal.to_json().unwrap());
    let same = |one: Value, other: Value| assert_eq!(primitive(one).unwrap(), primitive(other).unwrap());
    same(serde_json::json!({"integer": 7}), serde_json::json!({"integer": "7"}));
    same(serde_json::json!({"integer": 7.0}), serde_json::json!({"integer": "7"}));
    same(serde_json::json!({"integer": i64::MIN}), serde_json::json!({"integer": i64::MIN.to_string()}));
    same(serde_json::json!({"floatValue": "1.5"}), serde_json::json!({"floatValue": 1.5}));
    same(serde_json::json!({"floatValue": 1, "integer": null}), serde_json::json!({"floatValue": 1.0}));
    same(serde_json::json!({"datetime": "2026-01-02T04:04:05+01:00"}), serde_json::json!({"datetime": "2026-01-02T03:04:05Z"}));
    same(serde_json::json!({"duration": "-1.5s"}), serde_json::json!({"duration": "-1.500s"}));
    for (json, message) in [
        (serde_json::json!({"integer": 7.5}), "`scalar.primitive.integer`: expected a whole number"),
        (
            serde_json::json!({"integer": "99999999999999999999"}),
            "`scalar.primitive.integer`: 99999999999999999999 is too large or too small",
        ),
        (serde_json::json!({"integer": [7]}), "`scalar.primitive.integer`: expected a whole number"),
        (serde_json::json!({"floatValue": "many"}), "`scalar.primitive.floatValue`: expected a number"),
        (serde_json::json!({"boolean": "true"}), "`scalar.primitive.boolean`: expected `true` or `false`"),
        (serde_json::json!({"stringValue": 7}), "`scalar.primitive.stringValue`: expected a text"),
        (serde_json::json!({"duration": "1h"}), "`scalar.primitive.duration`: expected a duration such as `1.5s`"),
        (serde_json::json!({"duration": "1.1234567890s"}), "`scalar.primitive.duration`: expected a duration such as `1.5s`"),
        (serde_json::json!({"datetime": "soon"}), "`scalar.primitive.datetime`: expected a datetime as ISO 8601 text"),
        (
            serde_json::json!({"integer": 7, "boolean": true}),
            "`scalar.primitive`: `flyteidl.core.Primitive` is one of `boolean` and `integer`, not both",
        ),
        (serde_json::json!({"int": 7}), "`scalar.primitive`: `flyteidl.core.Primitive` has no field `int`"),
        (serde_json::json!([]), "`scalar.primitive`: expected an object for `flyteidl.core.Primitive`"),
    ] {
        assert_eq!(primitive(json).unwrap_err().to_string(), message);
    }
    assert_eq!(
        read(serde_json::json!({"scalar": {"binary": {"value": "%%"}}})).unwrap_err().to_string(),
        "`scalar.binary.value`: expected bytes in base64"
    );
    assert!(read(serde_json::json!({})).is_err(), "a literal without a value");
}

/// A recorded value with its Rust counterpart.
struct Case {
    name: &'static str,
    check: Box<dyn Fn(&Value)>,
}

/// The same type, the same bytes, and the value again.
fn same<T: NebulaType + Debug>(name: &'static str, value: T) -> Case {
    Case {
        name,
        check: Box::new(move |recorded| {
            same_type::<T>(recorded);
            same_value(recorded, &value);
            reads(recorded, &value);
        }),
    }
}

/// The same bytes and the value again; the type differs as `_why` says, and the platform casts it both ways.
fn another_type<T: NebulaType + Debug>(name: &'static str, value: T, _why: &str) -> Case {
    Case {
        name,
        check: Box::new(move |recorded| {
            castable_type::<T>(recorded);
            same_value(recorded, &value);
            reads(recorded, &value);
        }),
    }
}

/// Only read, as [`only_read`], and of a type that differs; the platform casts it both ways.
fn another_value<T: NebulaType + Debug>(name: &'static str, value: T, _why: &str) -> Case {
    Case {
        name,
        check: Box::new(move |recorded| {
            castable_type::<T>(recorded);
            reads(recorded, &value);
        }),
    }
}

/// Only read: we would write something else, which `_why` justifies.
fn only_read<T: NebulaType + Debug>(name: &'static str, value: T, _why: &str) -> Case {
    Case { name, check: Box::new(move |recorded| reads(recorded, &value)) }
}

fn same_type<T: NebulaType>(recorded: &Value) {
    let name = vectors::name(recorded);
    let theirs = vectors::bytes(recorded, "literal_type_hex");
    let ours = T::literal_type(&Dialect::FLYTE_1);
    // Through the bytes, on which all numbers of a schema are floats.
    assert_eq!(LiteralType::decode(&ours.encode()).unwrap(), LiteralType::decode(&theirs).unwrap(), "the type of `{name}`");
    if !OTHER_ORDER.contains(&name) {
        assert_eq!(to_hex(&ours.encode()), to_hex(&theirs), "the bytes of the type of `{name}`");
    }
}

fn castable_type<T: NebulaType>(recorded: &Value) {
    let name = vectors::name(recorded);
    let theirs = LiteralType::decode(&vectors::bytes(recorded, "literal_type_hex")).unwrap();
    let ours = T::literal_type(&Dialect::FLYTE_1);
    assert_ne!(ours, theirs, "`{name}` has the same type after all");
    assert!(castable(&ours, &theirs), "our type of `{name}` does not become flytekit's");
    assert!(castable(&theirs, &ours), "flytekit's type of `{name}` does not become ours");
}

fn same_value<T: NebulaType>(recorded: &Value, value: &T) {
    let name = vectors::name(recorded);
    let theirs = vectors::bytes(recorded, "literal_hex");
    let ours = encode(value, &Dialect::FLYTE_1).unwrap();
    assert_eq!(to_hex(&ours), to_hex(&theirs), "the bytes of `{name}`");
    check(LiteralRef::new(&ours, References::none()), &T::literal_type(&Dialect::FLYTE_1)).unwrap();
    if let Some(msgpack) = recorded["msgpack_hex"].as_str() {
        let mut packer = Packer::new(&Dialect::FLYTE_1);
        value.pack(&mut packer).unwrap();
        assert_eq!(to_hex(&packer.finish()), msgpack, "the msgpack of `{name}`");
    }
}

/// Compared as text, in which NaN is itself and -0.0 is not 0.0.
fn reads<T: NebulaType + Debug>(recorded: &Value, value: &T) {
    let name = vectors::name(recorded);
    let theirs = vectors::bytes(recorded, "literal_hex");
    let read = decode::<T>(&theirs).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    assert_eq!(format!("{read:?}"), format!("{value:?}"), "the value of `{name}`");
    let raw = decode::<Raw<T>>(&theirs).unwrap();
    assert_eq!(format!("{:?}", raw.get().unwrap()), format!("{value:?}"), "the value of `{name}`, passed through");
}

fn instant(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn chrono_instant(text: &str) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_nanos(i64::try_from(instant(text).as_nanosecond()).unwrap())
}

fn inner(x: i64, y: Option<&str>) -> Inner {
    Inner { x, y: y.map(str::to_owned) }
}

fn map<K: Ord, V, const N: usize>(entries: [(K, V); N]) -> BTreeMap<K, V> {
    BTreeMap::from(entries)
}

fn text(text: &str) -> Untyped {
    Untyped::String(text.to_owned())
}

fn failure(failed_node_id: &str, message: &str) -> FlyteError {
    FlyteError { message: message.to_owned(), failed_node_id: failed_node_id.to_owned() }
}

fn plain() -> Vec<Case> {
    let day: jiff::civil::Date = "2024-01-01".parse().unwrap();
    vec![
        same("flyte_error", failure("n0", "boom")),
        same("optional_error", Some(failure("n", "m"))),
        same("int_zero", 0_i64),
        same("int_zero", 0_u8),
        same("int_one", 1_i64),
        same("int_neg_one", -1_i8),
        same("int_three_hundred", 300_i64),
        same("int_three_hundred", 300_u16),
        same("int_i64_max", i64::MAX),
        same("int_i64_max", i64::MAX.unsigned_abs()),
        same("int_i64_min", i64::MIN),
        same("float_zero", 0.0_f64),
        same("float_neg_zero", -0.0_f64),
        same("float_one", 1.0_f64),
        same("float_one", 1.0_f32),
        same("float_pi", std::f64::consts::PI),
        same("float_neg_inf", f64::NEG_INFINITY),
        same("float_nan", f64::NAN),
        same("float_max", f64::MAX),
        same("float_denorm", 5e-324_f64),
        same("str_empty", String::new()),
        same("str_hello", "hello".to_owned()),
        same("str_nul", "a\0b".to_owned()),
        same("bool_false", false),
        same("datetime_epoch", instant("1970-01-01T00:00:00Z")),
        same("datetime_epoch", std::time::SystemTime::UNIX_EPOCH),
        same("datetime_micros", instant("2024-02-29T12:34:56.789012Z")),
        same("datetime_micros", chrono_instant("2024-02-29T12:34:56.789012Z")),
        same("datetime_micros", std::time::SystemTime::from(instant("2024-02-29T12:34:56.789012Z"))),
        same("datetime_offset", instant("2024-02-29T12:34:56+05:30")),
        same("datetime_pre_epoch", instant("1969-12-31T23:59:59.5Z")),
        same("datetime_pre_epoch", chrono_instant("1969-12-31T23:59:59.5Z")),
        same("datetime_pre_epoch", std::time::SystemTime::UNIX_EPOCH - std::time::Duration::from_millis(500)),
        same("timedelta_zero", SignedDuration::ZERO),
        same("timedelta_zero", std::time::Duration::ZERO),
        same("timedelta_neg_one", SignedDuration::from_secs(-1)),
        same("timedelta_neg_half", SignedDuration::from_millis(-500)),
        same("timedelta_neg_half", chrono::TimeDelta::milliseconds(-500)),
        same("timedelta_neg_1_25", SignedDuration::from_millis(-1_250)),
        same("timedelta_neg_1_25", chrono::TimeDelta::milliseconds(-1_250)),
        same("timedelta_day", std::time::Duration::from_secs(86_400)),
        same("none", ()),
        same("optional_date", Some(day)),
        same("optional_date", chrono::NaiveDate::from_ymd_opt(2024, 1, 1)),
    ]
}

fn collections() -> Vec<Case> {
    vec![
        same("list_int", vec![1_i64, 2, 3]),
        same("list_int", vec![1_u8, 2, 3]),
        same("list_str", vec!["a".to_owned(), String::new(), "c".to_owned()]),
        same("list_list_int", vec![vec![1_i64], vec![], vec![2, 3]]),
        same("list_dict", vec![map([("a".to_owned(), 1_i64)]), map([])]),
        same("list_dataclass", vec![inner(1, None), inner(2, Some("b"))]),
        same("list_datetime", vec![instant("2020-01-01T00:00:00Z")]),
        same("builtin_list_generic", vec![7_i64]),
        same("iterator_int", vec![1_i64, 2, 3]),
        same("dict_str_int_empty", BTreeMap::<String, i64>::new()),
        same("dict_str_int_empty", HashMap::<String, i64>::new()),
        same("dict_str_int", map([("a".to_owned(), 1_i64), ("b".to_owned(), 2)])),
        same("dict_str_list", map([("k".to_owned(), vec!["x".to_owned(), "y".to_owned()])])),
        same("dict_str_dict", map([("o".to_owned(), map([("i".to_owned(), 1.5_f64)]))])),
        only_read(
            "dict_str_int_sorted",
            map([("z".to_owned(), 1_i64), ("a".to_owned(), 2), ("m".to_owned(), 3), ("aa".to_owned(), 4)]),
            "Python's protobuf sorts `aa` before `a`; the order means nothing, and ours is the usual one",
        ),
        same("dict_str_dataclass", map([("k".to_owned(), inner(3, Some("z")))])),
        same("dict_int_str", map([(1_i64, "a".to_owned()), (2, "b".to_owned())])),
        same("dict_int_str", map([(1_u8, "a".to_owned()), (2, "b".to_owned())])),
        same(
            "dict_untyped",
            Untyped::Map(vec![
                (text("a"), Untyped::Int(1)),
                (text("b"), Untyped::List(vec![Untyped::Int(1), Untyped::Int(2), Untyped::Map(vec![(text("c"), Untyped::Null)])])),
                (text("d"), Untyped::Float(1.5)),
                (text("e"), text("x")),
                (text("f"), Untyped::Bool(true)),
            ]),
        ),
        same("dict_untyped", serde_json::json!({ "a": 1, "b": [1, 2, { "c": null }], "d": 1.5, "e": "x", "f": true })),
        same("dict_untyped_empty", Untyped::Map(vec![])),
        same("dict_untyped_int_keys", Untyped::Map(vec![(Untyped::Int(1), text("one")), (Untyped::Int(2), text("two"))])),
        same("dict_str_any_bytes", Untyped::Map(vec![(text("b"), Untyped::Bytes(vec![1, 2]))])),
    ]
}

fn unions() -> Vec<Case> {
    vec![
        same("optional_int_some", Some(5_i64)),
        same("optional_int_none", None::<i64>),
        same("optional_bool_some", Some(true)),
        same("optional_datetime", Some(instant("2024-01-01T00:00:00Z"))),
        same("optional_dict", Some(map([("a".to_owned(), 1_i64)]))),
        same("union_int_str_int", IntOrStr::Int(42)),
        same("union_pep604", Some(9_i64)),
        same("union_many", Many::Float(2.5)),
        same("union_list_dict", ListOrDict::Dict(map([("a".to_owned(), 1)]))),
        same("nested_optional_in_list_of_dict", vec![map([("a".to_owned(), Some(1_i64)), ("b".to_owned(), None)])]),
        same("list_list_optional_str", vec![vec![Some("a".to_owned()), None], vec![]]),
        same("optional_list_optional_int", Some(vec![Some(1_i64), None])),
    ]
}

fn structs() -> Vec<Case> {
    let no_schema_of_pydantic = "a pydantic model has no schema with us, and so fits every other one";
    let noon = "2024-02-29T12:00:00.000005Z";
    vec![
        same(
            "dataclass_nested",
            Nested { name: "n".to_owned(), inner: inner(1, Some("y")), items: vec![1, 2], m: map([("k".to_owned(), 1.0)]) },
        ),
        same(
            "dataclass_temporal",
            Temporal { dt: instant(noon), td: SignedDuration::from_millis(90_500), d: "2024-02-29".parse().unwrap() },
        ),
        same(
            "dataclass_temporal",
            ChronoTemporal {
                dt: chrono_instant(noon),
                td: chrono::TimeDelta::milliseconds(90_500),
                d: chrono::NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(),
            },
        ),
        same("dataclass_enum", WithEnum { c: Color::Blue, o: None }),
        same("dataclass_int_keys", IntKeys { m: map([(1, "a".to_owned())]) }),
        same("dataclass_empty", Empty {}),
        same("dataclass_defaults", Defaults { a: 5, b: "x".to_owned(), c: vec![1, 2] }),
        same("dataclass_union_field", UnionField { u: IntOrStr::Str("s".to_owned()), v: Some(3) }),
        same("dataclass_dataclass_json", DcJson { a: 1, b: "z".to_owned() }),
        another_type(
            "dataclass_bytes",
            BytesDc { b: Bytes::from_static(&[0, 0xff]) },
            "to flytekit a field of bytes is a pickled file, though its value is not; to us it is binary",
        ),
        same("dataclass_msgpack_int_widths", BigInts { a: 127, b: 128, c: 65_536, d: 4_294_967_296, e: -33 }),
        same("dataclass_floats", Floats { a: 1.0, b: 0.1, c: -0.0 }),
        same("dataclass_optional_nested_none", OptNested { a: None, b: None }),
        same("dataclass_optional_nested_some", OptNested { a: Some(inner(1, Some("b"))), b: Some(vec![inner(2, None)]) }),
        same(
            "dataclass_recursive_maps",
            MapMap { m: map([("a".to_owned(), map([("b".to_owned(), vec![1, 2])]))]), n: map([("k".to_owned(), None)]) },
        ),
        another_value("optional_pydantic", Some(PydanticInner { x: 1, y: None }), no_schema_of_pydantic),
        another_type("pydantic_simple", PydanticInner { x: 1, y: Some("b".to_owned()) }, no_schema_of_pydantic),
        another_type("pydantic_empty", PydanticEmpty {}, no_schema_of_pydantic),
        another_type(
            "pydantic_nested",
            PydanticModel {
                a: 1,
                b: "hi".to_owned(),
                inner: PydanticInner { x: 2, y: None },
                l: vec![PydanticInner { x: 3, y: Some("q".to_owned()) }],
                e: Color::Red,
                dt: instant("2024-01-01T00:00:00Z"),
            },
            no_schema_of_pydantic,
        ),
        another_type(
            "pydantic_scalars",
            PydanticScalars {
                m: map([(1, "a".to_owned())]),
                b: "ab".to_owned(),
                f: 1.0,
                t: SignedDuration::from_millis(90_500),
                d: "2024-01-02".parse().unwrap(),
                o: None,
            },
            no_schema_of_pydantic,
        ),
        same("annotated_hash", Hashed::new(7_i64, "hash-7")),
        another_type("typing_literal_int", 2_i64, "flytekit lists the allowed values in the annotation, which Rust's types do not have"),
        only_read(
            "protobuf_struct",
            Untyped::Map(vec![
                (text("a"), Untyped::Float(1.0)),
                (text("b"), Untyped::List(vec![Untyped::Bool(true), Untyped::Null, text("s")])),
            ]),
            "a protobuf message as a type of its own is flytekit's alone",
        ),
    ]
}

fn data() -> Vec<Case> {
    let file = |uri: &str| File::<file::Any>::from_uri(uri);
    vec![
        same("list_file", vec![file("s3://b/k1"), file("s3://b/k2")]),
        same("optional_file", Some(file("s3://b/k"))),
        same("optional_directory", Some(Directory::<file::Any>::from_uri("s3://b/d"))),
        same("file_csv_remote", File::<file::Csv>::from_uri("s3://bucket/a.csv")),
        same("file_targz_ext", File::<file::TarGz>::from_uri("gs://bucket/a.tar.gz")),
        same("file_with_metadata", file("s3://bucket/f").with_metadata("k", "v")),
        same("file_http", file("https://example.com/x")),
        same("file_str_value", file("s3://bucket/from-str")),
        same("file_local_upload_remote_path", file("/data/raw/explicit/out.txt")),
        same("file_local_no_upload", file("/data/local.txt")),
        same("file_gz_upload", file("/data/raw/95e475e5ac4f6749bca640608f4902d5/local.gz")),
        same("directory_remote", Directory::<file::Any>::from_uri("s3://bucket/dir")),
        same("directory_local_upload", Directory::<file::Any>::from_uri("/data/raw/02fe0acb5916ea5a3388569815dd13ec")),
        another_type(
            "pydantic_flyte_types",
            PydanticFiles { f: file("s3://b/f"), d: Directory::from_uri("s3://b/d") },
            "the schema is that of a dataclass",
        ),
    ]
}

/// Recorded values without a Rust counterpart, and why.
const WITHOUT: &[(&str, &[&str])] = &[
    (
        "tables",
        &[
            "optional_structured_dataset",
            "dataclass_flyte_types",
            "pandas_df",
            "pandas_df_columns",
            "sd_wrapping_df",
            "arrow_table",
            "optional_schema_df",
        ],
    ),
    ("a file of numpy's own format", &["optional_numpy"]),
    ("a file of lines that only flytekit's iterator reads", &["iterator_json"]),
    ("a pickle, which only Python reads", &["pickle_opaque", "typing_any_int", "set_pickle"]),
];

#[test]
fn every_recorded_value_is_the_same_in_rust_or_listed_as_without_counterpart() {
    let recorded = vectors::cases(LITERALS);
    assert_eq!(recorded.len(), 110);
    let cases: Vec<_> = [plain(), collections(), unions(), structs(), data()].into_iter().flatten().collect();
    let known = |name: &str| recorded.iter().any(|recorded| vectors::name(recorded) == name);
    for case in &cases {
        assert!(known(case.name), "nothing is recorded as `{}`", case.name);
    }
    for name in WITHOUT.iter().flat_map(|(_, names)| *names) {
        assert!(known(name), "nothing is recorded as `{name}`");
    }
    for recorded in &recorded {
        let name = vectors::name(recorded);
        let mut tested = false;
        for case in cases.iter().filter(|case| case.name == name) {
            (case.check)(recorded);
            tested = true;
        }
        let listed = WITHOUT.iter().any(|(_, names)| names.contains(&name));
        assert!(tested != listed, "`{name}` is to be either tested or listed");
    }
}
