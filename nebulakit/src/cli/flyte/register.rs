//! `register`: everything of this binary, at a control plane.

use clap::ArgMatches;
use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::compiled::compiled;
use super::place::{Place, reached};
use crate::backend::flyte::compile::{Entity, Target};
use crate::backend::flyte::{RegisterOptions, Registration};
use crate::cli::complaint::Complaint;
use crate::cli::output::say;
use crate::cli::setting::Setting;
use crate::process::exit::Exit;
use crate::services::config::Config;

/// How many characters of its hash are a version: two programs in a project do not meet in them.
const HASH: usize = 20;

pub(super) fn register(matches: &ArgMatches, config: &Config, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let Place { project, domain } = Place::of(matches, config)?;
    let version = match matches.get_one::<String>("version").cloned() {
        Some(version) => version,
        None => hash(&compiled(matches, config, None)?.entities),
    };
    let target = Target { project, domain, version };
    let entities = compiled(matches, config, Some(&target))?.entities;
    let place = format!("{}/{} as version {}", target.project, target.domain, target.version);
    if matches.get_flag("dry-run") {
        return say(&format!("{}\n{} entities would be registered in {place}\n", Registration::planned(&entities), entities.len()));
    }
    let options = RegisterOptions::default()
        .concurrency(matches.get_one::<u16>("concurrency").copied().unwrap_or(1).into())
        .activate_launch_plans(matches.get_flag("activate-launchplans"));
    let registration = reached(config, setting, async |client| client.register(&entities, &options).await)?;
    if registration.is_success() {
        say(&format!("{registration}\n{} entities are registered in {place}\n", entities.len()))
    } else {
        say(&registration.to_string())?;
        Ok(Exit::Failed)
    }
}

/// A version that is the same for the same program, and another one for any other.
fn hash(entities: &[Entity]) -> String {
    let mut hash = Sha256::new();
    for entity in entities {
        let bytes = match entity {
            Entity::Task { spec, .. } => spec.encode_to_vec(),
            Entity::Workflow { spec, .. } => spec.encode_to_vec(),
            Entity::LaunchPlan { plan, .. } => plan.encode_to_vec(),
        };
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let mut text: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(HASH);
    text
}
