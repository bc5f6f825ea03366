//! The folder of one run.
//!
//! ```text
//! events.jsonl        the events: the source of truth
//! graph.json          the graph that it runs
//! inputs.pb           its inputs
//! elsewhere.json      where it runs, if that is not this machine: who drives it watches it from here
//! build.json          the program that drives it: see `build.rs`
//! lock                the process that drives it
//! keeper              the process that has others drive it, one after the other, if they are jobs of an engine
//! run.log             the log of the run itself
//! logs/<node>.log     what a node logged and printed
//! raw/<node>/         files that a node stored
//! decks/<node>.html   the decks of a node, if it made any
//! checkpoints/<node>/ what the attempts of a node left for the next one, by the digest of its inputs; removed when it has succeeded
//! data/               outputs of nodes that only this run uses, if they are to be deleted at its end
//! control/            requests to the process that drives it
//! ```

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::coordinator::RunId;
use crate::process::file_name::file_name;
use crate::run::error::{At as _, RecordError};
use crate::run::folder::data::Data;
use crate::run::folder::lock::{self, DriverLock, RunHold};
use crate::run::folder::publish::{Durability, make, publish};
use crate::run::path::NodePath;

/// The file that says where a run is which no process of this machine drives: it goes on there, whether somebody watches it from here or not.
pub(crate) const ELSEWHERE: &str = "elsewhere.json";

/// The lock of the process that has others drive the run.
const KEEPER: &str = "keeper";

/// The extension of a page of decks.
pub(crate) const DECK: &str = ".html";

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    id: RunId,
    path: PathBuf,
    data: Data,
}

/// The folder of a run that no reader finds any more.
#[derive(Debug)]
pub(crate) struct HiddenRun {
    path: PathBuf,
    shown: PathBuf,
}

impl HiddenRun {
    /// Where it is now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Has it be found again.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub(crate) fn show(&self) -> Result<(), RecordError> {
        fs::rename(&self.path, &self.shown).at("show", &self.path)
    }
}

impl RunFolder {
    pub(super) fn new(runs: &Path, id: RunId, data: Data) -> Self {
        let path = runs.join(id.to_string());
        let data = Data { own: Some(path.join("data")), ..data };
        Self { id, path, data }
    }

    /// The id of the run.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder for the files of a single node: below the run's `raw/`. It is not created.
    #[must_use]
    pub fn raw(&self, node: &NodePath) -> PathBuf {
        self.all_raw().join(file_name(node))
    }

    /// The page of a node's decks: one self-contained HTML file. It exists if the node's task made decks.
    #[must_use]
    pub fn deck(&self, node: &NodePath) -> PathBuf {
        self.all_decks().join(file_name(node) + DECK)
    }

    pub(crate) fn all_decks(&self) -> PathBuf {
        self.path.join("decks")
    }

