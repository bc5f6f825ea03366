use nebulakit::task;

#[task]
fn repeat(#[default(2.5)] times: i64, #[default("3")] width: i64) -> i64 {
    times * width
}

fn main() {}
