//! The section of Snakemake in `nebulakit.toml`: `[backends.snakemake]`.

use super::backend::{Begun, SnakemakeBackend};
use crate::backend::LocalBackend;
use crate::backend::engine::Settings;

impl SnakemakeBackend {
    /// The backend that the section `name` describes; without one, as Snakemake is by itself.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub(crate) fn of_settings(local: &LocalBackend, name: &str, settings: &Settings) -> Result<Self, Vec<String>> {
        let mut backend = Self { begun: Begun(local.hook()), folder: settings.plan_dir(), ..Self::new(local.runs().clone()) };
        let Some(mut keys) = settings.keys(name) else { return Ok(backend) };
        let mut mistakes = Vec::new();
        keys.text("kind", &mut mistakes);
        if let Some(snakemake) = keys.text("program", &mut mistakes) {
            backend.snakemake = snakemake.into();
        }
        backend.cores = keys.count("cores", &mut mistakes);
        backend.image = keys.text("image", &mut mistakes);
        backend.has_benchmarks = keys.flag("benchmarks", &mut mistakes).unwrap_or_default();
        backend.variables = keys.texts("variables", &mut mistakes).unwrap_or_default();
        let arguments = keys.texts("arguments", &mut mistakes).unwrap_or_default();
        mistakes.extend(arguments.iter().filter_map(|argument| ours(argument)).map(|said| keys.mistake("arguments", &said)));
        backend.arguments = arguments.into_iter().map(Into::into).collect();
        keys.done(&mut mistakes);
        if mistakes.is_empty() { Ok(backend) } else { Err(mistakes) }
    }
}

/// Why an argument is not the user's to give, if it is not.
fn ours(argument: &str) -> Option<String> {
    let flag = argument.split('=').next().unwrap_or_default();
    let is_ours = [
        "-s",
        "--snakefile",
        "-d",
        "--directory",
        "--logger",
        "--retries",
        "-T",
        "--restart-times",
        "--rerun-triggers",
        "--unlock",
        "-c",
        "--cores",
    ];
    is_ours.contains(&flag).then(|| format!("`{flag}` is set by nebulakit, and cannot be given"))
}
