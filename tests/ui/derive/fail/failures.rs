//! What `#[derive(TaskFailure)]` refuses.

use nebulakit::TaskFailure;

/// Nothing is said.
#[derive(Debug, TaskFailure)]
enum Silent {
    One,
}

/// Both at once, an unknown word, and no code.
#[derive(Debug, TaskFailure)]
enum Torn {
    #[failure(recoverable, permanent)]
    Both,
    #[failure(retryable)]
    Unknown,
    #[failure(code = "")]
    Nameless,
    #[failure(code)]
    Valueless,
}

/// Not found by its type.
#[derive(Debug, TaskFailure)]
#[failure(recoverable)]
struct Generic<T>(T);

/// No error at all.
#[derive(Debug, TaskFailure)]
#[failure(recoverable)]
struct NoError;

fn main() {}
