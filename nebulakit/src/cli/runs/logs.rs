//! `runs logs`: what a run and its nodes logged and printed.

use std::collections::{BTreeMap, HashSet};
use std::thread;
use std::time::{Duration, SystemTime};

use nebulakit_types::visible;

use crate::cli::complaint::Complaint;
use crate::cli::output::{is_read, say};
use crate::process::exit::Exit;
use crate::run::{LogLine, LogLines, NodePath, RecordError, RunHandle, RunState, RunStatus};

/// How often one looks for more.
const PERIOD: Duration = Duration::from_millis(100);

/// How many bytes are written at once.
const BATCH: usize = 64 << 10;

/// How many logs are open at once.
const OPEN: usize = 128;

/// Shows the log of a node, or of the run and all of its nodes by time, each line behind the node's path; until the run is over, if that is asked for.
pub(super) fn logs(run: &RunHandle, node: Option<&str>, follows: bool) -> Result<Exit, Complaint> {
    let mut sources = Sources::new(run, node.map(|node| run.known(node)).transpose()?);
    loop {
        // Asked first: what was logged by then is read after that.
        let is_over = matches!(run.status()?, RunStatus::Ended(_) | RunStatus::Interrupted);
        sources.show(&*run.state()?)?;
        if is_over || !follows || !is_read() {
            return Ok(Exit::Stored);
        }
        thread::sleep(PERIOD);
    }
}

/// The logs that are shown, as far as they were read.
struct Sources<'a> {
    run: &'a RunHandle,
    /// The only node that is asked for.
    only: Option<NodePath>,
    /// Those that may have more; [`None`] for the run's own.
    open: BTreeMap<Option<NodePath>, Source>,
    over: HashSet<NodePath>,
}

struct Source {
    /// What stands before each line.
    before: String,
    lines: LogLines,
}

impl<'a> Sources<'a> {
    fn new(run: &'a RunHandle, only: Option<NodePath>) -> Self {
        let open = match &only {
            None => (None, Source { before: String::new(), lines: run.run_log() }),
            Some(node) => (Some(node.clone()), Source { before: String::new(), lines: run.logs(node) }),
        };
        Self { run, only, open: BTreeMap::from([open]), over: HashSet::new() }
    }

    /// Shows what is new.
    fn show(&mut self, state: &RunState) -> Result<(), Complaint> {
        if self.only.is_none() {
            for path in state.nodes.keys().filter(|path| !self.over.contains(*path)) {
                let source = || Source { before: format!("{}: ", visible::line(path)), lines: self.run.logs(path) };
                self.open.entry(Some(path.clone())).or_insert_with(source);
            }
        }
        let mut due: Vec<_> = self.open.iter_mut().collect();
        due.sort_by_key(|(path, _)| path.as_ref().and_then(|path| state.nodes.get(path)).and_then(|node| node.started));
        for some in due.chunks_mut(OPEN) {
            let mut sources: Vec<_> = some.iter_mut().map(|(_, source)| &mut **source).collect();
            by_time(&mut sources)?;
            sources.iter_mut().for_each(|source| source.lines.close());
            if !is_read() {
                return Ok(());
            }
        }
        // What it logged was there before its end was told.
        let over =
            self.open.extract_if(.., |path, _| path.as_ref().and_then(|path| state.nodes.get(path)).is_some_and(|node| node.is_over()));
        self.over.extend(over.filter_map(|(path, _)| path));
        Ok(())
    }
}

/// Shows the next lines of all, the oldest first; no more once nobody reads them.
fn by_time(sources: &mut [&mut Source]) -> Result<(), Complaint> {
    let mut merged = Merged::of(sources)?;
    loop {
        let mut text = String::new();
        let gathered = merged.gather(&mut text);
        say(&text)?;
        gathered?;
        if text.len() < BATCH || !is_read() {
            return Ok(());
        }
    }
}

/// The lines of several logs by time.
struct Merged<'s, 'r> {
    sources: &'s mut [&'r mut Source],
    /// The next line of each, by its place.
    next: BTreeMap<(Option<SystemTime>, usize), LogLine>,
}

impl<'s, 'r> Merged<'s, 'r> {
    fn of(sources: &'s mut [&'r mut Source]) -> Result<Self, RecordError> {
        let mut merged = Self { sources, next: BTreeMap::new() };
        for place in 0..merged.sources.len() {
            merged.read(place)?;
        }
        Ok(merged)
    }

    /// Appends lines to `text` until there are none, or enough for now.
    fn gather(&mut self, text: &mut String) -> Result<(), RecordError> {
        while text.len() < BATCH
            && let Some(((_, place), line)) = self.next.pop_first()
        {
            text.push_str(&format!("{}{line}\n", self.sources[place].before));
            self.read(place)?;
        }
        Ok(())
    }

    fn read(&mut self, place: usize) -> Result<(), RecordError> {
        if let Some(line) = self.sources[place].lines.read()? {
            self.next.insert((line.at, place), line);
        }
        Ok(())
    }
}
