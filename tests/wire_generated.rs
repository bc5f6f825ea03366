//! The checked-in messages in `nebulakit-types/src/wire` are what their proto files generate.
//!
//! `NEBULAKIT_REGENERATE=1 cargo test -p nebulakit-tests --test wire_generated` rewrites them.
#![allow(clippy::unwrap_used, reason = "a failed set-up is a failed test")]
#![allow(clippy::disallowed_methods, reason = "the switch between comparing and writing is an environment variable")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use protox::prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

/// The generated file of a package, and where it is checked in.
const FILES: [(&str, &str, &str); 6] = [
    ("flyteidl.admin.rs", "flyteidl/admin.rs", "The messages of `flyteidl.admin`, generated from `proto/flyteidl/admin`."),
    ("flyteidl.core.rs", "flyteidl/core.rs", "The messages of `flyteidl.core`, generated from `proto/flyteidl/core`."),
    ("flyteidl.event.rs", "flyteidl/event.rs", "The messages of `flyteidl.event`, generated from `proto/flyteidl/event`."),
    ("flyteidl.service.rs", "flyteidl/service.rs", "The messages of `flyteidl.service`, generated from `proto/flyteidl/service`."),
    ("google.protobuf.rs", "google/protobuf.rs", "The well-known types, generated from `proto/google/protobuf`."),
    ("fields.rs", "fields.rs", "The fields of messages that have a JSON form; generated from `proto`."),
];

/// The messages that JSON starts at.
const JSON_ROOTS: [&str; 6] = [
    "flyteidl.core.ErrorDocument",
    "flyteidl.core.Literal",
    "flyteidl.core.LiteralMap",
    "flyteidl.core.LiteralType",
    "flyteidl.core.TaskTemplate",
    "flyteidl.core.TypedInterface",
];

fn proto_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn checked_in_messages_are_those_of_the_proto_files() {
    let types = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nebulakit-types");
    let proto = types.join("proto");
    let folders = ["flyteidl/admin", "flyteidl/core", "flyteidl/event", "flyteidl/service", "google/protobuf"];
    let files: Vec<_> = folders.iter().flat_map(|folder| proto_files(&proto.join(folder))).collect();

    let generated = tempfile::tempdir().unwrap();
    let descriptors = protox::compile(&files, [&proto]).unwrap();
    fs::write(generated.path().join("fields.rs"), field_tables(&DescriptorPool::from_file_descriptor_set(descriptors.clone()).unwrap()))
        .unwrap();
    prost_build::Config::new()
        // Own copies of the few well-known types are lighter than a crate of all of them.
        .compile_well_known_types()
        // Sorted keys make the bytes deterministic.
        .btree_map(["."])
        .out_dir(generated.path())
        .compile_fds(descriptors)
        .unwrap();

    let regenerate = std::env::var_os("NEBULAKIT_REGENERATE").is_some_and(|value| value == "1");
    for (name, checked_in, header) in FILES {
        let path = types.join("src/wire").join(checked_in);
        let expected = format!("//! {header}\n{}", fs::read_to_string(generated.path().join(name)).unwrap());
        if regenerate {
            fs::write(&path, expected).unwrap();
        } else {
            let found = fs::read_to_string(&path).unwrap();
            assert!(found == expected, "`{checked_in}` is not what its proto files generate; NEBULAKIT_REGENERATE=1 rewrites it");
        }
    }
    assert_eq!(fs::read_dir(generated.path()).unwrap().count(), FILES.len(), "a package without a place in src/wire");
}

/// The messages that JSON can reach, and the enums of their fields, by their full names.
fn with_json(pool: &DescriptorPool) -> (BTreeMap<String, MessageDescriptor>, BTreeMap<String, EnumDescriptor>) {
    let mut waiting: Vec<_> = JSON_ROOTS.iter().map(|name| pool.get_message_by_name(name).unwrap()).collect();
    let (mut messages, mut enums) = (BTreeMap::new(), BTreeMap::new());
    while let Some(message) = waiting.pop() {
        if messages.contains_key(message.full_name()) {
            continue;
        }
        for field in message.fields() {
            match field.kind() {
                Kind::Message(inner) => waiting.push(inner),
                Kind::Enum(numbers) => drop(enums.insert(numbers.full_name().to_owned(), numbers)),
                _ => {}
            }
        }
        messages.insert(message.full_name().to_owned(), message);
    }
    messages.retain(|_, message| !message.is_map_entry());
    (messages, enums)
}

