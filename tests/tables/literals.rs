//! Tables as literals: the bytes that flytekit writes, every form that senders send, inside of every other type.

use std::collections::BTreeMap;

use nebulakit::NebulaType;
use nebulakit::schema::{AnyRow, LegacySchema, Row, Schema};
use nebulakit::types::convert::check::check;
use nebulakit::types::convert::reader::{LiteralRef, References};
use nebulakit::types::convert::writer::Encoder;
use nebulakit::types::literal::{Literal, LiteralValue};
use nebulakit::types::outbox::Outbox;
use nebulakit::types::{Dialect, ErrorKind, LiteralType, decode, encode};
use nebulakit_tests::literals::{binary, text};
use nebulakit_tests::vectors::{self, to_hex};
use prost::Message as _;
use serde_json::{Value, json};

use super::shared::{Place, batch, run};

const LITERALS: &str = include_str!("../golden/flytekit-literals.jsonl");
const DECODE: &str = include_str!("../golden/flytekit-decode.jsonl");

fn recorded(file: &str, name: &str) -> Value {
    vectors::cases(file).into_iter().find(|case| vectors::name(case) == name).unwrap()
}

/// The type is flytekit's, and the value that it wrote is read and written again as the same bytes.
fn same<T: NebulaType + std::fmt::Debug>(name: &str) -> T {
    let case = recorded(LITERALS, name);
    let theirs = vectors::bytes(&case, "literal_type_hex");
    let ours = T::literal_type(&Dialect::FLYTE_1);
    assert_eq!(LiteralType::decode(&ours.encode()).unwrap(), LiteralType::decode(&theirs).unwrap(), "the type of `{name}`");
    let literal = vectors::bytes(&case, "literal_hex");
    let value: T = decode(&literal).unwrap();
    let written = encode(&value, &Dialect::FLYTE_1).unwrap();
    assert_eq!(to_hex(&written), to_hex(&literal), "the bytes of `{name}`");
    check(LiteralRef::new(&written, References::none()), &ours).unwrap();
    value
}

#[derive(Row, Debug)]
struct OnlyA {
    a: i64,
}

#[test]
fn tables_are_the_bytes_that_flytekit_writes() {
    for name in ["pandas_df", "sd_wrapping_df", "arrow_table"] {
        let table: Schema = same(name);
        assert_eq!(table.format(), "parquet");
        assert!(table.uri().unwrap().starts_with("/data/raw/"));
    }
    same::<Schema<OnlyA>>("pandas_df_columns");
    for name in ["optional_structured_dataset", "optional_schema_df"] {
        assert!(same::<Option<Schema>>(name).is_some());
    }
}

#[test]
fn a_legacy_schema_is_the_bytes_that_flytekit_writes() {
    // The example of the contract, "tabular".
    let example = vectors::from_hex("0a2a22280a182f746d702f68312d776f726b2f7261772f736368656d61311a0c1a030a01611a050a01621002");
    #[derive(Row)]
    struct Columns {
        a: i64,
        b: String,
    }
    let table: LegacySchema<Columns> = decode(&example).unwrap();
    assert_eq!(table.uri(), Some("/tmp/h1-work/raw/schema1"));
    assert_eq!(to_hex(&encode(&table, &Dialect::FLYTE_1).unwrap()), to_hex(&example));
    assert_eq!(to_hex(&LegacySchema::<Columns>::literal_type(&Dialect::FLYTE_1).encode()), "120c1a030a01611a050a01621002");
    // Each form is read as the other.
    let modern: Schema = decode(&example).unwrap();
    assert_eq!(modern.uri(), table.uri());
    let legacy: LegacySchema = decode(&encode(&modern, &Dialect::FLYTE_1).unwrap()).unwrap();
    assert_eq!(legacy.uri(), table.uri());
    let csv = LegacySchema::from(Schema::<AnyRow>::from_uri("s3://b/t").with_format("csv"));
    assert_eq!(encode(&csv, &Dialect::FLYTE_1).unwrap_err().kind(), ErrorKind::Unencodable);
}

