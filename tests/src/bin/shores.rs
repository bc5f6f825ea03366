//! A program that names two stores for one scheme.

use nebulakit::prelude::*;
use nebulakit_tests_lake::{Fault, Lake};

/// Needs no store, and does not run.
#[task]
fn shore() -> String {
    "dry".to_owned()
}

nebulakit::main!(stores = [Lake::default(), Lake::with(Fault::Order)]);
