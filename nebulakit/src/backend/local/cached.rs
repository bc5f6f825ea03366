//! How a run uses the cache.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::readers::Readers;
use crate::backend::driver::{Call, Claim, Recalled};
use crate::backend::plan::CacheUse;
use crate::run::{
    Cache, CacheEntry, CacheKey, Caller, Durability, EventKind, KeyMaker, Lookup, Origin, RecordError, RunId, RunsFolder, Turn, Turns,
    is_whole,
};
use crate::task::def::TaskDef;

/// How a run uses the cache.
pub(super) struct Cached {
    pub(super) cache: Cache,
    uses: CacheUse,
    run: RunId,
    pub(super) durability: Durability,
    /// Where equal calls wait for each other; [`None`] where nothing runs.
    turns: Option<Turns>,
    /// The makers of keys, by the names of the tasks.
    makers: Mutex<HashMap<&'static str, Arc<KeyMaker>>>,
    pub(super) readers: Readers,
}

impl Cached {
    /// The cache of `runs`, for a run.
    pub(super) fn new(runs: &RunsFolder, uses: CacheUse, run: RunId, durability: Durability) -> Self {
        let (cache, turns) = (Cache::new(runs), Some(Turns::new(runs)));
        Self { cache, uses, run, durability, turns, makers: Mutex::default(), readers: Readers::new() }
    }

    /// A copy that writes nothing and does not wait for other calls.
    pub(super) fn read_only(self) -> Self {
        Self { cache: self.cache.read_only(), turns: None, ..self }
    }

    /// Whether outputs of tasks with this cache version may be reused.
    pub(super) fn may_recall(&self, version: Option<&str>) -> bool {
        version.is_some() && self.uses == CacheUse::On
    }

    /// Looks up a call in the cache. If that fails, the task runs.
    pub(super) async fn recall(&self, call: &Call<'_>) -> Recalled {
        let Some(version) = call.version else { return Recalled::Nothing(None) };
        if self.uses == CacheUse::Off {
            tell(call, Lookup::Off);
            return Recalled::Nothing(None);
        }
        match self.look_up(call, version).await {
            Ok(recalled) => recalled,
            Err(error) => {
                tracing::warn!(%error, "the cache cannot be used for the node {}", call.node);
                tell(call, Lookup::Unkeyed { why: error.parts().0.to_owned() });
                Recalled::Nothing(None)
            }
        }
    }

    /// A function that writes an entry.
    pub(super) fn putting(&self, entry: CacheEntry) -> impl FnOnce() -> Result<(), RecordError> + Send + use<> {
        let (cache, durability) = (self.cache.clone(), self.durability);
        move || cache.put(&entry, durability)
    }

    async fn look_up(&self, call: &Call<'_>, version: &str) -> Result<Recalled, RecordError> {
        let key = self.key(call, version).await?;
        let turn = match &self.turns {
            Some(turns) if call.task.options.cache.as_ref().is_some_and(|cache| cache.serialize) => {
                Some(self.turn(turns, &key, call).await?)
            }
            _ => None,
        };
        if self.uses == CacheUse::Overwrite || call.given.is_again {
            tell(call, Lookup::Overwrite { key: key.clone() });
            return Ok(Recalled::Nothing(Some(Claim { key, turn })));
        }
        let Some(entry) = self.cache.get(&key)? else {
            tell(call, Lookup::Miss { key: key.clone() });
            return Ok(Recalled::Nothing(Some(Claim { key, turn })));
        };
        let from = entry.from();
        Ok(match self.outputs(entry, call.task).await? {
            Some(outputs) => {
                tell(call, Lookup::Hit { from, key });
                Recalled::Outputs(outputs.into(), Origin::Cache)
            }
            None => {
                tell(call, Lookup::Gone { from, key: key.clone() });
                Recalled::Nothing(Some(Claim { key, turn }))
            }
        })
    }

    /// The outputs of an entry; [`None`] where they, or files that they name, are gone or damaged.
    async fn outputs(&self, entry: CacheEntry, task: &'static TaskDef) -> Result<Option<Vec<u8>>, RecordError> {
        let (cache, recorded) = (self.cache.clone(), entry.outputs.clone());
        let read = move || Ok(cache.outputs(&entry)?.filter(|outputs| is_whole(outputs, || task.interface())));
        self.readers.open(&recorded, read).await
    }

    /// The key of a call. Files are read on a thread of their own, which ends when the call is asked to stop.
    async fn key(&self, call: &Call<'_>, version: &str) -> Result<CacheKey, RecordError> {
        let maker = self.maker(call.task, version);
        if maker.is_cheap(call.inputs.iter().map(|(_, literal)| &**literal)) {
            return maker.key(call.inputs.iter().map(|(name, literal)| (*name, &**literal)), self.cache.contents());
        }
        let contents = self.cache.contents().until(call.stop);
        let inputs: Vec<_> = call.inputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect();
        self.readers.read(move || maker.key(inputs.iter().map(|(name, literal)| (name.as_str(), &**literal)), &contents)).await
    }

    /// The maker of the keys of a task's calls. A node that asks for another version gets its own maker.
    fn maker(&self, task: &'static TaskDef, version: &str) -> Arc<KeyMaker> {
        let options = task.options.cache.as_ref();
        let make = || Arc::new(KeyMaker::new(task.name, version, task.interface(), options.map_or(&[], |cache| cache.ignore)));
        if options.is_none_or(|cache| cache.version != version) {
            return make();
        }
        let mut makers = self.makers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(makers.entry(task.name).or_insert_with(make))
    }

    async fn turn(&self, turns: &Turns, key: &CacheKey, call: &Call<'_>) -> Result<Turn, RecordError> {
        let caller = Caller { run: self.run.clone(), node: call.node.clone() };
        turns.take(key, &caller, |other| (call.tell)(EventKind::Behind { call: other })).await
    }
}

fn tell(call: &Call<'_>, found: Lookup) {
    (call.tell)(EventKind::LookedUp { found });
}
