//! Run with `cargo run -p nebulakit-examples --bin hello`.
fn main() {}