#[derive(NebulaType, Debug)]
struct Holder {
    s: Schema,
    l: LegacySchema,
    many: Vec<Schema>,
    named: BTreeMap<String, Option<Schema>>,
}

#[test]
fn tables_stand_in_structs_as_flytekit_writes_them() {
    let case = recorded(LITERALS, "dataclass_flyte_types");
    let schema = &case["literal_type_json"]["metadata"]["properties"]["s"];
    assert_eq!(<Schema as NebulaType>::schema(&Dialect::FLYTE_1), *schema);
    let legacy = json!({
        "type": "object", "title": "FlyteSchema", "additionalProperties": false,
        "properties": { "remote_path": { "anyOf": [{ "type": "string" }, { "type": "null" }], "default": null } },
    });
    assert_eq!(<LegacySchema as NebulaType>::schema(&Dialect::FLYTE_1), legacy);

    #[derive(NebulaType, Debug)]
    struct OnlyTable {
        s: Schema,
    }
    // Among the files beside it, the table is read alone.
    let holder: OnlyTable = decode(&vectors::bytes(&case, "literal_hex")).unwrap();
    assert_eq!((holder.s.uri(), holder.s.format()), (Some("s3://b/sd"), "parquet"));

    let table = |uri: &str| Schema::from_uri(uri);
    let named = BTreeMap::from([("none".to_owned(), None), ("some".to_owned(), Some(table("s3://b/4")))]);
    let holder =
        Holder { s: table("s3://b/1").with_format("csv"), l: LegacySchema(table("s3://b/2")), many: vec![table("s3://b/3")], named };
    let bytes = encode(&holder, &Dialect::FLYTE_1).unwrap();
    let untyped: serde_json::Value = decode::<nebulakit::Untyped>(&bytes).unwrap().try_into().unwrap();
    assert_eq!(
        untyped,
        json!({
            "s": { "uri": "s3://b/1", "file_format": "csv" },
            "l": { "remote_path": "s3://b/2" },
            "many": [{ "uri": "s3://b/3", "file_format": "parquet" }],
            "named": { "none": null, "some": { "uri": "s3://b/4", "file_format": "parquet" } },
        })
    );
    let back: Holder = decode(&bytes).unwrap();
    assert_eq!((back.s.uri(), back.l.uri(), back.many[0].uri()), (Some("s3://b/1"), Some("s3://b/2"), Some("s3://b/3")));
    assert_eq!(back.named["some"].as_ref().unwrap().uri(), Some("s3://b/4"));
}

