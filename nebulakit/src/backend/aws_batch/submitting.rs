//! Jobs on their way to Batch: one by one, or equal ones together as an array job.

use std::time::Duration;

use aws_sdk_batch::types::{ArrayProperties, EvaluateOnExit, JobTimeout, RetryAction, RetryStrategy};
use tokio::task::spawn_blocking;

use super::arrays::{self, ALONE, INDEX};
use super::definition::Definition;
use super::fault::Fault;
use super::overrides::{MOST, Overrides};
use super::reach::Batch;
use super::shape::{self, Platform};
use super::state::HOST_GONE;
use super::variables::requested;
use crate::backend::engine::{EngineId, EngineJob, NotSubmitted, seconds};

type Answer = Result<EngineId, NotSubmitted>;

/// The least time limit that Batch takes.
const LEAST_TIME: u64 = 60;

/// How much longer Batch's own limit is: the node keeps its own to the second, and says why it ended.
const GRACE: u64 = 120;

/// How often a submit is tried that is throttled before the driver is told to hold it back.
const TRIES: u32 = 5;

/// The first wait after one; it doubles.
const WAIT: Duration = Duration::from_millis(250);

/// Submits jobs, and gives an answer for each in their order.
pub(super) async fn submit(batch: &Batch, jobs: &[EngineJob]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = jobs.iter().map(|_| None).collect();
    let mut held: Option<NotSubmitted> = None;
    for group in arrays::groups(jobs, arrays::MOST, arrays::are_equal) {
        let members: Vec<_> = group.iter().map(|&place| &jobs[place]).collect();
        let said: Vec<Answer> = match &held {
            // What held one back would hold the next.
            Some(held) => members.iter().map(|_| Err(held.clone())).collect(),
            None => together(batch, &members).await,
        };
        held = held
            .or_else(|| said.iter().find_map(|answer| answer.as_ref().err().filter(|why| matches!(why, NotSubmitted::Held(_))).cloned()));
        for (place, answer) in group.into_iter().zip(said) {
            answers[place] = Some(answer);
        }
    }
    answers.into_iter().map(|answer| answer.unwrap_or_else(|| Err(NotSubmitted::Refused("it was in no group".to_owned())))).collect()
}

async fn together(batch: &Batch, jobs: &[&EngineJob]) -> Vec<Answer> {
    match handed_over(batch, jobs).await {
        Ok(id) if jobs.len() == 1 => vec![Ok(id.into())],
        Ok(id) => {
            batch.sizes().insert(id.clone(), jobs.len());
            (0..jobs.len()).map(|index| Ok(format!("{id}:{index}").into())).collect()
        }
        Err(why) => jobs.iter().map(|_| Err(why.clone())).collect(),
    }
}

/// The id of the job, or of the array.
async fn handed_over(batch: &Batch, jobs: &[&EngineJob]) -> Result<String, NotSubmitted> {
    let first = jobs[0];
    let settings = batch.rules.of(first);
    let queue = settings.queue.clone().or_else(|| batch.section.queue.clone());
    let queue = queue.ok_or_else(|| NotSubmitted::Refused("no job queue is named".to_owned()))?;
    let platform = batch.section.platform;
    let definition = Definition {
        image: first.image.clone().ok_or_else(|| NotSubmitted::Refused("it names no image".to_owned()))?,
        shape: shape::of(platform, first.cores, first.memory, first.gpus).map_err(NotSubmitted::Refused)?,
        is_fargate: platform == Platform::Fargate,
        has_public_address: batch.section.has_public_address,
        job_role: settings.job_role.clone().or_else(|| batch.section.job_role.clone()),
        execution_role: batch.section.execution_role.clone(),
        secrets: settings.secrets.clone().into_iter().collect(),
    };
    // Nothing is submitted yet, so that what is unclear here is only late.
    let arn = batch.definition(definition).await.map_err(|fault| match fault {
        Fault::Refused(said) => NotSubmitted::Refused(said),
        Fault::Later(said) | Fault::Unclear(said) => NotSubmitted::Held(said),
    })?;
    let (name, overrides) = requested_of(batch, jobs).await?;
    let mut request = batch
        .clients
        .submits
        .submit_job()
        .job_name(in_batch(&name))
        .job_queue(queue)
        .job_definition(arn)
        .container_overrides(overrides.of_container())
        .retry_strategy(retries(batch.tries(first)))
        .propagate_tags(true)
        .set_tags(Some(tags(batch, first)))
        .set_share_identifier(settings.share)
        .set_scheduling_priority_override(settings.priority.and_then(|priority| i32::try_from(priority).ok()));
    if jobs.len() > 1 {
        request = request.array_properties(ArrayProperties::builder().set_size(i32::try_from(jobs.len()).ok()).build());
    }
    if let Some(time) = first.time {
        let limit = i32::try_from(seconds(time).saturating_add(GRACE).max(LEAST_TIME)).unwrap_or(i32::MAX);
        request = request.timeout(JobTimeout::builder().attempt_duration_seconds(limit).build());
    }
    for tried in 0.. {
        let fault = match request.clone().send().await {
            Ok(answer) => {
                let id = answer.job_id().filter(|id| !id.is_empty()).map(str::to_owned);
                return id.ok_or_else(|| NotSubmitted::Unclear("`SubmitJob`: the answer of Batch names no job".to_owned()));
            }
            Err(error) => Fault::of("SubmitJob", &error),
        };
        match fault {
            Fault::Later(_) if tried + 1 < TRIES => tokio::time::sleep(WAIT * 2_u32.pow(tried)).await,
            fault => return Err(fault.into()),
        }
    }
    Err(NotSubmitted::Held("Batch takes no job for now".to_owned()))
}

