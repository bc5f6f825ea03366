use nebulakit::{Json, NebulaType, TaskOutputs, task};

#[task]
fn tuples(pair: (i64, String), pairs: Vec<(i64, i64)>, letter: Option<char>, long: u128, kept: Json<(i64, char)>) -> (i64, (i64, u8)) {
    let _ = (pair, pairs, letter, long, kept);
    (1, (2, 3))
}

#[task]
fn fallible() -> anyhow::Result<(i64, char)> {
    Ok((1, 'x'))
}

#[derive(NebulaType)]
struct Fields {
    pair: (f64, f64),
    letters: [char; 2],
    name: &'static str,
}

#[derive(TaskOutputs)]
struct Outputs {
    pair: (f64, f64),
}

fn main() {}
