//! What a running task may ask.

use std::sync::Arc;

/// The running task's surroundings; cheap to clone.
#[derive(Debug, Clone)]
pub struct Context {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {}