/// The name and the overrides of a job, or of an array; what does not fit stands in a list in the plan.
async fn requested_of<'j>(batch: &Batch, jobs: &[&'j EngineJob]) -> Result<(String, Overrides<'j>), NotSubmitted> {
    let first = jobs[0];
    let mut variables = requested(&first.variables);
    let program = batch.section.program.iter().cloned();
    if jobs.len() == 1 {
        let command = program.clone().chain(first.argv.iter().skip(1).cloned()).collect();
        let overrides = Overrides { command, variables: variables.clone() };
        if overrides.length() <= MOST {
            return Ok((first.name.clone(), overrides));
        }
        variables.push((ALONE, "0"));
    }
    let (variable, name) = match jobs.len() {
        1 => (ALONE, first.name.clone()),
        // One whose answer is lost may be submitted again, with other elements.
        count => (INDEX, format!("{}.x{count}-{:08x}", first.name, uuid::Uuid::new_v4().as_fields().0)),
    };
    let list = arrays::list(&first.plan, &name).to_string_lossy().into_owned();
    let mut command: Vec<_> = program.chain(arrays::without_node(&first.argv).skip(1).cloned()).collect();
    command.extend(["--index-from".to_owned(), variable.to_owned(), "--list".to_owned(), list]);
    let overrides = Overrides { command, variables };
    if overrides.length() > MOST {
        let said = format!("the words and variables of the job take {} bytes, and Batch takes {MOST}", overrides.length());
        return Err(NotSubmitted::Refused(said));
    }
    let lines: String = jobs.iter().map(|job| format!("{} {}\n", job.node, job.attempt)).collect();
    let names: String = jobs.iter().map(|job| format!("{}\n", job.name)).collect();
    let (plan, of) = (first.plan.clone(), name.clone());
    let written =
        spawn_blocking(move || arrays::write(&plan, &of, &lines, &names)).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    written.map_err(|error| NotSubmitted::Refused(format!("the list of the array cannot be written into the plan: {error}")))?;
    Ok((name, overrides))
}

/// A job's name as Batch takes it, which knows no dots.
pub(super) fn in_batch(name: &str) -> String {
    name.replace('.', "_")
}

/// Batch begins a job again only where its machine is gone.
fn retries(tries: u32) -> RetryStrategy {
    let strategy = RetryStrategy::builder().set_attempts(i32::try_from(tries).ok());
    if tries < 2 {
        return strategy.build();
    }
    let gone = EvaluateOnExit::builder().on_status_reason(format!("{HOST_GONE}*")).action(RetryAction::Retry).build();
    let other = EvaluateOnExit::builder().on_reason("*").action(RetryAction::Exit).build();
    strategy.evaluate_on_exit(gone).evaluate_on_exit(other).build()
}

/// What a bill can be split by.
fn tags(batch: &Batch, job: &EngineJob) -> std::collections::HashMap<String, String> {
    let run = job.plan.file_name().unwrap_or_default().to_string_lossy();
    let ours = [("nebulakit:run", &*run), ("nebulakit:task", job.task), ("nebulakit:workflow", &*job.workflow)];
    let ours = ours.into_iter().map(|(key, value)| (key.to_owned(), tag(value)));
    ours.chain(batch.section.tags.clone()).collect()
}

/// A value as tags may be: some letters are not allowed in them, nor more than 256.
fn tag(value: &str) -> String {
    let letter = |letter: char| if letter.is_alphanumeric() || " _.:/=+-@".contains(letter) { letter } else { '_' };
    value.chars().take(256).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_tries_again_what_lost_its_machine_alone() {
        let strategy = retries(10);
        assert_eq!(strategy.attempts(), Some(10));
        let rules: Vec<_> = strategy
            .evaluate_on_exit()
            .iter()
            .map(|rule| (rule.on_status_reason(), rule.on_reason(), rule.action().map(RetryAction::as_str)))
            .collect();
        assert_eq!(rules, [(Some("Host EC2*"), None, Some("RETRY")), (None, Some("*"), Some("EXIT"))]);
        assert!(retries(1).evaluate_on_exit().is_empty());
    }

    #[test]
    fn a_tag_has_only_what_tags_may() {
        assert_eq!(tag("app.läufe[5]\n"), "app.läufe_5__");
    }
}
