//! The classes of the recorded vectors, as a Rust neighbour declares them: the names, the order of the fields and the defaults are
//! those of the Python declarations.
#![allow(missing_docs, reason = "the Python side documents them: each field is there for its type")]

use std::collections::BTreeMap;

use nebulakit::NebulaType;
use nebulakit_types::Bytes;

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Inner {
    pub x: i64,
    pub y: Option<String>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Simple {
    pub a: i64,
    pub b: String,
    pub c: f64,
    pub d: bool,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Temporal {
    pub dt: jiff::Timestamp,
    pub td: jiff::SignedDuration,
    pub d: jiff::civil::Date,
}

/// [`Temporal`] with chrono's types.
#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "Temporal")]
pub struct ChronoTemporal {
    pub dt: chrono::DateTime<chrono::Utc>,
    pub td: chrono::TimeDelta,
    pub d: chrono::NaiveDate,
}

#[derive(Debug, Clone, Copy, PartialEq, NebulaType)]
pub enum Color {
    #[nebula(value = "red", name = "RED")]
    Red,
    #[nebula(value = "green", name = "GREEN")]
    Green,
    #[nebula(value = "blue", name = "BLUE")]
    Blue,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Nested {
    pub name: String,
    pub inner: Inner,
    pub items: Vec<i64>,
    pub m: BTreeMap<String, f64>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct WithEnum {
    pub c: Color,
    pub o: Option<Color>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct IntKeys {
    pub m: BTreeMap<i64, String>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Empty {}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Defaults {
    #[nebula(default = 5)]
    pub a: i64,
    #[nebula(default = "x")]
    pub b: String,
    #[nebula(default = vec![1, 2])]
    pub c: Vec<i64>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub enum IntOrStr {
    Int(i64),
    Str(String),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct UnionField {
    pub u: IntOrStr,
    pub v: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "DCJson")]
pub struct DcJson {
    pub a: i64,
    pub b: String,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "BytesDC")]
pub struct BytesDc {
    pub b: Bytes,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct BigInts {
    pub a: i64,
    pub b: i64,
    pub c: i64,
    pub d: i64,
    pub e: i64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct Floats {
    pub a: f64,
    pub b: f64,
    pub c: f64,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct OptNested {
    #[nebula(required)]
    pub a: Option<Inner>,
    #[nebula(required)]
    pub b: Option<Vec<Inner>>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub struct MapMap {
    pub m: BTreeMap<String, BTreeMap<String, Vec<i64>>>,
    pub n: BTreeMap<String, Option<i64>>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "PInner", pydantic)]
pub struct PydanticInner {
    pub x: i64,
    pub y: Option<String>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "PModel", pydantic)]
pub struct PydanticModel {
    pub a: i64,
    #[nebula(default = "hi")]
    pub b: String,
    pub inner: PydanticInner,
    pub l: Vec<PydanticInner>,
    #[nebula(default = Color::Red)]
    pub e: Color,
    pub dt: jiff::Timestamp,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "PEmpty", pydantic)]
pub struct PydanticEmpty {}

#[derive(Debug, Clone, PartialEq, NebulaType)]
#[nebula(rename = "PScalars", pydantic)]
pub struct PydanticScalars {
    pub m: BTreeMap<i64, String>,
    /// pydantic writes bytes as the text that they spell in UTF-8.
    pub b: String,
    pub f: f64,
    pub t: jiff::SignedDuration,
    pub d: jiff::civil::Date,
    pub o: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub enum Many {
    Int(i64),
    Float(f64),
    Str(String),
    Bool(bool),
    Nothing(()),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub enum ListOrDict {
    List(Vec<i64>),
    Dict(BTreeMap<String, i64>),
}

#[derive(Debug, Clone, PartialEq, NebulaType)]
pub enum FloatOrInt {
    Float(f64),
    Int(i64),
}

#[derive(Debug, Clone, NebulaType)]
#[nebula(rename = "PFile", pydantic)]
pub struct PydanticFiles {
    pub f: nebulakit::File,
    pub d: nebulakit::Directory,
}
