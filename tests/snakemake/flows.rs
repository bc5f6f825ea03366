//! The program whose graphs run on Snakemake, and which its jobs are.

nebulakit::testing::backend_conformance::register!();

nebulakit::main!();
