//! [`nebulakit_tests::gcs_front`] as a process, for tests in other languages. usage: gcs_front SERVER; prints its own URL, and serves until
//! standard input ends.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the tests")]

fn main() {
    println!("{}", nebulakit_tests::gcs_front::start(&std::env::args().nth(1).unwrap()));
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}
