//! The same values as each sender writes them: consoles, flytectl, the platform's attribute access, other SDKs.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::collections::BTreeMap;

use jiff::SignedDuration;
use nebulakit::NebulaType;
use nebulakit::types::{Bytes, Dialect, ErrorKind, LiteralType, Raw, Untyped, decode, encode};
use nebulakit_tests::python::{Color, FloatOrInt, Inner, IntOrStr, Many, Nested, Simple, Temporal, WithEnum};
use nebulakit_types::convert::reader::{LiteralRef, References};
use nebulakit_types::literal::{GenericValue, Literal, LiteralValue, Primitive};
use nebulakit_types::literal_type::{BlobDimensionality, BlobType};

fn msgpack(value: &serde_json::Value) -> Vec<u8> {
    encode(value, &Dialect::FLYTE_1).unwrap()
}

fn bare(primitive: Primitive) -> Literal {
    Literal::from(primitive)
}

fn string(text: &str) -> Vec<u8> {
    bare(Primitive::String(text.to_owned())).encode()
}

fn union(value: Literal, tag: Option<&str>) -> Vec<u8> {
    let kind = LiteralType::simple(nebulakit_types::literal_type::SimpleType::Integer);
    let variant = match tag {
        Some(tag) => kind.with_tag(tag),
        None => kind,
    };
    Literal::new(LiteralValue::Union { value: Box::new(value), variant: Some(Box::new(variant)) }).encode()
}

/// What a console builds from a form: a `google.protobuf.Struct`, whose numbers are all doubles.
fn generic(value: &serde_json::Value) -> GenericValue {
    match value {
        serde_json::Value::Null => GenericValue::Null,
        serde_json::Value::Bool(value) => GenericValue::Boolean(*value),
        serde_json::Value::Number(value) => GenericValue::Number(value.as_f64().unwrap()),
        serde_json::Value::String(value) => GenericValue::String(value.clone()),
        serde_json::Value::Array(values) => GenericValue::List(values.iter().map(generic).collect()),
        serde_json::Value::Object(values) => {
            GenericValue::Struct(values.iter().map(|(key, value)| (key.clone(), generic(value))).collect())
        }
    }
}

fn console(value: &serde_json::Value) -> Vec<u8> {
    let GenericValue::Struct(fields) = generic(value) else { panic!("a console sends structs only") };
    Literal::new(LiteralValue::Generic(fields)).encode()
}

fn nested() -> Nested {
    Nested { name: "n".to_owned(), inner: Inner { x: 1, y: None }, items: vec![1, -2], m: BTreeMap::from([("k".to_owned(), 3.0)]) }
}

#[test]
fn a_console_sends_generic_structs() {
    let sent = serde_json::json!({ "name": "n", "inner": { "x": 1, "y": null }, "items": [1, -2], "m": { "k": 3 } });
    assert_eq!(decode::<Nested>(&console(&sent)).unwrap(), nested());
    assert_eq!(decode::<Option<Nested>>(&console(&sent)).unwrap(), Some(nested()));
    assert_eq!(decode::<BTreeMap<String, f64>>(&console(&serde_json::json!({ "k": 3 }))).unwrap(), nested().m);
    assert_eq!(decode::<BTreeMap<u8, bool>>(&console(&serde_json::json!({ "7": true }))).unwrap(), BTreeMap::from([(7, true)]));
    let error = decode::<Inner>(&console(&serde_json::json!({ "x": 1.5 }))).unwrap_err();
    assert_eq!(error.to_string(), "`x`: expected an integer, found the float 1.5; nothing is rounded");
    let times = serde_json::json!({ "dt": "2024-02-29T12:00:00Z", "td": "PT1M30.5S", "d": "2024-02-29" });
    let expected = Temporal {
        dt: "2024-02-29T12:00:00Z".parse().unwrap(),
        td: SignedDuration::from_millis(90_500),
        d: jiff::civil::date(2024, 2, 29),
    };
    assert_eq!(decode::<Temporal>(&console(&times)).unwrap(), expected);
}

#[test]
fn flytectl_sends_every_number_as_a_float() {
    let sent = msgpack(&serde_json::json!({ "name": "n", "inner": { "x": 1.0 }, "items": [1.0, -2.0], "m": { "k": 3.0 } }));
    assert_eq!(decode::<Nested>(&sent).unwrap(), nested());
    let sent = msgpack(&serde_json::json!([1.0, 255.0]));
    assert_eq!(decode::<Vec<u8>>(&sent).unwrap(), [1, 255]);
}

#[test]
fn other_senders_write_whole_floats_as_integers() {
    let sent = msgpack(&serde_json::json!({ "a": "12", "b": "x", "c": 3, "d": 1 }));
    assert_eq!(decode::<Simple>(&sent).unwrap(), Simple { a: 12, b: "x".to_owned(), c: 3.0, d: true });
    assert_eq!(decode::<f64>(&bare(Primitive::Integer(3)).encode()).unwrap(), 3.0);
    assert_eq!(decode::<i64>(&bare(Primitive::Float(3.0)).encode()).unwrap(), 3);
}

