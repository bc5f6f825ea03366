use nebulakit::TaskOutputs;

#[derive(TaskOutputs)]
struct Tuple(i64, i64);

#[derive(TaskOutputs)]
struct Empty {}

#[derive(TaskOutputs)]
enum Choice {
    One(i64),
}

#[derive(TaskOutputs)]
struct Twice {
    #[nebula(rename = "b")]
    a: i64,
    b: i64,
    #[nebula(skip)]
    c: i64,
}

fn main() {}
