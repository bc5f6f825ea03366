//! The program of the tests' workers, and a command line with its tasks.

mod tasks;

nebulakit::main!();