/// A field of another struct, as the platform cuts it out.
#[test]
fn attribute_access_sends_what_the_field_is_in_msgpack() {
    let instant = "2024-01-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap();
    for text in ["2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01", "2024-01-01T05:30:00+05:30"] {
        assert_eq!(decode::<jiff::Timestamp>(&string(text)).unwrap(), instant, "{text}");
        assert_eq!(decode::<std::time::SystemTime>(&string(text)).unwrap(), std::time::SystemTime::from(instant), "{text}");
    }
    assert_eq!(decode::<jiff::civil::Date>(&string("2024-01-01")).unwrap(), jiff::civil::date(2024, 1, 1));
    assert_eq!(decode::<SignedDuration>(&bare(Primitive::Float(-1.25)).encode()).unwrap(), SignedDuration::from_millis(-1_250));
    assert_eq!(decode::<SignedDuration>(&bare(Primitive::Integer(90)).encode()).unwrap(), SignedDuration::from_secs(90));
    assert_eq!(decode::<SignedDuration>(&string("-PT1.25S")).unwrap(), SignedDuration::from_millis(-1_250));
    assert_eq!(decode::<Color>(&string("green")).unwrap(), Color::Green);
    assert_eq!(decode::<Inner>(&msgpack(&serde_json::json!({ "x": 1 }))).unwrap(), Inner { x: 1, y: None });
    assert_eq!(decode::<Option<Inner>>(&msgpack(&serde_json::Value::Null)).unwrap(), None);
    assert_eq!(decode::<Option<Color>>(&msgpack(&"RED".into())).unwrap(), Some(Color::Red));
    // A list is a list of msgpack values, whatever they are.
    let list = |values: &[serde_json::Value]| {
        let literals = values.iter().map(|value| Literal::decode(&msgpack(value)).unwrap()).collect();
        Literal::collection(literals).encode()
    };
    assert_eq!(decode::<Vec<u8>>(&list(&[1.into(), 2.0.into()])).unwrap(), [1, 2]);
    assert_eq!(decode::<Vec<Option<Inner>>>(&list(&[serde_json::json!({ "x": 1 }), serde_json::Value::Null])).unwrap().len(), 2);
    assert_eq!(decode::<Vec<WithEnum>>(&list(&[serde_json::json!({ "c": "blue" })])).unwrap(), [WithEnum { c: Color::Blue, o: None }]);
    assert_eq!(decode::<Vec<IntOrStr>>(&list(&[1.into(), "1".into()])).unwrap(), [IntOrStr::Int(1), IntOrStr::Str("1".to_owned())]);
    // Of an untyped value anything may be left.
    assert_eq!(decode::<Untyped>(&string("r")).unwrap(), Untyped::String("r".to_owned()));
    assert_eq!(decode::<Untyped>(&bare(Primitive::Integer(3)).encode()).unwrap(), Untyped::Int(3));
    assert_eq!(decode::<serde_json::Value>(&list(&[1.into(), "x".into()])).unwrap(), serde_json::json!([1, "x"]));
    let bytes = encode(&Untyped::Bytes(vec![1]), &Dialect::FLYTE_1).unwrap();
    assert_eq!(decode::<Bytes>(&bytes).unwrap(), Bytes::from_static(&[1]));
}

