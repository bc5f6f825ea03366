//! What is asked of a run, passed on to the control plane.

use std::time::SystemTime;

use nebulakit_types::LiteralType;
use nebulakit_types::convert::reader::{Entries, References};
use nebulakit_types::convert::writer::map_of_literals;

use super::super::super::client::FlyteClient;
use super::super::super::error::{ClientError, ClientErrorKind};
use super::super::look::{Trouble, passes};
use super::watcher::Watcher;
use crate::run::{Answer, EventKind, RecordError, RecordErrorKind, Request};
use crate::task::failure::chain;

/// Why an execution is stopped whose run is cancelled.
pub(in super::super) const CANCELLED: &str = "the run was cancelled where it was launched";

impl Watcher {
    pub(super) fn hear(&mut self, asked: Result<Request, RecordError>) -> Result<(), RecordError> {
        match asked {
            Ok(request) => {
                if matches!(request, Request::Cancel | Request::Kill) {
                    self.looker.teller.stop(Some(SystemTime::now()));
                    self.looker.teller.flush()?;
                }
                self.asked.push_back(request);
            }
            Err(error) if error.kind() == RecordErrorKind::Corrupt => tracing::warn!(%error, "a request to the run is left out"),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Asks the control plane for what somebody asked of the run.
    pub(super) async fn pass_on(&mut self, request: Request) -> Result<(), Trouble> {
        match request {
            Request::Cancel | Request::Kill => match self.looker.execution.terminate(CANCELLED).await {
                // It may be over by now.
                Err(error) if error.kind() == ClientErrorKind::Invalid => Ok(()),
                answer => Ok(answer?),
            },
            Request::Answer { signal, answer } => {
                let answered = async {
                    let answer = stored(self.looker.execution.client(), self.looker.teller.nodes.takes(&signal), &signal, answer).await?;
                    self.looker.with_gate(&signal).answer(&signal, answer).await
                };
                let event = match answered.await {
                    Ok(()) => EventKind::Answered { signal },
                    Err(error) if !passes(&error) => {
                        self.control.refuse(&signal)?;
                        EventKind::Refused { signal, why: error.message().to_owned() }
                    }
                    Err(error) => return Err(error.into()),
                };
                Ok(self.recorder.record(None, event)?)
            }
        }
    }
}

/// An answer whose data is in a store: that of files of this machine is uploaded.
pub(in super::super) async fn stored(
    client: &FlyteClient,
    takes: Option<&LiteralType>,
    signal: &str,
    answer: Answer,
) -> Result<Answer, ClientError> {
    let (Answer::Value(literal), Some(of)) = (&answer, takes) else { return Ok(answer) };
    let inputs = map_of_literals([(signal, literal.as_slice())]);
    let stored = client.upload_inputs(&inputs, |_| Some(of)).await?;
    let unreadable = |error: nebulakit_types::Error| ClientError::new(ClientErrorKind::Upload, chain(&error));
    let first = Entries::of_map(&stored, References::none()).next().map_err(unreadable)?.map(|(_, literal)| literal.bytes().to_vec());
    Ok(first.map_or(answer, Answer::Value))
}
