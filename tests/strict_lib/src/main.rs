//! `main!` in a crate without a prelude that denies warnings.
#![no_implicit_prelude]
#![deny(warnings, missing_docs, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]

::kit::main!(nebulakit_tests_strict);
