//! What holds for any bytes at all: the fuzz targets try it, and `tests/fuzz_regressions.rs` tries it on what they found.
#![allow(dead_code, unreachable_pub, reason = "each target has it as a module and uses its own half")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;

use nebulakit::NebulaType;
use nebulakit_types::convert::check::check;
use nebulakit_types::convert::msgpack::{Packer, Unpacker};
use nebulakit_types::convert::reader::{LiteralRef, References, offloaded_uris};
use nebulakit_types::json::{self, Message};
use nebulakit_types::{Bytes, Dialect, ErrorKind, Hashed, Literal, LiteralType, Raw, Untyped};

#[derive(Debug, NebulaType)]
struct Everything {
    integer: i64,
    byte: u8,
    float: f64,
    narrow: f32,
    text: String,
    flag: bool,
    time: std::time::SystemTime,
    bytes: Bytes,
    nothing: (),
    list: Vec<Option<i64>>,
    map: BTreeMap<String, Vec<f64>>,
    numbered: BTreeMap<i16, Choice>,
    untyped: Untyped,
    inner: Option<Inner>,
    #[nebula(default = Color::Green)]
    color: Color,
    hashed: Hashed<i64>,
    raw: Raw<Vec<u64>>,
}

#[derive(Debug, Clone, NebulaType)]
struct Inner {
    x: i64,
    y: Option<String>,
}

#[derive(Debug, NebulaType)]
struct Other {
    x: f64,
    z: Vec<Choice>,
}

#[derive(Debug, NebulaType)]
enum Color {
    #[nebula(value = "red")]
    Red,
    #[nebula(value = "green")]
    Green,
}

#[derive(Debug, NebulaType)]
enum Choice {
    Time(std::time::SystemTime),
    Integer(i32),
    Text(String),
    Inner(Inner),
    Map(BTreeMap<String, bool>),
    List(Vec<f64>),
    Flag(bool),
    Nothing(()),
}

#[derive(Debug, NebulaType)]
enum Loose {
    Inner(Inner),
    Other(Other),
    Anything(Untyped),
}

/// Types that any bytes are compared with.
static DECLARED: LazyLock<[LiteralType; 4]> = LazyLock::new(|| {
    [
        Option::<Choice>::literal_type(&Dialect::FLYTE_2),
        Vec::<Option<Vec<Option<String>>>>::literal_type(&Dialect::FLYTE_1),
        BTreeMap::<String, BTreeMap<String, Color>>::literal_type(&Dialect::FLYTE_1),
        Untyped::literal_type(&Dialect::FLYTE_1),
    ]
});

/// Any bytes as a literal: walks over them and every decoder end in a value or an error, and a value is written as the literal of its
/// type and read again as itself.
pub fn literal(bytes: &[u8]) {
    let _ = offloaded_uris(bytes);
    let _ = LiteralRef::new(bytes, References::none()).hash();
    for declared in DECLARED.iter() {
        let _ = check(LiteralRef::new(bytes, References::none()), declared);
    }
    let json = json::to_json(Message::Literal, bytes);
    let hash = json::offload_hash(bytes);
    assert_eq!(json.is_ok(), hash.is_ok(), "{json:?} but {hash:?}");
    if let Ok(tree) = Literal::decode(bytes) {
        let written = tree.encode();
        let again = Literal::decode(&written).expect("what is written is read");
        // `Debug` leaves out what is secret in URIs.
        assert_eq!((format!("{again:?}"), again.encode()), (format!("{tree:?}"), written));
    }
    decoded::<i64>(bytes);
    decoded::<u8>(bytes);
    decoded::<f64>(bytes);
    decoded::<f32>(bytes);
    decoded::<bool>(bytes);
    decoded::<String>(bytes);
    decoded::<()>(bytes);
    decoded::<Bytes>(bytes);
    decoded::<std::time::SystemTime>(bytes);
    decoded::<std::time::Duration>(bytes);
    decoded::<Vec<i64>>(bytes);
    decoded::<Option<Vec<Option<String>>>>(bytes);
    decoded::<BTreeMap<String, Vec<f64>>>(bytes);
    decoded::<BTreeMap<u8, String>>(bytes);
    decoded::<Untyped>(bytes);
    decoded::<serde_json::Value>(bytes);
    decoded::<Color>(bytes);
    decoded::<Choice>(bytes);
    decoded::<Option<Choice>>(bytes);
    decoded::<Option<Loose>>(bytes);
    decoded::<Vec<Inner>>(bytes);
    decoded::<Everything>(bytes);
    decoded::<Hashed<Option<i64>>>(bytes);
    decoded::<Raw<Vec<Option<i64>>>>(bytes);
}

fn decoded<T: NebulaType + Debug>(bytes: &[u8]) {
    let Ok(value) = nebulakit_types::decode::<T>(bytes) else { return };
    for dialect in [&Dialect::FLYTE_1, &Dialect::FLYTE_2] {
        let literal = match nebulakit_types::encode(&value, dialect) {
            Ok(literal) => literal,
            // msgpack has integers that literals do not have, and a literal that is passed through is looked at only here.
            Err(error) if error.kind() == ErrorKind::OutOfRange || is_raw::<T>() => continue,
            Err(error) => panic!("{value:?} was read and cannot be written: {error}"),
        };
        check(LiteralRef::new(&literal, References::none()), &T::literal_type(dialect)).expect("what is written is of its type");
        let again = nebulakit_types::decode::<T>(&literal).expect("what is written is read");
        assert!(is_raw::<T>() || format!("{again:?}") == format!("{value:?}"), "{value:?} comes back as {again:?}");
    }
}

fn is_raw<T>() -> bool {
    std::any::type_name::<T>().contains("Raw<")
}

/// Any bytes as msgpack: what can be read can be written, and is read again as itself.
pub fn packed(bytes: &[u8]) {
    unpacked::<Everything>(bytes);
    unpacked::<Inner>(bytes);
    unpacked::<Other>(bytes);
    unpacked::<Choice>(bytes);
    unpacked::<Vec<Loose>>(bytes);
    unpacked::<Option<Loose>>(bytes);
    unpacked::<Untyped>(bytes);
    unpacked::<serde_json::Value>(bytes);
    unpacked::<BTreeMap<u64, Vec<Option<Inner>>>>(bytes);
    unpacked::<BTreeMap<String, Color>>(bytes);
    // Spans finer than a microsecond are rounded by the float that they travel as.
    let _ = std::time::Duration::unpack(&mut Unpacker::new(bytes));
    let mut skipped = Unpacker::new(bytes);
    if skipped.skip().is_ok() {
        assert_eq!(Unpacker::new(bytes).raw().expect("it was skipped").len(), bytes.len() - skipped.rest().len());
    }
}

fn unpacked<T: NebulaType + Debug>(bytes: &[u8]) {
    let mut unpacker = Unpacker::new(bytes);
    let Ok(value) = T::unpack(&mut unpacker) else { return };
    let mut packer = Packer::new(&Dialect::FLYTE_1);
    value.pack(&mut packer).expect("what is read is written");
    let written = packer.finish();
    let mut again = Unpacker::new(&written);
    let value_again = T::unpack(&mut again).expect("what is written is read");
    again.end().expect("nothing is left");
    assert_eq!(format!("{value_again:?}"), format!("{value:?}"));
}
