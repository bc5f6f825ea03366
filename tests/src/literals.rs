//! Literals for tests: built by hand, or from the proto3 JSON of the golden files.

use nebulakit_types::wire::flyteidl::core::{
    Binary, Blob, BlobMetadata, BlobType, Literal, LiteralCollection, LiteralMap, LiteralOffloadedMetadata, LiteralType, Primitive, Scalar,
    TypeStructure, Union, Void, blob_type, literal, literal_type, primitive, scalar,
};
use serde_json::Value;

fn of(value: literal::Value) -> Literal {
    Literal { value: Some(value), ..Literal::default() }
}

fn scalar(value: scalar::Value) -> Literal {
    of(literal::Value::Scalar(Box::new(Scalar { value: Some(value) })))
}

fn primitive(value: primitive::Value) -> Literal {
    scalar(scalar::Value::Primitive(Primitive { value: Some(value) }))
}

/// An integer.
#[must_use]
pub fn int(value: i64) -> Literal {
    primitive(primitive::Value::Integer(value))
}

/// A float.
#[must_use]
pub fn float(value: f64) -> Literal {
    primitive(primitive::Value::FloatValue(value))
}

/// A boolean.
#[must_use]
pub fn boolean(value: bool) -> Literal {
    primitive(primitive::Value::Boolean(value))
}

/// A string.
#[must_use]
pub fn text(value: impl Into<String>) -> Literal {
    primitive(primitive::Value::StringValue(value.into()))
}

/// An instant.
#[must_use]
pub fn datetime(seconds: i64, nanos: i32) -> Literal {
    primitive(primitive::Value::Datetime(nebulakit_types::wire::google::protobuf::Timestamp { seconds, nanos }))
}

/// A span.
#[must_use]
pub fn duration(seconds: i64, nanos: i32) -> Literal {
    primitive(primitive::Value::Duration(nebulakit_types::wire::google::protobuf::Duration { seconds, nanos }))
}

/// A file.
#[must_use]
pub fn file(uri: impl Into<String>) -> Literal {
    blob(uri, blob_type::BlobDimensionality::Single)
}

/// A directory.
#[must_use]
pub fn directory(uri: impl Into<String>) -> Literal {
    blob(uri, blob_type::BlobDimensionality::Multipart)
}

fn blob(uri: impl Into<String>, dimensionality: blob_type::BlobDimensionality) -> Literal {
    let blob_type = BlobType { dimensionality: dimensionality.into(), ..BlobType::default() };
    scalar(scalar::Value::Blob(Blob { metadata: Some(BlobMetadata { r#type: Some(blob_type) }), uri: uri.into() }))
}

/// The URI of a file or a directory.
///
/// # Panics
/// When the literal is neither.
#[must_use]
pub fn uri(literal: &Literal) -> &str {
    match &literal.value {
        Some(literal::Value::Scalar(scalar)) => match &scalar.value {
            Some(scalar::Value::Blob(blob)) => &blob.uri,
            other => panic!("no blob: {other:?}"),
        },
        other => panic!("no blob: {other:?}"),
    }
}

/// Bytes with a tag; structs carry `msgpack`.
#[must_use]
pub fn binary(value: impl Into<Vec<u8>>, tag: &str) -> Literal {
    scalar(scalar::Value::Binary(Binary { value: value.into(), tag: tag.to_owned() }))
}

/// No value.
#[must_use]
pub fn none() -> Literal {
    scalar(scalar::Value::NoneType(Void {}))
}

/// A list.
#[must_use]
pub fn list(literals: impl IntoIterator<Item = Literal>) -> Literal {
    of(literal::Value::Collection(LiteralCollection { literals: literals.into_iter().collect() }))
}

/// A map.
#[must_use]
pub fn map<'a>(entries: impl IntoIterator<Item = (&'a str, Literal)>) -> Literal {
    let literals = entries.into_iter().map(|(name, literal)| (name.to_owned(), literal)).collect();
    of(literal::Value::Map(LiteralMap { literals }))
}

/// A reference to a literal in a file of its own.
#[must_use]
pub fn offloaded(uri: &str, size_bytes: u64) -> Literal {
    of(literal::Value::OffloadedMetadata(LiteralOffloadedMetadata { uri: uri.to_owned(), size_bytes, inferred_type: None }))
}

/// The literal map of its proto3 JSON.
#[must_use]
pub fn map_from_json(json: &Value) -> LiteralMap {
    let entries = json.get("literals").and_then(Value::as_object);
    LiteralMap { literals: entries.into_iter().flatten().map(|(name, literal)| (name.clone(), from_json(literal))).collect() }
}

/// The literal of its proto3 JSON; of the kinds that the golden files hold.
#[must_use]
pub fn from_json(json: &Value) -> Literal {
    let (kind, value) = json.as_object().unwrap().iter().find(|(key, _)| *key != "hash").unwrap();
    match kind.as_str() {
        "scalar" => scalar_from_json(value),
        "collection" => list(value["literals"].as_array().into_iter().flatten().map(from_json)),
        "map" => of(literal::Value::Map(map_from_json(value))),
        "offloadedMetadata" => offloaded(value["uri"].as_str().unwrap(), value["sizeBytes"].as_str().unwrap().parse().unwrap()),
        other => panic!("unknown literal {other}"),
    }
}

fn scalar_from_json(json: &Value) -> Literal {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "primitive" => match value.as_object().unwrap().iter().next().unwrap() {
            (kind, value) if kind == "integer" => int(value.as_str().unwrap().parse().unwrap()),
            (kind, value) if kind == "floatValue" => float(value.as_f64().unwrap()),
            (kind, value) if kind == "stringValue" => text(value.as_str().unwrap()),
            (kind, value) if kind == "boolean" => boolean(value.as_bool().unwrap()),
            (kind, _) => panic!("unknown primitive {kind}"),
        },
        "noneType" => none(),
        "union" => scalar(scalar::Value::Union(Box::new(Union {
            value: Some(Box::new(from_json(&value["value"]))),
            r#type: Some(type_from_json(&value["type"])),
        }))),
        other => panic!("unknown scalar {other}"),
    }
}

fn type_from_json(json: &Value) -> LiteralType {
    let simple = match json["simple"].as_str().unwrap() {
        "NONE" => 0,
        "INTEGER" => 1,
        "STRING" => 3,
        other => panic!("unknown type {other}"),
    };
    let structure = json
        .get("structure")
        .map(|structure| TypeStructure { tag: structure["tag"].as_str().unwrap().to_owned(), ..TypeStructure::default() });
    LiteralType { r#type: Some(literal_type::Type::Simple(simple)), structure, ..LiteralType::default() }
}
