//! Laws of the codec: what is written is read as the same value, wherever it stands; what is broken is an error and never a panic.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use jiff::SignedDuration;
use nebulakit::NebulaType;
use nebulakit::types::convert::check::check;
use nebulakit::types::convert::msgpack::{Packer, Unpacker};
use nebulakit::types::convert::reader::{LiteralRef, MAX_DEPTH, References, offloaded_uris};
use nebulakit::types::{Bytes, Dialect, ErrorKind, FlyteError, Hashed, LiteralType, Raw, Untyped, decode, encode};
use nebulakit_tests::python::{Color, Inner, IntOrStr, ListOrDict, Nested, Temporal};
use nebulakit_types::wire::flyteidl::core::{self as wire, literal, scalar};
use nebulakit_types::wire::google::protobuf as google;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message as _;

const DIALECTS: [&Dialect; 2] = [&Dialect::FLYTE_1, &Dialect::FLYTE_2];

/// A value as a field of a struct, and in everything that a field may be.
#[derive(Debug, NebulaType)]
struct Holder<T> {
    bare: T,
    list: Vec<T>,
    map: BTreeMap<String, T>,
    numbered: BTreeMap<u32, Vec<T>>,
}

/// The same for types that are not optional themselves.
#[derive(Debug, NebulaType)]
struct OptionalHolder<T> {
    some: Option<T>,
    none: Option<T>,
    list: Vec<Option<T>>,
    map: HashMap<String, Option<Vec<T>>>,
    #[nebula(required)]
    required: Option<T>,
}

/// One way there and back, in both dialects. Compared as text, in which NaN is itself and -0.0 is not 0.0.
fn trip<T: NebulaType + Debug>(value: &T) {
    for dialect in DIALECTS {
        let literal = encode(value, dialect).unwrap();
        let declared = T::literal_type(dialect);
        assert_eq!(format!("{:?}", decode::<T>(&literal).unwrap()), format!("{value:?}"));
        check(LiteralRef::new(&literal, References::none()), &declared).unwrap();
        assert_eq!(encode(&decode::<T>(&literal).unwrap(), dialect).unwrap(), literal);
        // Passed through untouched, it is the same bytes.
        assert_eq!(encode(&decode::<Raw<T>>(&literal).unwrap(), dialect).unwrap(), literal);
        // Another protobuf library reads it, and is read when it writes.
        let prost = wire::Literal::decode(&*literal).unwrap().encode_to_vec();
        assert_eq!(format!("{:?}", decode::<T>(&prost).unwrap()), format!("{value:?}"));
        assert_eq!(LiteralType::decode(&declared.encode()).unwrap().encode(), declared.encode(), "the type comes back");
    }
}

/// As a literal and as a field, alone and in lists and maps.
fn everywhere<T: NebulaType + Debug + Clone>(value: &T) {
    trip(value);
    trip(&vec![value.clone(), value.clone()]);
    trip(&Vec::<T>::new());
    trip(&BTreeMap::from([(String::new(), value.clone()), ("k".to_owned(), value.clone())]));
    trip(&HashMap::from([("ключ".to_owned(), vec![value.clone()])]));
    trip(&BTreeMap::from([(-5_i64, value.clone())]));
    trip(&Holder {
        bare: value.clone(),
        list: vec![value.clone(); 3],
        map: BTreeMap::from([("a b".to_owned(), value.clone())]),
        numbered: BTreeMap::from([(7, vec![value.clone()])]),
    });
}

/// Beside [`everywhere`], as an optional value.
fn everywhere_and_optional<T: NebulaType + Debug + Clone>(value: &T) {
    everywhere(value);
    trip(&Some(value.clone()));
    trip(&None::<T>);
    trip(&vec![Some(value.clone()), None]);
    trip(&Some(vec![Some(BTreeMap::from([("k".to_owned(), Some(value.clone()))])), None]));
    trip(&OptionalHolder {
        some: Some(value.clone()),
        none: None,
        list: vec![None, Some(value.clone())],
        map: HashMap::from([("k".to_owned(), Some(vec![value.clone()]))]),
        required: Some(value.clone()),
    });
}

/// Every instant that the wire can say.
fn instants() -> impl Strategy<Value = (i64, u32)> {
    (-62_135_596_800_i64..=253_402_300_799, prop_oneof![Just(0_u32), Just(500_000), 0..1_000_000_000_u32])
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z]{0,8}", Just("x".repeat(300)), Just("2024-01-01".to_owned()), Just("5".to_owned())]
}

