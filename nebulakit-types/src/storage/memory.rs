//! `memory://`: objects that live as long as their `Storage`, for tests.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::address::Address;
use super::content::{Content, Extent, Payload, joined};
use super::object::{Answer, ObjectMeta, PutOptions};
use super::page::{Depth, Page};
use super::store::{Pending, Resilience, Store, Upload};

/// Objects by their keys.
type Objects = Arc<Mutex<BTreeMap<String, Bytes>>>;

#[derive(Default)]
pub(super) struct Memory(Objects);

fn locked(objects: &Objects) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
    // No code that can panic runs under this lock.
    objects.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Memory {
    fn find(&self, at: &Address) -> Option<Bytes> {
        locked(&self.0).get(at.path()).cloned()
    }
}

impl Store for Memory {
    fn schemes(&self) -> Vec<String> {
        vec!["memory".to_owned()]
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        let found = self.find(at).map(|bytes| ObjectMeta::of_size(bytes.len() as u64));
        Box::pin(ready(Ok(Answer::of(found))))
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, _version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        let found = self.find(at).map(|bytes| Content::of_bytes(at.url(), ObjectMeta::of_size(bytes.len() as u64), &bytes, extent));
        Box::pin(ready(found.transpose().map(Answer::of)))
    }

    fn get_whole<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<Bytes>> {
        Box::pin(ready(Ok(Answer::of(self.find(at)))))
    }

    fn begin<'a>(&'a self, at: &'a Address, _options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        let writing: Arc<dyn Upload> = Arc::new(Writing { objects: self.0.clone(), key: at.path().to_owned(), parts: Arc::default() });
        Box::pin(ready(Ok(writing)))
    }

    fn put<'a>(&'a self, at: &'a Address, whole: Payload, _options: &'a PutOptions) -> Pending<'a, ()> {
        Box::pin(async move {
            let whole = whole.bytes().await?;
            locked(&self.0).insert(at.path().to_owned(), whole);
            Ok(())
        })
    }

    fn put_new<'a>(&'a self, at: &'a Address, whole: Payload, _options: &'a PutOptions) -> Pending<'a, bool> {
        Box::pin(async move {
            let whole = whole.bytes().await?;
            let mut objects = locked(&self.0);
            let is_free = !objects.contains_key(at.path());
            if is_free {
                objects.insert(at.path().to_owned(), whole);
            }
            Ok(is_free)
        })
    }

    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, _page: Option<&'a str>) -> Pending<'a, Page> {
        let prefix = prefix.path().trim_end_matches('/');
        let below = |key: &str| {
            let rest = key.strip_prefix(prefix)?;
            if prefix.is_empty() { Some(rest.to_owned()) } else { rest.strip_prefix('/').map(str::to_owned) }
        };
        let objects = locked(&self.0);
        let page = Page::of_all(depth, objects.iter().filter_map(|(key, bytes)| Some((below(key)?, bytes.len() as u64))));
        Box::pin(ready(Ok(page)))
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        locked(&self.0).remove(at.path());
        Box::pin(ready(Ok(())))
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn resilience(&self) -> Resilience {
        Resilience::Everything
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(locked(&self.0).keys()).finish()
    }
}

/// An object of which parts have come.
struct Writing {
    objects: Objects,
    key: String,
    parts: Arc<Mutex<Vec<Bytes>>>,
}

impl Upload for Writing {
    fn part(&self, number: u32, bytes: Payload) -> Pending<'static, ()> {
        let parts = self.parts.clone();
        Box::pin(async move {
            let bytes = bytes.bytes().await?;
            let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
            // One may come before those that were begun before it.
            let length = parts.len().max(number as usize + 1);
            parts.resize(length, Bytes::new());
            parts[number as usize] = bytes;
            Ok(())
        })
    }

    fn finish(&self) -> Pending<'_, ()> {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        locked(&self.objects).insert(self.key.clone(), joined(parts));
        Box::pin(ready(Ok(())))
    }

    fn abort(&self) -> Pending<'_, ()> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Box::pin(ready(Ok(())))
    }
}

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writing").field("key", &self.key).finish_non_exhaustive()
    }
}
