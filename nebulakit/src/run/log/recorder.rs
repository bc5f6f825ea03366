//! Records a run in its folder.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _, ready};

use crate::coordinator::RunId;
use crate::run::error::{At as _, RecordError, RecordErrorKind};
use crate::run::event::{EventKind, Recorded};
use crate::run::folder::{DriverLock, Durability, InUse, Keep, RunFolder, RunsFolder, sync_folder};
use crate::run::log::appending::Appending;
use crate::run::log::clock::Clock;
use crate::run::log::disk::Disk;
use crate::run::log::events::Events;
use crate::run::log::node_logs::NodeLogs;
use crate::run::log::reader::EventReader;
use crate::run::log::ticker::Ticker;
use crate::run::path::NodePath;
use crate::run::record::Record;

/// Maximum time that an event waits if nothing depends on it.
const SOON: Duration = Duration::from_millis(50);

/// Records a run in its folder, and drives it: no other process can drive it until this is dropped.
///
/// Events that others depend on have reached the kernel, or the disk, when [`record`](Self::record) returns, and so have all events before them. Other events,
/// for example that an attempt began, reach the kernel within about 50 ms. Progress is recorded up to 20 times a second for each node, and only the last report
/// counts. What nodes log and print goes to separate files, not to the events.
///
/// # Examples
/// ```
/// use nebulakit::run::{Durability, EVENT_VERSION, EventKind, Recorder, RunOutcome, RunsFolder};
///
/// # let scratch = tempfile::tempdir()?;
/// let runs = RunsFolder::open(scratch.path())?;
/// let recorder = Recorder::create(&runs, Durability::Kernel)?;
/// let run = recorder.folder().id().clone();
/// let created = EventKind::Created { version: EVENT_VERSION, run: run.clone(), name: "app.add".into(), backend: "local".into(), nodes: 1, resumes: None, from: None };
/// recorder.record(None, created)?;
/// recorder.record(None, EventKind::Ended { outcome: RunOutcome::Succeeded, outputs: None })?;
/// assert_eq!(runs.list()?, [run]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Recorder {
    folder: RunFolder,
    durability: Durability,
    keep: Keep,
    // Dropped in this order: what the ticker writes comes before the end of the files, and the lock is given back last.
    ticker: Ticker,
    /// Present if the run must survive a power loss.
    disk: Option<Disk>,
    files: Arc<Files>,
    locks: Mutex<Option<(DriverLock, InUse)>>,
}

#[derive(Debug)]
struct Files {
    events: Mutex<Events>,
    logs: Mutex<NodeLogs>,
}

impl Recorder {
    /// Records a new run.
    ///
    /// # Errors
    /// When its folder cannot be created.
    pub fn create(runs: &RunsFolder, durability: Durability) -> Result<Self, RecordError> {
        let in_use = runs.in_use()?;
        let (folder, lock) = runs.create()?;
        if durability == Durability::Disk {
            runs.sync()?;
        }
        let recorder = Self::behind(folder.clone(), (lock, in_use), durability, (0, 0), Clock::behind(None));
        // A run that did not begin would be the last one.
        recorder.inspect_err(|_| drop(folder.discard()))
    }

    /// Continues a run that is not over and that no process drives. Anything that a crash has torn is cut off.
    ///
    /// # Errors
    /// When there is no such run, when it is over, when another process drives it, or when its events cannot be read.
    pub fn resume(runs: &RunsFolder, run: &RunId, durability: Durability) -> Result<Self, RecordError> {
        let in_use = runs.in_use()?;
        let folder = runs.run(run)?;
        let lock = folder.drive()?;
        let (mut last, mut at, mut read) = (None, None, (0, 0));
        if let Some(mut reader) = EventReader::open(&folder.events())? {
            while let Some(event) = reader.next()? {
                (last, at) = (Some(event.kind), at.max(Some(event.at)));
            }
            read = (reader.offset(), reader.count());
        }
        if matches!(last, Some(EventKind::Ended { .. })) {
            return Err(RecordError::new(RecordErrorKind::Over, format!("the run `{run}` is over")));
        }
        Self::behind(folder, (lock, in_use), durability, read, Clock::behind(at))
    }

