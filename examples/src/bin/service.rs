//! Jobs in a service of your own, with axum and without anything of Flyte: submitted, looked at, listened to, cancelled, and drained at the end.
//! Run it with `cargo run -p nebulakit-examples --bin service -- 127.0.0.1:8080`, and then:
//!
//! ```console
//! curl -X POST localhost:8080/jobs -H 'content-type: application/json' -d '{"below": 1000000}'
//! curl localhost:8080/jobs/job-1
//! curl -N localhost:8080/events
//! curl -X DELETE localhost:8080/jobs/job-1
//! ```
//!
//! Ctrl-C and SIGTERM take no more work, let open jobs end, and tell listeners until the last one has.
#![allow(clippy::print_stdout, reason = "a program tells where it listens")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt as _};
use nebulakit::coordinator::{Coordinator, JobContext, JobOutcome, JobState, Overflow, Retry, Strategy, SubmitError, Work};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long open jobs have to end when the service is told to.
const DRAIN: Duration = Duration::from_secs(30);

/// How many events a listener may be behind before it misses some, and is told how many.
const BEHIND: usize = 1_000;

#[derive(Clone, Default)]
struct Service {
    coordinator: Coordinator,
    /// What jobs gave, as long as the coordinator remembers them.
    values: Arc<Mutex<HashMap<String, u64>>>,
}

/// Counts primes: something that computes, says how far it is, and stops when it should.
fn primes(below: u64) -> Work<u64> {
    let work = Work::blocking(move |job: JobContext| {
        let mut count = 0;
        for number in 2..below {
            if number % 10_000 == 0 {
                anyhow::ensure!(!job.is_cancelled(), "stopped at {number}");
                job.progress(number, below);
            }
            count += u64::from((2..).take_while(|d| d * d <= number).all(|d| number % d != 0));
        }
        anyhow::Ok(count)
    });
    work.name("primes").timeout(Duration::from_secs(60)).retry(Retry::times(1))
}

/// `POST /jobs`: 202 and where the job is; 503 where there is no room, so that the client tries again later.
async fn submit(State(service): State<Service>, headers: HeaderMap, Json(asked): Json<Value>) -> Response {
    let Some(below) = asked["below"].as_u64() else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "`below` has to be a number from 0\n").into_response();
    };
    let work = primes(below).label("agent", headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("unknown"));
    let handle = match service.coordinator.try_submit(work, Strategy::Thread) {
        Ok(handle) => handle,
        Err(refused) => {
            let status = match refused.error {
                SubmitError::Full | SubmitError::Closed => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            return (status, [(header::RETRY_AFTER, "1")], format!("{refused}\n")).into_response();
        }
    };
    let id = handle.id().to_string();
    let answer = (StatusCode::ACCEPTED, [(header::LOCATION, format!("/jobs/{id}"))], Json(json!({ "id": id })));
    tokio::spawn(async move {
        if let Ok(value) = handle.join().await {
            let mut values = service.values.lock().unwrap_or_else(PoisonError::into_inner);
            values.retain(|id, _| service.coordinator.job(&id.as_str().into()).is_some());
            values.insert(id, value);
        }
    });
    answer.into_response()
}

/// `GET /jobs/{id}`: what the coordinator knows of it.
async fn tell(State(service): State<Service>, Path(id): Path<String>) -> Response {
    let Some(job) = service.coordinator.job(&id.as_str().into()) else { return StatusCode::NOT_FOUND.into_response() };
    let state = match job.state() {
        JobState::Queued => "queued",
        JobState::Running { .. } => "running",
        JobState::Backoff { .. } => "waits for its next attempt",
        JobState::Closed(JobOutcome::Success) => "succeeded",
        JobState::Closed(_) => "failed",
        _ => "unknown",
    };
    let failure = job.outcome().and_then(JobOutcome::failure);
    let value = service.values.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
    Json(json!({ "id": id, "state": state, "attempts": job.attempts(), "failure": failure, "value": value })).into_response()
}

/// `DELETE /jobs/{id}`: cancels it. What cannot be stopped at once ends by itself.
async fn cancel(State(service): State<Service>, Path(id): Path<String>) -> StatusCode {
    match service.coordinator.cancel(&id.as_str().into()) {
        true => StatusCode::ACCEPTED,
        false => StatusCode::NOT_FOUND,
    }
}

/// `GET /events`: what happens from now on, to all jobs.
async fn listen(State(service): State<Service>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = service.coordinator.publisher().subscribe(Overflow::DropOldest(BEHIND));
    let events = events.map(|event| {
        let said = Event::default().id(event.sequence.to_string());
        Ok(said.json_data(&*event).unwrap_or_else(|error| Event::default().comment(error.to_string())))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// Waits until the service is told to end.
async fn told_to_end() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = Service { coordinator: Coordinator::builder().max_open(100).build(), ..Service::default() };
    let routes = Router::new()
        .route("/jobs", axum::routing::post(submit))
        .route("/jobs/{id}", get(tell).delete(cancel))
        .route("/events", get(listen))
        .with_state(service.clone());
    let listener = TcpListener::bind(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8080")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let (sender, report) = tokio::sync::oneshot::channel();
    axum::serve(listener, routes)
        .with_graceful_shutdown(async move {
            let told = told_to_end().await;
            // Jobs can be looked at meanwhile; listeners hear the last events, and then their streams end.
            let _ = sender.send((told, service.coordinator.shutdown(DRAIN).await));
        })
        .await?;
    let (told, report) = report.await?;
    println!("{report:?}");
    Ok(told?)
}