#[test]
fn text_of_times_says_which_instant_it_means() {
    for text in ["2024-01-01T00:00[Europe/Berlin]", "yesterday", "", "2024-13-01", "10:00"] {
        let error = decode::<jiff::Timestamp>(&string(text)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{text}: {error}");
    }
    let zoned = decode::<jiff::Timestamp>(&string("2024-01-01T00:00+01:00[Europe/Berlin]")).unwrap();
    assert_eq!(zoned.to_string(), "2023-12-31T23:00:00Z");
    // Beyond jiff's instants, within Flyte's.
    let last = decode::<chrono::DateTime<chrono::Utc>>(&string("9999-12-31T23:59:59.999999+00:00")).unwrap();
    assert_eq!(last.timestamp(), 253_402_300_799);
    let error = decode::<chrono::DateTime<chrono::Utc>>(&string("9999-12-31T23:59:59-01:00")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
}

#[test]
fn unions_come_wrapped_and_bare() {
    let five = || bare(Primitive::Integer(5));
    for literal in [five().encode(), union(five(), Some("int")), union(five(), Some("Wort")), union(five(), Some("")), union(five(), None)]
    {
        assert_eq!(decode::<Option<i64>>(&literal).unwrap(), Some(5));
        assert_eq!(decode::<IntOrStr>(&literal).unwrap(), IntOrStr::Int(5));
        assert_eq!(decode::<Option<IntOrStr>>(&literal).unwrap(), Some(IntOrStr::Int(5)));
    }
    // With its tag a value is of that variant, and of no other one.
    assert_eq!(decode::<FloatOrInt>(&union(five(), Some("float"))).unwrap(), FloatOrInt::Float(5.0));
    assert_eq!(decode::<FloatOrInt>(&union(five(), Some("int"))).unwrap(), FloatOrInt::Int(5));
    assert_eq!(decode::<FloatOrInt>(&union(five(), Some("str"))).unwrap_err().kind(), ErrorKind::Ambiguous);
    let error = decode::<IntOrStr>(&union(bare(Primitive::String("x".to_owned())), Some("int"))).unwrap_err();
    assert_eq!(error.to_string(), "expected an integer, found a string");
    let error = decode::<IntOrStr>(&bare(Primitive::Boolean(true)).encode()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value fits no variant of the union (as `int`: expected an integer, found a boolean; as `str`: expected a string, found a boolean)"
    );
    for none in [Literal::none().encode(), union(Literal::none(), Some("none")), msgpack(&serde_json::Value::Null)] {
        assert_eq!(decode::<Option<i64>>(&none).unwrap(), None);
        assert_eq!(decode::<Option<IntOrStr>>(&none).unwrap(), None);
        assert_eq!(decode::<Many>(&none).unwrap(), Many::Nothing(()));
    }
    assert_eq!(decode::<Vec<i64>>(&Literal::none().encode()).unwrap_err().to_string(), "expected a list, found none");
}

#[derive(Debug, PartialEq, NebulaType)]
enum TypedOrNot {
    Count(i64),
    Inner(Inner),
    Anything(Untyped),
}

/// An untyped value could be anything, so that a variant with a type is meant where it fits.
#[test]
fn an_untyped_variant_takes_what_no_other_one_takes() {
    assert_eq!(decode::<TypedOrNot>(&bare(Primitive::Integer(5)).encode()).unwrap(), TypedOrNot::Count(5));
    let inner = msgpack(&serde_json::json!({ "x": 1, "y": "q" }));
    assert_eq!(decode::<TypedOrNot>(&inner).unwrap(), TypedOrNot::Inner(Inner { x: 1, y: Some("q".to_owned()) }));
    let other = serde_json::json!({ "x": "no number" });
    assert_eq!(decode::<TypedOrNot>(&msgpack(&other)).unwrap(), TypedOrNot::Anything(other.into()));
    for value in [TypedOrNot::Count(1), TypedOrNot::Inner(Inner { x: 1, y: None }), TypedOrNot::Anything(Untyped::Int(1))] {
        assert_eq!(decode::<TypedOrNot>(&encode(&value, &Dialect::FLYTE_1).unwrap()).unwrap(), value);
    }
}

#[test]
fn only_optional_values_may_be_absent() {
    assert_eq!(Option::<i64>::absent(), Some(None));
    assert_eq!(Option::<IntOrStr>::absent(), Some(None));
    assert_eq!((i64::absent(), Many::absent(), <()>::absent()), (None, None, None));
}

#[test]
fn an_optional_value_may_be_absent_in_whatever_holds_it() {
    use nebulakit::types::Hashed;
    assert_eq!(Hashed::<Option<i64>>::absent(), Some(Hashed { value: None, hash: None }));
    let raw = Raw::<Option<i64>>::absent().unwrap();
    assert_eq!(raw.get().unwrap(), None);
    for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
        assert_eq!(encode(&raw, dialect).unwrap(), encode(&None::<i64>, dialect).unwrap());
    }
    assert!(Hashed::<i64>::absent().is_none() && Raw::<i64>::absent().is_none());
}

/// What came bare leaves as the union that the interface declares, since nothing behind the task looks at it.
#[test]
fn values_passed_through_leave_in_the_declared_form() {
    let bare_five = bare(Primitive::Integer(5)).encode();
    let declared = encode(&Some(5_i64), &Dialect::FLYTE_1).unwrap();
    assert_eq!(encode(&decode::<Raw<Option<i64>>>(&bare_five).unwrap(), &Dialect::FLYTE_1).unwrap(), declared);
    let float = encode(&5.0_f64, &Dialect::FLYTE_1).unwrap();
    assert_eq!(encode(&decode::<Raw<f64>>(&bare_five).unwrap(), &Dialect::FLYTE_1).unwrap(), float);
    // Hash and metadata stay.
    let hashed =
        Literal { hash: Some("h".to_owned()), metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]), ..bare(Primitive::Integer(5)) };
    assert_eq!(encode(&decode::<Raw<i64>>(&hashed.encode()).unwrap(), &Dialect::FLYTE_1).unwrap(), hashed.encode());
    let error = encode(&decode::<Raw<i64>>(&string("x")).unwrap(), &Dialect::FLYTE_1).unwrap_err();
    assert_eq!(error.to_string(), "expected an integer, found a string");
}

#[test]
fn an_empty_hash_is_none() {
    let hashed = nebulakit::types::Hashed::new(7_i64, "");
    assert_eq!(encode(&hashed, &Dialect::FLYTE_1).unwrap(), encode(&7_i64, &Dialect::FLYTE_1).unwrap());
}

#[derive(Debug, PartialEq, NebulaType)]
struct Narrow {
    f: f32,
}

