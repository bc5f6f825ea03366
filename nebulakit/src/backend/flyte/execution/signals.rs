//! The gates of an execution: what they take, and the answers to them.

use std::collections::BTreeMap;

use nebulakit_types::convert::writer::Encoder;
use nebulakit_types::wire::flyteidl::admin::{Signal, SignalGetOrCreateRequest, SignalListRequest, SignalSetRequest};
use nebulakit_types::wire::flyteidl::core::{Literal, LiteralType as WireType, SignalIdentifier, SimpleType, literal_type};
use nebulakit_types::{Dialect, LiteralType, visible};
use prost::Message as _;

use super::super::admin::{GET_OR_CREATE_SIGNAL, LIST_SIGNALS, SET_SIGNAL};
use super::super::error::{ClientError, ClientErrorKind};
use super::Execution;
use super::graph::{Planned, What};
use super::nodes::ExecutionNode;
use super::pages::pages;
use crate::run::{Answer, GateTakes};

/// A signal that a gate of an execution waits for, or will wait for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ExecutionSignal {
    /// Its id.
    pub id: String,
    /// What its gate takes.
    pub takes: GateTakes,
    /// Whether its gate has been reached, or somebody has answered it before.
    pub is_reached: bool,
    /// The answer, as the bytes of a literal, if there is one.
    pub value: Option<Vec<u8>>,
}

impl Execution {
    /// The signals of the execution: those of its workflow and its sub-workflows, and those of what its dynamic tasks have made so far.
    ///
    /// # Errors
    /// The execution does not exist, the control plane cannot be reached, or this user may not see it.
    pub async fn signals(&self) -> Result<Vec<ExecutionSignal>, ClientError> {
        let mut gates: BTreeMap<String, GateTakes> = self.plan(None).await?.into_values().filter_map(gate).collect();
        let reached = self.reached().await?;
        gates.extend(self.dynamic_gates().await?);
        let mut signals: BTreeMap<_, _> =
            gates.into_iter().map(|(id, takes)| (id.clone(), ExecutionSignal { id, takes, is_reached: false, value: None })).collect();
        for signal in reached {
            let Some(id) = signal.id.map(|id| id.signal_id) else { continue };
            let takes = signal.r#type.as_ref().and_then(takes);
            let of_type = || takes.map(|takes| ExecutionSignal { id: id.clone(), takes, is_reached: true, value: None });
            let Some(known) = signals.remove(&id).or_else(of_type) else { continue };
            let value = signal.value.map(|value| value.encode_to_vec());
            signals.insert(id, ExecutionSignal { is_reached: true, value, ..known });
        }
        Ok(signals.into_values().collect())
    }

    /// Answers a signal. The answer is kept if the gate has not been reached yet; one that was given before is replaced.
    ///
    /// # Errors
    /// With [`ClientErrorKind::NotFound`] if the execution has no such signal, and with [`ClientErrorKind::Invalid`] if its gate takes something else, or the
    /// execution is over; or the control plane cannot be reached.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(execution: nebulakit::backend::flyte::Execution) -> Result<(), Box<dyn std::error::Error>> {
    /// use nebulakit::run::Answer;
    ///
    /// let value = nebulakit::types::encode(&12_i64, &nebulakit::types::Dialect::FLYTE_1)?;
    /// execution.answer("budget", Answer::Value(value)).await?;
    /// execution.answer("publish", Answer::Approve).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn answer(&self, signal: &str, answer: Answer) -> Result<(), ClientError> {
        self.answer_to(&self.signal(signal).await?, answer).await
    }

    /// The signal of this name.
    ///
    /// # Errors
    /// There is none, with those that there are; and those of [`Execution::signals`].
    pub(crate) async fn signal(&self, name: &str) -> Result<ExecutionSignal, ClientError> {
        let mut signals = self.signals().await?;
        match signals.iter().position(|known| known.id == name) {
            Some(at) => Ok(signals.swap_remove(at)),
            None => {
                let known: Vec<_> = signals.iter().map(|known| format!("`{}`", visible::line(&known.id))).collect();
                let has = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
                let message = format!("the execution `{}` has no signal `{}`; {has}", self.id.name, visible::line(name));
                Err(ClientError::new(ClientErrorKind::NotFound, message))
            }
        }
    }

    /// Answers a signal that was [found](Execution::signal).
    pub(crate) async fn answer_to(&self, found: &ExecutionSignal, answer: Answer) -> Result<(), ClientError> {
        let signal = found.id.as_str();
        found
            .takes
            .check(&answer)
            .map_err(|why| ClientError::new(ClientErrorKind::Invalid, format!("the signal `{}`: {why}", visible::line(signal))))?;
        let phase = self.phase().await?;
        if phase.is_over() {
            let message = format!("the execution `{}` is over: nobody hears the signal `{}`", self.id.name, visible::line(signal));
            return Err(ClientError::new(ClientErrorKind::Invalid, message));
        }
        let id = SignalIdentifier { signal_id: signal.to_owned(), execution_id: Some(self.id.to_wire()) };
        if !found.is_reached {
            let request = SignalGetOrCreateRequest { id: Some(id.clone()), r#type: Some(wire_type(&found.takes)) };
            self.client.call(&GET_OR_CREATE_SIGNAL, &request).await?;
        }
        self.client.call(&SET_SIGNAL, &SignalSetRequest { id: Some(id), value: Some(literal(answer)?) }).await.map(drop)
    }

    async fn reached(&self) -> Result<Vec<Signal>, ClientError> {
        pages(None, |token, limit| async move {
            let request =
                SignalListRequest { workflow_execution_id: Some(self.id.to_wire()), limit, token, ..SignalListRequest::default() };
            let page = self.client.call(&LIST_SIGNALS, &request).await?;
            Ok((page.signals, page.token))
        })
        .await
    }

    /// The gates of what dynamic tasks have made.
    async fn dynamic_gates(&self) -> Result<Vec<(String, GateTakes)>, ClientError> {
        let mut gates = Vec::new();
        for node in self.outline().await?.iter().flat_map(ExecutionNode::walk).filter(|node| node.is_dynamic) {
            gates.extend(self.made(node, &node.path).await?.into_values().filter_map(gate));
        }
        Ok(gates)
    }
}

fn gate(planned: Planned) -> Option<(String, GateTakes)> {
    match planned.what {
        What::Gate { signal, takes } => Some((signal, takes)),
        _ => None,
    }
}

/// What a signal takes of which no more is known than its type.
fn takes(wire: &WireType) -> Option<GateTakes> {
    Some(GateTakes::Value(Box::new(LiteralType::decode(&wire.encode_to_vec()).ok()?)))
}

fn wire_type(takes: &GateTakes) -> WireType {
    match takes {
        GateTakes::Approval => WireType { r#type: Some(literal_type::Type::Simple(SimpleType::Boolean.into())), ..WireType::default() },
        GateTakes::Value(literal_type) => literal_type.to_wire(),
    }
}

fn literal(answer: Answer) -> Result<Literal, ClientError> {
    let bytes = match answer {
        Answer::Value(bytes) => bytes,
        Answer::Approve | Answer::Reject => {
            let mut encoder = Encoder::new(&Dialect::FLYTE_1);
            encoder.boolean(answer == Answer::Approve);
            encoder.finish()
        }
    };
    Literal::decode(bytes.as_slice())
        .map_err(|error| ClientError::new(ClientErrorKind::Settings, format!("the answer is not a literal: {error}")))
}
