//! Files as the copilot's own code wrote and read them, and commands as propeller rendered them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nebulakit::__private::rehearsal::copilot;
use nebulakit::options::DataFormat;
use nebulakit::types::literal::{LiteralValue, Primitive};
use nebulakit::types::storage::{Storage, StorageConfig, UrlAliases};
use nebulakit::types::workspace::Workspace;
use nebulakit::types::{Literal, LiteralType};
use nebulakit_tests::vectors::{cases, from_hex, to_hex};
use serde_json::Value;
use tempfile::TempDir;

/// A store in which `s3://data` is a folder.
fn storage(folder: &Path) -> Storage {
    let mut aliases = UrlAliases::default();
    aliases.register("s3://data", folder.to_str().unwrap()).unwrap();
    Storage::new(StorageConfig { aliases, ..StorageConfig::default() })
}

/// All below `folder`, as the vectors have it.
fn files(folder: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{below}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            let name = format!("{name}/");
            files(&entry.path(), &name, found);
            found.insert(name, String::new());
        } else {
            found.insert(name, to_hex(&fs::read(entry.path()).unwrap()));
        }
    }
}

fn text<'a>(case: &'a Value, field: &str) -> &'a str {
    case[field].as_str().unwrap_or_default()
}

/// Maps whose keys are no names of files are refused: the copilot wrote one beside its folder.
const ESCAPES: &str = "map that escapes";

/// Where there are inputs, the copilot of that commit fails for none of them.
const NOTHING: &str = "nothing";

#[tokio::test]
async fn inputs_are_the_files_that_the_copilot_writes() {
    let mut judged = 0;
    for case in cases(include_str!("../golden/copilot/downloads.jsonl")) {
        let said = format!("{} in {}", text(&case, "case"), text(&case, "format"));
        let (store, host) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        for (uri, content) in case["store"].as_object().unwrap() {
            let path = store.path().join(uri.strip_prefix("s3://data/").unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, from_hex(content.as_str().unwrap())).unwrap();
        }
        let format = match text(&case, "format") {
            "JSON" => DataFormat::Json,
            "YAML" => DataFormat::Yaml,
            _ => DataFormat::Proto,
        };
        let inputs = from_hex(text(&case, "inputs"));
        let done = copilot::lay_out(&inputs, host.path(), text(&case, "folder"), format, &storage(store.path())).await;
        if text(&case, "case") == ESCAPES {
            let error = done.unwrap_err().to_string();
            assert!(error.contains("`a`: the key `../b` has a `/` in it"), "{error}");
            assert!(!host.path().join("b").exists());
            continue;
        }
        if text(&case, "case") == NOTHING {
            assert!(done.is_ok() && !text(&case, "error").is_empty());
            continue;
        }
        if !text(&case, "error").is_empty() {
            assert!(done.is_err(), "{said}");
            continue;
        }
        done.unwrap_or_else(|error| panic!("{said}: {error}"));
        let mut found = BTreeMap::new();
        files(host.path(), "", &mut found);
        let expected: BTreeMap<String, String> = serde_json::from_value(case["files"].clone()).unwrap();
        for (name, expected) in &expected {
            let found = found.get(name).unwrap_or_else(|| panic!("{said}: no `{name}` in {found:?}"));
            // Messages may be written in several ways.
            if name == "inputs.pb" {
                let read = |bytes: &str| Literal::decode_map(&from_hex(bytes)).unwrap();
                assert_eq!(format!("{:?}", read(found)), format!("{:?}", read(expected)), "{said}");
                continue;
            }
            let shown = |bytes: &str| String::from_utf8_lossy(&from_hex(bytes)).into_owned();
            assert_eq!(found, expected, "{said}: `{name}` is {:?}, expected {:?}", shown(found), shown(expected));
        }
        assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{said}");
        judged += 1;
    }
    assert_eq!(judged, 56);
}

/// What the copilot takes, and is refused here by name: it would lose something, or the next reader would not take it.
const REFUSED: [(&str, &str); 10] = [
    ("float", "0x1p-2"),
    ("float", "1_0"),
    ("datetime", "2024-02-29T12:34:56,5Z"),
    ("struct", "null"),
    ("struct", "{\"a\": 1} {}"),
    ("struct", "{\"a\": \"\u{fffd}\"}"),
    ("binary", "\n\0\u{fffd} "),
    ("file that is a folder", ""),
    ("directory with a folder", ""),
    ("directory that is a file", ""),
];

