//! Chunks: elements of a map that one job of an engine runs one after the other, as `chunk` in the settings asks, on whichever engine.
//!
//! To the driver each element is a job as before, with an attempt, a record and outputs of its own; to the engine they are one.
//!
//! ```text
//! P/chunks/<name>/list     a line per element: the node and the attempt
//! P/chunks/<name>/names    a line per element: the name that its job has here, by which it is found again
//! P/chunks/<name>/id       what the engine calls the job
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;

use super::chunk_files::{self, Chunk};
use super::contract::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};
use super::rules::Rules;

/// An engine whose jobs are chunks.
pub(super) struct Chunks {
    inner: Arc<dyn Engine>,
    rules: Arc<Rules>,
    known: Arc<Mutex<Known>>,
}

/// What is known of chunks.
#[derive(Default)]
struct Known {
    plan: PathBuf,
    /// By the engine's ids.
    chunks: HashMap<EngineId, Arc<Chunk>>,
}

impl Chunks {
    /// The engine itself, where no rule asks for chunks.
    pub(super) fn of(engine: Arc<dyn Engine>, rules: &Arc<Rules>) -> Arc<dyn Engine> {
        if !rules.any(|rule| rule.chunk.is_some_and(|chunk| chunk > 1)) {
            return engine;
        }
        Arc::new(Self { inner: engine, rules: Arc::clone(rules), known: Arc::default() })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn size(&self, job: &EngineJob) -> usize {
        self.rules.of(&job.workflow, job.task).chunk.unwrap_or(1) as usize
    }

    /// The jobs by their places: those that go together, else one alone.
    fn groups(&self, jobs: &[EngineJob]) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut places: Vec<_> = (0..jobs.len()).collect();
        // They became ready in any order, and people look for them in that of the map.
        places.sort_by_key(|place| index_of(&jobs[*place]));
        for (place, job) in places.into_iter().map(|place| (place, &jobs[place])) {
            let size = if map_of(job).is_some() { self.size(job) } else { 1 };
            let open = groups.iter_mut().rev().find(|group| group.len() < size && go_together(&jobs[group[0]], job));
            match open {
                Some(group) => group.push(place),
                None => groups.push(vec![place]),
            }
        }
        groups
    }

