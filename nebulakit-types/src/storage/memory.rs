//! `memory://`: objects that live as long as their `Storage`, for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

#[derive(Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Bytes>>);

impl Memory {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        // No code that can panic runs under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        self.objects().get(key).cloned()
    }

    pub(super) fn put(&self, key: &str, parts: Vec<Bytes>) {
        let whole = match <[Bytes; 1]>::try_from(parts) {
            Ok([whole]) => whole,
            Err(parts) => {
                let mut whole = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
                parts.iter().for_each(|part| whole.extend_from_slice(part));
                whole.freeze()
            }
        };
        self.objects().insert(key.to_owned(), whole);
    }

    pub(super) fn delete(&self, key: &str) {
        self.objects().remove(key);
    }

    pub(super) fn list(&self, prefix: &str) -> Vec<(String, u64)> {
        let prefix = prefix.trim_end_matches('/');
        let below = |key: &str| {
            let rest = key.strip_prefix(prefix)?;
            if prefix.is_empty() { Some(rest.to_owned()) } else { rest.strip_prefix('/').map(str::to_owned) }
        };
        self.objects().iter().filter_map(|(key, bytes)| Some((below(key)?, bytes.len() as u64))).collect()
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.objects().keys()).finish()
    }
}
