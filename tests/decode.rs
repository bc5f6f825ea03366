//! What flytekit makes of literals from other senders: consoles, command lines, and the platform's attribute access. Ours are the same
//! values and the same refusals, but for the listed differences.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use jiff::SignedDuration;
use nebulakit::types::{Bytes, Directory, ErrorKind, File, NebulaType, Untyped, decode};
use nebulakit_tests::python::*;
use nebulakit_tests::vectors;

/// A type, a literal, and flytekit's value or refusal.
const DECODE: &str = include_str!("golden/flytekit-decode.jsonl");

/// Decodes a literal and compares; the flag says whether it was read at all.
type Check = Box<dyn Fn(&[u8]) -> bool>;

struct Case {
    name: &'static str,
    check: Check,
    /// Why flytekit reads what we refuse, or refuses what we read.
    differs: Option<&'static str>,
}

impl Case {
    fn unlike_flytekit(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }
}

fn reads<T: NebulaType + Debug + PartialEq>(name: &'static str, value: T) -> Case {
    let check = move |literal: &[u8]| {
        let read = decode::<T>(literal).unwrap_or_else(|error| panic!("`{name}`: {error}"));
        assert_eq!(read, value, "`{name}`");
        true
    };
    Case { name, check: Box::new(check), differs: None }
}

fn refuses<T: NebulaType + Debug>(name: &'static str, message: &'static str) -> Case {
    let check = move |literal: &[u8]| {
        let error = decode::<T>(literal).map(|value| panic!("`{name}` reads as {value:?}")).unwrap_err();
        assert_eq!(error.to_string(), message, "`{name}`");
        false
    };
    Case { name, check: Box::new(check), differs: None }
}

