use nebulakit::prelude::*;

#[task]
fn divide(a: i64, b: i64) -> i64 {
    a / b
}

fn main() {
    let _ = divide::mock(|a: i64| a);
    let _ = divide::mock(|a: String, b: i64| b);
    let _ = divide::mock(|a, b| format!("{a} {b}"));
    let _ = divide::mock(|a, b| (a, b));
}
