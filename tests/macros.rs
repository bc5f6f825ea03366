//! What the macros accept, and what they say of mistakes: one case per file under `ui/`, its messages beside it.
//!
//! The messages are those of Rust 1.95, so this runs only when asked: `cargo +1.95.0 test -p nebulakit-tests --features ui --test macros`.
//! With `TRYBUILD=overwrite` it writes them anew; read the difference before it is committed.

#[test]
fn mistakes_are_explained_and_right_code_is_accepted() {
    let cases = trybuild::TestCases::new();
    for of in ["task", "derive", "main", "row"] {
        cases.pass(format!("ui/{of}/pass/*.rs"));
        cases.compile_fail(format!("ui/{of}/fail/*.rs"));
    }
}
