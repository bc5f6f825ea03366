//! Depends on the library of tasks like `linked`, but never names it; see `tests/linkage.rs`.

nebulakit::main!();