/// The tables of the messages that JSON can reach, as source text.
fn field_tables(pool: &DescriptorPool) -> String {
    let mut text =
        String::from("// This file is generated, as the messages are.\nuse super::describe::{Field, Form, Kind, MessageFields, Shape};\n");
    let (messages, enums) = with_json(pool);
    for message in messages.values() {
        let form = match message.full_name() {
            "google.protobuf.Timestamp" => "Timestamp",
            "google.protobuf.Duration" => "Duration",
            "google.protobuf.Struct" => "Struct",
            "google.protobuf.Value" => "Value",
            "google.protobuf.ListValue" => "List",
            "google.protobuf.BoolValue" => "Wrapper",
            _ => "Object",
        };
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by(|a, b| a.json_name().cmp(b.json_name()));
        assert!(fields.len() <= 16, "`MAX_FIELDS` is too small for `{}`", message.full_name());
        let name = message.full_name();
        writeln!(text, "\npub(crate) static {}: MessageFields = MessageFields {{", constant(name)).unwrap();
        writeln!(text, "    name: {name:?},\n    form: Form::{form},\n    fields: &[").unwrap();
        for field in fields {
            let (number, json_name) = (field.number(), field.json_name());
            writeln!(
                text,
                "        Field {{ number: {number}, json_name: {json_name:?}, shape: {}, kind: {} }},",
                shape(message, &field),
                kind(&field)
            )
            .unwrap();
        }
        text.push_str("    ],\n};\n");
    }
    for numbers in enums.values() {
        writeln!(text, "\nstatic {}: &[(i32, &str)] = &[", constant(numbers.full_name())).unwrap();
        for value in numbers.values() {
            writeln!(text, "    ({}, {:?}),", value.number(), value.name()).unwrap();
        }
        text.push_str("];\n");
    }
    text
}

fn shape(message: &MessageDescriptor, field: &FieldDescriptor) -> String {
    if field.is_map() {
        "Shape::Map".to_owned()
    } else if field.is_list() {
        "Shape::Repeated".to_owned()
    } else if let Some(oneof) = field.containing_oneof() {
        let index = message.oneofs().position(|other| other == oneof).unwrap();
        format!("Shape::OneOf({index})")
    } else {
        "Shape::Single".to_owned()
    }
}

fn kind(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => {
            assert!(matches!(entry.map_entry_key_field().kind(), Kind::String), "a map with other keys than strings");
            kind(&entry.map_entry_value_field())
        }
        Kind::Message(message) => format!("Kind::Message(&{})", constant(message.full_name())),
        Kind::Enum(numbers) => format!("Kind::Enum({})", constant(numbers.full_name())),
        Kind::Bool => "Kind::Bool".to_owned(),
        Kind::Int32 => "Kind::Int32".to_owned(),
        Kind::Int64 => "Kind::Int64".to_owned(),
        Kind::Uint32 => "Kind::Uint32".to_owned(),
        Kind::Uint64 => "Kind::Uint64".to_owned(),
        Kind::Double => "Kind::Double".to_owned(),
        Kind::String => "Kind::String".to_owned(),
        Kind::Bytes => "Kind::Bytes".to_owned(),
        other => panic!("`{}` is of a kind that the JSON writer does not know: {other:?}", field.full_name()),
    }
}

/// `flyteidl.core.LiteralType` as `LITERAL_TYPE`, `flyteidl.core.Secret.MountType` as `SECRET_MOUNT_TYPE`.
fn constant(full_name: &str) -> String {
    let short = full_name.trim_start_matches("flyteidl.core.");
    let mut name = String::new();
    for (index, letter) in short.char_indices() {
        let starts_word = letter.is_uppercase() && short[..index].chars().next_back().is_some_and(|before| before.is_lowercase());
        if starts_word {
            name.push('_');
        }
        name.push(if letter == '.' { '_' } else { letter.to_ascii_uppercase() });
    }
    name
}
