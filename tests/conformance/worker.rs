//! The program of the worker processes, and of jobs on engines.

nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