/// As `f64` refuses what it cannot hold, wherever an integer may stand for a float.
#[test]
fn an_integer_that_an_f32_cannot_hold_is_refused() {
    let message = "the integer 16777217 has no exact 32-bit float";
    let large = || bare(Primitive::Integer(16_777_217));
    assert_eq!(decode::<f32>(&large().encode()).unwrap_err().to_string(), message);
    assert_eq!(decode::<f32>(&msgpack(&16_777_217.into())).unwrap_err().to_string(), message);
    assert_eq!(decode::<Option<f32>>(&large().encode()).unwrap_err().to_string(), message);
    assert_eq!(decode::<Vec<f32>>(&Literal::collection(vec![large()]).encode()).unwrap_err().to_string(), format!("`[0]`: {message}"));
    assert_eq!(decode::<Narrow>(&msgpack(&serde_json::json!({ "f": 16_777_217 }))).unwrap_err().to_string(), format!("`f`: {message}"));
    let map = decode::<BTreeMap<String, f32>>(&msgpack(&serde_json::json!({ "k": 16_777_217 }))).unwrap_err();
    assert_eq!(map.to_string(), format!("`[\"k\"]`: {message}"));
    let unsigned = decode::<f32>(&msgpack(&u64::MAX.into())).unwrap_err();
    assert_eq!(unsigned.to_string(), format!("the integer {} has no exact 32-bit float", u64::MAX));
    for whole in [0, -16_777_216, 16_777_218, 1 << 40, i64::MIN] {
        #[expect(clippy::cast_precision_loss, reason = "each has an exact float")]
        let expected = whole as f32;
        assert_eq!(decode::<f32>(&bare(Primitive::Integer(whole)).encode()).unwrap(), expected, "{whole}");
    }
    // A float is rounded, as documented.
    assert_eq!(decode::<f32>(&bare(Primitive::Float(16_777_217.0)).encode()).unwrap(), 16_777_216.0);
    assert_eq!(decode::<f32>(&bare(Primitive::Float(0.1)).encode()).unwrap(), 0.1);
}

#[derive(Debug, PartialEq, NebulaType, serde::Deserialize)]
struct Renamed {
    #[nebula(default = 0)]
    #[serde(alias = "width")]
    w: i64,
    #[nebula(default = 0)]
    h: i64,
}

fn map_of(entries: &[(Untyped, Untyped)]) -> Vec<u8> {
    encode(&Untyped::Map(entries.to_vec()), &Dialect::FLYTE_1).unwrap()
}

/// Whatever the map is written as: nothing says which of two values is meant.
#[test]
fn two_keys_that_are_one_are_refused_by_name() {
    let text = |key: &str| Untyped::String(key.to_owned());
    let value = |value: i64| Untyped::Int(value);
    for (first, second, named) in [
        (text("1"), text("01"), "the keys `1` and `01` are the same integer"),
        (text("+1"), text(" 1"), "the keys `+1` and ` 1` are the same integer"),
        (value(1), text("01"), "the keys `1` and `01` are the same integer"),
        (value(1), Untyped::Float(1.0), "the keys `1` and `1.0` are the same integer"),
        (text("-0"), value(0), "the keys `-0` and `0` are the same integer"),
        (value(1), text("1"), "the key `1` comes twice"),
        (value(7), value(7), "the key `7` comes twice"),
    ] {
        let literal = map_of(&[(value(3), value(0)), (first, value(1)), (text("2"), value(2)), (second, value(3))]);
        assert_eq!(decode::<BTreeMap<i64, i64>>(&literal).unwrap_err().to_string(), named);
        assert_eq!(decode::<std::collections::HashMap<u8, i64>>(&literal).unwrap_err().to_string(), named);
        assert_eq!(decode::<Option<BTreeMap<i8, i64>>>(&literal).unwrap_err().to_string(), named);
        let field = map_of(&[(text("m"), Untyped::Map(vec![(text("1"), value(1)), (text("001"), value(1))]))]);
        let error = decode::<BTreeMap<String, BTreeMap<i64, i64>>>(&field).unwrap_err();
        assert_eq!(error.to_string(), "`[\"m\"]`: the keys `1` and `001` are the same integer");
    }
    // A console's struct, and a map of literals.
    let generic = console(&serde_json::json!({ "1": 1, "01": 2 }));
    let error = decode::<BTreeMap<i64, i64>>(&generic).unwrap_err().to_string();
    assert!(error.contains("`1`") && error.contains("`01`"), "{error}");
    let literals = ["01", "1"].map(|key| (key.to_owned(), bare(Primitive::Integer(5))));
    let map = Literal::new(LiteralValue::Map(BTreeMap::from(literals))).encode();
    assert_eq!(decode::<BTreeMap<i64, i64>>(&map).unwrap_err().to_string(), "the keys `01` and `1` are the same integer");
    // Text is what it is: upper and lower case, blanks and zeros count.
    let texts =
        map_of(&[(text("a"), value(1)), (text("A"), value(2)), (text(" a"), value(3)), (text("1"), value(4)), (text("01"), value(5))]);
    assert_eq!(decode::<BTreeMap<String, i64>>(&texts).unwrap().len(), 5);
    let twice = map_of(&[(text("a"), value(1)), (text("a"), value(2))]);
    assert_eq!(decode::<BTreeMap<String, i64>>(&twice).unwrap_err().to_string(), "the key `a` comes twice");
    assert_eq!(decode::<serde_json::Value>(&twice).unwrap_err().to_string(), "the key `a` comes twice");
    assert_eq!(decode::<Untyped>(&twice).unwrap(), Untyped::Map(vec![(text("a"), value(1)), (text("a"), value(2))]));
    assert_eq!(decode::<BTreeMap<i64, i64>>(&map_of(&[(text(" 01"), value(1))])).unwrap(), BTreeMap::from([(1, 1)]));
}

