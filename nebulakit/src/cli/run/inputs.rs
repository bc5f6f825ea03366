//! The inputs of what is run: what a file gives, and over it what the flags give.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::ArgMatches;
use jiff::Timestamp;
use nebulakit_types::ErrorKind;
use nebulakit_types::convert::reader::{Entries, LiteralRef, References};
use nebulakit_types::convert::time::Instant;
use nebulakit_types::convert::writer::Encoder;

use super::parse::Parser;
use super::places::Places;
use super::subject::Subject;
use super::{flags, inputs_file, options};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::process::host::Host;
use crate::services::env;
use crate::services::stores::Stores;
use crate::task::failure::chain;

/// The inputs that the command line gives, as the bytes of an `inputs.pb`; those that it leaves out are as in `before`, the bytes of another one. What can be
/// read only once is copied to `folder`.
pub(super) fn inputs(
    subject: &Subject,
    matches: &ArgMatches,
    before: &[u8],
    folder: PathBuf,
    stores: &Stores,
    setting: &Setting<'_>,
) -> Result<Vec<u8>, Complaint> {
    let places = Places::new(folder, stores);
    read(subject, matches, before, &Parser { now: now()?, dialect: setting.dialect(), places: &places })
}

/// The bytes of an `inputs.pb`: what was given `before`, over it what the file gives, and over it what the flags give. Defaults are left to what runs.
pub(super) fn read(subject: &Subject, matches: &ArgMatches, before: &[u8], parser: &Parser<'_>) -> Result<Vec<u8>, Complaint> {
    let flags = flags::given(subject, matches);
    let file = match matches.get_one::<String>(options::INPUTS_FILE) {
        Some(name) => inputs_file::read(name, subject, parser.places)?,
        None => Vec::new(),
    };
    let file: HashMap<_, _> = file.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let before = literals(before).map_err(|error| Complaint::failed(chain(&error)))?;
    let mut encoder = Encoder::new(parser.dialect);
    let mut missing = Vec::new();
    for param in subject.params.iter().rev() {
        let name = param.name();
        let literal_type = param.literal_type(parser.dialect);
        let flag = flags.iter().find(|given| given.param.name() == name);
        let literal = match (flag, file.get(name)) {
            (Some(given), _) => parser.texts(&given.texts, &literal_type).map_err(|error| error.at_field(&given.flag)),
            (None, Some(value)) => parser.value(value, &literal_type).map_err(|error| error.at_field(name)),
            (None, None) if before.contains_key(name) => Ok(before[name].to_vec()),
            (None, None) => {
                if !param.is_optional() {
                    missing.insert(0, format!("`{name}` ({literal_type})"));
                }
                continue;
            }
        };
        let literal = literal.map_err(|error| Complaint::usage(chain(&error)))?;
        let entry = encoder.mark();
        encoder.raw(&literal);
        encoder.close(entry, 2);
        let key = encoder.mark();
        encoder.prepend(name.as_bytes());
        encoder.close(key, 1);
        encoder.close(entry, 1);
    }
    if missing.is_empty() {
        return Ok(encoder.finish());
    }
    let given = [(options::INPUTS_FILE, "the file"), (options::RESUME, "the run that it resumes")];
    let given = given.into_iter().filter(|(option, _)| matches.try_contains_id(option).unwrap_or(false)).map(|(_, source)| source);
    let sources: Vec<_> = std::iter::once("the flags").chain(given).collect();
    Err(Complaint::usage(format!("missing from {}: {}", sources.join(" and "), missing.join(", "))))
}

/// Looks whether each input is a value of the type that the signature says, before anything runs.
pub(super) fn check(subject: &Subject, inputs: &[u8]) -> Result<(), Complaint> {
    let literals = literals(inputs).map_err(|error| Complaint::failed(chain(&error)))?;
    for param in subject.params {
        match literals.get(param.name()).map_or(Ok(()), |literal| param.check(LiteralRef::new(literal, References::none()))) {
            // What is stored elsewhere is looked at where it is used.
            Err(error) if error.kind() != ErrorKind::NotFetched => return Err(Complaint::usage(chain(&error))),
            _ => {}
        }
    }
    Ok(())
}

/// The literals of an `inputs.pb`, by their names.
fn literals(bytes: &[u8]) -> nebulakit_types::Result<HashMap<&str, &[u8]>> {
    let (mut entries, mut literals) = (Entries::of_map(bytes, References::none()), HashMap::new());
    while let Some((name, literal)) = entries.next()? {
        literals.insert(name, literal.bytes());
    }
    Ok(literals)
}

/// This process, whose log people read here, unless they ask for something else.
pub(in crate::cli) fn host(setting: &Setting<'_>) -> Result<Host, Complaint> {
    let environment = match setting.environment.get(env::SDK_LOGGING_FORMAT) {
        Some(_) => setting.environment.clone(),
        None => setting.environment.clone().with(env::SDK_LOGGING_FORMAT, "text"),
    };
    let host = Host::new(environment);
    match &host.fault {
        Some(fault) => Err(Complaint::failed(format!("cannot make the stores of `nebulakit::main!`: {}", chain(fault.as_ref())))),
        None => Ok(host),
    }
}

pub(super) fn now() -> Result<Instant, Complaint> {
    Instant::from_epoch(Timestamp::now().as_duration()).map_err(|error| Complaint::failed(chain(&error)))
}