    /// Keeps a node's page of decks, in the place of one that is there. Nobody finds half of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn keep_deck(&self, node: &NodePath, page: &str) -> Result<(), RecordError> {
        make(&self.all_decks())?;
        publish(&self.deck(node), page.as_bytes(), Durability::Kernel)
    }

    /// Takes over a node's page of decks from the run that this one goes on with.
    pub(crate) fn inherit_deck(&self, former: &Self, node: &NodePath) {
        let (theirs, ours) = (former.deck(node), self.deck(node));
        // Most nodes have none; and the run does not fail for a page that it cannot show.
        if theirs.exists() && make(&self.all_decks()).is_ok() {
            let _ = fs::hard_link(theirs, ours);
        }
    }

    /// The folder of the checkpoints of a node's attempts, by their numbers; `inputs` is the digest of their inputs.
    pub(crate) fn checkpoints(&self, node: &NodePath, inputs: &str) -> PathBuf {
        self.all_checkpoints(node).join(inputs)
    }

    fn all_checkpoints(&self, node: &NodePath) -> PathBuf {
        self.path.join("checkpoints").join(file_name(node))
    }

    /// The last checkpoint that an attempt of a node left.
    pub(crate) fn last_checkpoint(&self, node: &NodePath, inputs: &str) -> Option<PathBuf> {
        let folder = self.checkpoints(node, inputs);
        let attempts = fs::read_dir(&folder).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        attempts.max().map(|attempt| folder.join(attempt.to_string()))
    }

    /// Whether any node left a checkpoint and did not succeed.
    pub(crate) fn has_checkpoint(&self) -> bool {
        fs::read_dir(self.path.join("checkpoints")).is_ok_and(|mut nodes| nodes.next().is_some())
    }

    /// Whether attempts of a node left checkpoints.
    pub(crate) fn has_checkpoints(&self, node: &NodePath) -> bool {
        self.all_checkpoints(node).exists()
    }

    /// Removes the checkpoints of a node, which needs them no more.
    pub(crate) fn drop_checkpoints(&self, node: &NodePath) {
        let _ = fs::remove_dir_all(self.all_checkpoints(node));
    }

    /// Writes one of the files of the run's plan.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, name: &Path, contents: &[u8], durability: Durability) -> Result<(), RecordError> {
        publish(&self.path.join(name), contents, durability)
    }

    /// Writes the program that drives the run, as the JSON of a build.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_build(&self, json: &[u8], durability: Durability) -> Result<(), RecordError> {
        publish(&self.build(), json, durability)
    }

    /// Writes the graph of the run, as JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_graph(&self, json: &str, durability: Durability) -> Result<(), RecordError> {
        publish(&self.graph(), json.as_bytes(), durability)
    }

    /// Writes the inputs of the run, as the bytes of an `inputs.pb`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_inputs(&self, inputs: &[u8], durability: Durability) -> Result<(), RecordError> {
        publish(&self.inputs(), inputs, durability)
    }

    pub(crate) fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    pub(crate) fn graph(&self) -> PathBuf {
        self.path.join("graph.json")
    }

    pub(crate) fn inputs(&self) -> PathBuf {
        self.path.join("inputs.pb")
    }

    pub(crate) fn build(&self) -> PathBuf {
        self.path.join("build.json")
    }

    pub(crate) fn control(&self) -> PathBuf {
        self.path.join("control")
    }

    /// The file that asks the driver of the run to stop.
    pub(crate) fn cancel(&self) -> PathBuf {
        self.control().join("cancel")
    }

    /// The file that asks the driver of the run to end it at once.
    pub(crate) fn kill(&self) -> PathBuf {
        self.control().join("kill")
    }

    pub(crate) fn all_raw(&self) -> PathBuf {
        self.path.join("raw")
    }

    /// The log of a node, or the run's own.
    pub(crate) fn log(&self, node: Option<&NodePath>) -> PathBuf {
        match node {
            Some(node) => self.path.join("logs").join(format!("{}.log", file_name(node))),
            None => self.path.join("run.log"),
        }
    }

    /// The data that its events refer to.
    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// Makes this process the driver of the run.
    ///
    /// # Errors
    /// When another process drives it.
    pub(crate) fn drive(&self) -> Result<DriverLock, RecordError> {
        let lock = DriverLock::take(&lock_of(&self.path), &self.id.to_string())?;
        // They were for the process that drove the run before.
        for request in [self.cancel(), self.kill()] {
            match fs::remove_file(&request) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(RecordError::io("remove", &request, &error)),
                _ => {}
            }
        }
        Ok(lock)
    }

    /// Makes this process the one that has others drive the run: the run is driven as long as it is there.
    ///
    /// # Errors
    /// When another process is it.
    #[cfg(feature = "slurm")]
    pub(crate) fn keep_driven(&self) -> Result<DriverLock, RecordError> {
        DriverLock::take(&self.path.join(KEEPER), &self.id.to_string())
    }

    /// Whether others are to drive it one after the other, and no process sees to that.
    ///
    /// # Errors
    /// When that cannot be checked.
    pub(crate) fn lacks_keeper(&self) -> Result<bool, RecordError> {
        let keeper = self.path.join(KEEPER);
        Ok(keeper.exists() && !lock::is_taken(&keeper)?)
    }

    /// Whether a process drives the run.
    ///
    /// # Errors
    /// When that cannot be checked.
    pub(crate) fn is_driven(&self) -> Result<bool, RecordError> {
        Ok(lock::is_taken(&lock_of(&self.path))? || lock::is_taken(&self.path.join(KEEPER))?)
    }

    /// Whether it runs elsewhere.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.path.join(ELSEWHERE).exists()
    }

    /// The web page of a run that goes on elsewhere, if it was recorded at its launch.
    pub(crate) fn console(&self) -> Option<String> {
        let json: serde_json::Value = serde_json::from_slice(&fs::read(self.path.join(ELSEWHERE)).ok()?).ok()?;
        json.get("console")?.as_str().map(str::to_owned)
    }

    /// Keeps it from being removed as long as the returned value exists, for a run that resumes it; [`None`] if a process drives it.
    ///
    /// # Errors
    /// When the run is gone.
    pub(crate) fn hold(&self) -> Result<Option<RunHold>, RecordError> {
        RunHold::take(&lock_of(&self.path))
    }

    /// Hides it before it is removed, so that nobody finds half of it.
    ///
    /// # Errors
    /// When a process drives the run, or one that goes on with it; when its folder cannot be renamed.
    pub(crate) fn hide(&self) -> Result<HiddenRun, RecordError> {
        let _lock = self.drive()?;
        let keeper = self.path.join(KEEPER);
        let _keeper = keeper.exists().then(|| DriverLock::take(&keeper, &self.id.to_string())).transpose()?;
        self.hidden_from_all()
    }

    /// Removes it, by the process that drives it or has its lock.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub(crate) fn discard(&self) -> Result<(), RecordError> {
        let HiddenRun { path, .. } = self.hidden_from_all()?;
        fs::remove_dir_all(&path).at("remove", &path)
    }

    fn hidden_from_all(&self) -> Result<HiddenRun, RecordError> {
        let path = self.hidden();
        fs::rename(&self.path, &path).at("remove", &self.path)?;
        Ok(HiddenRun { path, shown: self.path.clone() })
    }

    /// A name for its folder that hides the run.
    fn hidden(&self) -> PathBuf {
        self.path.with_file_name(format!(".{}-{}", self.id, uuid::Uuid::new_v4().simple()))
    }

    /// Creates the folder; [`None`] if another run has its id. This process drives the run before others can see it.
    pub(super) fn make(&self) -> Result<Option<DriverLock>, RecordError> {
        let name = self.id.to_string();
        let hidden = self.hidden();
        for part in ["logs", "raw", "control"] {
            make(&hidden.join(part))?;
        }
        let lock = DriverLock::take(&lock_of(&hidden), &name)?;
        match fs::rename(&hidden, &self.path) {
            Ok(()) => Ok(Some(lock)),
            Err(error) => {
                let _ = fs::remove_dir_all(&hidden);
                match error.kind() {
                    io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => Ok(None),
                    _ => Err(error).at("make", &self.path),
                }
            }
        }
    }
}

/// The lock file of the run in that folder.
fn lock_of(path: &Path) -> PathBuf {
    path.join("lock")
}
