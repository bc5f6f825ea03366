use nebulakit::{NebulaType, TaskOutputs};

// One message for each option that would change nothing.
#[derive(NebulaType)]
#[nebula(rename = "Colour", default, pydantic, rename_all = "lowercase")]
enum Color {
    Red,
}

#[derive(NebulaType)]
#[nebula(rename_all = "lowercase")]
enum Input {
    Number(i64),
    Text(String),
}

#[derive(TaskOutputs)]
#[nebula(rename = "Both", default, pydantic, rename_all = "camelCase")]
struct Outputs {
    first_value: i64,
    second_value: i64,
}

fn main() {}
