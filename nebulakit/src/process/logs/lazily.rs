//! The subscriber of the process.

use std::ffi::OsString;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

use super::layer::LogLayer;
use super::settings::LogSettings;
use crate::task::traced::Traced;

/// Hands everything to a [`LogLayer`]. Its tables of spans are made when the first span or message comes: they are a good part of what a process
/// that has nothing to tell would pay for its start.
pub(super) struct Lazily {
    settings: LogSettings,
    tz: Option<OsString>,
    spans: OnceLock<Layered<LogLayer, Registry>>,
}

impl Lazily {
    pub(super) fn new(settings: LogSettings, tz: Option<OsString>) -> Self {
        Self { settings, tz, spans: OnceLock::new() }
    }

    fn spans(&self) -> &Layered<LogLayer, Registry> {
        self.spans.get_or_init(|| tracing_subscriber::registry().with(LogLayer::new(self.settings.clone(), self.tz.clone())))
    }
}

impl Subscriber for Lazily {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.settings.enables(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.settings.enables(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.settings.most())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.spans().new_span(attributes)
    }

    fn record(&self, id: &Id, record: &Record<'_>) {
        self.spans().record(id, record);
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        self.spans().record_follows_from(id, follows);
    }

    fn event(&self, event: &Event<'_>) {
        self.spans().event(event);
    }

    fn enter(&self, id: &Id) {
        self.spans().enter(id);
    }

    fn exit(&self, id: &Id) {
        self.spans().exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans().clone_span(id)
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans().try_close(id)
    }

    /// In the code of a task whose log takes what is heard there, one that stands for the task, where there is none.
    fn current_span(&self) -> Current {
        let current = self.spans().current_span();
        let task = if current.id().is_none() { Traced::current() } else { None };
        let own = task.and_then(|task| Some(Current::new(task.span().id()?, task.span().metadata()?)));
        own.unwrap_or(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_known_before_the_first_line() {
        tracing::subscriber::with_default(Lazily::new(LogSettings::default(), None), || {
            let outer = tracing::info_span!(target: "app", "outer");
            let entered = outer.enter();
            assert_eq!(tracing::Span::current().id(), outer.id());
            drop(entered);
            assert_eq!(tracing::Span::current().id(), None);
        });
    }
}
