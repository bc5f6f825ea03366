//! Which outputs flow into which inputs: the verdicts of a running Flyte, and laws of the rule.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]

use nebulakit_types::literal_type::{
    BlobDimensionality, DatasetColumn, LiteralType, SchemaColumn, SchemaColumnType, SchemaType, SimpleType, StructuredDatasetType,
    TypeKind, TypeStructure, castable,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Every pair of types that was bound on a cluster, with its verdict.
const VERDICTS: &str = include_str!("golden/flyte1-casts.jsonl");

#[test]
fn verdicts_are_those_of_a_running_flyte() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in VERDICTS.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let (upstream, downstream) = (literal_type(&case["upstream"]), literal_type(&case["downstream"]));
        count += 1;
        if castable(&upstream, &downstream) != case["accepted"].as_bool().unwrap() {
            wrong.push(line);
        }
    }
    assert_eq!(count, 2214);
    assert!(wrong.is_empty(), "{} wrong verdicts:\n{}", wrong.len(), wrong.join("\n"));
}

/// The types of the verdicts survive the wire, and print as they were read.
#[test]
fn types_survive_bytes_and_json() {
    for line in VERDICTS.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        for side in ["upstream", "downstream"] {
            let original = literal_type(&case[side]);
            let decoded = LiteralType::decode(&original.encode()).unwrap();
            assert_eq!(decoded.encode(), original.encode());
            assert_eq!(doubles(decoded.to_json()), doubles(explicit(case[side].clone())));
            assert_eq!(LiteralType::from_json(&original.to_json()).unwrap(), decoded);
            assert_eq!(LiteralType::from_json(&case[side]).unwrap(), decoded, "what another program wrote");
        }
    }
}

/// Unions of one in unions of one, as deep as a message goes: each pair is judged once, not on each way to it.
#[test]
fn unions_within_unions_are_judged_at_once() {
    let nested = |innermost| (0..33).fold(LiteralType::simple(innermost), |inside, _| LiteralType::union(vec![inside]));
    let (int, float) = (nested(SimpleType::Integer), nested(SimpleType::Float));
    let start = std::time::Instant::now();
    assert!(castable(&int, &int));
    assert!(!castable(&int, &float));
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}