    async fn submit_all(&self, jobs: &[EngineJob]) -> Vec<Result<EngineId, NotSubmitted>> {
        let groups = self.groups(jobs);
        let mut outer = Vec::with_capacity(groups.len());
        let mut answers: Vec<Option<Result<EngineId, NotSubmitted>>> = jobs.iter().map(|_| None).collect();
        for group in groups {
            if let [alone] = group.as_slice() {
                outer.push((group.clone(), jobs[*alone].clone(), None));
                continue;
            }
            let members: Vec<_> = group.iter().map(|place| jobs[*place].clone()).collect();
            match blocking(move || chunk_files::make(&members)).await {
                Ok((job, chunk)) => outer.push((group, job, Some(chunk))),
                Err(error) => {
                    let said = format!("the list of a chunk cannot be written into the plan: {error}");
                    group.into_iter().for_each(|place| answers[place] = Some(Err(NotSubmitted::Refused(said.clone()))));
                }
            }
        }
        let submitted: Vec<_> = outer.iter().map(|(_, job, _)| job.clone()).collect();
        let given = if submitted.is_empty() { Vec::new() } else { self.inner.submit(&submitted).await };
        for ((group, _, chunk), answer) in outer.into_iter().zip(given) {
            let Some(chunk) = chunk else {
                answers[group[0]] = Some(answer);
                continue;
            };
            match &answer {
                Ok(id) => self.has(id, chunk).await,
                // There is no such job, and nobody looks for it.
                Err(NotSubmitted::Held(_) | NotSubmitted::Refused(_)) => {
                    let _ = blocking(move || fs::remove_dir_all(chunk.folder)).await;
                }
                Err(NotSubmitted::Unclear(_)) => {}
            }
            for (index, place) in group.into_iter().enumerate() {
                answers[place] = Some(answer.clone().map(|id| element(&id, index)));
            }
        }
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(NotSubmitted::Unclear("the engine gave no answer".to_owned()))))
            .collect()
    }

    /// Remembers which chunk a job of the engine is, for other drivers too.
    async fn has(&self, id: &EngineId, chunk: Chunk) {
        let (file, text) = (chunk.folder.join("id"), id.to_string());
        self.known().chunks.insert(id.clone(), Arc::new(chunk));
        if let Err(error) = blocking(move || fs::write(file, text)).await {
            tracing::warn!(%error, "cannot write down which job a chunk is");
        }
    }

    /// The chunk that a job of the engine is.
    async fn chunk(&self, id: &EngineId) -> io::Result<Option<Arc<Chunk>>> {
        if let Some(chunk) = self.known().chunks.get(id) {
            return Ok(Some(Arc::clone(chunk)));
        }
        let plan = self.known().plan.clone();
        let all = blocking(move || chunk_files::all(&plan)).await?;
        let mut known = self.known();
        known.chunks.extend(all.into_iter().filter_map(|chunk| Some((EngineId::from(chunk.id.clone()?), Arc::new(chunk)))));
        Ok(known.chunks.get(id).cloned())
    }

    async fn look_at(&self, ids: &[EngineId]) -> Result<HashMap<EngineId, Seen>, EngineError> {
        let jobs: BTreeSet<_> = ids.iter().map(|id| split(id).0).collect();
        let seen = self.inner.look(&jobs.into_iter().collect::<Vec<_>>()).await?;
        let mut of_elements = HashMap::with_capacity(ids.len());
        for id in ids {
            let (job, index) = split(id);
            let Some(seen) = seen.get(&job) else { continue };
            let seen = match index {
                None => seen.clone(),
                Some(index) => {
                    self.of_element(&job, index, seen).await.map_err(|error| EngineError(format!("cannot read a chunk: {error}")))?
                }
            };
            of_elements.insert(id.clone(), seen);
        }
        Ok(of_elements)
    }

    /// Where an element is whose job is there.
    async fn of_element(&self, job: &EngineId, index: usize, seen: &Seen) -> io::Result<Seen> {
        let Some(chunk) = self.chunk(job).await? else { return Ok(seen.clone()) };
        let (seen, job) = (seen.clone(), job.clone());
        blocking(move || {
            let Some(member) = chunk.members.get(index) else { return Ok(seen) };
            if member.has_begun() {
                return Ok(seen);
            }
            Ok(match seen {
                _ if member.is_cancelled() => Seen::Ended(EngineEnd::new(Ending::Cancelled)),
                Seen::Running { .. } => Seen::InLine,
                // What ended the job was another element's, and this one's attempt never began.
                Seen::Ended(end) if end.how != Ending::Cancelled && chunk.members.iter().any(|member| member.has_begun()) => {
                    let because = end.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                    Seen::Ended(
                        EngineEnd::new(Ending::Preempted)
                            .because(format!("the job {job} of its chunk ended before its turn came{because}")),
                    )
                }
                seen => seen,
            })
        })
        .await
    }

    async fn cancel_all(&self, ids: &[EngineId]) -> Result<(), EngineError> {
        let mut whole: Vec<EngineId> = Vec::new();
        let mut parts: HashMap<EngineId, HashSet<usize>> = HashMap::new();
        for id in ids {
            match split(id) {
                (job, None) => whole.push(job),
                (job, Some(index)) => drop(parts.entry(job).or_default().insert(index)),
            }
        }
        for (job, indexes) in parts {
            let unreadable = |error: io::Error| EngineError(format!("cannot cancel elements of the job {job}: {error}"));
            let Some(chunk) = self.chunk(&job).await.map_err(unreadable)? else { continue };
            let is_over = blocking(move || {
                indexes.into_iter().filter_map(|index| chunk.members.get(index)).try_for_each(|member| member.cancel())?;
                Ok(chunk.members.iter().all(|member| member.is_cancelled() || member.is_over()))
            });
            if is_over.await.map_err(unreadable)? {
                whole.push(job.clone());
            }
        }
        if whole.is_empty() { Ok(()) } else { self.inner.cancel(&whole).await }
    }

    async fn find_one(&self, name: &str) -> Result<Option<EngineId>, EngineError> {
        let (plan, wanted) = (self.known().plan.clone(), name.to_owned());
        let found = blocking(move || {
            let chunks = chunk_files::all(&plan)?.into_iter();
            Ok(chunks.filter_map(|chunk| Some((chunk.names.iter().position(|name| *name == wanted)?, chunk))).collect::<Vec<_>>())
        });
        for (index, chunk) in found.await.map_err(|error| EngineError(format!("cannot read the chunks of the plan: {error}")))? {
            if let Some(id) = self.inner.find(&chunk.name).await? {
                self.has(&id, chunk).await;
                return Ok(Some(element(&id, index)));
            }
        }
        self.inner.find(name).await
    }
}

impl Engine for Chunks {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn takes_images(&self) -> bool {
        self.inner.takes_images()
    }

    fn drives(&self, plan: &Path) {
        plan.clone_into(&mut self.known().plan);
        self.inner.drives(plan);
    }

    fn gathers(&self, job: &EngineJob) -> Option<(String, usize)> {
        let size = self.size(job);
        if size > 1 { Some((map_of(job)?.to_owned(), size)) } else { self.inner.gathers(job) }
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        Box::pin(self.submit_all(jobs))
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        Box::pin(self.look_at(ids))
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(self.cancel_all(ids))
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        Box::pin(self.find_one(name))
    }
}

/// The map whose element a job is; [`None`] for another node.
fn map_of(job: &EngineJob) -> Option<&str> {
    job.node.strip_suffix(']')?.rsplit_once('[').map(|(map, _)| map)
}

/// Which element it is; [`None`] for another node.
fn index_of(job: &EngineJob) -> Option<usize> {
    job.node.strip_suffix(']')?.rsplit_once('[')?.1.parse().ok()
}

/// Whether two jobs are elements of one map that ask for the same.
fn go_together(one: &EngineJob, other: &EngineJob) -> bool {
    let shape = |job: &EngineJob| (job.cores.to_bits(), job.memory, job.gpus, job.time);
    map_of(one) == map_of(other)
        && one.task == other.task
        && shape(one) == shape(other)
        && one.plan == other.plan
        && one.image == other.image
        && one.variables == other.variables
}

/// What an element of a chunk is called: the engine's id of the job, and its place there.
fn element(job: &EngineId, index: usize) -> EngineId {
    format!("{job}#{index}").into()
}

fn split(id: &EngineId) -> (EngineId, Option<usize>) {
    match id.as_str().rsplit_once('#').and_then(|(job, index)| Some((job, index.parse().ok()?))) {
        Some((job, index)) => (job.into(), Some(index)),
        None => (id.clone(), None),
    }
}

async fn blocking<T: Send + 'static>(does: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(does).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
