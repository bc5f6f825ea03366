use nebulakit::task;

#[task]
#[tokio::main]
async fn with_a_runtime(a: i64) -> i64 {
    a
}

#[task]
#[tokio::test]
async fn with_a_test() -> i64 {
    1
}

#[task]
#[async_std::main]
async fn with_a_runtime_that_is_not_there(a: i64) -> i64 {
    a
}

#[task]
#[test]
fn as_a_test() {}

fn main() {}
