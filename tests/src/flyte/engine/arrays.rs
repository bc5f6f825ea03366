//! Maps: one container for each element of lists, and lists out of what they give.

use std::collections::BTreeSet;
use std::time::SystemTime;

use futures_util::{StreamExt as _, stream};
use nebulakit_types::wire::flyteidl::core::{
    ArrayNode, CatalogCacheStatus, ExecutionError, Literal, LiteralCollection, LiteralMap, TaskTemplate, array_node, literal, node, scalar,
    task_execution::Phase, task_node,
};
use nebulakit_types::wire::flyteidl::event::ExternalResourceInfo;

use super::failure::{Failure, system, user};
use super::msgpack::of_scalar;
use super::nodes::{Running, timeout};
use super::pods::{self, Ended, Pod};
use super::retries::Budget;
use super::stop::Stop;
use super::{cache, names, tasks};

/// Runs a task for each element.
pub(crate) async fn run(running: &Running, array: &ArrayNode) -> Result<LiteralMap, Failure> {
    let inner = array.node.as_deref().ok_or_else(|| system("BadSpec", "a map of nothing"))?;
    let Some(node::Target::TaskNode(task)) = &inner.target else { return Err(system("BadSpec", "missing task_id")) };
    let Some(task_node::Reference::ReferenceId(id)) = &task.reference else { return Err(system("BadSpec", "missing task_id")) };
    let template = running.scope.templates.task(id).ok_or_else(|| system("TaskReferenceNotFound", format!("no task {}", id.name)))?;
    let size = size(&running.inputs, &array.bound_inputs.iter().map(String::as_str).collect())?;
    let wanted = match array.success_criteria {
        Some(array_node::SuccessCriteria::MinSuccesses(least)) => least as usize,
        Some(array_node::SuccessCriteria::MinSuccessRatio(ratio)) => (f64::from(ratio) * size as f64).ceil() as usize,
        None => size,
    };
    let map = Map { running, array, template, image: pods::image(task.overrides.as_ref()), stop: running.scope.stop.within() };
    running.change(|record| record.tasks.push(tasks::begun(running, &map.pod(0))));
    let at_once = match array.parallelism_option {
        Some(array_node::ParallelismOption::Parallelism(most)) if most > 0 => most as usize,
        _ => size.max(1),
    };
    let ended = elements(&map, size, wanted, at_once).await;
    let outputs = match gathered(running, template, wanted, ended) {
        Ok(outputs) => outputs,
        Err(failure) => {
            let (phase, error) = match &failure {
                Failure::Error(error) | Failure::TimedOut(error) => (Phase::Failed, error.clone()),
                Failure::Stopped(why) => (Phase::Aborted, super::failure::aborted(why)),
            };
            tasks::finish(running, phase, |task| task.error = Some(error));
            return Err(failure);
        }
    };
    let uri = format!("{}/0/outputs.pb", running.data);
    running.scope.world.write(&uri, &outputs).await;
    tasks::finish(running, Phase::Succeeded, |task| task.output_uri = uri.clone());
    running.change(|record| record.output_uri = uri);
    Ok(outputs)
}

/// How many elements the lists have that are gone through.
fn size(inputs: &LiteralMap, bound: &BTreeSet<&str>) -> Result<usize, Failure> {
    let unbound: Vec<_> = inputs.literals.iter().filter(|(name, _)| !bound.contains(name.as_str())).collect();
    if unbound.is_empty() {
        return Ok(1);
    }
    let mut size = None;
    for (_, literal) in unbound {
        let Some(literal::Value::Collection(collection)) = &literal.value else { continue };
        let length = collection.literals.len();
        if let Some(size) = size.filter(|size| *size != length) {
            let message = format!("input arrays have different lengths: expecting '{size}' found '{length}'");
            return Err(user("InvalidArrayLength", message));
        }
        size = Some(length);
    }
    size.ok_or_else(|| user("InvalidArrayLength", "no input array provided"))
}

/// A map that runs.
struct Map<'r> {
    running: &'r Running,
    array: &'r ArrayNode,
    template: &'r TaskTemplate,
    image: Option<String>,
    stop: Stop,
}

/// How one element ended.
type Element = (usize, Result<LiteralMap, Failure>);

async fn elements(map: &Map<'_>, size: usize, wanted: usize, at_once: usize) -> Vec<Element> {
    let mut running = stream::iter((0..size).map(|index| async move { (index, map.element(index).await) })).buffer_unordered(at_once);
    let (mut ended, mut failed) = (Vec::new(), 0);
    while let Some(element) = running.next().await {
        failed += usize::from(element.1.is_err());
        ended.push(element);
        if size - failed < wanted {
            // Nothing can save it.
            map.stop.stop("array node failed");
        }
    }
    ended.sort_by_key(|(index, _)| *index);
    ended
}