#[test]
fn a_field_that_comes_twice_is_refused_by_name() {
    let text = |key: &str| Untyped::String(key.to_owned());
    let value = |value: i64| Untyped::Int(value);
    let twice = map_of(&[(text("w"), value(1)), (text("h"), value(2)), (text("w"), value(3))]);
    assert_eq!(decode::<Renamed>(&twice).unwrap_err().to_string(), "`w`: the field comes twice");
    let both = map_of(&[(text("width"), value(1)), (text("h"), value(2)), (text("w"), value(3))]);
    assert_eq!(decode::<Renamed>(&both).unwrap_err().to_string(), "`w`: the field comes twice");
    // What nobody knows is passed over, however often.
    let unknown = map_of(&[(text("W"), value(1)), (text("W"), value(2)), (text("w"), value(3))]);
    assert_eq!(decode::<Renamed>(&unknown).unwrap(), Renamed { w: 3, h: 0 });
}

#[derive(Debug, PartialEq, NebulaType)]
#[nebula(pydantic)]
struct Spans {
    jiff: SignedDuration,
    chrono: chrono::TimeDelta,
    list: Vec<SignedDuration>,
    map: BTreeMap<String, chrono::TimeDelta>,
    maybe: Option<SignedDuration>,
}

/// What pydantic writes for spans of a day and more, of which a year has 365.
const PYDANTIC_SPANS: [(&str, i64, i32); 15] = [
    ("P1D", 86_400, 0),
    ("P100YT1H0.001S", 36_500 * 86_400 + 3_600, 1_000_000),
    ("-P2DT23H59M59.999993S", -(3 * 86_400 - 1), -999_993_000),
    ("-P1DT12H1S", -(86_400 + 12 * 3_600 + 1), 0),
    ("P364D", 364 * 86_400, 0),
    ("P1Y", 365 * 86_400, 0),
    ("P1Y35D", 400 * 86_400, 0),
    ("P9999Y364DT23H59M59.999999S", 3_650_000 * 86_400 - 1, 999_999_000),
    ("PT0S", 0, 0),
    ("-PT0.000001S", 0, -1_000),
    // What it reads beyond that.
    ("P1M", 30 * 86_400, 0),
    ("P1Y2M3W4DT5H6M7.8S", 450 * 86_400 + 18_367, 800_000_000),
    ("+P1.5D", 129_600, 0),
    ("PT1,5S", 1, 500_000_000),
    ("PT0.000000001H", 0, 3_600),
];

#[test]
fn spans_of_days_and_years_are_read_as_pydantic_writes_them() {
    for (text, seconds, nanos) in PYDANTIC_SPANS {
        let span = SignedDuration::new(seconds, nanos);
        let chrono = chrono::TimeDelta::seconds(seconds) + chrono::TimeDelta::nanoseconds(nanos.into());
        let fields = serde_json::json!({ "jiff": text, "chrono": text, "list": [text, "PT0S"], "map": { "k": text }, "maybe": text });
        let expected = || Spans {
            jiff: span,
            chrono,
            list: vec![span, SignedDuration::ZERO],
            map: BTreeMap::from([("k".to_owned(), chrono)]),
            maybe: Some(span),
        };
        assert_eq!(decode::<Spans>(&msgpack(&fields)).unwrap(), expected(), "{text}");
        assert_eq!(decode::<Vec<Option<Spans>>>(&msgpack(&serde_json::json!([fields]))).unwrap(), [Some(expected())], "{text}");
        assert_eq!(decode::<Spans>(&console(&fields)).unwrap(), expected(), "{text}");
        // Attribute access on a field of a model.
        for literal in [string(text), msgpack(&text.into()), union(bare(Primitive::String(text.to_owned())), Some("timedelta"))] {
            assert_eq!(decode::<Option<SignedDuration>>(&literal).unwrap(), Some(span), "{text}");
            assert_eq!(decode::<Option<chrono::TimeDelta>>(&literal).unwrap(), Some(chrono), "{text}");
            let std = decode::<Option<std::time::Duration>>(&literal);
            if seconds < 0 || nanos < 0 {
                let message = format!("expected a duration that is not negative, found {} seconds", span.as_secs_f64());
                assert_eq!(std.unwrap_err().to_string(), message);
            } else {
                assert_eq!(std.unwrap(), Some(span.unsigned_abs()), "{text}");
            }
        }
    }
}

/// Its floats would lose microseconds after some 270 years.
#[test]
fn spans_in_models_are_written_as_pydantic_writes_them() {
    for (text, seconds, nanos) in &PYDANTIC_SPANS[..10] {
        let span = SignedDuration::new(*seconds, *nanos);
        let model = Spans { jiff: span, chrono: chrono::TimeDelta::zero(), list: vec![span], map: BTreeMap::new(), maybe: None };
        for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
            let written = decode::<serde_json::Value>(&encode(&model, dialect).unwrap()).unwrap();
            assert_eq!(written, serde_json::json!({ "jiff": text, "chrono": "PT0S", "list": [text], "map": {}, "maybe": null }));
        }
    }
}

