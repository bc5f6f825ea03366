//! Batch as an engine.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use aws_sdk_batch::types::{JobDetail, KeyValuesPair};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use nebulakit_types::visible;
use tokio::task::spawn_blocking;

use super::fault::Fault;
use super::reach::{Batch, MOST_TRIES};
use super::{arrays, state, submitting};
use crate::backend::engine::{Ending, Engine, EngineEnd, EngineError, EngineId, EngineJob, NotSubmitted, Seen};

/// How many jobs one question is about: Batch's own limit.
const ASKED_AT_ONCE: usize = 100;

/// How many requests are under way at once.
const AT_ONCE: usize = 4;

/// What a job that is cancelled says of why.
const CANCELLED: &str = "cancelled by the run that it is of";

impl Engine for Batch {
    fn name(&self) -> &str {
        &self.name
    }

    fn takes_images(&self) -> bool {
        true
    }

    fn needs_images(&self) -> bool {
        true
    }

    fn gathers(&self, job: &EngineJob) -> Option<(String, usize)> {
        // The elements of a map become ready one by one, as fast as their inputs are stored; an array is of all of them.
        let (map, _) = job.node.strip_suffix(']')?.rsplit_once('[')?;
        Some((map.to_owned(), arrays::MOST))
    }

    fn drives(&self, plan: &Path) {
        self.plans().insert(plan.to_owned());
    }

    fn submit<'a>(&'a self, jobs: &'a [EngineJob]) -> BoxFuture<'a, Vec<Result<EngineId, NotSubmitted>>> {
        Box::pin(submitting::submit(self, jobs))
    }

    fn look<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<HashMap<EngineId, Seen>, EngineError>> {
        Box::pin(async move {
            let chunks: Vec<_> = ids.chunks(ASKED_AT_ONCE).map(<[_]>::to_vec).collect();
            let mut answers = stream::iter(chunks).map(|ids| async move { self.described(&ids).await }).buffer_unordered(AT_ONCE);
            let mut all = HashMap::with_capacity(ids.len());
            while let Some(answer) = answers.next().await {
                for job in answer? {
                    let Some(id) = job.job_id() else { continue };
                    let seen = state::seen(&job).map_err(|word| {
                        let said = format!("Batch says `{}` of the job {}, which is not known", visible::line(&word), visible::line(id));
                        EngineError(said)
                    })?;
                    all.insert(EngineId::from(id), spent(seen, &job));
                }
            }
            Ok(all)
        })
    }

    fn cancel<'a>(&'a self, ids: &'a [EngineId]) -> BoxFuture<'a, Result<(), EngineError>> {
        Box::pin(async move {
            let one = |id: String| async move {
                let asked = self.clients.asks.terminate_job().job_id(&id).reason(CANCELLED).send().await;
                match asked.map_err(|error| Fault::of("TerminateJob", &error)) {
                    Ok(_) => None,
                    Err(fault) => Some(EngineError::from(fault)),
                }
            };
            let mut answers = stream::iter(self.whole(ids)).map(one).buffer_unordered(AT_ONCE);
            let mut failed = None;
            while let Some(answer) = answers.next().await {
                failed = failed.or(answer);
            }
            failed.map_or(Ok(()), Err)
        })
    }

    fn find<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<EngineId>, EngineError>> {
        Box::pin(async move {
            if let Some(id) = self.named(name).await? {
                return Ok(Some(id.into()));
            }
            let plans: Vec<_> = self.plans().iter().cloned().collect();
            for plan in plans {
                let (of, wanted) = (plan.clone(), name.to_owned());
                let arrays =
                    spawn_blocking(move || arrays::find(&of, &wanted)).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
                let arrays =
                    arrays.map_err(|error| EngineError(format!("cannot read the arrays of the plan {}: {error}", plan.display())))?;
                for (array, index) in arrays {
                    if let Some(id) = self.named(&array).await? {
                        return Ok(Some(format!("{id}:{index}").into()));
                    }
                }
            }
            Ok(None)
        })
    }
}

impl Batch {
    async fn described(&self, ids: &[EngineId]) -> Result<Vec<JobDetail>, EngineError> {
        let jobs = ids.iter().map(|id| id.as_str().to_owned()).collect();
        let asked = self.clients.asks.describe_jobs().set_jobs(Some(jobs)).send().await;
        Ok(asked.map_err(|error| Fault::of("DescribeJobs", &error))?.jobs.unwrap_or_default())
    }

    /// The id of the job of that name, the newest if there are several: no other job of this account has the name.
    async fn named(&self, name: &str) -> Result<Option<String>, EngineError> {
        let name = submitting::in_batch(name);
        let mut newest: Option<(i64, String)> = None;
        for queue in self.queues() {
            let filter = KeyValuesPair::builder().name("JOB_NAME").values(&name).build();
            let mut pages = self.clients.asks.list_jobs().job_queue(queue).filters(filter).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| Fault::of("ListJobs", &error))?;
                // The filter is one for beginnings, too, and knows no small letters.
                for job in page.job_summary_list().iter().filter(|job| job.job_name() == Some(&*name)) {
                    let (Some(id), at) = (job.job_id(), job.created_at().unwrap_or_default()) else { continue };
                    if newest.as_ref().is_none_or(|(newest, _)| *newest <= at) {
                        newest = Some((at, id.to_owned()));
                    }
                }
            }
        }
        Ok(newest.map(|(_, id)| id))
    }

    /// The ids to end: an array whose elements are all among them is ended by one request.
    fn whole(&self, ids: &[EngineId]) -> Vec<String> {
        let mut elements: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut all = Vec::new();
        for id in ids {
            match id.as_str().split_once(':') {
                Some((array, index)) => drop(elements.entry(array).or_default().insert(index)),
                None => all.push(id.as_str().to_owned()),
            }
        }
        let sizes = self.sizes();
        for (array, indices) in elements {
            match sizes.get(array) {
                Some(size) if *size == indices.len() => all.push(array.to_owned()),
                _ => all.extend(indices.into_iter().map(|index| format!("{array}:{index}"))),
            }
        }
        all
    }
}

/// The same, where Batch has tried as often as it does: the job is lost with its machine, and the driver does not begin to count again.
fn spent(seen: Seen, job: &JobDetail) -> Seen {
    let allowed = job.retry_strategy().and_then(|strategy| strategy.attempts()).and_then(|tries| usize::try_from(tries).ok());
    match seen {
        Seen::Ended(EngineEnd { how: Ending::Preempted, reason }) if allowed.unwrap_or(MOST_TRIES as usize) <= job.attempts().len() => {
            let tries = job.attempts().len();
            let because = format!("{}; Batch tried it {tries} times", reason.unwrap_or_default());
            Seen::Ended(EngineEnd::new(Ending::NodeLost).because(because))
        }
        seen => seen,
    }
}
