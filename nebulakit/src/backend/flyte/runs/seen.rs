//! An execution that somebody only looks at, as the events of a run.

use std::sync::Arc;

use super::super::error::{ClientError, ClientErrorKind};
use super::super::execution::{Execution, ExecutionDetails};
use super::NAME;
use super::known::Nodes;
use super::look::{Looker, Trouble};
use super::sink::{Heard, Sink};
use super::tell::Teller;
use crate::run::{EVENT_VERSION, Event, EventKind, RunId, RunState};

/// An execution as the events of a run, told as [watched](super::FlyteBackend) runs are. Nodes have the paths that the platform has them at.
pub(crate) struct Seen {
    looker: Looker,
    heard: Arc<Heard>,
}

impl Seen {
    /// Begins to look at an execution.
    ///
    /// # Errors
    /// Those of [`Execution::details`].
    pub(crate) async fn of(execution: Execution) -> Result<Self, ClientError> {
        let details = execution.details().await?;
        let nodes = Nodes::of_plan(execution.plan(None).await?);
        let created = EventKind::Created {
            version: EVENT_VERSION,
            run: RunId::from(details.id.name.as_str()),
            name: details.launched.name.clone().into(),
            backend: NAME.into(),
            nodes: nodes.len(),
            resumes: details.reference.as_ref().map(|former| RunId::from(former.name.as_str())),
            from: None,
        };
        let heard = Arc::new(Heard::default());
        let mut teller = Teller::behind(Arc::clone(&heard) as Arc<dyn Sink>, nodes, &RunState::new());
        teller.of_run(details.created, created);
        Ok(Self { looker: Looker::new(execution, teller), heard })
    }

    /// What happened since the last look, and what is known of the execution once it is over: that comes once, with the last event.
    ///
    /// # Errors
    /// The control plane cannot be reached, or the execution is gone.
    pub(crate) async fn look(&mut self) -> Result<(Vec<Event>, Option<ExecutionDetails>), ClientError> {
        let looked = async {
            let details = self.looker.look().await?;
            let is_over = details.phase.is_over();
            if is_over {
                self.looker.end(&details).await?;
            }
            Ok(Some(details).filter(|_| is_over))
        };
        match looked.await {
            Ok(ended) => Ok((self.heard.news(), ended)),
            Err(Trouble::Flyte(error)) => Err(error),
            Err(Trouble::Record(error)) => Err(ClientError::new(ClientErrorKind::Server, error.to_string())),
        }
    }
}
