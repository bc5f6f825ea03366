//! The values that gates wait for.

use std::collections::BTreeMap;
use std::sync::Mutex;

use nebulakit_types::literal_type::castable;
use nebulakit_types::wire::flyteidl::admin::{Signal, SignalGetOrCreateRequest, SignalList, SignalListRequest, SignalSetRequest};
use nebulakit_types::wire::flyteidl::core::{Literal, LiteralType, SignalIdentifier, WorkflowExecutionIdentifier};
use prost::Message as _;
use tokio::sync::watch;

use super::grpc::{ALREADY_EXISTS, Answer, INVALID_ARGUMENT};
use super::literals;
use super::pages;

/// An execution's id, and a signal's.
type Key = (String, String, String, String);

/// The signals of all executions.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    all: Mutex<BTreeMap<Key, (LiteralType, Option<Literal>)>>,
    changes: watch::Sender<u64>,
}

fn key(execution: &WorkflowExecutionIdentifier, id: &str) -> Key {
    let WorkflowExecutionIdentifier { project, domain, name, .. } = execution;
    (project.clone(), domain.clone(), name.clone(), id.to_owned())
}

impl Signals {
    /// Waits for a value, as a gate does: it makes the signal.
    pub(crate) async fn value(&self, execution: &WorkflowExecutionIdentifier, id: &str, literal_type: LiteralType) -> Literal {
        let key = key(execution, id);
        let mut changes = self.changes.subscribe();
        self.all.lock().unwrap().entry(key.clone()).or_insert((literal_type, None));
        self.changes.send_modify(|number| *number += 1);
        loop {
            if let Some((_, Some(value))) = self.all.lock().unwrap().get(&key) {
                return value.clone();
            }
            let _ = changes.changed().await;
        }
    }

    /// Waits until a gate of the execution waits for the signal.
    pub(crate) async fn awaited(&self, execution: &WorkflowExecutionIdentifier, id: &str) {
        let key = key(execution, id);
        let mut changes = self.changes.subscribe();
        while !self.all.lock().unwrap().contains_key(&key) {
            let _ = changes.changed().await;
        }
    }

    pub(crate) fn set(&self, request: SignalSetRequest) -> Answer {
        let refused = |text: String| Err((INVALID_ARGUMENT, text));
        let (id, execution) = checked(request.id)?;
        let Some(value) = request.value else { return refused("missing value".to_owned()) };
        let mut all = self.all.lock().unwrap();
        let Some((wanted, held)) = all.get_mut(&key(&execution, &id)) else {
            let WorkflowExecutionIdentifier { project, domain, name, .. } = execution;
            let signal = format!("{{{{{project} {domain} {name}}} {id}}}");
            return refused(format!("failed to validate that signal [{signal}] exists, err: [signal does not exist]"));
        };
        let fits = literals::type_of(&value).zip(literals::known(wanted)).is_some_and(|(given, wanted)| castable(&given, &wanted));
        if !fits {
            let bytes = wanted.encode_to_vec().iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
            let value = literals::shown_value(&value);
            return refused(format!("requested signal value [{value}] is not castable to existing signal type [[{bytes}]]"));
        }
        *held = Some(value);
        drop(all);
        self.changes.send_modify(|number| *number += 1);
        Ok(Vec::new())
    }

    pub(crate) fn get_or_create(&self, request: SignalGetOrCreateRequest) -> Answer {
        let (id, execution) = checked(request.id.clone())?;
        let Some(wanted) = request.r#type else { return Err((INVALID_ARGUMENT, "missing type".to_owned())) };
        let mut all = self.all.lock().unwrap();
        let (known, value) = all.entry(key(&execution, &id)).or_insert_with(|| (wanted.clone(), None));
        if *known != wanted {
            let text = "value with matching already exists (duplicate key value violates unique constraint \"signals_pkey\")";
            return Err((ALREADY_EXISTS, text.to_owned()));
        }
        let signal = Signal { id: request.id, r#type: Some(wanted), value: value.clone() };
        drop(all);
        self.changes.send_modify(|number| *number += 1);
        Ok(signal.encode_to_vec())
    }

    pub(crate) fn list(&self, request: SignalListRequest) -> Answer {
        let execution = request.workflow_execution_id.unwrap_or_default();
        let all = self.all.lock().unwrap();
        let signals = all
            .iter()
            .filter(|((project, domain, name, _), _)| (project, domain, name) == (&execution.project, &execution.domain, &execution.name));
        let signals = signals.map(|((.., id), (wanted, value))| Signal {
            id: Some(SignalIdentifier { signal_id: id.clone(), execution_id: Some(execution.clone()) }),
            r#type: Some(wanted.clone()),
            value: value.clone(),
        });
        let (signals, token) = pages::page(signals.collect(), request.limit, &request.token)?;
        Ok(SignalList { signals, token }.encode_to_vec())
    }
}

fn checked(id: Option<SignalIdentifier>) -> Result<(String, WorkflowExecutionIdentifier), (u32, String)> {
    let id = id.unwrap_or_default();
    if id.signal_id.is_empty() {
        return Err((INVALID_ARGUMENT, "missing signal_id".to_owned()));
    }
    Ok((id.signal_id, id.execution_id.unwrap_or_default()))
}