    fn behind(
        folder: RunFolder,
        locks: (DriverLock, InUse),
        durability: Durability,
        (offset, events): (u64, u64),
        clock: Clock,
    ) -> Result<Self, RecordError> {
        let path = folder.events();
        let file = Appending::open(&path, offset)?;
        let on_disk = file.file().at("open", &path)?;
        let logs = Mutex::new(NodeLogs::new(folder.clone(), clock));
        let files = Arc::new(Files { events: Mutex::new(Events::new(file, events, clock)), logs });
        let disk = match durability {
            Durability::Kernel => None,
            Durability::Disk => {
                // The names of the run's folder, and of all that it is in as far as it is ours.
                folder.path().ancestors().take(4).try_for_each(sync_folder)?;
                let written = Arc::clone(&files);
                Some(Disk::start(move || {
                    let events = written.events().written();
                    on_disk.sync_data().at("sync", &path)?;
                    Ok(events)
                })?)
            }
        };
        let ticking = Arc::clone(&files);
        let ticker = Ticker::start(SOON, move || ticking.write())?;
        Ok(Self { folder, durability, keep: Keep::All, ticker, disk, files, locks: Mutex::new(Some(locks)) })
    }

    /// Sets what the run keeps.
    pub(crate) fn keeping(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Whether its record survives a power loss.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.durability
    }

    /// Records what happened to a node, or to the run itself.
    ///
    /// # Errors
    /// When it cannot be written; this error names the file and the cause, and so does every call that follows. When the run is over: only progress is
    /// ignored then.
    pub fn record(&self, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        self.record_of(None, node, kind)
    }

    /// Records what happened at a time that is told, such as by who runs it elsewhere. It counts as much as the clock here allows: no event is before the one
    /// ahead of it, or in the future.
    ///
    /// # Errors
    /// As for [`record`](Self::record).
    pub fn record_at(&self, at: SystemTime, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        self.record_of(Some(at), node, kind)
    }

    fn record_of(&self, at: Option<SystemTime>, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        match (&self.disk, self.write(at, node, kind)?) {
            (Some(disk), Some(events)) => disk.wait(events),
            _ => Ok(()),
        }
    }

    /// Records an event, and returns how many events must reach the disk before anything that depends on it goes on.
    fn write(&self, at: Option<SystemTime>, node: Option<&NodePath>, kind: EventKind) -> Result<Option<u64>, RecordError> {
        match (node, kind) {
            (_, EventKind::Log { level, message }) => self.log(node, &level, &lines_of(message)).map(|()| None),
            (_, EventKind::Output { stream, line }) => self.log(node, stream.as_str(), &lines_of(line)).map(|()| None),
            (Some(node), EventKind::Progress { done, total }) => {
                self.files.events().progress(node, done, total);
                self.ticker.ask();
                Ok(None)
            }
            (_, kind) if is_depended_on(&kind) => {
                self.append(at, node, kind)?;
                self.written().map(Some)
            }
            (_, kind) => {
                self.files.events().append(at, node, kind)?;
                self.ticker.ask();
                Ok(None)
            }
        }
    }

    /// Stores the outputs of a node, as the bytes of an `outputs.pb`, for the event that says that it succeeded.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, outputs: &[u8]) -> Result<Recorded, RecordError> {
        self.folder.data().keep(outputs, self.durability)
    }

    fn kept(&self, outputs: Bytes, keep: Keep) -> BoxFuture<'_, io::Result<Recorded>> {
        if let Some(small) = Recorded::small(&outputs) {
            return ready(Ok(small)).boxed();
        }
        // Neither a digest nor a slow disk holds up who drives the run.
        let (data, durability) = (self.folder.data().clone(), self.durability);
        let kept = move || match keep {
            Keep::All => data.keep(&outputs, durability),
            Keep::Outputs => data.keep_own(&outputs, durability),
        };
        async { Ok(tokio::task::spawn_blocking(kept).await??) }.boxed()
    }

    fn append(&self, at: Option<SystemTime>, node: Option<&NodePath>, kind: EventKind) -> Result<(), RecordError> {
        // Anyone who hears of its end finds its log whole.
        self.files.logs().close(node)?;
        self.files.events().append(at, node, kind)
    }

    /// Writes the events that wait, asks for them to be on the disk, and says how many the kernel has now.
    fn written(&self) -> Result<u64, RecordError> {
        let mut events = self.files.events();
        events.write()?;
        let written = events.written();
        drop(events);
        if let Some(disk) = &self.disk {
            disk.ask(written);
        }
        Ok(written)
    }

    /// Appends a line to the log of a run that no process drives for now.
    ///
    /// # Errors
    /// When it cannot be written.
    #[cfg(feature = "slurm")]
    pub(crate) fn note(folder: &RunFolder, what: &str) -> Result<(), RecordError> {
        let mut logs = NodeLogs::new(folder.clone(), Clock::behind(None));
        logs.append(None, "INFO", format!("{what}\n").as_bytes())?;
        logs.write()
    }

    /// Ends the recording, and lets others drive or delete the run, though threads that it left behind may still hold this.
    pub(crate) fn release(&self) {
        self.files.write();
        self.files.events().close();
        self.locks.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Appends what a node logged or printed to its log, or to that of the run, as it is: whole lines, or the beginning of one that goes on in what comes next. `source` is
    /// a word: what it came from.
    ///
    /// # Errors
    /// When it cannot be written, or when `source` is not a word.
    pub fn log(&self, node: Option<&NodePath>, source: &str, text: &[u8]) -> Result<(), RecordError> {
        self.files.logs().append(node, source, text)?;
        self.ticker.ask();
        Ok(())
    }
}

