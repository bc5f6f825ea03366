//! The program of the worker processes.

use nebulakit::coordinator::worker_main;

nebulakit::testing::backend_conformance::register!();

fn main() {
    worker_main();
}