#[derive(Debug, PartialEq, NebulaType)]
#[nebula(pydantic)]
struct BytesModel {
    b: Bytes,
    inner: Option<BytesBeside>,
}

#[derive(Debug, PartialEq, NebulaType)]
struct BytesBeside {
    b: Bytes,
}

/// pydantic's JSON has bytes as the text that they spell, at any depth; dataclasses have base64 there, which the same text may be.
#[test]
fn bytes_in_models_are_text_and_beside_them_base64() {
    let sent = serde_json::json!({ "b": "abcd", "inner": { "b": "aGk=" } });
    let (abcd, hi) = (Bytes::from_static(b"abcd"), Bytes::from_static(b"aGk="));
    let model = BytesModel { b: abcd, inner: Some(BytesBeside { b: hi }) };
    assert_eq!(decode::<BytesModel>(&msgpack(&sent)).unwrap(), model);
    assert_eq!(decode::<serde_json::Value>(&encode(&model, &Dialect::FLYTE_1).unwrap()).unwrap(), sent);
    let lines = "A".repeat(76) + "\n" + "AAA=\n";
    for (text, bytes) in
        [("aGk=", &b"hi"[..]), ("aGk=\n", b"hi"), ("aGk", b"hi"), ("__-_", b"\xff\xff\xbf"), ("//+/", b"\xff\xff\xbf"), (&lines, &[0; 59])]
    {
        assert_eq!(decode::<BytesBeside>(&msgpack(&serde_json::json!({ "b": text }))).unwrap().b, bytes, "{text}");
    }
    let error = decode::<BytesBeside>(&msgpack(&serde_json::json!({ "b": "grüße" }))).unwrap_err();
    assert_eq!(error.to_string(), "`b`: expected bytes or base64 text");
    // Flyte 1 reads models from JSON alone.
    let raw = BytesModel { b: Bytes::from_static(b"ab\xff"), inner: None };
    let error = encode(&raw, &Dialect::FLYTE_1).unwrap_err();
    assert_eq!(error.to_string(), "`b`: a pydantic model holds bytes as UTF-8 text, which these are not from byte 2 on");
    assert_eq!(decode::<BytesModel>(&encode(&raw, &Dialect::FLYTE_2).unwrap()).unwrap(), raw);
}

#[test]
fn spans_in_no_form_of_iso_8601_are_refused_with_their_text() {
    for text in [
        "P",
        "PT",
        "-P",
        "P1",
        "P1DT",
        "P1D1Y",
        "P1D2D",
        "PT1H1D",
        "P1.5DT1S",
        "P1.D",
        "P.5D",
        "PD",
        "P-1D",
        "PT1.1234567890S",
        "P1Ü",
        "P1D ",
    ] {
        let error = decode::<SignedDuration>(&string(text)).unwrap_err();
        assert_eq!(error.to_string(), format!("expected a duration as ISO 8601 text, such as `P1DT2H30M`, found {text:?}"));
    }
    let error = decode::<SignedDuration>(&string("-P10007Y")).unwrap_err();
    assert_eq!(error.to_string(), "expected a duration within 10,000 years, found -315580752000 seconds");
}

