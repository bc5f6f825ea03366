#![deny(warnings)]

use nebulakit::NebulaType;
use serde::{Deserialize, Serialize};

#[derive(NebulaType, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sample {
    #[serde(rename = "identifier", alias = "id")]
    id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<u32>,
    #[serde(default = "three")]
    tries: i64,
    #[serde(skip)]
    cached: Vec<u8>,
}

fn three() -> i64 {
    3
}

#[derive(NebulaType, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Color {
    DarkRed,
    #[serde(rename = "azure")]
    Blue,
}

// Attributes that have no Flyte form are for serde alone here.
#[derive(NebulaType, Serialize, Deserialize)]
#[nebula(ignore_serde)]
struct ForBoth {
    #[serde(flatten)]
    sample: Sample,
    #[serde(rename = "colour")]
    color: Color,
}

pub fn main() {
    let _ = (ForBoth::TAG, Color::DarkRed, Color::Blue);
    let schema = Sample::schema(&nebulakit::types::Dialect::FLYTE_1);
    let names: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["identifier", "parent", "tries"]);
}
