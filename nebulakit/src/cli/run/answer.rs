//! Values for gates, as people write them.

use std::fs;

use nebulakit_types::LiteralType;
#[cfg(feature = "flyte")]
use nebulakit_types::literal::LiteralValue;
#[cfg(feature = "flyte")]
use nebulakit_types::{Literal, visible};
use uuid::Uuid;

use super::inputs::{host, now};
use super::parse::Parser;
use super::places::{Places, Stdin};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::run::{RecordError, RecordErrorKind, RunHandle};
use crate::task::failure::chain;

/// Reads `text` as a literal of this type, and has `give` give it to a gate of the run; what came of it. What can be read only once is copied into a folder of
/// the answer's own, which is removed if the gate does not take the answer.
pub(in crate::cli) fn answer(
    run: &RunHandle,
    text: &str,
    literal_type: &LiteralType,
    stdin: Stdin,
    setting: &Setting<'_>,
    give: impl FnOnce(Vec<u8>) -> Result<(), RecordError>,
) -> Result<Result<(), RecordError>, Complaint> {
    let copies = run.folder().path().join("answers").join(Uuid::new_v4().simple().to_string());
    let stores = host(setting)?.stores;
    let places = Places::new(copies.clone(), &stores).with_stdin(stdin);
    let parser = Parser { now: now()?, dialect: setting.dialect(), places: &places };
    let given = parser.text(text, literal_type).map(give);
    let is_taken = match &given {
        Ok(Err(error)) => !matches!(error.kind(), RecordErrorKind::Over | RecordErrorKind::Refused),
        given => given.is_ok(),
    };
    if !is_taken {
        // As a rule there is none.
        let _ = fs::remove_dir_all(copies);
    }
    given.map_err(|error| Complaint::usage(chain(&error)))
}

/// Reads `text` as a literal of this type, for a gate that is not on this machine: it may name no file of this machine.
#[cfg(feature = "flyte")]
pub(in crate::cli) fn literal(text: &str, literal_type: &LiteralType, setting: &Setting<'_>) -> Result<Vec<u8>, Complaint> {
    let stores = host(setting)?.stores;
    let places = Places::new(setting.environment.temporary_folder(), &stores).with_stdin(Stdin::Answers);
    let parser = Parser { now: now()?, dialect: setting.dialect(), places: &places };
    let bytes = parser.text(text, literal_type).map_err(|error| Complaint::usage(chain(&error)))?;
    let literal = Literal::decode(&bytes).map_err(|error| Complaint::failed(chain(&error)))?;
    match local_place(&literal.value) {
        Some(path) => Err(Complaint::usage(format!("expected a URL that the cluster can read, found the path `{}`", visible::line(path)))
            .hint("hint: put it where the cluster can read it, and name it as `s3://bucket/key`")),
        None => Ok(bytes),
    }
}

/// What a value names of this machine, if anything.
#[cfg(feature = "flyte")]
fn local_place(value: &LiteralValue) -> Option<&str> {
    match value {
        LiteralValue::Blob { uri, .. } | LiteralValue::Schema { uri, .. } | LiteralValue::StructuredDataset { uri, .. } => {
            (!uri.contains("://") || uri.starts_with("file://")).then_some(uri)
        }
        LiteralValue::Union { value, .. } => local_place(&value.value),
        LiteralValue::Collection(elements) => elements.iter().find_map(|element| local_place(&element.value)),
        LiteralValue::Map(entries) => entries.values().find_map(|entry| local_place(&entry.value)),
        _ => None,
    }
}
