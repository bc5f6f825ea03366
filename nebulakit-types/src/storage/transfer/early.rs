//! Small objects of a tree, fetched while the rest of its listing comes.
//!
//! Nothing is written before the whole listing has been looked at, and its pages come one after the other. Meanwhile small objects are taken
//! into memory, so that a tree of many pages takes no longer for it. What fails is fetched again in its turn, and has its error then.

use std::collections::{HashMap, VecDeque};
use std::task::Poll;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt as _};

use super::super::handle::Storage;
use super::super::object::Answer;

/// Larger objects wait.
const SMALL: u64 = 256 << 10;

/// How many bytes are held.
const HELD: u64 = 16 << 20;

/// How many are under way: the listing has its share of the budget.
const UNDER_WAY: usize = 32;

pub(super) struct Early {
    storage: Storage,
    is_remote: bool,
    at_once: usize,
    held: u64,
    /// Those that are known, by their places among all, their URLs and sizes.
    known: VecDeque<(usize, String, u64)>,
    under_way: FuturesUnordered<BoxFuture<'static, (usize, Option<Bytes>)>>,
    here: HashMap<usize, Bytes>,
}

impl Early {
    pub(super) fn of(storage: &Storage, prefix: &str, at_once: usize) -> Self {
        let is_remote = storage.locate(prefix).is_ok_and(|place| place.store.is_remote());
        Self {
            storage: storage.clone(),
            is_remote,
            at_once: at_once.min(UNDER_WAY),
            held: 0,
            known: VecDeque::new(),
            under_way: FuturesUnordered::new(),
            here: HashMap::new(),
        }
    }

    /// Takes note of an object.
    pub(super) fn note(&mut self, place: usize, url: impl FnOnce() -> String, size: u64) {
        if self.is_remote && (1..=SMALL).contains(&size) && self.held + size <= HELD {
            self.held += size;
            self.known.push_back((place, url(), size));
        }
    }

    /// What a listing gives next. Only while that is on its way, objects are asked for: a tree of one page has nothing to wait for.
    pub(super) async fn next<T>(&mut self, found: &mut (impl Stream<Item = T> + Unpin)) -> Option<T> {
        std::future::poll_fn(|context| {
            if let Poll::Ready(next) = found.poll_next_unpin(context) {
                return Poll::Ready(next);
            }
            self.begin();
            while let Poll::Ready(Some((place, bytes))) = self.under_way.poll_next_unpin(context) {
                self.here.extend(bytes.map(|bytes| (place, bytes)));
                self.begin();
            }
            Poll::Pending
        })
        .await
    }

    fn begin(&mut self) {
        while self.under_way.len() < self.at_once
            && let Some((place, url, size)) = self.known.pop_front()
        {
            let storage = self.storage.clone();
            let fetch = async move {
                let found = storage.whole(&url).await.ok().and_then(Answer::if_there);
                (place, found.filter(|bytes| bytes.len() as u64 == size))
            };
            self.under_way.push(fetch.boxed());
        }
    }

    /// What has come, by its place, when what is under way is here too.
    pub(super) async fn finish(mut self) -> HashMap<usize, Bytes> {
        while let Some((place, bytes)) = self.under_way.next().await {
            self.here.extend(bytes.map(|bytes| (place, bytes)));
        }
        self.here
    }
}
