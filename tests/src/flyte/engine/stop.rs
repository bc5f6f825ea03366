//! What tells running nodes to end: a scope's own failure, or the end of the whole execution.

use std::sync::Arc;

use futures_util::future::select_all;
use tokio::sync::watch;

/// Tells a scope, and all within it, to end. Clones tell the same.
#[derive(Clone, Debug)]
pub(crate) struct Stop {
    why: Arc<watch::Sender<Option<String>>>,
    above: Option<Arc<Stop>>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self { why: Arc::new(watch::Sender::new(None)), above: None }
    }

    /// One that is told by itself and by this.
    pub(crate) fn within(&self) -> Self {
        Self { above: Some(Arc::new(self.clone())), ..Self::new() }
    }

    /// Tells all to end. What was told first stays.
    pub(crate) fn stop(&self, why: &str) {
        self.why.send_if_modified(|told| {
            let is_first = told.is_none();
            told.get_or_insert_with(|| why.to_owned());
            is_first
        });
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.why.borrow().is_some() || self.above.as_ref().is_some_and(|above| above.is_stopped())
    }

    /// Waits until it is told, and gives what.
    pub(crate) async fn stopped(&self) -> String {
        let mut all = Vec::new();
        let mut next = Some(self);
        while let Some(stop) = next {
            let mut told = stop.why.subscribe();
            all.push(Box::pin(async move {
                let why = told.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
                match why {
                    Some(why) => why,
                    None => std::future::pending().await,
                }
            }));
            next = stop.above.as_deref();
        }
        select_all(all).await.0
    }
}
