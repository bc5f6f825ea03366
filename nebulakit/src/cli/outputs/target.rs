//! `--output DIR`: where outputs are put, and what may not be there yet.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches};
use nebulakit_types::literal_type::{BlobDimensionality, TypeKind};
use nebulakit_types::{LiteralType, visible};

use super::data::{extension, file_name};
use crate::cli::complaint::Complaint;
use crate::cli::folder::Folder;
use crate::cli::setting::Setting;
use crate::graph::Graph;
use crate::run::RunHandle;

/// The option that names the folder.
const OUTPUT: &str = "output";

/// The option without which nothing is replaced.
const FORCE: &str = "force";

/// The file of the values that are not files themselves.
pub(super) const VALUES: &str = "outputs.json";

/// The options themselves.
pub(in crate::cli) fn arguments() -> [Arg; 2] {
    [
        Arg::new(OUTPUT)
            .long(OUTPUT)
            .short('o')
            .value_name("DIR")
            .value_parser(ValueParser::path_buf())
            .help(format!("put the outputs into this folder: files, directories and tables under their names, other values in {VALUES}")),
        Arg::new(FORCE).long(FORCE).action(ArgAction::SetTrue).requires(OUTPUT).help("replace what is there already"),
    ]
}

/// Where outputs are put.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Target {
    pub(super) folder: PathBuf,
    pub(super) replaces: bool,
}

impl Target {
    /// The one that the command line names, if it names one.
    pub(in crate::cli) fn of(matches: &ArgMatches) -> Option<Self> {
        let folder = matches.get_one::<PathBuf>(OUTPUT)?.clone();
        Some(Self { folder, replaces: matches.get_flag(FORCE) })
    }

    /// Makes the folder, and looks whether anything is in the way of what `graph` gives, as far as its names are known before it has run: where a file's
    /// extension is not, every file that has its name and some extension.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or when something is in the way.
    pub(in crate::cli) fn prepare(&self, graph: &Graph) -> Result<(), Complaint> {
        let failed = |verb: &str, error: &io::Error| self.failed(verb, error);
        if self.folder.exists() && !self.folder.is_dir() {
            return Err(Complaint::usage(format!("`--{OUTPUT}`: `{}` is not a folder", shown_path(&self.folder))));
        }
        fs::create_dir_all(&self.folder).map_err(|error| failed("make", &error))?;
        if self.replaces {
            return Ok(());
        }
        for entry in fs::read_dir(&self.folder).map_err(|error| failed("read", &error))? {
            let there = entry.map_err(|error| failed("read", &error))?.file_name();
            for output in &graph.outputs {
                if is_in_the_way(Path::new(&there), &output.name, &output.literal_type) {
                    return Err(self.taken(Path::new(&there), &output.name));
                }
            }
        }
        Ok(())
    }

    /// How to put the outputs of a run there once more.
    pub(in crate::cli) fn again(&self, run: &RunHandle, folder: &Folder, setting: &Setting<'_>) -> String {
        let put = folder.command("outputs", &[&run.id().to_string(), "--output", &self.folder.to_string_lossy()], setting);
        format!("hint: the outputs are recorded: `{put}` puts them there")
    }

    /// The complaint of something that is there already.
    pub(super) fn taken(&self, there: &Path, output: &str) -> Complaint {
        let path = shown_path(&self.folder.join(there));
        Complaint::usage(format!("`{path}` is there already, and the output `{}` would replace it", visible::line(output)))
            .hint("hint: `--force` replaces it, and another folder leaves it alone")
    }

    /// The complaint of a folder that cannot be used.
    pub(super) fn failed(&self, verb: &str, error: &io::Error) -> Complaint {
        Complaint::failed(format!("cannot {verb} the folder `{}`: {error}", shown_path(&self.folder)))
    }
}

/// Whether an output of this type may be put where `there` is.
fn is_in_the_way(there: &Path, name: &str, literal_type: &LiteralType) -> bool {
    let own = file_name(name);
    let is = |wanted: &str| there == Path::new(wanted);
    match &literal_type.kind {
        TypeKind::Blob(blob) => match (blob.dimensionality, extension(&blob.format)) {
            (BlobDimensionality::Multipart, _) => is(&own),
            (BlobDimensionality::Single, Some(extension)) => is(&format!("{own}.{extension}")),
            (BlobDimensionality::Single, None) => is(&own) || there.file_stem().is_some_and(|stem| stem == own.as_str()),
        },
        TypeKind::StructuredDataset(_) | TypeKind::Schema(_) => {
            is(&own) || ["parquet", "csv", "arrow"].iter().any(|extension| is(&format!("{own}.{extension}")))
        }
        TypeKind::Collection(inner) | TypeKind::Map(inner) => is(VALUES) || (refers(inner) && is(&own)),
        TypeKind::Union(variants) => variants.iter().any(|variant| is_in_the_way(there, name, variant)),
        _ => is(VALUES),
    }
}

/// Whether values of the type are, or hold, what has a place of its own.
fn refers(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Blob(_) | TypeKind::StructuredDataset(_) | TypeKind::Schema(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => refers(inner),
        TypeKind::Union(variants) => variants.iter().any(refers),
        _ => false,
    }
}

/// A path as messages name it.
pub(super) fn shown_path(path: &Path) -> String {
    visible::line(&path.to_string_lossy()).into_owned()
}
