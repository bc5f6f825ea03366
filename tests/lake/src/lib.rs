//! A store of a crate of its own, `lake://`, which knows nothing but the public trait: objects in memory, a few keys to a page.
//!
//! It can be told to break a promise, so that tests see what the conformance suite says of that.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use nebulakit_types::storage::{
    Address, Answer, Chunks, Content, Depth, Extent, ObjectMeta, Page, Payload, Pending, PutOptions, Store, Upload, shown,
};
use nebulakit_types::{Error, ErrorKind};

/// How many objects a page has.
const PAGE: usize = 100;

/// How many bytes of an object come at a time.
const PIECE: usize = 64 << 10;

/// Which promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Objects appear while their parts come.
    Visible,
    /// A listing ends after its first page.
    OnePage,
    /// A listing of `a` has `ab`.
    Prefix,
    /// Ranges come one byte late.
    Range,
    /// To delete what is absent is an error.
    Delete,
    /// Parts come in the order in which they were sent last.
    Order,
}

/// What a test sees of a lake, or has it do.
#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    /// How many requests fail before one succeeds.
    failing: u32,
    asked: u32,
}

/// The store.
#[derive(Debug, Clone, Default)]
pub struct Lake {
    state: Arc<Mutex<State>>,
    fault: Option<Fault>,
}

impl Lake {
    /// One that breaks a promise.
    #[must_use]
    pub fn with(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    /// Has the next requests fail as a store does that is out of order for a while.
    pub fn fail(&self, times: u32) {
        self.with_state(|state| state.failing = times);
    }

    /// How many requests there were.
    #[must_use]
    pub fn asked(&self) -> u32 {
        self.with_state(|state| state.asked)
    }

    fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn request(&self, at: &Address) -> Result<(), Error> {
        self.with_state(|state| {
            state.asked += 1;
            match state.failing.checked_sub(1) {
                None => Ok(()),
                Some(left) => {
                    state.failing = left;
                    Err(Error::new(ErrorKind::Unavailable, format!("`{}`: the lake is frozen", shown(at.url()))))
                }
            }
        })
    }

    fn find(&self, at: &Address) -> Result<Option<Bytes>, Error> {
        self.request(at)?;
        Ok(self.with_state(|state| state.objects.get(at.path()).cloned()))
    }
}

impl Store for Lake {
    fn schemes(&self) -> Vec<String> {
        vec!["lake".to_owned()]
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        Box::pin(ready(self.find(at).map(|found| Answer::of(found.map(|bytes| ObjectMeta::of_size(bytes.len() as u64))))))
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, _version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        let found = self.find(at).and_then(|found| {
            let Some(mut whole) = found else { return Ok(Answer::of(None)) };
            let meta = ObjectMeta::of_size(whole.len() as u64);
            if self.fault == Some(Fault::Range) && matches!(extent, Extent::Range(_)) && !whole.is_empty() {
                whole = [&whole[1..], &whole[..1]].concat().into();
            }
            let range = extent.within(at.url(), meta.size)?;
            let wanted = whole.slice(usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0));
            let body = Chunks::unfold(wanted, |mut rest| {
                let piece = rest.split_to(rest.len().min(PIECE));
                ready(Ok((!piece.is_empty()).then_some((piece, rest))))
            });
            Ok(Answer::There(Content::new(meta, range, body)))
        });
        Box::pin(ready(found))
    }

    fn begin<'a>(&'a self, at: &'a Address, _options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        let begun = self
            .request(at)
            .map(|()| Arc::new(Writing { lake: self.clone(), key: at.path().to_owned(), parts: Arc::default() }) as Arc<dyn Upload>);
        Box::pin(ready(begun))
    }

    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, page: Option<&'a str>) -> Pending<'a, Page> {
        let listed = self.request(prefix).map(|()| {
            let root = prefix.path().trim_end_matches('/');
            let below = |key: &str| {
                let rest = key.strip_prefix(root)?;
                match rest.strip_prefix('/') {
                    Some(rest) => Some(rest.to_owned()),
                    None if root.is_empty() || self.fault == Some(Fault::Prefix) => Some(rest.to_owned()),
                    None => None,
                }
            };
            let all: Vec<(String, u64)> =
                self.with_state(|state| state.objects.iter().filter_map(|(key, bytes)| Some((below(key)?, bytes.len() as u64))).collect());
            if depth == Depth::One {
                return Page::of_all(depth, all);
            }
            let mut rest = all.into_iter().skip_while(|(key, _)| page.is_some_and(|last| key.as_str() <= last));
            let objects: Vec<_> = rest.by_ref().take(PAGE).collect();
            let next = rest.next().and(objects.last()).map(|(key, _)| key.clone()).filter(|_| self.fault != Some(Fault::OnePage));
            Page::new(objects, Vec::new(), next)
        });
        Box::pin(ready(listed))
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        let deleted = self.request(at).and_then(|()| match self.with_state(|state| state.objects.remove(at.path())) {
            None if self.fault == Some(Fault::Delete) => {
                Err(Error::new(ErrorKind::NotFound, format!("nothing is stored at `{}`", shown(at.url()))))
            }
            _ => Ok(()),
        });
        Box::pin(ready(deleted))
    }
}

#[derive(Debug)]
struct Writing {
    lake: Lake,
    key: String,
    parts: Arc<Mutex<BTreeMap<u32, Bytes>>>,
}

impl Writing {
    fn store(lake: &Lake, key: &str, parts: &BTreeMap<u32, Bytes>) {
        let whole: Vec<u8> = match lake.fault {
            Some(Fault::Order) => parts.values().rev().flatten().copied().collect(),
            _ => parts.values().flatten().copied().collect(),
        };
        lake.with_state(|state| state.objects.insert(key.to_owned(), whole.into()));
    }
}

impl Upload for Writing {
    fn part(&self, number: u32, bytes: Payload) -> Pending<'static, ()> {
        let (lake, key, parts) = (self.lake.clone(), self.key.clone(), self.parts.clone());
        Box::pin(async move {
            let bytes = bytes.bytes().await?;
            let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
            parts.insert(number, bytes);
            if lake.fault == Some(Fault::Visible) {
                Self::store(&lake, &key, &parts);
            }
            Ok(())
        })
    }

    fn finish(&self) -> Pending<'_, ()> {
        Self::store(&self.lake, &self.key, &self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(ready(Ok(())))
    }

    fn abort(&self) -> Pending<'_, ()> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Box::pin(ready(Ok(())))
    }
}
