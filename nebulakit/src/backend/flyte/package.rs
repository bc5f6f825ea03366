//! What was compiled, as the archive that `flytectl register files --archive` takes.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message as _;
use tar::{Builder, EntryType, Header};

use super::compile::Entity;

/// Writes a package: a compressed tar of one file for each entity, in the order of their registration. The same entities give the same bytes.
///
/// What is compiled without a target has no project, no domain and no version, which flytectl fills in: one package can be registered anywhere.
///
/// # Errors
/// The package cannot be written, or the name of an entity has a `/`, which flytectl would take for a folder.
///
/// # Examples
/// ```
/// use nebulakit::backend::flyte::compile::{Options, Program, compile};
/// use nebulakit::backend::flyte::package;
/// use nebulakit::prelude::*;
///
/// #[task]
/// fn double(x: i64) -> i64 {
///     2 * x
/// }
///
/// #[workflow]
/// fn quadruple(x: Promise<i64>) -> Promise<i64> {
///     double::node(double::node(x))
/// }
/// # fn main() -> anyhow::Result<()> {
/// let compiled = compile(&Program::of([quadruple::graph()?]), &Options::new("ghcr.io/me/app:1", "/app"))?;
/// let mut archive = Vec::new();
/// package(&compiled.entities, &mut archive)?;
/// assert!(!archive.is_empty());
/// # Ok(())
/// # }
/// ```
pub fn package(entities: &[Entity], archive: impl Write) -> io::Result<()> {
    let digits = entities.len().saturating_sub(1).to_string().len();
    let mut tar = Builder::new(GzEncoder::new(archive, Compression::default()));
    for (index, entity) in entities.iter().enumerate() {
        let name = &entity.id().name;
        if name.contains('/') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` has a `/`, which names in packages cannot have")));
        }
        let (kind, bytes) = file(entity);
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        tar.append_data(&mut header, format!("{index:0digits$}_{name}_{kind}.pb"), bytes.as_slice())?;
    }
    tar.into_inner()?.finish()?.flush()
}

/// The number that says what a file holds, and its bytes.
fn file(entity: &Entity) -> (u8, Vec<u8>) {
    match entity {
        Entity::Task { spec, .. } => (1, spec.encode_to_vec()),
        Entity::Workflow { spec, .. } => (2, spec.encode_to_vec()),
        Entity::LaunchPlan { plan, .. } => (3, plan.encode_to_vec()),
    }
}
