//! Values for gates, as people write them.

use std::fs;

use nebulakit_types::LiteralType;
#[cfg(feature = "flyte")]
use nebulakit_types::literal_type::TypeKind;
#[cfg(feature = "flyte")]
use nebulakit_types::visible;
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
    if names_data(literal_type) && !(text.contains("://") && !text.contains("file://")) && text != "null" {
        return Err(Complaint::usage(format!("expected the URL of a {literal_type}, found `{}`", visible::line(text)))
            .hint("hint: the cluster reads it, so it has to be where the cluster can: `s3://bucket/key`"));
    }
    let stores = host(setting)?.stores;
    let places = Places::new(setting.environment.temporary_folder(), &stores).with_stdin(Stdin::Answers);
    let parser = Parser { now: now()?, dialect: setting.dialect(), places: &places };
    parser.text(text, literal_type).map_err(|error| Complaint::usage(chain(&error)))
}

#[cfg(feature = "flyte")]
fn names_data(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => names_data(inner),
        TypeKind::Union(variants) => variants.iter().any(names_data),
        _ => false,
    }
}
