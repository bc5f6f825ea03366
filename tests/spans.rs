//! One span for each job of the coordinator, and one for each attempt, with what the work logs in them. It is alone in its process: what other
//! threads log decides which spans there are.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use nebulakit::coordinator::{Coordinator, JobContext, Retry, Strategy, Work};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down each span that begins, and each line of ours with the spans that it is in.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    spans: Vec<String>,
    entered: std::collections::HashMap<std::thread::ThreadId, Vec<u64>>,
    lines: Vec<String>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() || metadata.target().contains("spans")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        let mut noted = self.0.lock().unwrap();
        noted.spans.push(fields.0);
        Id::from_u64(noted.spans.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let mut noted = self.0.lock().unwrap();
        let within = noted.entered.get(&std::thread::current().id()).cloned().unwrap_or_default();
        let names: Vec<_> = within.iter().map(|id| noted.spans[*id as usize - 1].clone()).collect();
        noted.lines.push(format!("{} |{}", names.join(" > "), fields.0));
    }

    fn enter(&self, span: &Id) {
        self.0.lock().unwrap().entered.entry(std::thread::current().id()).or_default().push(span.into_u64());
    }

    fn exit(&self, _: &Id) {
        self.0.lock().unwrap().entered.entry(std::thread::current().id()).or_default().pop();
    }
}

#[test]
fn jobs_and_attempts_are_spans() {
    let notes = Notes::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(notes.clone(), || {
        runtime.block_on(async {
            let coordinator = Coordinator::new();
            let work = Work::new(|ctx: JobContext| async move {
                tracing::info!("hello");
                anyhow::ensure!(ctx.attempt() > 0, nebulakit::TaskError::recoverable(anyhow::anyhow!("again")));
                let child = Work::new(|_| async {
                    tracing::info!("child");
                    anyhow::Ok(())
                });
                ctx.call(child.id("child"), Strategy::Async).await?;
                Ok(())
            });
            let work = work.id("x").run("nightly").name("greet").retry(Retry::fixed(1, std::time::Duration::ZERO));
            coordinator.submit(work, Strategy::Async).await.unwrap().join().await.unwrap();
        });
    });
    let noted = notes.0.lock().unwrap();
    let job = "job id=x run=nightly name=\"greet\"";
    let child = "job id=child run=nightly parent=x";
    assert_eq!(noted.spans, [job, "attempt number=0", "attempt number=1", child, "attempt number=0"]);
    assert_eq!(
        noted.lines,
        [
            format!("{job} > attempt number=0 | message=hello"),
            format!("{job} > attempt number=1 | message=hello"),
            format!("{child} > attempt number=0 | message=child"),
        ]
    );
}
