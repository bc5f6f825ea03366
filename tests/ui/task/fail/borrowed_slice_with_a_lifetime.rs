use nebulakit::task;

#[task]
fn total<'a>(values: &'a [i64]) -> i64 {
    values.iter().sum()
}

fn main() {}
