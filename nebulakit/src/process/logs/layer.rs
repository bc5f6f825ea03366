//! The `tracing` layer that writes the lines.

use std::ffi::OsString;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::line::{as_json, as_text, asctime, zone};
use super::settings::LogSettings;
use crate::process::terminal;
use crate::task::sinks::LogSink;
use crate::task::traced::Traced;

/// The log of the task whose code has made a span: what happens in the span belongs there, wherever the span was taken.
struct Owner(Arc<dyn LogSink>);

type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Hears of events and spans, and writes lines.
pub(crate) struct LogLayer {
    settings: LogSettings,
    tz: Option<OsString>,
    zone: OnceLock<TimeZone>,
    sink: Sink,
}

impl LogLayer {
    /// Makes a layer that writes to stderr. `tz` is the value of the variable `TZ`.
    #[must_use]
    pub(crate) fn new(settings: LogSettings, tz: Option<OsString>) -> Self {
        Self { settings, tz, zone: OnceLock::new(), sink: Arc::new(terminal::write) }
    }

    /// Makes a layer that hands each line, with its line feed, to `sink` instead.
    #[must_use]
    #[cfg(test)]
    pub(crate) fn with_sink(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.sink = Arc::new(sink);
        self
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.settings.enables(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.settings.enables(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.settings.most())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            let mut extensions = span.extensions_mut();
            extensions.insert(fields);
            if let Some(task) = Traced::current() {
                extensions.insert(Owner(Arc::clone(task.log())));
            }
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        // Recorded apart, so that no lock is held while the user's code formats a value, which may itself log.
        let mut changes = Fields::default();
        record.record(&mut changes);
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            fields.update(changes);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let task = Traced::current().map(|task| Arc::clone(task.log())).or_else(|| {
            let mut spans = context.event_scope(event)?;
            spans.find_map(|span| span.extensions().get::<Owner>().map(|Owner(log)| Arc::clone(log)))
        });
        let scope = context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root);
        let spans: Vec<_> = scope.map(|span| (span.name(), span.extensions().get::<Fields>().cloned().unwrap_or_default())).collect();
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(log) = task {
            return log.write(*event.metadata().level(), as_text(event.metadata(), &fields, &spans).trim_end_matches('\n'));
        }
        let line = if self.settings.json {
            let zone = self.zone.get_or_init(|| zone(self.tz.as_deref()));
            let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH);
            as_json(&asctime(now, zone), event.metadata(), &fields, &spans)
        } else {
            as_text(event.metadata(), &fields, &spans)
        };
        (self.sink)(&line);
    }
}