/// What Python's `pickle` makes of `bytes` in protocols 0 to 5.
#[rustfmt::skip]
const PICKLED: &[(&[u8], &[u8])] = &[
    (b"", b"c__builtin__\x0abytes\x0ap0\x0a(tRp1\x0a."),
    (b"abc", b"c_codecs\x0aencode\x0ap0\x0a(Vabc\x0ap1\x0aVlatin1\x0ap2\x0atp3\x0aRp4\x0a."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"c_codecs\x0aencode\x0ap0\x0a(V\xff\x5cu000a\x5cu005cu\x5cu0000\x5cu000d.\x0ap1\x0aVlatin1\x0ap2\x0atp3\x0aRp4\x0a."),
    (b"", b"c__builtin__\x0abytes\x0aq\x00)Rq\x01."),
    (b"abc", b"c_codecs\x0aencode\x0aq\x00(X\x03\x00\x00\x00abcq\x01X\x06\x00\x00\x00latin1q\x02tq\x03Rq\x04."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"c_codecs\x0aencode\x0aq\x00(X\x08\x00\x00\x00\xc3\xbf\x0a\x5cu\x00\x0d.q\x01X\x06\x00\x00\x00latin1q\x02tq\x03Rq\x04."),
    (b"", b"\x80\x02c__builtin__\x0abytes\x0aq\x00)Rq\x01."),
    (b"abc", b"\x80\x02c_codecs\x0aencode\x0aq\x00X\x03\x00\x00\x00abcq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"\x80\x02c_codecs\x0aencode\x0aq\x00X\x08\x00\x00\x00\xc3\xbf\x0a\x5cu\x00\x0d.q\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04."),
    (b"", b"\x80\x03C\x00q\x00."),
    (b"abc", b"\x80\x03C\x03abcq\x00."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"\x80\x03C\x07\xff\x0a\x5cu\x00\x0d.q\x00."),
    (b"", b"\x80\x04\x95\x04\x00\x00\x00\x00\x00\x00\x00C\x00\x94."),
    (b"abc", b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00C\x03abc\x94."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00C\x07\xff\x0a\x5cu\x00\x0d.\x94."),
    (b"", b"\x80\x05\x95\x04\x00\x00\x00\x00\x00\x00\x00C\x00\x94."),
    (b"abc", b"\x80\x05\x95\x07\x00\x00\x00\x00\x00\x00\x00C\x03abc\x94."),
    (b"\xff\x0a\x5cu\x00\x0d.", b"\x80\x05\x95\x0b\x00\x00\x00\x00\x00\x00\x00C\x07\xff\x0a\x5cu\x00\x0d.\x94."),
];

/// Pickles of an integer, a list, a text, a `bytearray`, a set, none and a tuple, of protocols 2, 4 and 5.
#[rustfmt::skip]
const PICKLED_OTHERS: &[&[u8]] = &[
    b"\x80\x02K*.",
    b"\x80\x04K*.",
    b"\x80\x05K*.",
    b"\x80\x02]q\x00(c_codecs\x0aencode\x0aq\x01X\x01\x00\x00\x00aq\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05h\x01X\x01\x00\x00\x00bq\x06h\x03\x86q\x07Rq\x08e.",
    b"\x80\x04\x95\x0d\x00\x00\x00\x00\x00\x00\x00]\x94(C\x01a\x94C\x01b\x94e.",
    b"\x80\x05\x95\x0d\x00\x00\x00\x00\x00\x00\x00]\x94(C\x01a\x94C\x01b\x94e.",
    b"\x80\x02X\x03\x00\x00\x00abcq\x00.",
    b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc\x94.",
    b"\x80\x05\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc\x94.",
    b"\x80\x02c__builtin__\x0abytearray\x0aq\x00c_codecs\x0aencode\x0aq\x01X\x03\x00\x00\x00abcq\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05\x85q\x06Rq\x07.",
    b"\x80\x04\x95$\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94\x8c\x09bytearray\x94\x93\x94C\x03abc\x94\x85\x94R\x94.",
    b"\x80\x05\x95\x0e\x00\x00\x00\x00\x00\x00\x00\x96\x03\x00\x00\x00\x00\x00\x00\x00abc\x94.",
    b"\x80\x02c__builtin__\x0aset\x0aq\x00]q\x01K\x01a\x85q\x02Rq\x03.",
    b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8f\x94(K\x01\x90.",
    b"\x80\x05\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8f\x94(K\x01\x90.",
    b"\x80\x02N.",
    b"\x80\x04N.",
    b"\x80\x05N.",
    b"\x80\x02c_codecs\x0aencode\x0aq\x00X\x01\x00\x00\x00aq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04\x85q\x05.",
    b"\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00C\x01a\x94\x85\x94.",
    b"\x80\x05\x95\x07\x00\x00\x00\x00\x00\x00\x00C\x01a\x94\x85\x94.",
];

/// A pickle of a date, which names its class.
const PICKLED_DATE: &[u8] =
    b"\x80\x04\x95 \x00\x00\x00\x00\x00\x00\x00\x8c\x08datetime\x94\x8c\x04date\x94\x93\x94C\x04\x07\xe8\x02\x1d\x94\x85\x94R\x94.";

fn binary(bytes: &[u8]) -> Literal {
    Literal::new(LiteralValue::Binary { value: bytes.to_vec(), tag: String::new() })
}

fn pickle_at(uri: &str) -> Literal {
    let blob_type = BlobType { format: "PythonPickle".to_owned(), dimensionality: BlobDimensionality::Single };
    Literal::new(LiteralValue::Blob { uri: uri.to_owned(), blob_type })
}

/// Python's SDK on Flyte 2 pickles `bytes`; nothing else is read from a pickle.
#[test]
fn bytes_are_read_from_a_pickle_of_bytes() {
    for (content, pickled) in PICKLED {
        assert_eq!(decode::<Bytes>(&binary(pickled).encode()).unwrap(), *content, "{pickled:?}");
        assert_eq!(decode::<Option<Bytes>>(&binary(pickled).encode()).unwrap().as_deref(), Some(*content));
        assert_eq!(decode::<Vec<Bytes>>(&Literal::collection(vec![binary(pickled)]).encode()).unwrap(), [*content]);
        // A large one is in a file, which is fetched before.
        let literal = pickle_at("s3://b/p").encode();
        let error = decode::<Bytes>(&literal).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::NotFetched, "the value is pickled in `s3://b/p`, which has not been fetched")
        );
        let fetched = References::from_iter([("s3://b/p".to_owned(), Bytes::from_static(pickled))]);
        assert_eq!(Bytes::decode(LiteralRef::new(&literal, &fetched)).unwrap(), *content);
    }
    for pickled in PICKLED_OTHERS {
        let error = decode::<Bytes>(&binary(pickled).encode()).unwrap_err().to_string();
        assert!(error.starts_with("expected bytes, found a pickle of something else than `bytes`"), "{error}");
    }
    let error = decode::<Bytes>(&binary(PICKLED_DATE).encode()).unwrap_err().to_string();
    assert_eq!(error, "expected bytes, found a pickle of something else than `bytes` (`datetime.date`)");
}

