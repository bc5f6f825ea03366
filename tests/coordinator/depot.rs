//! A store of the tests' own, `depot://`: objects in memory, doors that can be shut, and an end to its room.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex};

use nebulakit::Bytes;
use nebulakit::Context;
use nebulakit::storage::{Address, Answer, Content, Depth, Extent, ObjectMeta, Page, Payload, Pending, PutOptions, Storage, Store, Upload};
use nebulakit::types::{Error, ErrorKind};
use tokio::sync::watch;

/// The store. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Depot {
    objects: Arc<Mutex<BTreeMap<String, Bytes>>>,
    door: watch::Sender<Door>,
}

/// What becomes of one who brings something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// It is stored.
    Open,
    /// It waits until the door is another.
    Shut,
    /// There is no room for it.
    Full,
}

impl Depot {
    pub(crate) fn new(door: Door) -> Self {
        Self { objects: Arc::default(), door: watch::Sender::new(door) }
    }

    pub(crate) fn set(&self, door: Door) {
        self.door.send_replace(door);
    }

    /// How many objects there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.lock().unwrap().len()
    }

    /// A context whose data goes to this store.
    pub(crate) fn context(&self, folder: &tempfile::TempDir) -> Context {
        let storage = Storage::builder().store(self.clone()).build().unwrap();
        Context::builder(folder.path()).storage(storage).raw_output_prefix("depot://raw").build()
    }

    fn find(&self, at: &Address) -> Option<Bytes> {
        self.objects.lock().unwrap().get(at.path()).cloned()
    }
}

impl Store for Depot {
    fn schemes(&self) -> Vec<String> {
        vec!["depot".to_owned()]
    }

    fn head<'a>(&'a self, at: &'a Address) -> Pending<'a, Answer<ObjectMeta>> {
        Box::pin(ready(Ok(Answer::of(self.find(at).map(|bytes| ObjectMeta::of_size(bytes.len() as u64))))))
    }

    fn get<'a>(&'a self, at: &'a Address, extent: &'a Extent, _version: Option<&'a str>) -> Pending<'a, Answer<Content>> {
        let Some(whole) = self.find(at) else { return Box::pin(ready(Ok(Answer::of(None)))) };
        let meta = ObjectMeta::of_size(whole.len() as u64);
        Box::pin(ready(Content::of_bytes(at.url(), meta, &whole, extent).map(Answer::There)))
    }

    fn begin<'a>(&'a self, at: &'a Address, _options: &'a PutOptions) -> Pending<'a, Arc<dyn Upload>> {
        let writing = Writing { depot: self.clone(), key: at.path().to_owned(), parts: Arc::default() };
        Box::pin(ready(Ok(Arc::new(writing) as Arc<dyn Upload>)))
    }

    fn list<'a>(&'a self, prefix: &'a Address, depth: Depth, _page: Option<&'a str>) -> Pending<'a, Page> {
        let below = format!("{}/", prefix.path().trim_end_matches('/'));
        let objects = self.objects.lock().unwrap();
        let found = objects.iter().filter_map(|(key, bytes)| Some((key.strip_prefix(&below)?.to_owned(), bytes.len() as u64)));
        Box::pin(ready(Ok(Page::of_all(depth, found))))
    }

    fn delete<'a>(&'a self, at: &'a Address) -> Pending<'a, ()> {
        self.objects.lock().unwrap().remove(at.path());
        Box::pin(ready(Ok(())))
    }
}

#[derive(Debug)]
struct Writing {
    depot: Depot,
    key: String,
    parts: Arc<Mutex<BTreeMap<u32, Bytes>>>,
}

impl Upload for Writing {
    fn part(&self, number: u32, bytes: Payload) -> Pending<'static, ()> {
        let parts = Arc::clone(&self.parts);
        Box::pin(async move {
            let bytes = bytes.bytes().await?;
            parts.lock().unwrap().insert(number, bytes);
            Ok(())
        })
    }

    fn finish(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            let mut door = self.depot.door.subscribe();
            let door = *door.wait_for(|door| *door != Door::Shut).await.expect("this store has the sender");
            if door == Door::Full {
                return Err(Error::new(ErrorKind::Io, format!("cannot write `{}`: no space left on device", self.key)));
            }
            let whole: Vec<u8> = self.parts.lock().unwrap().values().flatten().copied().collect();
            self.depot.objects.lock().unwrap().insert(self.key.clone(), whole.into());
            Ok(())
        })
    }

    fn abort(&self) -> Pending<'_, ()> {
        Box::pin(ready(Ok(())))
    }
}
