//! Names the library of tasks, so that they are linked; see `tests/linkage.rs`.

nebulakit::main!(nebulakit_tests_tasks);