fn struct_of(schema: Value) -> LiteralType {
    let mut struct_type = LiteralType::simple(SimpleType::Struct);
    struct_type.metadata = schema.as_object().cloned();
    struct_type
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

#[test]
fn schemas_are_compared_as_the_platform_does() {
    let a = object(json!({"a": {"type": "integer"}}), &["a"]);
    let ab = object(json!({"a": {"type": "integer"}, "b": {"type": "string"}}), &["a", "b"]);
    let referring = json!({"$ref": "#/$defs/A", "$defs": {"A": ab}});
    let draft_7 = json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": {"a": {"type": "integer"}}});
    let optional = |object: &Value| object_with(json!({"x": {"anyOf": [object, {"type": "null"}]}}));
    let closed = |object: &Value| object_with(json!({"x": object}));
    for (why, upstream, downstream, accepted) in [
        ("references are followed", &referring, &a, true),
        ("references are followed in the downstream", &a, &referring, false),
        ("draft 7 may be named", &ab, &draft_7, true),
        ("nested fields may be dropped", &closed(&ab), &closed(&a), true),
        ("but not within alternatives, for `additionalProperties` counts there", &optional(&ab), &optional(&a), false),
        (
            "enums without a type are not compared",
            &object_with(json!({"x": {"enum": ["a"]}})),
            &object_with(json!({"x": {"enum": ["b"]}})),
            true,
        ),
        (
            "formats are",
            &object_with(json!({"x": {"type": "string", "format": "date"}})),
            &object_with(json!({"x": {"type": "string"}})),
            false,
        ),
        (
            "values of maps are not",
            &object_with(json!({"x": {"type": "object", "additionalProperties": {"type": "string"}}})),
            &object_with(json!({"x": {"type": "object", "additionalProperties": {"type": "integer"}}})),
            true,
        ),
        (
            "elements of lists are",
            &object_with(json!({"x": {"type": "array", "items": {"type": "string"}}})),
            &object_with(json!({"x": {"type": "array", "items": {"type": "integer"}}})),
            false,
        ),
        ("a schema that is none fits nothing but itself", &json!({"type": 1}), &a, false),
        ("itself", &json!({"type": 1}), &json!({"type": 1.0}), true),
        ("a broken reference too", &json!({"$ref": "#/nowhere"}), &a, false),
        ("a reference to itself too", &json!({"$ref": "#"}), &a, false),
    ] {
        assert_eq!(castable(&struct_of(upstream.clone()), &struct_of(downstream.clone())), accepted, "{why}");
    }
}

fn object_with(properties: Value) -> Value {
    object(properties, &[])
}

/// Schemas that contain themselves twice over would be compared for ever.
#[test]
fn endless_schemas_are_refused_in_time() {
    let endless = |title: &str| {
        json!({"$ref": "#/$defs/N", "title": title, "$defs": {"N": {
            "type": "object", "properties": {"left": {"$ref": "#/$defs/N"}, "right": {"$ref": "#/$defs/N"}},
        }}})
    };
    assert!(!castable(&struct_of(endless("A")), &struct_of(endless("B"))));
    assert!(castable(&struct_of(endless("A")), &struct_of(endless("A"))));
}

#[test]
fn columns_of_datasets_are_cast_one_by_one() {
    let dataset = |columns: Vec<(&str, LiteralType)>| {
        let columns = columns.into_iter().map(|(name, literal_type)| DatasetColumn { name: name.to_owned(), literal_type }).collect();
        LiteralType::new(TypeKind::StructuredDataset(StructuredDatasetType { columns, ..Default::default() }))
    };
    let int = || LiteralType::simple(SimpleType::Integer);
    let text = || LiteralType::simple(SimpleType::String);
    let letters = || LiteralType::enumeration(vec!["a".to_owned()]);
    assert!(castable(&dataset(vec![("a", int()), ("b", text())]), &dataset(vec![("b", text())])));
    assert!(castable(&dataset(vec![("a", letters())]), &dataset(vec![("a", text())])));
    assert!(!castable(&dataset(vec![("a", int())]), &dataset(vec![("a", text())])));
    assert!(!castable(&dataset(vec![("a", int())]), &dataset(vec![("b", int())])));
}

/// Types of which every law holds: tags only in unions, variants that do not overlap.
fn any_type() -> impl Strategy<Value = LiteralType> {
    let simple = prop::sample::select(vec![
        SimpleType::None,
        SimpleType::Integer,
        SimpleType::Float,
        SimpleType::String,
        SimpleType::Boolean,
        SimpleType::Datetime,
        SimpleType::Duration,
        SimpleType::Binary,
        SimpleType::Struct,
    ])
    .prop_map(LiteralType::simple);
    let blob = ("(csv|jpg|)", any::<bool>()).prop_map(|(format, many)| {
        LiteralType::blob(format, if many { BlobDimensionality::Multipart } else { BlobDimensionality::Single })
    });
    let texts = prop::collection::vec("[a-c]", 1..3).prop_map(LiteralType::enumeration);
    prop_oneof![4 => simple, 1 => blob, 1 => texts].prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(LiteralType::collection),
            inner.clone().prop_map(LiteralType::map),
            (inner, "[a-c]").prop_map(|(inner, tag)| LiteralType::union(vec![
                inner.with_tag(&tag),
                LiteralType::simple(SimpleType::None).with_tag("none")
            ])),
        ]
    })
}

proptest! {
    #[test]
    fn every_type_flows_into_itself(literal_type in any_type()) {
        prop_assert!(castable(&literal_type, &literal_type));
    }

    #[test]
    fn wrapping_keeps_the_verdict_of_plain_types(a in any_type(), b in any_type()) {
        // A list or map of none is empty, and fits everywhere; a union of one variant is opened only at the top.
        prop_assume!(a.kind != TypeKind::Simple(SimpleType::None) && !matches!(a.kind, TypeKind::Union(_)));
        let verdict = castable(&a, &b);
        prop_assert_eq!(castable(&LiteralType::collection(a.clone()), &LiteralType::collection(b.clone())), verdict);
        prop_assert_eq!(castable(&LiteralType::map(a), &LiteralType::map(b)), verdict);
    }

    #[test]
    fn types_survive_the_wire(literal_type in any_type()) {
        prop_assert_eq!(LiteralType::decode(&literal_type.encode()).unwrap(), literal_type);
    }
}