impl Files {
    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn logs(&self) -> MutexGuard<'_, NodeLogs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the buffers. An error here occurs again for the next event, whose recorder gets it.
    fn write(&self) {
        let _ = self.logs().write();
        let _ = self.events().write_progress();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.files.write();
    }
}

fn lines_of(text: String) -> Vec<u8> {
    text.into_bytes().into_iter().chain([b'\n']).collect()
}

impl Record for Recorder {
    fn record(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        self.write(None, node, kind)?;
        Ok(())
    }

    fn append(&self, node: Option<&NodePath>, kind: EventKind) -> io::Result<()> {
        Ok(Self::append(self, None, node, kind)?)
    }

    fn flush(&self) -> io::Result<()> {
        self.written()?;
        Ok(())
    }

    fn settle(&self) -> Option<BoxFuture<'_, io::Result<()>>> {
        let disk = self.disk.as_ref()?;
        Some(Box::pin(async {
            let written = self.written()?;
            // It may be more than was asked for: the ticker writes too.
            disk.ask(written);
            Ok(disk.wait_async(written).await?)
        }))
    }

    fn log(&self, node: &NodePath, source: &str, text: &[u8]) -> io::Result<()> {
        Ok(Self::log(self, Some(node), source, text)?)
    }

    fn keep(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        self.kept(outputs, self.keep)
    }

    fn keep_for_all(&self, outputs: Bytes) -> BoxFuture<'_, io::Result<Recorded>> {
        self.kept(outputs, Keep::All)
    }
}

/// Whether something depends on the event, so that it must be known after a crash.
fn is_depended_on(kind: &EventKind) -> bool {
    use EventKind::{Cancelled, Created, Deleted, Ended, Failed, Skipped, Succeeded, Waiting};
    matches!(
        kind,
        Created { .. } | Waiting { .. } | Succeeded { .. } | Failed { .. } | Skipped { .. } | Cancelled | Deleted { .. } | Ended { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_elsewhere_has_its_time_as_far_as_that_can_be() {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(folder.path()).unwrap();
        let recorder = Recorder::create(&runs, Durability::Kernel).unwrap();
        let (began, hour) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000), Duration::from_secs(3600));
        for at in [began, began + hour, began, SystemTime::now() + hour] {
            recorder.record_at(at, Some(&NodePath::from("n0")), EventKind::Cancelled).unwrap();
        }
        let mut reader = EventReader::open(&recorder.folder().events()).unwrap().unwrap();
        let mut times = Vec::new();
        while let Some(event) = reader.next().unwrap() {
            times.push(event.at);
        }
        assert_eq!(times[..3], [began, began + hour, began + hour], "no event is before the one ahead of it");
        assert!(times[3] <= SystemTime::now(), "nor in the future");
    }

    #[tokio::test]
    async fn what_nobody_asked_for_reaches_the_disk_for_who_waits() {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunsFolder::open(folder.path().join("runs")).unwrap();
        let recorder = Recorder::create(&runs, Durability::Disk).unwrap();
        recorder.record(Some(&NodePath::from("n0")), EventKind::Started { attempt: 0 }).unwrap();
        // The ticker writes it.
        while recorder.files.events().written() == 0 {
            std::thread::yield_now();
        }
        tokio::time::timeout(Duration::from_secs(60), recorder.settle().expect("the disk is asked for"))
            .await
            .expect("it does not wait for ever")
            .unwrap();
    }
}
