//! Tasks that need something, for the test and for its workers.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tasks of tests fail by panicking, and look at what they find")]

use nebulakit::prelude::*;

/// Holds so many bytes, each of them written, and says in which process.
#[task(name = "resource.holds")]
pub(crate) fn holds(bytes: i64) -> i64 {
    let mut all = vec![0_u8; usize::try_from(bytes).unwrap()];
    all.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    assert!(bytes == 0 || std::hint::black_box(all)[0] == 1);
    std::process::id().into()
}

/// The same, with more than it asks for at first.
#[task(name = "resource.grows", requests(memory = "96Mi"), on_oom(factor = 4, limit = "1Gi"))]
pub(crate) fn grows(bytes: i64) -> i64 {
    holds(bytes)
}

/// The GPUs that it is told of, and the variable that the driver reads.
#[task(name = "resource.sees")]
pub(crate) fn sees(ctx: Context) -> Vec<String> {
    let variable = std::env::var("CUDA_VISIBLE_DEVICES").unwrap_or_else(|_| "not set".to_owned());
    vec![ctx.gpus().join(" "), variable, std::process::id().to_string()]
}

#[task(name = "resource.licensed", tokens(licences = 2))]
pub(crate) fn licensed() -> i64 {
    7
}
