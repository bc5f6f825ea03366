//! The suite of promises. `SNAKEMAKE_CASES` names a part of those that run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt as _;
use nebulakit::backend::{Backend, SnakemakeBackend};
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, Verdict, cases};

use crate::PROGRAM;

/// How many cases run at once: each is one Snakemake, which takes a core while it starts.
const AT_ONCE: usize = 3;

/// What docs/snakemake.md says that Snakemake does not do: its jobs do not ask the cache, and a plan goes on with its own inputs.
const NOT_KEPT: [&str; 4] = [
    "control::a_resumed_run_does_not_repeat_what_is_finished",
    "control::a_resumed_run_repeats_what_has_other_inputs",
    "control::outputs_are_remembered_between_runs",
    "control::a_run_does_without_what_is_remembered",
];

struct OnSnakemake(PathBuf);

impl Subject for OnSnakemake {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        let runs = RunsFolder::open(folder).unwrap();
        Box::new(SnakemakeBackend::new(runs).program(PROGRAM).snakemake(&self.0).cores(2))
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(240)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snakemake_conforms() {
    let snakemake = std::env::var_os("SNAKEMAKE").expect("SNAKEMAKE names the program");
    let subject = &OnSnakemake(snakemake.into());
    let part = std::env::var("SNAKEMAKE_CASES").unwrap_or_default();
    let wanted = cases().filter(|case| case.name().contains(&part));
    let verdicts = futures_util::stream::iter(wanted).map(|case| async move { (case.name(), case.check(subject).await) });
    let verdicts: Vec<_> = verdicts.buffer_unordered(AT_ONCE).collect().await;
    let refused: BTreeSet<_> = verdicts.iter().filter(|(_, verdict)| *verdict == Ok(Verdict::Refused)).map(|(name, _)| *name).collect();
    println!("refused: {refused:?}");
    let broken = verdicts.iter().filter(|(name, _)| !NOT_KEPT.contains(name)).filter_map(|(_, verdict)| verdict.as_ref().err());
    let broken: Vec<_> = broken.map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} of {} are broken:\n{}", broken.len(), verdicts.len(), broken.join("\n"));
}
