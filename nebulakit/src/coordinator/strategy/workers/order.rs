//! What a worker is told to run.

use std::time::Instant;

use bytes::Bytes;

use crate::coordinator::context::JobContext;
use crate::coordinator::error::{JobError, Lost};
use crate::coordinator::tasks::placed;
use crate::process::worker::message::{Identity, Job, Secret};
use crate::task::call::with_secrets;

/// The attempt of `job` as an order, with the CPU time that it may take, in whole seconds.
///
/// # Errors
/// When the coordinator's context cannot be made, and for work that is not a task.
pub(in crate::coordinator::strategy) fn of(job: &JobContext, cpu: Option<u64>) -> Result<Job, JobError> {
    let Some((task, inputs)) = job.piece.task() else {
        return Err(JobError::lost(Lost::Strategy("only tasks run in processes".to_owned())));
    };
    let context = with_secrets(placed(job, task)?, task);
    let own = context.surroundings();
    let secrets = task.options().secrets.iter().filter_map(|asked| {
        // What is not there the task misses where it looks for it.
        let value = context.secrets().get_bytes(asked.group, asked.version, asked.key).ok()?;
        let text = |part: &str| part.to_owned();
        Some(Secret { group: text(asked.group), version: text(asked.version), key: text(asked.key), value: value.expose().to_vec() })
    });
    let nanos = |duration: std::time::Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    let deadline = job.live().deadline();
    Ok(Job {
        task: task.name().to_owned(),
        inputs: Bytes::copy_from_slice(inputs),
        identity: Identity::from(&*own.identity()),
        output_prefix: own.output_prefix.to_string(),
        raw_output_prefix: context.raw_output_prefix().to_owned(),
        custom: own.custom.clone().into_iter().collect(),
        secrets: secrets.collect(),
        remaining: deadline.map(|(at, _)| nanos(at.saturating_duration_since(Instant::now()))),
        limit: deadline.map_or(0, |(_, limit)| nanos(limit)),
        job: job.id().to_string(),
        run: job.run().to_string(),
        cpu,
        checkpoint: own.checkpoint.destination.clone(),
        previous_checkpoint: own.checkpoint.previous.clone(),
    })
}