fn instant(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn inner(y: Option<&str>) -> Inner {
    Inner { x: 1, y: y.map(str::to_owned) }
}

fn one_entry<K: Ord, V>(key: K, value: V) -> BTreeMap<K, V> {
    BTreeMap::from([(key, value)])
}

const LOSSLESS: &str = "flytectl writes every number as a float, other senders whole floats as integers: the value is the same";
const ATTRIBUTE: &str = "attribute access on a field gives what the field is as msgpack; flytekit reads it only as msgpack";

fn msgpack() -> Vec<Case> {
    let new_year = instant("2024-01-01T00:00:00Z");
    vec![
        reads("int<-msgpack int", 5_i64),
        reads("int<-msgpack float5.0", 5_i64).unlike_flytekit(LOSSLESS),
        reads("float<-msgpack int", 5.0_f64).unlike_flytekit(LOSSLESS),
        reads("float<-msgpack float", 5.5_f64),
        reads("float<-msgpack float32", 5.5_f64),
        reads("str<-msgpack str", "x".to_owned()),
        refuses::<bool>("bool<-msgpack int", "expected a boolean, found an integer"),
        reads("datetime<-msgpack iso+00:00", new_year),
        reads("datetime<-msgpack isoZ", new_year),
        // Python's datetimes end at microseconds; ours keep the nanoseconds.
        reads("datetime<-msgpack iso nanos", instant("2024-01-01T00:00:00.123456789Z")),
        reads("timedelta<-msgpack int", SignedDuration::from_secs(90)),
        reads("timedelta<-msgpack int", std::time::Duration::from_secs(90)),
        reads("timedelta<-msgpack int", chrono::TimeDelta::seconds(90)),
        reads("Optional[int]<-msgpack nil", None::<i64>),
        reads("Optional[int]<-msgpack 5", Some(5_i64)),
        reads("Optional[Inner]<-binary map", Some(inner(Some("q")))),
        reads("List[int]<-binary list", vec![1_i64, 2]),
        reads("List[int]<-collection of binary", vec![1_i64, 2]),
        reads("Inner<-binary", inner(Some("q"))),
        reads("Inner<-binary x float", inner(None)),
        reads("Inner<-binary x str", inner(None)),
        refuses::<Inner>("Inner<-binary missing x", "`x`: the field is missing; expected `int`"),
        reads("Inner<-binary extra", inner(None)),
        reads("Inner<-binary missing optional", inner(None)),
        refuses::<Inner>("Inner<-wrong tag", "expected a struct `Inner` as binary with the tag `msgpack`, found the tag `json`"),
        refuses::<Inner>("Inner<-empty tag", "expected a struct `Inner` as binary with the tag `msgpack`, found the tag ``"),
        refuses::<Inner>("Inner<-array encoding", "expected a map, found a list"),
        reads("Simple<-binary d=1", Simple { a: 1, b: "x".to_owned(), c: 1.0, d: true }),
        reads("PInner<-binary", PydanticInner { x: 1, y: None }),
        refuses::<WithEnum>("WithEnum bad", "`c`: expected one of \"red\", \"green\", \"blue\", found \"nope\""),
        reads("Color<-binary", Color::Red),
        reads("Temporal<-bin", Temporal { dt: new_year, td: SignedDuration::from_millis(1_500), d: "2024-01-01".parse().unwrap() }),
        reads("BytesDC<-bin", BytesDc { b: Bytes::from_static(&[1]) }),
        // flytekit takes the text for the bytes; JSON-based senders, its own included, mean base64.
        reads("BytesDC<-b64str", BytesDc { b: Bytes::from_static(&[1]) }),
        reads("IntKeys<-str keys", IntKeys { m: one_entry(1, "a".to_owned()) }),
    ]
}

fn literals() -> Vec<Case> {
    vec![
        reads("dict<-generic", Untyped::Map(vec![(Untyped::String("a".to_owned()), Untyped::Float(1.0))])),
        reads("dict<-generic", serde_json::json!({ "a": 1.0 })),
        reads("Dict[str,int]<-generic", one_entry("a".to_owned(), 1_i64)),
        refuses::<Untyped>("dict<-map literal", "expected an untyped value, found a map"),
        reads("PInner<-generic", PydanticInner { x: 1, y: None }),
        reads("Color<-string", Color::Red),
        refuses::<Color>("Color<-bad", "expected one of \"red\", \"green\", \"blue\", found \"zzz\""),
        refuses::<String>("str<-int literal", "expected a string, found an integer"),
        refuses::<bool>("bool<-int literal", "expected a boolean, found an integer"),
        reads("datetime<-string literal", instant("2024-01-01T00:00:00Z")).unlike_flytekit(ATTRIBUTE),
        refuses::<FloatOrInt>("Union[float,int] bare int", "the value fits both `float` and `int`, and does not say which of them it is"),
        reads("Optional[float] bare int", Some(1.0_f64)),
        reads("Optional[str] bare none", None::<String>),
        refuses::<String>("str<-none", "expected a string, found none"),
        refuses::<Vec<i64>>("List[int]<-none", "expected a list, found none"),
        reads("List[Optional[int]] <- bare", vec![Some(1_i64), None]),
        reads("literal[a,b]<-c", "c".to_owned()),
    ]
}

fn attribute_access() -> Vec<Case> {
    vec![
        reads("attrpath: date<-string prim", "2024-01-01".parse::<jiff::civil::Date>().unwrap()).unlike_flytekit(ATTRIBUTE),
        reads("attrpath: date<-string prim", chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap()).unlike_flytekit(ATTRIBUTE),
        reads("attrpath: timedelta<-float prim", SignedDuration::from_millis(90_500)).unlike_flytekit(ATTRIBUTE),
        reads("attrpath: Optional[str]<-string prim", Some("r".to_owned())),
        reads("attrpath: List[int]<-collection of binary", vec![1_i64, 2]),
        reads("attrpath: int<-int prim", 3_i64),
        reads("attrpath: float<-int prim", 3.0_f64),
        refuses::<String>("attrpath: str<-float prim", "expected a string, found a float"),
    ]
}

fn data() -> Vec<Case> {
    let file = |name| {
        let check = |literal: &[u8]| {
            assert_eq!(decode::<File>(literal).unwrap().uri(), Some("s3://b/f"));
            true
        };
        Case { name, check: Box::new(check), differs: None }
    };
    vec![
        file("FlyteFile<-binary"),
        file("attrpath: FlyteFile<-binary {path}"),
        refuses::<File>("FlyteFile<-multipart blob", "expected a file, found a directory (`s3://b/d`)"),
        refuses::<Directory>("FlyteDirectory<-single blob", "expected a directory, found a file (`s3://b/d`)"),
    ]
}

/// Cases of types without a Rust counterpart, and why.
const WITHOUT: &[(&str, &[&str])] = &[("tables", &["attrpath: SD<-binary"])];

#[test]
fn literals_of_every_sender_are_read_as_flytekit_reads_them() {
    let recorded = vectors::cases(DECODE);
    assert_eq!(recorded.len(), 61);
    let cases: Vec<_> = [msgpack(), literals(), attribute_access(), data()].into_iter().flatten().collect();
    let known = |name: &str| recorded.iter().any(|recorded| vectors::name(recorded) == name);
    for name in cases.iter().map(|case| &case.name).chain(WITHOUT.iter().flat_map(|(_, names)| *names)) {
        assert!(known(name), "nothing is recorded as `{name}`");
    }
    for recorded in &recorded {
        let name = vectors::name(recorded);
        let theirs = recorded["ok"].as_bool().unwrap();
        let literal = vectors::bytes(recorded, "literal_hex");
        let mut tested = false;
        for case in cases.iter().filter(|case| case.name == name) {
            let ours = (case.check)(&literal);
            assert_eq!(
                ours != theirs,
                case.differs.is_some(),
                "`{name}`: flytekit reads it: {theirs}; we are to differ: {:?}",
                case.differs
            );
            tested = true;
        }
        let listed = WITHOUT.iter().any(|(_, names)| names.contains(&name));
        assert!(tested != listed, "`{name}` is to be either tested or listed");
    }
}

/// Errors tell how bad the bytes are, not only that they are.
#[test]
fn refusals_have_the_kind_that_callers_decide_by() {
    let kind = |name: &str, decode: fn(&[u8]) -> ErrorKind| {
        let recorded = vectors::cases(DECODE).into_iter().find(|recorded| vectors::name(recorded) == name).unwrap();
        decode(&vectors::bytes(&recorded, "literal_hex"))
    };
    assert_eq!(kind("Inner<-binary missing x", |literal| decode::<Inner>(literal).unwrap_err().kind()), ErrorKind::Missing);
    assert_eq!(kind("Union[float,int] bare int", |literal| decode::<FloatOrInt>(literal).unwrap_err().kind()), ErrorKind::Ambiguous);
    assert_eq!(kind("str<-none", |literal| decode::<String>(literal).unwrap_err().kind()), ErrorKind::Mismatch);
}