/// Reads the proto3 JSON of a type.
fn literal_type(json: &Value) -> LiteralType {
    let kind = if let Some(simple) = json.get("simple") {
        TypeKind::Simple(simple_type(simple))
    } else if let Some(element) = json.get("collectionType") {
        TypeKind::Collection(Box::new(literal_type(element)))
    } else if let Some(value) = json.get("mapValueType") {
        TypeKind::Map(Box::new(literal_type(value)))
    } else if let Some(values) = json.get("enumType") {
        TypeKind::Enum(list(values, "values").iter().map(string).collect())
    } else if let Some(union) = json.get("unionType") {
        TypeKind::Union(list(union, "variants").iter().map(literal_type).collect())
    } else if let Some(blob) = json.get("blob") {
        let many = blob.get("dimensionality").is_some_and(|dimensionality| dimensionality == "MULTIPART");
        let dimensionality = if many { BlobDimensionality::Multipart } else { BlobDimensionality::Single };
        LiteralType::blob(blob.get("format").map(string).unwrap_or_default(), dimensionality).kind
    } else if let Some(schema) = json.get("schema") {
        let columns = list(schema, "columns").iter().map(|column| SchemaColumn {
            name: string(&column["name"]),
            kind: match column.get("type").map(string).as_deref() {
                None | Some("INTEGER") => SchemaColumnType::Integer,
                Some("STRING") => SchemaColumnType::String,
                other => panic!("a column of {other:?}"),
            },
        });
        TypeKind::Schema(SchemaType { columns: columns.collect() })
    } else if let Some(dataset) = json.get("structuredDatasetType") {
        let columns = list(dataset, "columns")
            .iter()
            .map(|column| DatasetColumn { name: string(&column["name"]), literal_type: literal_type(&column["literalType"]) });
        let format = dataset.get("format").map(string).unwrap_or_default();
        TypeKind::StructuredDataset(StructuredDatasetType { columns: columns.collect(), format, ..Default::default() })
    } else {
        panic!("a type of no kind: {json}")
    };
    let structure = json.get("structure").map(|structure| TypeStructure {
        tag: structure.get("tag").map(string).unwrap_or_default(),
        dataclass_type: structure
            .get("dataclassType")
            .and_then(Value::as_object)
            .map(|fields| fields.iter().map(|(name, field)| (name.clone(), literal_type(field))).collect())
            .unwrap_or_default(),
    });
    let mut literal_type = LiteralType::new(kind);
    literal_type.metadata = json.get("metadata").and_then(Value::as_object).cloned();
    literal_type.annotation = json.get("annotation").and_then(|notes| notes["annotations"].as_object().cloned());
    literal_type.structure = structure;
    literal_type
}

fn simple_type(name: &Value) -> SimpleType {
    match name.as_str().unwrap() {
        "NONE" => SimpleType::None,
        "INTEGER" => SimpleType::Integer,
        "FLOAT" => SimpleType::Float,
        "STRING" => SimpleType::String,
        "BOOLEAN" => SimpleType::Boolean,
        "DATETIME" => SimpleType::Datetime,
        "DURATION" => SimpleType::Duration,
        "BINARY" => SimpleType::Binary,
        "ERROR" => SimpleType::Error,
        "STRUCT" => SimpleType::Struct,
        other => panic!("a simple type called {other}"),
    }
}

fn list<'v>(json: &'v Value, key: &str) -> &'v [Value] {
    json.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn string(json: &Value) -> String {
    json.as_str().unwrap().to_owned()
}

/// Drops the defaults that the verdicts spell out.
fn explicit(mut json: Value) -> Value {
    match &mut json {
        Value::Object(object) => {
            object.retain(|key, value| !(key == "dimensionality" && value == "SINGLE" || key == "type" && value == "INTEGER"));
            for value in object.values_mut() {
                *value = explicit(value.take());
            }
        }
        Value::Array(values) => {
            for value in values {
                *value = explicit(value.take());
            }
        }
        _ => {}
    }
    json
}

/// Makes all numbers doubles, as the wire does.
fn doubles(mut json: Value) -> Value {
    match &mut json {
        Value::Number(number) => json = number.as_f64().unwrap().into(),
        Value::Object(object) => object.values_mut().for_each(|value| *value = doubles(value.take())),
        Value::Array(values) => values.iter_mut().for_each(|value| *value = doubles(value.take())),
        _ => {}
    }
    json
}
