//! The protobuf messages that travel between Flyte tasks, the platform and its clients: data only.
//!
//! They are generated from the files in `proto/` and checked in; the test `wire_generated` compares the two, and rewrites them when
//! `NEBULAKIT_REGENERATE=1` is set. Reading and writing values does not go through them where speed counts.
#![allow(
    missing_docs,
    reason = "what the fields mean stands in the comments of the proto files, where it does not follow from their names"
)]
#![allow(clippy::all, rustdoc::all, unreachable_pub, reason = "generated")]

pub(crate) mod describe;
#[rustfmt::skip]
pub(crate) mod fields;

/// The messages of `flyteidl`.
pub mod flyteidl {
    #[rustfmt::skip]
    pub mod admin;
    #[rustfmt::skip]
    pub mod core;
    #[rustfmt::skip]
    pub mod event;
    #[rustfmt::skip]
    pub mod service;
}

/// The well-known types that those messages use.
pub mod google {
    #[rustfmt::skip]
    pub mod protobuf;
}
