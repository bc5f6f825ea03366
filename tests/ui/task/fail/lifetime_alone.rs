use nebulakit::task;

#[task]
fn one<'a>() -> i64 {
    1
}

fn main() {}
