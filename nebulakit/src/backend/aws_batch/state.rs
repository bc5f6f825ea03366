//! Where a job is, from what Batch says of it.

use aws_sdk_batch::types::{AttemptDetail, JobDetail, JobStatus};

use crate::backend::engine::{Ending, EngineEnd, Seen};

/// How Batch begins its reason where a job's machine is gone: a spot instance that was taken back, or one that was lost.
pub(super) const HOST_GONE: &str = "Host EC2";

/// Where it is; [`None`] where Batch has a word that is not known, with that word.
pub(super) fn seen(job: &JobDetail) -> Result<Seen, String> {
    let reason = job.status_reason().filter(|reason| !reason.is_empty());
    Ok(match job.status() {
        Some(status @ (JobStatus::Submitted | JobStatus::Pending | JobStatus::Runnable | JobStatus::Starting)) => {
            Seen::Queued { reason: Some(reason.unwrap_or(status.as_str()).to_owned()) }
        }
        Some(JobStatus::Running) => Seen::Running { host: host(job) },
        Some(JobStatus::Succeeded) => Seen::Ended(EngineEnd::new(Ending::Exited(0))),
        Some(JobStatus::Failed) => Seen::Ended(failed(job, reason)),
        Some(other) => return Err(other.as_str().to_owned()),
        None => return Err("no status".to_owned()),
    })
}

/// What people find a job's machine by: the last part of its name.
fn host(job: &JobDetail) -> Option<String> {
    let container = job.container()?;
    let arn = container.container_instance_arn().or(container.task_arn())?;
    Some(arn.rsplit('/').next().unwrap_or(arn).to_owned())
}

fn failed(job: &JobDetail, reason: Option<&str>) -> EngineEnd {
    let last = last(job);
    let container = job.container();
    let exit = container.and_then(|container| container.exit_code()).or_else(|| last?.container()?.exit_code());
    let inner = container.and_then(|container| container.reason()).or_else(|| last?.container()?.reason()).filter(|text| !text.is_empty());
    let reason = reason.or_else(|| last?.status_reason());
    let begins = |text: Option<&str>, word: &str| text.is_some_and(|text| text.starts_with(word));
    let how = match exit {
        _ if begins(reason, HOST_GONE) => Ending::Preempted,
        _ if inner.is_some_and(|inner| inner.contains("OutOfMemory")) => Ending::OutOfMemory,
        _ if reason.is_some_and(|reason| reason.contains("attempt duration exceeded timeout")) => Ending::OutOfTime,
        _ if job.is_terminated() == Some(true) || job.is_cancelled() == Some(true) => Ending::Cancelled,
        Some(exit @ 129..=192) => Ending::Signalled(exit - 128),
        Some(exit) => Ending::Exited(exit),
        // It never began.
        None => Ending::EngineFault,
    };
    let said: Vec<_> = [reason, inner].into_iter().flatten().collect();
    let end = EngineEnd::new(how);
    if said.is_empty() { end } else { end.because(said.join("; ")) }
}

/// The last try that Batch made at the job.
fn last(job: &JobDetail) -> Option<&AttemptDetail> {
    job.attempts().last()
}

#[cfg(test)]
mod tests {
    use aws_sdk_batch::types::{AttemptContainerDetail, ContainerDetail};

    use super::*;

    fn ended(exit: Option<i32>, reason: &str, inner: &str) -> Ending {
        let container = ContainerDetail::builder().set_exit_code(exit).reason(inner).build();
        let job = JobDetail::builder().status(JobStatus::Failed).status_reason(reason).container(container).build();
        match seen(&job) {
            Ok(Seen::Ended(end)) => end.how,
            seen => panic!("{seen:?}"),
        }
    }

    #[test]
    fn ends_are_told_apart() {
        let exited = "Essential container in task exited";
        assert_eq!(ended(Some(3), exited, ""), Ending::Exited(3));
        assert_eq!(ended(Some(137), exited, ""), Ending::Signalled(9));
        assert_eq!(ended(Some(137), exited, "OutOfMemoryError: Container killed due to memory usage"), Ending::OutOfMemory);
        assert_eq!(ended(None, "Host EC2 (instance i-0a) terminated.", ""), Ending::Preempted);
        assert_eq!(ended(None, "Job attempt duration exceeded timeout", ""), Ending::OutOfTime);
        assert_eq!(ended(None, "Task failed to start", "CannotPullContainerError: not found"), Ending::EngineFault);
    }

    #[test]
    fn what_the_last_try_says_counts_where_the_job_says_nothing() {
        let container = AttemptContainerDetail::builder().exit_code(5).build();
        let attempt = AttemptDetail::builder().container(container).status_reason("Essential container in task exited").build();
        let job = JobDetail::builder().status(JobStatus::Failed).attempts(attempt).build();
        let end = EngineEnd::new(Ending::Exited(5)).because("Essential container in task exited");
        assert_eq!(seen(&job), Ok(Seen::Ended(end)));
    }

    #[test]
    fn a_new_word_is_no_guess() {
        assert_eq!(seen(&JobDetail::builder().status("HIBERNATING".into()).build()), Err("HIBERNATING".to_owned()));
    }

    #[test]
    fn a_job_that_waits_says_what_for() {
        let job = JobDetail::builder().status(JobStatus::Runnable).build();
        assert_eq!(seen(&job), Ok(Seen::Queued { reason: Some("RUNNABLE".to_owned()) }));
    }
}
