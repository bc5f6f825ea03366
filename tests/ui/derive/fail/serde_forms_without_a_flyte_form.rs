use nebulakit::NebulaType;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, NebulaType)]
struct Inner {
    x: i64,
}

#[derive(Serialize, Deserialize, NebulaType)]
struct Outer {
    #[serde(flatten)]
    inner: Inner,
    #[serde(rename(serialize = "a", deserialize = "b"))]
    renamed: i64,
}

#[derive(Serialize, Deserialize, NebulaType)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Serialize, Deserialize, NebulaType)]
#[serde(transparent)]
struct Transparent {
    x: i64,
}

fn main() {}
