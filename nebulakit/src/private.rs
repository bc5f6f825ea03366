//! All that macro expansions may reach. No part of it is covered by semantic versioning.

pub use inventory;
pub use nebulakit_types::outputs::{OutputWriter, TaskOutputs, TaskReturn};
pub use nebulakit_types::{Dialect, LiteralType, NebulaType};

pub use crate::context::Context;
pub use crate::entry::main;
pub use crate::registry::Registered;
pub use crate::task::{
    AnyParam, AnyReturns, CacheOptions, Call, Inputs, Mount, Param, Resources, Returns, SecretRequest, TaskDef, TaskOptions,
};

/// The length of `path` with each `::` turned into a dot.
#[must_use]
pub const fn dotted_len(path: &str) -> usize {
    let bytes = path.as_bytes();
    let (mut index, mut colons) = (0, 0);
    while index < bytes.len() {
        if bytes[index] == b':' {
            colons += 1;
        }
        index += 1;
    }
    bytes.len() - colons / 2
}

/// `path` with each `::` turned into a dot; `N` is [`dotted_len`].
#[must_use]
pub const fn dotted<const N: usize>(path: &str) -> [u8; N] {
    let bytes = path.as_bytes();
    let mut result = [0; N];
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        if bytes[from] == b':' {
            result[to] = b'.';
            from += 2;
        } else {
            result[to] = bytes[from];
            from += 1;
        }
        to += 1;
    }
    result
}

/// The text of [`dotted`]'s bytes.
///
/// # Panics
/// Never: replacing ASCII by ASCII keeps UTF-8 whole.
#[must_use]
pub const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("replacing ASCII by ASCII keeps UTF-8 whole"),
    }
}
