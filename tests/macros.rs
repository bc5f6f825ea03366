//! What the macros say of mistakes: one case per file under `ui/*/fail/`, its messages beside it. What they accept is in `accepted.rs`.
//!
//! The messages are those of Rust 1.95, so this runs only when asked: `cargo +1.95.0 test -p nebulakit-tests --features ui --test macros`.
//! `TRYBUILD=overwrite` rewrites them; read the difference before you commit it.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    for of in ["task", "workflow", "derive", "main", "row", "coordinator"] {
        cases.compile_fail(format!("ui/{of}/fail/*.rs"));
    }
}