fn dates() -> impl Strategy<Value = jiff::civil::Date> {
    (1_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| jiff::civil::date(year, month, day))
}

/// Spans to the microsecond over some 250 years, which structs keep exactly.
fn spans() -> impl Strategy<Value = SignedDuration> {
    (-8_000_000_000_000_000_i64..=8_000_000_000_000_000).prop_map(SignedDuration::from_micros)
}

fn untyped() -> impl Strategy<Value = Untyped> {
    let leaf = prop_oneof![
        Just(Untyped::Null),
        any::<bool>().prop_map(Untyped::Bool),
        any::<i64>().prop_map(Untyped::Int),
        (i64::MAX as u64 + 1..).prop_map(Untyped::UInt),
        any::<f64>().prop_map(Untyped::Float),
        texts().prop_map(Untyped::String),
        vec(any::<u8>(), 0..40).prop_map(Untyped::Bytes),
        (any::<i8>(), vec(any::<u8>(), 0..20)).prop_map(|(kind, bytes)| Untyped::Extension(kind, bytes)),
    ];
    let any = leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Untyped::List), vec((inner.clone(), inner), 0..4).prop_map(Untyped::Map),]
    });
    // Inside an optional value, no value would be none.
    any.prop_filter("not null", |value| *value != Untyped::Null)
}