/// Our own are as they are; those that would be taken for a pickle are pickled once more.
#[test]
fn bytes_that_are_a_pickle_come_back_as_they_were() {
    let pickles = PICKLED.iter().map(|(_, pickled)| *pickled).chain(PICKLED_OTHERS.iter().copied());
    for content in pickles.chain([&b""[..], b"\x80\x04.", b"cat\n.", b"\x80\x05 no pickle."]) {
        let content = Bytes::from_static(content);
        for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
            assert_eq!(decode::<Bytes>(&encode(&content, dialect).unwrap()).unwrap(), content);
        }
    }
    assert_eq!(encode(&Bytes::from_static(b"\x80\x05 no pickle."), &Dialect::FLYTE_2).unwrap(), binary(b"\x80\x05 no pickle.").encode());
}

struct PythonPickle;

impl nebulakit::types::file::Format for PythonPickle {
    const NAME: &'static str = "PythonPickle";
}

#[test]
fn a_pickle_is_a_file_wherever_it_lies() {
    type Pickle = nebulakit::File<PythonPickle>;
    for pickled in PICKLED_OTHERS {
        let inline = decode::<Option<Pickle>>(&binary(pickled).encode()).unwrap().unwrap();
        assert_eq!(inline.blocking().read_bytes().unwrap(), *pickled);
    }
    assert_eq!(decode::<Pickle>(&pickle_at("s3://b/p").encode()).unwrap().uri(), Some("s3://b/p"));
}

#[test]
fn a_pickle_in_the_place_of_another_type_is_called_one() {
    let error = |literal: &Literal| {
        let literal = literal.encode();
        [
            decode::<i64>(&literal).unwrap_err(),
            decode::<Vec<i64>>(&literal).unwrap_err(),
            decode::<Inner>(&literal).unwrap_err(),
            decode::<Untyped>(&literal).unwrap_err(),
            decode::<Color>(&literal).unwrap_err(),
            decode::<SignedDuration>(&literal).unwrap_err(),
            decode::<BTreeMap<String, i64>>(&literal).unwrap_err(),
            decode::<nebulakit::Directory>(&literal).unwrap_err(),
        ]
    };
    for error in error(&pickle_at("s3://b/p")) {
        assert!(error.to_string().ends_with(", found a pickle, which only Python reads (`s3://b/p`)"), "{error}");
    }
    for error in error(&binary(PICKLED_DATE)) {
        assert!(error.to_string().ends_with(", found a pickle of `datetime.date`, which only Python reads"), "{error}");
    }
}

#[test]
fn floats_that_json_has_not_are_read_or_explained() {
    let nil = msgpack(&serde_json::json!({ "f": null }));
    let message =
        "`f`: expected a float, found none, which pydantic also writes for NaN and infinities; declare it an `Option` to take them";
    assert_eq!(decode::<Narrow>(&nil).unwrap_err().to_string(), message);
    for (text, value) in [("NaN", f32::NAN), ("Infinity", f32::INFINITY), ("-Infinity", f32::NEG_INFINITY)] {
        let read = decode::<Narrow>(&msgpack(&serde_json::json!({ "f": text }))).unwrap().f;
        assert_eq!(read.to_string(), value.to_string(), "{text}");
    }
    let error = decode::<Narrow>(&msgpack(&serde_json::json!({ "f": "nan" }))).unwrap_err();
    assert_eq!(error.to_string(), "`f`: expected a float, found a string");
}

#[derive(Debug, PartialEq, NebulaType)]
#[nebula(pydantic)]
struct Outer {
    inner: BytesModel,
    inners: Vec<BytesModel>,
    by_name: BTreeMap<String, Option<BytesModel>>,
    span: SignedDuration,
    #[nebula(default = SignedDuration::from_secs(86_400))]
    day: SignedDuration,
    #[nebula(default = Some(SignedDuration::from_millis(1_500)))]
    moment: Option<SignedDuration>,
}

/// Of structs that are written out in lists and maps Python makes untyped dictionaries.
#[test]
fn schemas_of_models_refer_to_their_structs() {
    let schema = serde_json::Value::Object(Outer::literal_type(&Dialect::FLYTE_2).metadata.unwrap());
    let reference = serde_json::json!({ "$ref": "#/$defs/BytesModel" });
    assert_eq!(schema["properties"]["inner"], reference);
    assert_eq!(schema["properties"]["inners"]["items"], reference);
    assert_eq!(schema["properties"]["by_name"]["additionalProperties"]["anyOf"][0], reference);
    assert_eq!(schema["properties"]["span"], serde_json::json!({ "type": "string", "format": "duration" }));
    assert_eq!(schema["properties"]["day"], serde_json::json!({ "type": "string", "format": "duration", "default": "P1D" }));
    assert_eq!(schema["properties"]["moment"]["default"], "PT1.5S");
    let inner = &schema["$defs"]["BytesModel"];
    assert_eq!(inner["properties"]["b"], serde_json::json!({ "type": "string", "format": "binary" }));
    assert_eq!(inner["properties"]["inner"]["anyOf"][0], serde_json::json!({ "$ref": "#/$defs/BytesBeside" }));
    assert_eq!(schema["$defs"]["BytesBeside"]["title"], "BytesBeside");
}
