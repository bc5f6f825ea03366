//! The files of chunks in the folder of a plan.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::contract::EngineJob;
use crate::backend::node::{AttemptFolder, CANCELLED, PlanFolder, VERB};

/// A chunk, as its folder has it.
pub(super) struct Chunk {
    /// What its job is called.
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// What the engine calls its job.
    pub(super) id: Option<String>,
    /// What the jobs of its elements are called here.
    pub(super) names: Vec<String>,
    pub(super) members: Vec<Member>,
}

/// An attempt in a chunk.
pub(super) struct Member(AttemptFolder);

impl Member {
    /// Whether a process has claimed it.
    pub(super) fn has_begun(&self) -> bool {
        self.0.file("claim").exists()
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.file("record.json").exists()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.file(CANCELLED).exists()
    }

    /// Says that nobody wants it any more.
    pub(super) fn cancel(&self) -> io::Result<()> {
        fs::write(self.0.file(CANCELLED), "")
    }
}

/// Where the chunks of a plan are.
fn folder(plan: &Path) -> PathBuf {
    plan.join("chunks")
}

/// Makes the files of a chunk of these jobs, and the job that is submitted for it.
///
/// # Errors
/// When a file cannot be made.
pub(super) fn make(jobs: &[EngineJob]) -> io::Result<(EngineJob, Chunk)> {
    let first = jobs.first().ok_or_else(|| io::Error::other("it has no elements"))?;
    let run = first.name.split('.').next().unwrap_or_default();
    // One whose answer is lost may be submitted again, with other elements.
    let name = format!("{run}.chunk.{}", &Uuid::new_v4().simple().to_string()[..16]);
    let folder = folder(&first.plan).join(&name);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let names: Vec<_> = jobs.iter().map(|job| job.name.clone()).collect();
    let lines = |line: &dyn Fn(&EngineJob) -> String| jobs.iter().map(|job| line(job) + "\n").collect::<String>();
    fs::write(folder.join("names"), lines(&|job| job.name.clone()))?;
    fs::write(folder.join("list"), lines(&|job| format!("{} {}", job.node, job.attempt)))?;
    let elements = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
    let job = EngineJob {
        name: name.clone(),
        argv: words(&first.argv, &folder.join("list"))?,
        // Each element keeps its own limit; together they have as much as each has in turn.
        time: first.time.map(|time| time.saturating_mul(elements)),
        folder: folder.clone(),
        ..first.clone()
    };
    let plan = PlanFolder::at(&first.plan)?;
    let members = jobs.iter().map(|job| Member(plan.node(&job.node).attempt(job.attempt))).collect();
    Ok((job, Chunk { name, folder, id: None, names, members }))
}

/// The words of one job, for all that a list names.
fn words(argv: &[String], list: &Path) -> io::Result<Vec<String>> {
    let list = list.to_str().ok_or_else(|| io::Error::other(format!("{} is not UTF-8", list.display())))?;
    let mut words = Vec::with_capacity(argv.len());
    let mut rest = argv.iter();
    while let Some(word) = rest.next() {
        match &**word {
            "--node" | "--attempt" => drop(rest.next()),
            _ => words.push(word.clone()),
        }
    }
    debug_assert!(words.iter().any(|word| word == VERB));
    words.extend(["--each".to_owned(), list.to_owned()]);
    Ok(words)
}

/// All chunks of a plan.
///
/// # Errors
/// When they cannot be read.
pub(super) fn all(plan: &Path) -> io::Result<Vec<Chunk>> {
    let entries = match fs::read_dir(folder(plan)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut chunks = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A driver that ended while it wrote one has submitted none.
        chunks.extend(read(plan, &entry.path(), &entry.file_name().to_string_lossy()));
    }
    Ok(chunks)
}

fn read(plan: &Path, folder: &Path, name: &str) -> Option<Chunk> {
    let names = fs::read_to_string(folder.join("names")).ok()?.lines().map(str::to_owned).collect();
    let list = fs::read_to_string(folder.join("list")).ok()?;
    let plan = PlanFolder::at(plan).ok()?;
    let member = |line: &str| {
        let (node, attempt) = line.rsplit_once(' ')?;
        Some(Member(plan.node(node).attempt(attempt.parse().ok()?)))
    };
    let members = list.lines().map(member).collect::<Option<_>>()?;
    let id = fs::read_to_string(folder.join("id")).ok();
    Some(Chunk { name: name.to_owned(), folder: folder.to_owned(), id, names, members })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::NodePath;

    #[test]
    fn a_chunk_is_read_as_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let job = |node: &str| EngineJob {
            name: format!("run-1.{node}.0.0123"),
            plan: dir.path().to_owned(),
            node: NodePath::from(node),
            attempt: 2,
            task: "t",
            workflow: "w".into(),
            argv: ["/p", VERB, "--plan", "/q", "--node", node, "--attempt", "2", "--task", "t"].map(str::to_owned).into(),
            folder: dir.path().join(node),
            variables: Vec::new(),
            cores: 1.0,
            memory: None,
            gpus: 0,
            tokens: Vec::new(),
            time: Some(std::time::Duration::from_secs(5)),
            image: None,
        };
        let (outer, made) = make(&[job("n0[0]"), job("n0[1]")]).unwrap();
        assert!(outer.name.len() <= 64 && outer.name.starts_with("run-1.chunk."), "{}", outer.name);
        assert_eq!(outer.argv[..6], ["/p", VERB, "--plan", "/q", "--task", "t"]);
        assert_eq!(outer.argv[6..], ["--each", made.folder.join("list").to_str().unwrap()]);
        assert_eq!(outer.time, Some(std::time::Duration::from_secs(10)));
        fs::write(made.folder.join("id"), "7").unwrap();
        // What is torn is none.
        fs::create_dir(dir.path().join("chunks/torn")).unwrap();
        let [read] = <[Chunk; 1]>::try_from(all(dir.path()).unwrap()).ok().unwrap();
        assert_eq!((read.name, read.names, read.id), (made.name, made.names, Some("7".to_owned())));
        assert_eq!(read.members.len(), 2);
        assert!(!read.members[1].is_cancelled());
    }
}
