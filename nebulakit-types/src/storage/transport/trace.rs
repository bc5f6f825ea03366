//! What the requests of one operation met, kept as data for the message that the user reads; and the deadline that they all keep.
//!
//! `object_store` reports a failed request as text. The operation that asks and the requests made for it run in one tokio task, so a
//! task-local carries the record from one to the other.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, Stream};

use crate::ErrorKind;

tokio::task_local! {
    static TRACE: Arc<Mutex<Trace>>;
}

/// The record of an operation that lasts longer than one call, as a stream does.
#[derive(Debug, Clone)]
pub(in super::super) struct Watch(Arc<Mutex<Trace>>);

impl Watch {
    /// The record of an operation that may last until the deadline.
    pub(in super::super) fn until(deadline: Option<Instant>) -> Self {
        Self(Arc::new(Mutex::new(Trace::until(deadline))))
    }

    /// Runs a part of the operation.
    pub(in super::super) async fn of<T>(&self, operation: impl Future<Output = T>) -> T {
        TRACE.scope(self.0.clone(), operation).await
    }

    /// What its requests have met so far.
    pub(in super::super) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls a stream as a part of the operation.
    pub(in super::super) fn stream<S: Stream + Unpin>(&self, mut stream: S) -> impl Stream<Item = S::Item> + use<S> {
        let trace = self.0.clone();
        stream::poll_fn(move |context| TRACE.sync_scope(trace.clone(), || Pin::new(&mut stream).poll_next(context)))
    }
}

/// What the requests of one operation met.
#[derive(Debug)]
pub(in super::super) struct Trace {
    pub(in super::super) started: Instant,
    /// When it has to be over.
    deadline: Option<Instant>,
    /// Whether it was given up because that has passed.
    pub(in super::super) is_late: bool,
    /// All requests that were made.
    pub(in super::super) asked: u32,
    /// Failures since an answer came whole, which are what messages tell of.
    pub(in super::super) tries: u32,
    /// Failures since an answer began, which are what waits go by.
    in_a_row: u32,
    pub(in super::super) last: Option<FailedRequest>,
    /// The region in which the bucket says it is.
    pub(in super::super) region: Option<String>,
}

/// The last failed request.
#[derive(Debug, Clone)]
pub(in super::super) struct FailedRequest {
    /// Scheme, host and port asked.
    pub(in super::super) origin: String,
    /// Whether it asked a metadata service for credentials.
    pub(in super::super) metadata: bool,
    pub(in super::super) what: What,
}

#[derive(Debug, Clone)]
pub(in super::super) enum What {
    /// The store answered with an error: its status, its code and its message, as far as it told them.
    Answer { status: u16, code: String, message: String },
    /// The store sent on to another place, which is not asked: its status, its code and that place, as messages name it.
    Elsewhere { status: u16, code: String, place: String },
    /// A redirect that is not followed: what kind of error that is, and what happened, as a clause that follows the server's name.
    Refused { kind: ErrorKind, why: String },
    /// No answer, or one that broke off: what the server did instead, as a clause that follows its name.
    Silence(String),
    /// What was to be sent could not be read.
    Unreadable(String),
}

impl Trace {
    fn until(deadline: Option<Instant>) -> Self {
        Self { started: Instant::now(), deadline, is_late: false, asked: 0, tries: 0, in_a_row: 0, last: None, region: None }
    }

    /// Runs one operation and tells what its requests met.
    #[cfg(feature = "http")]
    pub(in super::super) async fn of<T>(deadline: Option<Instant>, operation: impl Future<Output = T>) -> (T, Trace) {
        let watch = Watch::until(deadline);
        let out = watch.of(operation).await;
        let trace = std::mem::replace(&mut *watch.trace(), Self::until(None));
        (out, trace)
    }

    pub(super) fn with(change: impl FnOnce(&mut Trace)) {
        let _ = TRACE.try_with(|trace| change(&mut trace.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    /// How often the operation under way has failed since an answer began.
    pub(super) fn failures() -> u32 {
        TRACE.try_with(|trace| trace.lock().unwrap_or_else(PoisonError::into_inner).in_a_row).unwrap_or_default()
    }

    /// The last failed request of the operation under way, if its last one failed.
    pub(super) fn last() -> Option<FailedRequest> {
        TRACE.try_with(|trace| trace.lock().unwrap_or_else(PoisonError::into_inner).last.clone()).ok().flatten()
    }

    pub(super) fn failed(failure: FailedRequest) {
        Self::with(|trace| {
            trace.count();
            trace.last = Some(failure);
        });
    }

    /// Counts a failure.
    pub(super) fn count(&mut self) {
        self.tries += 1;
        self.in_a_row += 1;
    }

    /// An answer begins.
    pub(super) fn answered() {
        Self::with(|trace| {
            trace.in_a_row = 0;
            trace.last = None;
        });
    }

    /// An answer has come whole.
    pub(super) fn succeeded() {
        Self::with(|trace| trace.tries = 0);
    }
}

/// What the server did, as a clause that follows its name.
pub(in super::super) fn brief(failure: &FailedRequest) -> String {
    match &failure.what {
        What::Answer { status, code, message } => format!("answered {}", status_text(*status, code, message)),
        What::Elsewhere { status, code, place } => {
            format!("answered {} and sent on to {place}, which is not followed", status_text(*status, code, ""))
        }
        What::Refused { why, .. } | What::Silence(why) | What::Unreadable(why) => why.clone(),
    }
}

/// What a server answered: its status, its code and its message.
pub(in super::super) fn status_text(status: u16, code: &str, message: &str) -> String {
    let mut text = status.to_string();
    if !code.is_empty() {
        text.push(' ');
        text.push_str(code);
    }
    if !message.is_empty() {
        text.push_str(": ");
        text.push_str(message.trim_end_matches('.'));
    }
    text
}

/// Why something was not waited for any longer.
#[derive(Debug)]
pub(super) enum Over {
    /// It took longer than it may.
    Limit,
    /// The operation's deadline has passed.
    Deadline,
}

/// Waits for something, but no longer than a limit, and not beyond the deadline of the operation under way.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Over> {
    let mut left = None;
    Trace::with(|trace| left = trace.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())));
    let is_nearer = left.is_some_and(|left| left <= limit);
    let over = || {
        if !is_nearer {
            return Over::Limit;
        }
        Trace::with(|trace| trace.is_late = true);
        Over::Deadline
    };
    match left {
        Some(Duration::ZERO) => Err(over()),
        Some(left) if is_nearer => tokio::time::timeout(left, work).await.map_err(|_| over()),
        _ => tokio::time::timeout(limit, work).await.map_err(|_| over()),
    }
}
