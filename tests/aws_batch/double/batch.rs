//! Batch's operations.

use std::sync::Arc;

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::jobs::Job;
use super::{Faults, Inner, process, refused};

/// The answer; [`None`] where it is lost.
pub(super) fn answer(inner: &Arc<Inner>, operation: &str, request: &Request) -> Option<Answer> {
    let signed = request.header("authorization").unwrap_or_default();
    if !signed.contains("/us-east-1/batch/aws4_request") {
        return Some(refused(403, "AccessDeniedException", "the request is not signed for Batch"));
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    inner.jobs().note(operation, &body);
    let throttled = || Some(refused(429, "TooManyRequestsException", "Too Many Requests"));
    match operation {
        "submitjob" if Faults::take(&mut inner.faults().throttled_submits) => throttled(),
        "submitjob" => {
            let answer = submit(inner, &body);
            if answer.status == 200 && Faults::take(&mut inner.faults().lost_answers) { None } else { Some(answer) }
        }
        "describejobs" if Faults::take(&mut inner.faults().throttled_questions) => throttled(),
        "describejobs" => Some(describe(inner, &body)),
        "listjobs" => Some(list(inner, &body)),
        "terminatejob" => Some(terminate(inner, &body)),
        "registerjobdefinition" => Some(register(inner, &body)),
        "describejobdefinitions" => {
            let name = body["jobDefinitionName"].as_str().unwrap_or_default().to_owned();
            let known: Vec<_> = inner.jobs().definitions.get(&name).cloned().into_iter().collect();
            Some(Answer::json(200, &json!({ "jobDefinitions": known })))
        }
        other => Some(refused(404, "ClientException", &format!("the double does not know `{other}`"))),
    }
}

fn client(message: &str) -> Answer {
    refused(400, "ClientException", message)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn register(inner: &Inner, body: &Value) -> Answer {
    let Some(name) = body["jobDefinitionName"].as_str().filter(|name| name.len() <= 128) else { return client("a name is missing") };
    let container = &body["containerProperties"];
    if container["image"].as_str().is_none_or(str::is_empty) {
        return client("Container properties image should not be empty");
    }
    let arn = format!("arn:aws:batch:us-east-1:000000000000:job-definition/{name}:1");
    let mut known = body.clone();
    (known["jobDefinitionArn"], known["revision"], known["status"]) = (json!(arn), json!(1), json!("ACTIVE"));
    inner.jobs().definitions.insert(name.to_owned(), known);
    Answer::json(200, &json!({ "jobDefinitionArn": arn, "jobDefinitionName": name, "revision": 1 }))
}

fn submit(inner: &Arc<Inner>, body: &Value) -> Answer {
    let overrides = &body["containerOverrides"];
    if overrides.to_string().len() > 8_192 {
        return client("Container Overrides length must be at most 8192");
    }
    let size = body["arrayProperties"]["size"].as_u64();
    if size.is_some_and(|size| !(2..=10_000).contains(&size)) {
        return client("Array size must be between 2 and 10000");
    }
    let timeout = body["timeout"]["attemptDurationSeconds"].as_u64();
    if timeout.is_some_and(|timeout| timeout < 60) {
        return client("Timeout must be at least 60 seconds");
    }
    let (Some(name), Some(queue)) = (body["jobName"].as_str(), body["jobQueue"].as_str()) else { return client("a name is missing") };
    if name.len() > 128 || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)) {
        return client(&format!("Job name should match valid pattern, but was {name}"));
    }
    if queue == "nosuch" {
        return client("JobQueue nosuch not found.");
    }
    let late = inner.faults().late;
    let mut jobs = inner.jobs();
    let arn = body["jobDefinition"].as_str().unwrap_or_default();
    let Some(definition) = jobs.definitions.values().find(|known| known["jobDefinitionArn"] == arn).cloned() else {
        return client("JobDefinition not found");
    };
    let id = jobs.next_id();
    let of = |id: String, index: Option<usize>| Job {
        id,
        name: name.to_owned(),
        queue: queue.to_owned(),
        status: "SUBMITTED".to_owned(),
        definition: definition.clone(),
        command: texts(&overrides["command"]),
        environment: overrides["environment"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair["name"].as_str()?.to_owned(), pair["value"].as_str()?.to_owned())))
            .collect(),
        retries: body["retryStrategy"].clone(),
        tags: body["tags"].clone(),
        timeout,
        index,
        unknown: late,
        ..Job::default()
    };
    let mut started = Vec::new();
    match size.and_then(|size| usize::try_from(size).ok()) {
        Some(size) => {
            jobs.arrays.insert(id.clone(), (name.to_owned(), size));
            for index in 0..size {
                let element = format!("{id}:{index}");
                jobs.add(of(element.clone(), Some(index)));
                started.push(element);
            }
        }
        None => {
            jobs.add(of(id.clone(), None));
            started.push(id.clone());
        }
    }
    drop(jobs);
    started.into_iter().for_each(|id| process::start(inner, id));
    Answer::json(200, &json!({ "jobId": id, "jobName": name, "jobArn": format!("arn:aws:batch:us-east-1:000000000000:job/{id}") }))
}

fn describe(inner: &Inner, body: &Value) -> Answer {
    let ids = texts(&body["jobs"]);
    if ids.len() > 100 {
        return client("Too many jobs: at most 100");
    }
    let mut jobs = inner.jobs();
    let mut known = Vec::new();
    for id in ids {
        let Some(job) = jobs.get(&id) else { continue };
        if Faults::take(&mut job.unknown) {
            continue;
        }
        known.push(job.described());
    }
    Answer::json(200, &json!({ "jobs": known }))
}

fn list(inner: &Inner, body: &Value) -> Answer {
    let jobs = inner.jobs();
    let wanted = body["filters"].as_array().into_iter().flatten().find(|filter| filter["name"] == "JOB_NAME");
    let wanted: Vec<_> = wanted.map(|filter| texts(&filter["values"])).unwrap_or_default();
    let single = jobs.all().into_iter().filter(|job| job.index.is_none()).map(|job| (job.id, job.name, job.queue));
    let queue = body["jobQueue"].as_str().unwrap_or_default().to_owned();
    let arrays = jobs.arrays.iter().map(|(id, (name, _))| (id.clone(), name.clone(), queue.clone()));
    let found: Vec<_> = single
        .chain(arrays)
        .filter(|(_, name, of)| *of == queue && wanted.contains(name))
        .map(|(id, name, _)| json!({ "jobId": id, "jobName": name, "createdAt": 1 }))
        .collect();
    Answer::json(200, &json!({ "jobSummaryList": found }))
}

fn terminate(inner: &Inner, body: &Value) -> Answer {
    let mut jobs = inner.jobs();
    for id in jobs.ids(body["jobId"].as_str().unwrap_or_default()) {
        let Some(job) = jobs.get(&id).filter(|job| !job.is_over()) else { continue };
        job.is_terminated = true;
        job.reason = body["reason"].as_str().map(str::to_owned);
        match job.process {
            Some(pid) => process::end(pid),
            None if job.status != "STARTING" => job.status = "FAILED".to_owned(),
            None => {}
        }
    }
    Answer::json(200, &json!({}))
}