#[tokio::test]
async fn outputs_are_read_as_the_copilot_reads_them() {
    let mut refused = 0;
    for case in cases(include_str!("../golden/copilot/uploads.jsonl")) {
        let (host, scratch) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut content = String::new();
        for (name, bytes) in case["files"].as_object().unwrap() {
            let (path, bytes) = (host.path().join(name), from_hex(bytes.as_str().unwrap()));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            content = String::from_utf8_lossy(&bytes).into_owned();
            fs::write(path, bytes).unwrap();
        }
        let said = format!("{} of {content:?}", text(&case, "case"));
        let raw = scratch.path().join("raw");
        let workspace = Workspace::new(Storage::local, Some(raw.to_str().unwrap().to_owned()), scratch.path());
        let literal_type = LiteralType::decode(&from_hex(text(&case, "type"))).unwrap();
        let done = copilot::collect("x", literal_type, host.path(), &workspace).await;
        if REFUSED.iter().any(|(of, text)| *of == self::text(&case, "case") && (text.is_empty() || *text == content)) {
            let error = done.unwrap_err().to_string();
            assert!(error.starts_with("`x`: "), "{error}");
            refused += 1;
            continue;
        }
        let error = text(&case, "error");
        match done {
            Ok(Ok((outputs, surplus))) => {
                assert_eq!(error, "", "{said}");
                assert_eq!(
                    surplus.is_empty(),
                    !matches!(text(&case, "case"), "surplus" | "with and without an ending"),
                    "{said}: {surplus:?}"
                );
                let (mut found, mut expected) =
                    (Literal::decode_map(&outputs).unwrap(), Literal::decode_map(&from_hex(text(&case, "outputs"))).unwrap());
                same_data(&mut found, &case).await;
                same_data(&mut expected, &case).await;
                assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{said}");
            }
            Ok(Err(message)) => {
                assert_eq!(error.trim_end(), format!("User Error: {message}").trim_end(), "{said}");
            }
            Err(found) => assert!(!error.is_empty() && !error.starts_with("User Error"), "{said}: {found}"),
        }
    }
    assert_eq!(refused, REFUSED.len());
}

/// Checks that the data of a file or directory is what the copilot stored, and forgets where it is.
async fn same_data(outputs: &mut BTreeMap<String, Literal>, case: &Value) {
    let Some(LiteralValue::Blob { uri, .. }) = outputs.get_mut("x").map(|literal| &mut literal.value) else { return };
    if !uri.starts_with("s3://") {
        let storage = Storage::local();
        for (expected, content) in case["store"].as_object().unwrap() {
            let url = expected.replace("s3://raw/run/x", uri);
            assert_eq!(to_hex(&storage.get(&url).await.unwrap()), content.as_str().unwrap(), "{url}");
        }
    }
    "somewhere".clone_into(uri);
}

#[test]
fn commands_are_rendered_as_by_flyte() {
    for case in cases(include_str!("../golden/copilot/renders.jsonl")) {
        let (element, inputs) = (text(&case, "element"), from_hex(text(&case, "inputs")));
        match copilot::command(&[element], &inputs) {
            Ok(command) => assert_eq!(command[0].to_str().unwrap(), text(&case, "text"), "{element}: {}", text(&case, "error")),
            Err(error) => assert!(!text(&case, "error").is_empty(), "{element}: {error}"),
        }
    }
}

#[tokio::test]
async fn an_empty_directory_is_not_there() {
    let (store, host) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::create_dir(store.path().join("empty")).unwrap();
    let directory =
        nebulakit::types::encode(&<nebulakit::Directory>::from_uri("s3://data/empty"), &nebulakit::types::Dialect::FLYTE_1).unwrap();
    let literals = BTreeMap::from([("a".to_owned(), Literal::decode(&directory).unwrap()), ("b".to_owned(), Primitive::Integer(1).into())]);
    let inputs = Literal::encode_map(&literals);
    copilot::lay_out(&inputs, host.path(), "/var/inputs", DataFormat::Json, &storage(store.path())).await.unwrap();
    assert!(!host.path().join("a").exists());
    assert_eq!(fs::read_to_string(host.path().join("inputs.json")).unwrap(), r#"{"a":null,"b":1}"#);
}

#[tokio::test]
async fn a_large_error_is_refused() {
    let (host, scratch) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::write(host.path().join("_ERROR"), vec![b'e'; (1 << 20) + 1]).unwrap();
    let none =
        LiteralType::decode(&nebulakit::types::LiteralType::simple(nebulakit::types::literal_type::SimpleType::None).encode()).unwrap();
    let error = copilot::collect("x", none, host.path(), &Workspace::local(scratch.path())).await.unwrap_err().to_string();
    assert_eq!(error, "`_ERROR`: the file has 1048577 bytes, and Flyte's copilot takes at most 1048576; give a `File` for more");
}
