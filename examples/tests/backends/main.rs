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
}

/// Files and folders of this repository are named by `@/`.
const PIPELINES: &[Pipeline] = &[
    Pipeline { program: env!("CARGO_BIN_EXE_word_count"), words: &["word_count", "--corpus", "@/docs", "--top", "5"] },
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
    },
    #[cfg(feature = "tables")]
    Pipeline {
        program: env!("CARGO_BIN_EXE_table_pipeline"),
        words: &["table_pipeline", "--readings", "@/examples/table_pipeline/readings.csv", "--target", "published"],
    },
    #[cfg(feature = "pictures")]
    Pipeline { program: env!("CARGO_BIN_EXE_thumbnails"), words: &["paint"] },
];

/// Runs all of them on this machine and on the engine.
fn are_alike(engine: &Engine) {
    for Pipeline { program, words } in PIPELINES {
        let program = Path::new(program);
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