fn nested() -> impl Strategy<Value = Nested> {
    let inner = (any::<i64>(), proptest::option::of(texts())).prop_map(|(x, y)| Inner { x, y });
    (texts(), inner, vec(any::<i64>(), 0..5), btree_map(texts(), any::<f64>(), 0..4)).prop_map(|(name, inner, items, m)| Nested {
        name,
        inner,
        items,
        m,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn integers_come_back(wide in any::<i64>(), unsigned in 0..=i64::MAX as u64, small in any::<i8>(), byte in any::<u8>(), short in any::<u16>(), word in any::<i32>()) {
        everywhere_and_optional(&wide);
        everywhere_and_optional(&unsigned);
        everywhere_and_optional(&small);
        everywhere_and_optional(&byte);
        everywhere_and_optional(&short);
        everywhere_and_optional(&word);
    }

    #[test]
    fn floats_come_back(value in any::<f64>(), narrow in any::<f32>()) {
        everywhere_and_optional(&value);
        everywhere_and_optional(&narrow);
    }

    #[test]
    fn texts_bytes_and_booleans_come_back(text in texts(), bytes in vec(any::<u8>(), 0..300), flag in any::<bool>()) {
        everywhere_and_optional(&text);
        everywhere_and_optional(&Bytes::from(bytes));
        everywhere_and_optional(&flag);
    }

    #[test]
    fn instants_come_back((seconds, nanos) in instants(), date in dates()) {
        everywhere_and_optional(&chrono::DateTime::from_timestamp(seconds, nanos).unwrap());
        let since = std::time::Duration::new(seconds.unsigned_abs(), nanos);
        let time = if seconds < 0 { std::time::SystemTime::UNIX_EPOCH - since } else { std::time::SystemTime::UNIX_EPOCH + since };
        if seconds > -62_135_596_800 {
            everywhere_and_optional(&time);
        }
        if let Ok(instant) = jiff::Timestamp::new(seconds, nanos.cast_signed()) {
            everywhere_and_optional(&instant);
        }
        everywhere_and_optional(&date);
        everywhere_and_optional(&chrono::NaiveDate::from_ymd_opt(date.year().into(), date.month() as u32, date.day() as u32).unwrap());
    }

    #[test]
    fn spans_come_back(span in spans(), seconds in -315_576_000_000_i64..=315_576_000_000, nanos in 0..1_000_000_000_i32) {
        everywhere_and_optional(&span);
        everywhere_and_optional(&chrono::TimeDelta::microseconds(i64::try_from(span.as_micros()).unwrap()));
        everywhere_and_optional(&span.unsigned_abs());
        // To the nanosecond over some weeks.
        everywhere_and_optional(&SignedDuration::new(seconds % 4_000_000, if seconds < 0 { -nanos } else { nanos }));
        // As literals to the nanosecond over ten thousand years.
        let exact = SignedDuration::new(seconds, if seconds < 0 { -nanos } else { nanos });
        trip(&exact);
        trip(&Some(exact));
    }

    #[test]
    fn untyped_values_come_back(value in untyped()) {
        everywhere_and_optional(&value);
    }

    #[test]
    fn structs_enums_and_unions_come_back(nested in nested(), text in texts(), number in any::<i64>(), span in spans(), date in dates()) {
        everywhere_and_optional(&nested);
        everywhere_and_optional(&Temporal { dt: jiff::Timestamp::from_second(number % 60_000_000_000).unwrap(), td: span, d: date });
        for color in [Color::Red, Color::Green, Color::Blue] {
            everywhere_and_optional(&color);
        }
        for union in [IntOrStr::Int(number), IntOrStr::Str(text.clone())] {
            everywhere_and_optional(&union);
        }
        everywhere_and_optional(&FlyteError { message: text.clone(), failed_node_id: nested.name.clone() });
        everywhere_and_optional(&ListOrDict::List(nested.items));
        everywhere_and_optional(&ListOrDict::Dict(BTreeMap::from([(text, number)])));
        everywhere(&());
    }

    #[test]
    fn hashes_come_back_with_their_values(number in any::<i64>(), hash in "[ -~]{1,40}") {
        let value = Hashed::new(number, hash);
        trip(&value);
        trip(&vec![value.clone(), Hashed { value: 1, hash: None }]);
        trip(&Some(value));
    }

    /// All that we write are messages with one field at the top, so that no beginning of one is a message.
    #[test]
    fn a_truncated_literal_is_an_error(nested in nested(), span in spans(), untyped in untyped()) {
        truncated(&span);
        truncated(&Some(Color::Green));
        truncated(&nested.items);
        truncated(&nested.m);
        truncated(&Some(IntOrStr::Int(nested.inner.x)));
        truncated(&untyped);
        truncated(&vec![Some(nested)]);
    }

    #[test]
    fn a_truncated_field_is_an_error(nested in nested(), untyped in untyped()) {
        truncated_field(&nested);
        truncated_field(&untyped);
        truncated_field(&vec![Some(nested.inner.x)]);
    }
}

fn truncated<T: NebulaType + Debug>(value: &T) {
    let literal = encode(value, &Dialect::FLYTE_1).unwrap();
    for end in cuts(literal.len()) {
        let error = decode::<T>(&literal[..end]).expect_err("a part of a literal is not a literal");
        assert!(!matches!(error.kind(), ErrorKind::NotFetched | ErrorKind::Unencodable), "{error}");
    }
}

fn truncated_field<T: NebulaType + Debug>(value: &T) {
    let mut packer = Packer::new(&Dialect::FLYTE_1);
    value.pack(&mut packer).unwrap();
    let bytes = packer.finish();
    for end in cuts(bytes.len()) {
        T::unpack(&mut Unpacker::new(&bytes[..end])).expect_err("a part of a value is not a value");
    }
}

/// Every beginning of short bytes, some of long ones.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(length.div_ceil(200).max(1))
}

#[test]
fn the_edges_of_the_calendar_come_back() {
    for (seconds, nanos) in [(-62_135_596_800, 0), (-62_135_596_800, 1_000), (253_402_300_799, 999_999_999), (-1, 999_999_999), (0, 1)] {
        everywhere_and_optional(&chrono::DateTime::from_timestamp(seconds, nanos).unwrap());
    }
    for date in [jiff::civil::date(1, 1, 1), jiff::civil::date(9999, 12, 31)] {
        everywhere_and_optional(&date);
    }
    let mut packer = Packer::new(&Dialect::FLYTE_1);
    chrono::DateTime::from_timestamp(-62_135_596_800, 0).unwrap().pack(&mut packer).unwrap();
    chrono::DateTime::from_timestamp(253_402_300_799, 999_999_000).unwrap().pack(&mut packer).unwrap();
    let packed = packer.finish();
    let text = String::from_utf8_lossy(&packed);
    assert!(text.contains("0001-01-01T00:00:00+00:00"), "{text}");
    assert!(text.contains("9999-12-31T23:59:59.999999+00:00"), "{text}");
    for seconds in [-62_135_596_801, 253_402_300_800] {
        let instant = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        let error = encode(&instant, &Dialect::FLYTE_1).unwrap_err();
        assert_eq!(error.to_string(), format!("expected an instant of the years 1 to 9999, found {seconds} seconds since 1970"));
        let error = decode::<chrono::DateTime<chrono::Utc>>(&timestamp(seconds, 0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfRange);
    }
    assert_eq!(encode(&jiff::civil::date(0, 12, 31), &Dialect::FLYTE_1).unwrap_err().kind(), ErrorKind::OutOfRange);
    for nanos in [-1, 1_000_000_000] {
        assert_eq!(decode::<jiff::Timestamp>(&timestamp(0, nanos)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn spans_outside_ten_thousand_years_are_errors() {
    for seconds in [-315_576_000_001_i64, 315_576_000_001] {
        let expected = format!("expected a duration within 10,000 years, found {seconds} seconds");
        assert_eq!(encode(&SignedDuration::from_secs(seconds), &Dialect::FLYTE_1).unwrap_err().to_string(), expected);
        assert_eq!(decode::<SignedDuration>(&duration(seconds, 0)).unwrap_err().to_string(), expected);
    }
    for float in [f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(decode::<SignedDuration>(&encode(&float, &Dialect::FLYTE_1).unwrap()).unwrap_err().kind(), ErrorKind::OutOfRange);
    }
    assert_eq!(decode::<SignedDuration>(&duration(1, -1)).unwrap_err().kind(), ErrorKind::Corrupt);
    let error = decode::<std::time::Duration>(&duration(-1, -500_000_000)).unwrap_err();
    assert_eq!(error.to_string(), "expected a duration that is not negative, found -1.5 seconds");
}

fn timestamp(seconds: i64, nanos: i32) -> Vec<u8> {
    primitive(wire::primitive::Value::Datetime(google::Timestamp { seconds, nanos })).encode_to_vec()
}

fn duration(seconds: i64, nanos: i32) -> Vec<u8> {
    primitive(wire::primitive::Value::Duration(google::Duration { seconds, nanos })).encode_to_vec()
}

fn primitive(value: wire::primitive::Value) -> wire::Literal {
    let scalar = wire::Scalar { value: Some(scalar::Value::Primitive(wire::Primitive { value: Some(value) })) };
    wire::Literal { value: Some(literal::Value::Scalar(Box::new(scalar))), ..wire::Literal::default() }
}

/// As a literal, as a float, as msgpack, and as a field: the error names the range and what was found.
#[test]
fn integers_out_of_range_are_errors_that_name_the_range() {
    fn refused<T: NebulaType + Debug>(found: i64, range: &str) {
        let expected = format!("expected an integer from {range}, found {found}");
        let literal = encode(&found, &Dialect::FLYTE_1).unwrap();
        assert_eq!(decode::<T>(&literal).unwrap_err().to_string(), expected);
        if found.unsigned_abs() < 1 << 53 {
            #[expect(clippy::cast_precision_loss, reason = "just checked")]
            let float = encode(&(found as f64), &Dialect::FLYTE_1).unwrap();
            assert_eq!(decode::<T>(&float).unwrap_err().to_string(), expected);
        }
        let list = encode(&vec![1, found], &Dialect::FLYTE_1).unwrap();
        let error = decode::<Vec<T>>(&list).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::OutOfRange, format!("`[1]`: {expected}")));
        let numbers = BTreeMap::from([("n".to_owned(), found)]);
        let holder = Holder { bare: found, list: vec![], map: numbers, numbered: BTreeMap::new() };
        let error = decode::<Holder<T>>(&encode(&holder, &Dialect::FLYTE_1).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), format!("`bare`: {expected}"));
    }
    refused::<u8>(-1, "0 to 255");
    refused::<u8>(256, "0 to 255");
    refused::<i8>(128, "-128 to 127");
    refused::<i8>(-129, "-128 to 127");
    refused::<u16>(65_536, "0 to 65535");
    refused::<i16>(-32_769, "-32768 to 32767");
    refused::<u32>(-1, "0 to 4294967295");
    refused::<i32>(2_147_483_648, "-2147483648 to 2147483647");
    refused::<u64>(i64::MIN, "0 to 18446744073709551615");
    let expected = "expected an integer from -9223372036854775808 to 9223372036854775807, found 18446744073709551615";
    assert_eq!(encode(&u64::MAX, &Dialect::FLYTE_1).unwrap_err().to_string(), expected);
    // msgpack has room for it.
    trip(&Holder { bare: u64::MAX, list: vec![], map: BTreeMap::new(), numbered: BTreeMap::new() });
    let holder = encode(&Holder { bare: u64::MAX, list: vec![], map: BTreeMap::new(), numbered: BTreeMap::new() }, &Dialect::FLYTE_1);
    assert_eq!(decode::<Holder<i64>>(&holder.unwrap()).unwrap_err().to_string(), format!("`bare`: {expected}"));
}

#[test]
fn nothing_is_rounded() {
    let refused = |value: f64| decode::<i64>(&encode(&value, &Dialect::FLYTE_1).unwrap()).unwrap_err();
    assert_eq!(refused(3.9).to_string(), "expected an integer, found the float 3.9; nothing is rounded");
    for value in [f64::NAN, f64::INFINITY, 1e300] {
        assert_eq!(refused(value).kind(), ErrorKind::Mismatch);
    }
    assert_eq!(refused(9_223_372_036_854_775_808.0).kind(), ErrorKind::OutOfRange);
    let wide = encode(&i64::MAX, &Dialect::FLYTE_1).unwrap();
    assert_eq!(decode::<f64>(&wide).unwrap_err().to_string(), "the integer 9223372036854775807 has no exact 64-bit float");
    assert_eq!(decode::<f32>(&encode(&1e300_f64, &Dialect::FLYTE_1).unwrap()).unwrap_err().kind(), ErrorKind::OutOfRange);
}

/// What is none in two ways comes back in one, so that tasks, structs and unions refuse it when they are compiled.
#[test]
fn types_know_whether_they_can_be_none_and_whether_they_can_be_so_twice() {
    fn known<T: NebulaType>() -> (bool, bool) {
        (T::HAS_NONE, T::MERGES_NONE)
    }
    assert_eq!((known::<i64>(), known::<()>(), known::<Option<i64>>()), ((false, false), (true, false), (true, false)));
    for merges in [known::<Option<Option<i64>>>(), known::<Option<()>>(), known::<Option<Raw<Option<i64>>>>()] {
        assert_eq!(merges, (true, true));
    }
    assert_eq!(known::<Vec<Option<Option<i64>>>>(), (false, true));
    assert_eq!(known::<BTreeMap<String, Option<Option<i64>>>>(), (false, true));
    assert_eq!(known::<Vec<Option<i64>>>(), (false, false));
}

/// Flyte 1 has the values of an enum, Flyte 2 the names of its members; both are read.
#[test]
fn enums_travel_by_value_and_by_name() {
    let text = |dialect| decode::<String>(&encode(&Color::Blue, dialect).unwrap()).unwrap();
    assert_eq!((text(&Dialect::FLYTE_1).as_str(), text(&Dialect::FLYTE_2).as_str()), ("blue", "BLUE"));
    for spelled in ["blue", "BLUE"] {
        assert_eq!(decode::<Color>(&encode(&spelled.to_owned(), &Dialect::FLYTE_1).unwrap()).unwrap(), Color::Blue);
        let untyped = Untyped::List(vec![Untyped::String(spelled.to_owned())]);
        assert_eq!(decode::<Vec<Color>>(&encode(&untyped, &Dialect::FLYTE_1).unwrap()).unwrap(), [Color::Blue]);
    }
    assert_eq!(Color::literal_type(&Dialect::FLYTE_2), LiteralType::enumeration(["RED", "GREEN", "BLUE"].map(str::to_owned).to_vec()));
    // Inside structs both platforms have the value.
    let list = encode(&BTreeMap::from([(1_u8, Color::Blue)]), &Dialect::FLYTE_2).unwrap();
    assert_eq!(decode::<BTreeMap<u8, String>>(&list).unwrap(), BTreeMap::from([(1, "blue".to_owned())]));
}

/// Each of these is of a kind of its own.
fn kinds() -> Vec<(Vec<u8>, LiteralType)> {
    fn kind<T: NebulaType>(value: &T) -> (Vec<u8>, LiteralType) {
        (encode(value, &Dialect::FLYTE_1).unwrap(), T::literal_type(&Dialect::FLYTE_1))
    }
    vec![
        kind(&1_i64),
        kind(&1.0_f64),
        kind(&"x".to_owned()),
        kind(&true),
        kind(&std::time::SystemTime::UNIX_EPOCH),
        kind(&std::time::Duration::ZERO),
        kind(&()),
        kind(&Bytes::from_static(b"x")),
        kind(&vec![1_i64]),
        kind(&vec!["x".to_owned()]),
        kind(&vec![vec![1_i64]]),
        kind(&BTreeMap::from([("k".to_owned(), 1_i64)])),
        kind(&BTreeMap::from([("k".to_owned(), vec![1_i64])])),
        kind(&Some(1_i64)),
        kind(&Some("x".to_owned())),
        kind(&IntOrStr::Int(1)),
        kind(&vec![Some(1_i64)]),
    ]
}

#[test]
fn checks_accept_what_is_written_and_nothing_of_another_kind() {
    for (written, (literal, _)) in kinds().iter().enumerate() {
        for (declared, (_, literal_type)) in kinds().iter().enumerate() {
            let verdict = check(LiteralRef::new(literal, References::none()), literal_type);
            // The union at the end of the list shares its variants with the two optional values before it.
            let same_variant = [(13, 15), (15, 13), (14, 15)].contains(&(written, declared));
            match verdict {
                Ok(()) => assert!(written == declared || same_variant, "{literal_type} is declared, and number {written} passes"),
                Err(error) => {
                    assert!(written != declared && !same_variant, "{literal_type} is declared, and number {written} is refused: {error}");
                    assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
                }
            }
        }
    }
    let color = encode(&"violet".to_owned(), &Dialect::FLYTE_1).unwrap();
    let error = check(LiteralRef::new(&color, References::none()), &Color::literal_type(&Dialect::FLYTE_1)).unwrap_err();
    assert_eq!(error.to_string(), "expected `enum(red, green, blue)`, found the string \"violet\"");
    let list = encode(&BTreeMap::from([("k".to_owned(), vec![1_i64])]), &Dialect::FLYTE_1).unwrap();
    let strings = BTreeMap::<String, Vec<String>>::literal_type(&Dialect::FLYTE_1);
    let error = check(LiteralRef::new(&list, References::none()), &strings).unwrap_err();
    assert_eq!(error.to_string(), "`[\"k\"][0]`: expected `str`, found an integer");
}

#[test]
fn a_value_of_another_kind_is_an_error_that_says_both() {
    let error = |literal: Vec<u8>| decode::<i64>(&literal).unwrap_err().to_string();
    assert_eq!(error(encode(&"x".to_owned(), &Dialect::FLYTE_1).unwrap()), "expected an integer, found a string");
    assert_eq!(error(encode(&vec![1_i64], &Dialect::FLYTE_1).unwrap()), "expected an integer, found a list");
    assert_eq!(error(encode(&Some(1_i64), &Dialect::FLYTE_1).unwrap()), "expected an integer, found a union value");
    assert_eq!(error(vec![]), "the literal holds no value");
    let list = encode(&vec![Some(Inner { x: 1, y: None })], &Dialect::FLYTE_1).unwrap();
    assert_eq!(decode::<Vec<Option<i64>>>(&list).unwrap_err().to_string(), "`[0]`: expected an integer, found a map");
}

/// Replaces every literal at which `here` points by a reference to a file of its own.
fn offload(literal: &mut wire::Literal, files: &mut Vec<(String, Bytes)>, here: &mut impl FnMut() -> bool) {
    match literal.value.as_mut() {
        Some(literal::Value::Collection(list)) => list.literals.iter_mut().for_each(|literal| offload(literal, files, here)),
        Some(literal::Value::Map(map)) => map.literals.values_mut().for_each(|literal| offload(literal, files, here)),
        Some(literal::Value::Scalar(scalar)) => {
            if let Some(scalar::Value::Union(union)) = scalar.value.as_mut()
                && let Some(value) = union.value.as_mut()
            {
                offload(value, files, here);
            }
        }
        _ => {}
    }
    if here() {
        let uri = format!("s3://bucket/{}", files.len());
        files.push((uri.clone(), literal.encode_to_vec().into()));
        let metadata = wire::LiteralOffloadedMetadata { uri, size_bytes: 1, inferred_type: None };
        literal.value = Some(literal::Value::OffloadedMetadata(metadata));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn offloaded_parts_are_read_at_any_depth(
        value in vec(btree_map("[a-c]", proptest::option::of(vec(any::<i64>(), 0..3)), 0..3), 0..4),
        nested in vec(nested(), 0..3),
        places in vec(any::<bool>(), 64),
    ) {
        reads_offloaded(&value, &places);
        reads_offloaded(&Some(nested.clone()), &places);
        reads_offloaded(&nested.first().map(|nested| nested.inner.x), &places);
    }
}

fn reads_offloaded<T: NebulaType + Debug + PartialEq>(value: &T, places: &[bool]) {
    let mut literal = wire::Literal::decode(&*encode(value, &Dialect::FLYTE_1).unwrap()).unwrap();
    let (mut files, mut places) = (Vec::new(), places.iter().copied().cycle());
    offload(&mut literal, &mut files, &mut || places.next().unwrap_or_default());
    let bytes = literal.encode_to_vec();
    let all: References = files.iter().cloned().collect();
    let literal = LiteralRef::new(&bytes, &all);
    assert_eq!(&T::decode(literal).unwrap(), value);
    check(literal, &T::literal_type(&Dialect::FLYTE_1)).unwrap();
    assert_eq!(&Raw::<T>::decode(literal).unwrap().get().unwrap(), value);
    // Every file is named where it is needed, and missed when it is not there.
    let mut named = offloaded_uris(&bytes).unwrap();
    for (_, content) in &files {
        named.extend(offloaded_uris(content).unwrap());
    }
    named.sort();
    named.dedup();
    assert_eq!(named.len(), files.len());
    if let Some(last) = files.pop() {
        let error = decode::<T>(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFetched, "{error}");
        assert!(error.to_string().contains("s3://bucket/"), "{error}");
        drop(last);
    }
}

#[test]
fn an_offloaded_literal_that_names_itself_is_an_error() {
    let metadata = wire::LiteralOffloadedMetadata { uri: "s3://b/x".to_owned(), size_bytes: 1, inferred_type: None };
    let bytes = wire::Literal { value: Some(literal::Value::OffloadedMetadata(metadata)), ..wire::Literal::default() }.encode_to_vec();
    let itself: References = [("s3://b/x".to_owned(), Bytes::from(bytes.clone()))].into_iter().collect();
    let error = <i64 as NebulaType>::decode(LiteralRef::new(&bytes, &itself)).unwrap_err();
    assert_eq!(error.to_string(), "the offloaded literal `s3://b/x` is itself only a reference");
}

fn lists(levels: usize) -> Untyped {
    (0..levels).fold(Untyped::Null, |inner, _| Untyped::List(vec![inner]))
}

#[test]
fn untyped_values_nest_as_deep_as_stated_and_no_deeper() {
    trip(&lists(MAX_DEPTH));
    trip(&Holder { bare: lists(MAX_DEPTH), list: vec![], map: BTreeMap::new(), numbered: BTreeMap::new() });
    let error = encode(&lists(MAX_DEPTH + 1), &Dialect::FLYTE_1).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::TooDeep, "values are nested more than 64 levels deep".to_owned()));
    // Deeper ones of others are refused before the stack is in danger.
    for (levels, open, last) in [(65, 0x91_u8, 0xc0_u8), (1_000_000, 0x91, 0xc0), (1_000_000, 0x81, 0xc0)] {
        let mut packed = vec![open; levels];
        packed.push(last);
        let error = Untyped::unpack(&mut Unpacker::new(&packed)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooDeep);
        // A field that nobody knows is passed over, however deep.
        let mut unknown = vec![0x82, 0xa1, b'z'];
        unknown.extend(vec![0x91; levels]);
        unknown.extend([0xc0, 0xa1, b'x', 5]);
        assert_eq!(Inner::unpack(&mut Unpacker::new(&unknown)).unwrap(), Inner { x: 5, y: None });
    }
}

/// A literal that is a list of a list of ... none.
fn nested_literals(levels: usize) -> Vec<u8> {
    let mut literal = vec![0x0a, 2, 0x2a, 0];
    for _ in 1..levels {
        for number in [1_u8, 2] {
            let mut outer = vec![number << 3 | 2];
            prost::encoding::encode_varint(literal.len() as u64, &mut outer);
            outer.append(&mut literal);
            literal = outer;
        }
    }
    literal
}

#[test]
fn literals_nest_as_deep_as_stated_and_no_deeper() {
    let list_type = |levels: usize| (1..levels).fold(<()>::literal_type(&Dialect::FLYTE_1), |inner, _| LiteralType::collection(inner));
    let (deepest, too_deep) = (nested_literals(MAX_DEPTH), nested_literals(MAX_DEPTH + 1));
    assert_eq!(offloaded_uris(&deepest).unwrap(), Vec::<String>::new());
    check(LiteralRef::new(&deepest, References::none()), &list_type(MAX_DEPTH)).unwrap();
    assert_eq!(offloaded_uris(&too_deep).unwrap_err().kind(), ErrorKind::TooDeep);
    let error = check(LiteralRef::new(&too_deep, References::none()), &list_type(MAX_DEPTH + 1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
    assert_eq!(offloaded_uris(&nested_literals(5_000)).unwrap_err().kind(), ErrorKind::TooDeep);
    assert_eq!(decode::<Untyped>(&nested_literals(5_000)).unwrap_err().kind(), ErrorKind::TooDeep);
}

#[test]
fn large_values_come_back() {
    fn large<T: NebulaType + PartialEq>(value: &T) {
        let literal = encode(value, &Dialect::FLYTE_1).unwrap();
        assert!(decode::<T>(&literal).unwrap() == *value);
        // The length of every message around it is right.
        assert!(wire::Literal::decode(&*literal).unwrap().encode_to_vec() == literal);
    }
    let ten_megabytes = "ü".repeat(5_000_000);
    large(&ten_megabytes);
    large(&Some(ten_megabytes.clone()));
    large(&vec![ten_megabytes.clone(), String::new(), ten_megabytes.clone()]);
    large(&BTreeMap::from([("k".to_owned(), ten_megabytes.clone())]));
    large(&Bytes::from(ten_megabytes.clone().into_bytes()));
    large(&Hashed::new(ten_megabytes.clone(), "h"));
    large(&vec![Inner { x: 1, y: Some(ten_megabytes.clone()) }, Inner { x: 2, y: None }]);
    large(&Untyped::String(ten_megabytes));
    large(&(0..300_000).collect::<Vec<i64>>());
}

#[test]
fn a_length_that_lies_reserves_nothing() {
    for packed in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 1][..],
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
    ] {
        Vec::<i64>::unpack(&mut Unpacker::new(packed)).unwrap_err();
        BTreeMap::<String, i64>::unpack(&mut Unpacker::new(packed)).unwrap_err();
        assert_eq!(Untyped::unpack(&mut Unpacker::new(packed)).unwrap_err().kind(), ErrorKind::Corrupt);
    }
    let huge = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(decode::<Vec<i64>>(&huge).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn text_that_is_not_utf_8_is_an_error_that_says_where() {
    let error = decode::<String>(&[0x0a, 6, 0x0a, 4, 0x1a, 2, b'a', 0xff]).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Corrupt, "the text is not UTF-8 from byte 1 on".to_owned()));
    let error = String::unpack(&mut Unpacker::new(&[0xa2, b'a', 0xff])).unwrap_err();
    assert_eq!(error.to_string(), "the text is not UTF-8 from byte 1 on");
    let error = Inner::unpack(&mut Unpacker::new(&[0x81, 0xa1, 0xff, 1])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn plain_numbers_are_read_in_every_way_of_writing_them() {
    // A varint with more bytes than it needs, and a value that comes twice: the last one counts.
    assert_eq!(decode::<i64>(&[0x0a, 5, 0x0a, 3, 0x08, 0x85, 0x00]).unwrap(), 5);
    assert_eq!(decode::<i64>(&[0x0a, 6, 0x0a, 4, 0x08, 1, 0x08, 2]).unwrap(), 2);
    assert_eq!(decode::<i64>(&[0x0a, 4, 0x0a, 2, 0x08, 1, 0x22, 1, b'h']).unwrap(), 1);
    assert_eq!(decode::<i64>(&[0x22, 1, b'h', 0x0a, 4, 0x0a, 2, 0x08, 1]).unwrap(), 1);
    assert!(decode::<bool>(&[0x0a, 4, 0x0a, 2, 0x20, 7]).unwrap());
    assert_eq!(decode::<i64>(&[0x0a, 5, 0x0a, 3, 0x08, 0x85, 0x80]).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(decode::<i64>(&[0x0a, 2, 0x0a, 0]).unwrap_err().to_string(), "the literal's primitive holds no value");
}
