use nebulakit::{NebulaType, task};

#[derive(NebulaType)]
enum Verdict {
    Pass(()),
    Score(f64),
}

#[derive(NebulaType)]
struct Report {
    verdict: Option<Verdict>,
    twice: Option<Option<i64>>,
}

#[task]
fn inputs(lists: Vec<Option<()>>) {
    let _ = lists;
}

#[task]
fn outputs() -> Option<Option<i64>> {
    None
}

fn main() {}