#[test]
fn every_form_of_a_table_is_read() {
    // Attribute access on a struct, as recorded; flytekit reads it too.
    let case = recorded(DECODE, "attrpath: SD<-binary");
    assert!(case["ok"].as_bool().unwrap());
    let table: Schema = decode(&vectors::bytes(&case, "literal_hex")).unwrap();
    assert_eq!((table.uri(), table.format()), (Some("s3://b/sd"), "parquet"));

    let pack = |value: Value| encode(&nebulakit::Untyped::from(value), &Dialect::FLYTE_1).unwrap();
    for form in [json!({ "uri": "s3://b/x", "format": "CSV" }), json!({ "file_format": "CSV", "more": [1], "uri": "s3://b/x" })] {
        let table: Schema = decode(&pack(form)).unwrap();
        assert_eq!((table.uri(), table.format()), (Some("s3://b/x"), "CSV"));
    }
    let table: Schema = decode(&text("s3://b/x.csv").encode_to_vec()).unwrap();
    assert_eq!(table.uri(), Some("s3://b/x.csv"));
    let error = decode::<Schema>(&pack(json!({ "file_format": "csv" }))).unwrap_err();
    assert_eq!(error.to_string(), "the table has no URI");
    let error = decode::<Schema>(&binary(vec![1], "json").encode_to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert_eq!(
        decode::<Schema>(&encode(&5_i64, &Dialect::FLYTE_1).unwrap()).unwrap_err().to_string(),
        "expected a table, found an integer"
    );
}

#[test]
fn interfaces_declare_the_columns_of_a_row() {
    #[derive(Row)]
    struct Inner {
        d: Option<f64>,
        t: Vec<String>,
    }
    #[derive(Row)]
    struct Outer {
        a: u8,
        c: Inner,
        at: Option<std::time::SystemTime>,
    }
    let declared = Schema::<Outer>::literal_type(&Dialect::FLYTE_1).to_json();
    assert_eq!(
        declared,
        json!({ "structuredDatasetType": { "columns": [
            { "name": "a", "literalType": { "simple": "INTEGER" } },
            { "name": "c.d", "literalType": { "simple": "FLOAT" } },
            { "name": "c.t", "literalType": { "collectionType": { "simple": "STRING" } } },
            { "name": "at", "literalType": { "simple": "DATETIME" } },
        ] } })
    );
    // The older type has no word for lists.
    let legacy = LegacySchema::<Outer>::literal_type(&Dialect::FLYTE_1).to_json();
    assert_eq!(legacy["schema"]["columns"].as_array().unwrap().len(), 3);
}

#[test]
fn flyte_2_has_another_name_for_the_format() {
    #[derive(NebulaType)]
    struct OnlyTable {
        s: Schema,
    }
    let bytes = encode(&OnlyTable { s: Schema::from_uri("s3://b/1") }, &Dialect::FLYTE_2).unwrap();
    let untyped: serde_json::Value = decode::<nebulakit::Untyped>(&bytes).unwrap().try_into().unwrap();
    assert_eq!(untyped, json!({ "s": { "uri": "s3://b/1", "format": "parquet" } }));
}

#[test]
fn a_signature_tells_no_format_and_is_not_told() {
    let table: Schema = Schema::from_uri("https://host/table.csv?sig=5ignatur3");
    assert!(!format!("{table:?}").contains("5ignatur3"), "{table:?}");
    match Literal::decode(&encode(&table, &Dialect::FLYTE_1).unwrap()).unwrap().value {
        LiteralValue::StructuredDataset { uri, dataset_type } => {
            assert_eq!((uri.as_str(), dataset_type.format.as_str()), ("https://host/table.csv?sig=5ignatur3", "csv"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_table_in_memory_is_stored_by_the_outbox() {
    run(async {
        let place = Place::new();
        let batch = batch!(("a", Int64, [1, 2]));
        let write = |value: &dyn Fn(&mut Encoder)| {
            let mut encoder = Encoder::sending(&Dialect::FLYTE_1, Outbox::new(&place.workspace));
            value(&mut encoder);
            let outbox = std::mem::take(encoder.outbox());
            (encoder.finish(), outbox)
        };
        let table: Schema<OnlyA> = Schema::from_batches([batch.clone()]);
        let (literal, outbox) = write(&|encoder| vec![table.clone(), table.clone()].encode(encoder).unwrap());
        let tables: Vec<Schema> = decode(&literal).unwrap();
        assert_eq!(tables[0].read().collect().await.unwrap_err().kind(), ErrorKind::NotFound, "nothing is stored yet");
        outbox.send().await.unwrap();
        assert_ne!(tables[0].uri(), tables[1].uri());
        for table in tables {
            assert_eq!(table.within(&place.workspace).read().collect().await.unwrap()[0].columns(), batch.columns());
        }

        // Inside of a struct too, and in the format that is asked for.
        #[derive(NebulaType)]
        struct Inside {
            s: Schema<OnlyA>,
        }
        let inside = Inside { s: table.clone().with_format("csv") };
        let (literal, outbox) = write(&|encoder| inside.encode(encoder).unwrap());
        outbox.send().await.unwrap();
        let back: Inside = decode(&literal).unwrap();
        assert_eq!(back.s.format(), "csv");
        assert_eq!(std::fs::read_to_string(format!("{}/.csv", back.s.uri().unwrap())).unwrap(), "a\n1\n2\n");

        let error = encode(&table, &Dialect::FLYTE_1).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unencodable);
    });
}
