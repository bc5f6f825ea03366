//! The command backend, over a script that runs each job at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use futures_util::StreamExt as _;
use nebulakit::backend::{Backend, CommandBackend, LocalBackend};
use nebulakit::run::RunsFolder;
use nebulakit::testing::backend_conformance::{Subject, Verdict, cases};
use tempfile::TempDir;

/// How many cases run at once.
const AT_ONCE: usize = 4;

/// The program of the jobs, without what only a debugger reads: each plan has a copy.
fn program() -> &'static Path {
    static STRIPPED: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = STRIPPED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("conforming");
        fs::copy(env!("CARGO_BIN_EXE_conforming"), &path).unwrap();
        // Where there is no such tool, the copies are large.
        let _ = Command::new("strip").arg(&path).status();
        (dir, path)
    });
    path
}

struct OnQueue;

impl Subject for OnQueue {
    fn backend(&self, folder: &Path) -> Box<dyn Backend> {
        let queue = folder.join("queue");
        fs::create_dir_all(&queue).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("command/queue.sh");
        let text =
            include_str!("../command/nebulakit.toml").replace("SCRIPT", script.to_str().unwrap()).replace("QUEUE", queue.to_str().unwrap());
        fs::write(folder.join("nebulakit.toml"), text).unwrap();
        let local = LocalBackend::new(RunsFolder::open(folder.join("runs")).unwrap());
        Box::new(CommandBackend::configured_with(local, "batch", folder, program()).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_an_engine_conform() {
    let checked = futures_util::stream::iter(cases()).map(|case| async move { (case.name(), case.check(&OnQueue).await) });
    let ended: Vec<_> = checked.buffer_unordered(AT_ONCE).collect().await;
    let broken: Vec<_> = ended.iter().filter(|(_, verdict)| verdict.is_err()).collect();
    assert!(broken.is_empty(), "{} of {} cases: {broken:#?}", broken.len(), ended.len());
    // What has to be refused is a reference, and nothing else.
    let refused: Vec<_> = ended.iter().filter(|(_, verdict)| matches!(verdict, Ok(verdict) if *verdict != Verdict::Kept)).collect();
    assert!(refused.len() <= 1, "{refused:?}");
}
