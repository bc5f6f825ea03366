use nebulakit::task;

#[task]
fn one() -> i64
where
    i64: Copy,
{
    1
}

fn main() {}
