use nebulakit::task;

#[task]
fn look(point: Pint) -> i64 {
    1
}

fn main() {}
