//! Requests from other processes to the one that drives a run: requests to stop, and answers to its gates.
//!
//! Each request is a file, which exists completely or not at all. Answers stay: a run that resumes this one with the same inputs uses them, even those given
//! while no process drove it. A request to stop is only for the process that drives the run now.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::process::file_name::file_name;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::folder::{Durability, RunFolder, publish, publish_first};
use crate::run::gate::Answer;

/// The extension of an answer's file.
const ANSWER: &str = ".answer";

/// Maximum size of an answer, in bytes.
const LONGEST: u64 = 64 << 20;

/// How often the driver looks for requests.
const PERIOD: Duration = Duration::from_millis(150);

/// A request to the process that drives a run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Stop: running tasks are told to stop, and waited for.
    Cancel,
    /// Stop at once: running tasks are killed.
    Kill,
    /// Answer a gate.
    Answer {
        /// The signal that the gate waits for.
        signal: String,
        /// The answer.
        answer: Answer,
    },
}

/// The file of an answer.
#[derive(Debug, Serialize, Deserialize)]
struct Answered {
    signal: String,
    answer: Answer,
}

/// The requests to a run, for the process that drives it. Each one is returned once.
///
/// # Examples
/// ```
/// use nebulakit::run::{Answer, Control, Durability, Recorder, Request, RunHandle, RunsFolder};
///
/// # let scratch = tempfile::tempdir()?;
/// let runs = RunsFolder::open(scratch.path())?;
/// let recorder = Recorder::create(&runs, Durability::Kernel)?;
/// let mut control = Control::new(recorder.folder());
/// // Anyone, in another process as a rule:
/// RunHandle::attach(&runs, recorder.folder().id())?.approve("go/no-go")?;
/// assert_eq!(control.poll()?, Some(Request::Answer { signal: "go/no-go".to_owned(), answer: Answer::Approve }));
/// assert_eq!(control.poll()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Control {
    run: RunFolder,
    seen: HashSet<OsString>,
    due: VecDeque<PathBuf>,
}

impl Control {
    /// The requests to the run in that folder.
    #[must_use]
    pub fn new(run: &RunFolder) -> Self {
        Self { run: run.clone(), seen: HashSet::new(), due: VecDeque::new() }
    }

    /// The next request, if there is one.
    ///
    /// # Errors
    /// When the folder or a request cannot be read. A damaged answer is removed, so that another one can follow.
    pub fn poll(&mut self) -> Result<Option<Request>, RecordError> {
        if self.due.is_empty() {
            self.look()?;
        }
        let Some(path) = self.due.pop_front() else { return Ok(None) };
        if path == self.run.cancel() {
            return Ok(Some(Request::Cancel));
        }
        if path == self.run.kill() {
            return Ok(Some(Request::Kill));
        }
        match read(&path) {
            Ok(Answered { signal, answer }) => Ok(Some(Request::Answer { signal, answer })),
            Err(error) => {
                path.file_name().map(|name| self.seen.remove(name));
                if error.kind() != RecordErrorKind::Corrupt {
                    return Err(error);
                }
                fs::remove_file(&path).at("remove", &path)?;
                Err(error.with_hint("answer again: this one is removed"))
            }
        }
    }

    /// Waits for the next request. It needs a tokio runtime with time.
    ///
    /// # Errors
    /// As for [`poll`](Self::poll).
    ///
    /// # Cancel safety
    /// No request is lost if this is dropped.
    pub async fn watch(&mut self) -> Result<Request, RecordError> {
        loop {
            if let Some(request) = self.poll()? {
                return Ok(request);
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Removes the answer to a signal, for example because its value has the wrong type, so that another one can follow.
    ///
    /// # Errors
    /// When its file cannot be removed.
    pub fn refuse(&mut self, signal: &str) -> Result<(), RecordError> {
        let path = answer_path(&self.run, signal);
        path.file_name().map(|name| self.seen.remove(name));
        match fs::remove_file(&path) {
            // It was an answer to the run that this one goes on with.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.at("remove", &path),
        }
    }

    fn look(&mut self) -> Result<(), RecordError> {
        let folder = self.run.control();
        for entry in fs::read_dir(&folder).at("read", &folder)? {
            let entry = entry.at("read", &folder)?;
            let (name, path) = (entry.file_name(), entry.path());
            let is_request = is_answer(&path) || [self.run.cancel(), self.run.kill()].contains(&path);
            if is_request && self.seen.insert(name) {
                self.due.push_back(path);
            }
        }
        Ok(())
    }
}

/// What was answered to the gates of a run, by their signals. Answers that are damaged are left out, and stay where they are.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn answers(run: &RunFolder) -> Result<HashMap<String, Answer>, RecordError> {
    let folder = run.control();
    let mut answers = HashMap::new();
    for entry in fs::read_dir(&folder).at("read", &folder)? {
        let path = entry.at("read", &folder)?.path();
        match is_answer(&path).then(|| read(&path)) {
            Some(Ok(Answered { signal, answer })) => drop(answers.insert(signal, answer)),
            Some(Err(error)) => tracing::warn!(%error, "a gate of the run {} was answered, and asks again", run.id()),
            None => {}
        }
    }
    Ok(answers)
}

/// Asks who drives the run to do something.
///
/// # Errors
/// When it cannot be written, or when the signal already has an answer.
pub(super) fn ask(run: &RunFolder, request: Request) -> Result<(), RecordError> {
    let (signal, answer) = match request {
        Request::Cancel => return publish(&run.cancel(), b"", Durability::Kernel),
        Request::Kill => return publish(&run.kill(), b"", Durability::Kernel),
        Request::Answer { signal, answer } => (signal, answer),
    };
    let path = answer_path(run, &signal);
    let answered = Answered { signal, answer };
    let json = serde_json::to_vec(&answered).expect("text and bytes have a form as JSON");
    if publish_first(&path, &json)? {
        return Ok(());
    }
    Err(RecordError::new(RecordErrorKind::Over, format!("the signal `{}` of the run `{}` was answered before", answered.signal, run.id())))
}

fn answer_path(run: &RunFolder, signal: &str) -> PathBuf {
    run.control().join(file_name(signal) + ANSWER)
}

fn is_answer(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(ANSWER.as_bytes())
}

fn read(path: &Path) -> Result<Answered, RecordError> {
    let mut json = Vec::new();
    File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut json)).at("read", path)?;
    serde_json::from_slice(&json)
        .map_err(|error| RecordError::new(RecordErrorKind::Corrupt, format!("`{}` is not an answer: {error}", path.display())))
}
