//! Values for gates, as people write them.

use std::fs;

use nebulakit_types::LiteralType;
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