impl Map<'_> {
    fn pod(&self, attempt: u32) -> Pod {
        let running = self.running;
        Pod {
            world: running.scope.world.clone(),
            run: running.scope.run.clone(),
            stop: self.stop.clone(),
            template: self.template.clone(),
            image: self.image.clone(),
            name: names::pod(&running.scope.run.id.name, &running.id, "0"),
            former: None,
            attempt,
            data: running.data.clone(),
            outputs: String::new(),
            inputs: LiteralMap::default(),
            index: None,
            timeout: self.array.node.as_deref().and_then(timeout),
        }
    }

    /// The inputs of one element.
    fn inputs(&self, index: usize) -> LiteralMap {
        let mut inputs = self.running.inputs.clone();
        for (name, literal) in &mut inputs.literals {
            if let Some(literal::Value::Collection(collection)) = &literal.value
                && !self.array.bound_inputs.contains(name)
            {
                *literal = collection.literals[index].clone();
            }
        }
        inputs
    }

    fn tell(&self, index: usize, attempt: u32, phase: Phase, cache: CatalogCacheStatus) {
        self.running.change(|record| {
            let task = record.tasks.last_mut().unwrap();
            task.updated = SystemTime::now();
            let (index, retry_attempt) = (index as u32, attempt);
            let known = task.elements.iter_mut().find(|element| (element.index, element.retry_attempt) == (index, retry_attempt));
            match known {
                Some(element) => element.phase = phase.into(),
                None => task.elements.push(ExternalResourceInfo {
                    external_id: format!("{}-n{index}-{retry_attempt}", task.pod),
                    index,
                    retry_attempt,
                    phase: phase.into(),
                    cache_status: cache.into(),
                    ..ExternalResourceInfo::default()
                }),
            }
        });
    }

    async fn element(&self, index: usize) -> Result<LiteralMap, Failure> {
        let (running, inner) = (self.running, self.array.node.as_deref().unwrap());
        let world = &running.scope.world;
        let inputs = self.inputs(index);
        let key = cache::key(self.template, &inputs);
        if let Some(outputs) = key.as_ref().filter(|_| !running.scope.run.spec.overwrite_cache).and_then(|key| world.cache.get(key)) {
            self.tell(index, 0, Phase::Succeeded, CatalogCacheStatus::CacheHit);
            return Ok(outputs);
        }
        let mut budget = Budget::of(inner, self.template);
        let mut former = None;
        for attempt in 0.. {
            let _slot = tokio::select! {
                biased;
                why = self.stop.stopped() => return Err(Failure::Stopped(why)),
                slot = running.scope.run.slots.acquire() => slot,
            };
            let name = names::pod(&running.scope.run.id.name, &running.id, &format!("0-n{index}-{attempt}"));
            let outputs = format!("{}/0/{index}/{attempt}", running.data);
            let pod = Pod { name, outputs, former: former.take(), inputs: inputs.clone(), index: Some(index), ..self.pod(attempt) };
            self.tell(index, attempt, Phase::Running, CatalogCacheStatus::CacheDisabled);
            match pod.run().await {
                Ended::Outputs(outputs) => {
                    self.tell(index, attempt, Phase::Succeeded, CatalogCacheStatus::CacheDisabled);
                    if let Some(key) = key {
                        world.cache.put(key, &outputs);
                    }
                    return Ok(outputs);
                }
                Ended::Job(_) => return Err(system("BadSpec", "an element of a map that left nodes")),
                Ended::Stopped(why) => {
                    self.tell(index, attempt, Phase::Aborted, CatalogCacheStatus::CacheDisabled);
                    return Err(Failure::Stopped(why));
                }
                Ended::Failed { error, is_recoverable } => {
                    let over = budget.spend(&error, is_recoverable);
                    let phase = if over.is_some() { Phase::Failed } else { Phase::RetryableFailed };
                    self.tell(index, attempt, phase, CatalogCacheStatus::CacheDisabled);
                    if let Some(error) = over {
                        return Err(Failure::Error(error));
                    }
                }
            }
            former = Some(pod.name);
        }
        unreachable!("attempts end")
    }
}

/// Lists out of what the elements gave. What failed within the criterion gives none.
fn gathered(running: &Running, template: &TaskTemplate, wanted: usize, ended: Vec<Element>) -> Result<LiteralMap, Failure> {
    let good = ended.iter().filter(|(_, ended)| ended.is_ok()).count();
    if good < wanted {
        if running.scope.stop.is_stopped()
            && let Some(Failure::Stopped(why)) = ended.iter().find_map(|(_, ended)| ended.as_ref().err())
        {
            return Err(Failure::Stopped(why.clone()));
        }
        let messages = ended.iter().filter_map(|(index, ended)| match ended {
            Err(Failure::Error(error) | Failure::TimedOut(error)) => Some((*index, error.message.clone())),
            _ => None,
        });
        // Codes and kinds are lost.
        let message = summary(messages.collect());
        let code = if message.is_empty() { ("ArrayNodeFailing", "Unknown reason".to_owned()) } else { ("", message) };
        return Err(Failure::Error(ExecutionError { code: code.0.to_owned(), message: code.1, ..ExecutionError::default() }));
    }
    let declared = template.interface.as_ref().and_then(|interface| interface.outputs.clone()).unwrap_or_default();
    let outputs = declared.variables.keys().map(|name| {
        let elements = ended.iter().filter_map(|(_, ended)| match ended {
            Ok(outputs) => outputs.literals.get(name).cloned(),
            Err(_) => Some(of_scalar(scalar::Value::NoneType(Default::default()))),
        });
        let value = literal::Value::Collection(LiteralCollection { literals: elements.collect() });
        (name.clone(), Literal { value: Some(value), ..Literal::default() })
    });
    Ok(LiteralMap { literals: outputs.collect() })
}

/// Messages with the elements that they are of: `[1-2]: M`.
fn summary(messages: Vec<(usize, String)>) -> String {
    let mut groups: Vec<(usize, usize, String)> = Vec::new();
    for (index, message) in messages {
        match groups.last_mut() {
            Some((_, last, former)) if *last + 1 == index && *former == message => *last = index,
            _ => groups.push((index, index, message)),
        }
    }
    let lines = groups.into_iter().map(|(first, last, message)| match first == last {
        true => format!("[{first}]: {message}\n"),
        false => format!("[{first}-{last}]: {message}\n"),
    });
    lines.collect()
}
