//! The examples give the same on every backend, byte for byte: the outputs of each node are compared, with the SHA-256 of what is there in place of each URI.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test asks where its engine is, and fails by panicking")]

mod given;
mod place;

use std::path::Path;

use crate::place::{Engine, Place};

/// What is run: a program, and its words.
struct Pipeline {
    program: &'static str,
    words: &'static [&'static str],
    /// Why Snakemake refuses it, if it does.
    refused_by_snakemake: Option<&'static str>,
}

/// Files and folders of this repository are named by `@/`, those of the project by `#/`.
const PIPELINES: &[Pipeline] = &[
    Pipeline {
        program: env!("CARGO_BIN_EXE_word_count"),
        words: &["word_count", "--corpus", "@/docs", "--top", "5"],
        refused_by_snakemake: None,
    },
    Pipeline {
        program: env!("CARGO_BIN_EXE_training_sweep"),
        words: &[
            "sweep",
            "--training",
            "@/examples/training_sweep/training.csv",
            "--validation",
            "@/examples/training_sweep/validation.csv",
            "--rates",
            "0.1",
            "--rates",
            "5",
            "--epochs",
            "100",
            "--scratch",
            "models",
        ],
        refused_by_snakemake: Some("keeps going: Snakemake does one or the other for the whole run"),
    },
    #[cfg(feature = "tables")]
    Pipeline {
        program: env!("CARGO_BIN_EXE_table_pipeline"),
        words: &["table_pipeline", "--readings", "@/examples/table_pipeline/readings.csv", "--target", "#/published"],
        refused_by_snakemake: None,
    },
    #[cfg(feature = "pictures")]
    Pipeline { program: env!("CARGO_BIN_EXE_thumbnails"), words: &["paint"], refused_by_snakemake: None },
];

/// Runs all of them on this machine and on the engine.
fn are_alike(engine: &Engine) {
    for Pipeline { program, words, refused_by_snakemake } in PIPELINES {
        let program = Path::new(program);
        if let (true, Some(why)) = (engine.is_snakemake(), refused_by_snakemake) {
            let said = Place::new().refusal(program, words, engine);
            assert!(said.contains(why), "{words:?}: {said}");
            continue;
        }
        let local = Place::new().run(program, words, &Engine::Local);
        assert!(!local.is_empty(), "{words:?}");
        assert_eq!(Place::new().run(program, words, engine), local, "{words:?}");
    }
}

#[test]
fn two_local_runs() {
    are_alike(&Engine::Local);
}

#[test]
fn jobs_of_an_engine() {
    are_alike(&Engine::Queue);
}

#[cfg(feature = "snakemake")]
#[test]
fn snakemake() {
    are_alike(&Engine::Snakemake(std::env::var("SNAKEMAKE").expect("SNAKEMAKE names the program")));
}

#[cfg(feature = "slurm")]
#[test]
fn slurm() {
    assert!(std::env::var_os("NEBULAKIT_TEST_SLURM").is_some(), "run by tests/slurm/with-slurm.sh");
    are_alike(&Engine::Slurm);
}
