//! A node that runs a task: what the cache has, else attempts until one gives outputs or the budget is spent.

use std::time::{Instant, SystemTime};

use nebulakit_types::wire::flyteidl::core::execution_error::ErrorKind;
use nebulakit_types::wire::flyteidl::core::{CatalogCacheStatus, LiteralMap, TaskNodeOverrides, TaskTemplate, task_execution::Phase};

use super::failure::{Failure, aborted, error};
use super::nodes::Running;
use super::pods::{self, Ended, Pod};
use super::records::TaskRecord;
use super::retries::Budget;
use super::{cache, dynamic, names};

/// Runs a task to its end.
pub(crate) async fn run(running: &Running, template: &TaskTemplate, overrides: Option<&TaskNodeOverrides>) -> Result<LiteralMap, Failure> {
    let (run, world) = (&running.scope.run, &running.scope.world);
    let key = cache::key(template, &running.inputs);
    if let Some(outputs) = key.as_ref().filter(|_| !run.spec.overwrite_cache).and_then(|key| world.cache.get(key)) {
        let uri = format!("{}/0/outputs.pb", running.data);
        world.write(&uri, &outputs).await;
        running.change(|record| {
            record.cache = Some(CatalogCacheStatus::CacheHit);
            record.output_uri = uri;
        });
        return Ok(outputs);
    }
    let generates_deck = template.metadata.as_ref().and_then(|metadata| metadata.generates_deck).map(|deck| deck.value);
    running.change(|record| record.loses_error = generates_deck != Some(false));
    let outputs = attempts(running, template, overrides).await?;
    if let Some(key) = key {
        let status = if world.cache.put(key, &outputs) { CatalogCacheStatus::CachePopulated } else { CatalogCacheStatus::CacheMiss };
        running.change(|record| record.cache = Some(status));
    }
    Ok(outputs)
}

/// Tells of a new attempt.
pub(crate) fn begun(running: &Running, pod: &Pod) -> TaskRecord {
    let now = SystemTime::now();
    TaskRecord {
        task: pod.template.id.clone().unwrap_or_default(),
        task_type: pod.template.r#type.clone(),
        attempt: pod.attempt,
        phase: Phase::Running,
        error: None,
        pod: pod.name.clone(),
        log: running.scope.world.log_url(&pod.name),
        output_uri: String::new(),
        elements: Vec::new(),
        started: now,
        updated: now,
    }
}

async fn attempts(running: &Running, template: &TaskTemplate, overrides: Option<&TaskNodeOverrides>) -> Result<LiteralMap, Failure> {
    let (run, world, stop) = (&running.scope.run, &running.scope.world, &running.scope.stop);
    let mut budget = Budget::of(&running.node, template);
    let began = Instant::now();
    // A node that recovers a failed one finds what its last attempt has saved.
    let former = run.recovers.as_ref().and_then(|former| former.record(&running.id)?.tasks.last().map(|task| task.pod.clone()));
    let mut pod = Pod {
        world: world.clone(),
        run: run.clone(),
        stop: stop.clone(),
        template: template.clone(),
        image: pods::image(overrides),
        name: String::new(),
        former,
        attempt: 0,
        data: running.data.clone(),
        outputs: String::new(),
        inputs: running.inputs.clone(),
        index: None,
        timeout: running.timeout(),
    };
    loop {
        pod.name = names::pod(&run.id.name, &running.id, &pod.attempt.to_string());
        pod.outputs = format!("{}/{}", running.data, pod.attempt);
        let ended = {
            let _slot = tokio::select! {
                slot = run.slots.acquire() => slot,
                why = stop.stopped() => return Err(Failure::Stopped(why)),
            };
            running.change(|record| {
                record.checkpoint_uri = pod.checkpoint();
                record.tasks.push(begun(running, &pod));
            });
            pod.run().await
        };
        let output_uri = format!("{}/outputs.pb", pod.outputs);
        match ended {
            Ended::Outputs(outputs) => {
                let deck = format!("{}/deck.html", pod.outputs);
                let has_deck = world.read(&deck).await.is_some();
                finish(running, Phase::Succeeded, |task| task.output_uri = output_uri.clone());
                running.change(|record| {
                    record.output_uri = output_uri;
                    if record.loses_error && has_deck {
                        record.deck_uri = deck;
                    }
                });
                return Ok(outputs);
            }
            Ended::Job(job) => {
                finish(running, Phase::Succeeded, |task| task.output_uri = output_uri.clone());
                let outputs = dynamic::run(running, template, job, pod.attempt, &pod.outputs).await?;
                world.write(&output_uri, &outputs).await;
                running.change(|record| record.output_uri = output_uri);
                return Ok(outputs);
            }
            Ended::Stopped(why) => {
                finish(running, Phase::Aborted, |task| task.error = Some(aborted(&why)));
                return Err(Failure::Stopped(why));
            }
            Ended::Failed { error: failure, is_recoverable } => {
                finish(running, Phase::Failed, |task| task.error = Some(failure.clone()));
                if let Some(error) = budget.spend(&failure, is_recoverable) {
                    return Err(Failure::Error(error));
                }
            }
        }
        // Twice its time is what all attempts have.
        if let Some(timeout) = pod.timeout {
            let Some(left) = (2 * timeout).checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else {
                return Err(Failure::TimedOut(error("Timeout", ErrorKind::User, "Timeout in node")));
            };
            pod.timeout = Some(timeout.min(left));
        }
        pod.former = Some(pod.name.clone());
        pod.attempt += 1;
    }
}

/// Tells how the last attempt ended.
pub(crate) fn finish(running: &Running, phase: Phase, change: impl FnOnce(&mut TaskRecord)) {
    running.change(|record| {
        let task = record.tasks.last_mut().unwrap();
        task.phase = phase;
        task.updated = SystemTime::now();
        change(task);
    });
}
