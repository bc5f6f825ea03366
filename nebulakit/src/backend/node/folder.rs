//! The folder of a plan, and where things are in it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::{files, stored};
use crate::process::file_name::file_name;

/// The file in the folder of an attempt that says that nobody wants it any more.
pub(in crate::backend) const CANCELLED: &str = "cancelled";

/// The folder of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct PlanFolder(PathBuf);

/// What the attempts at one node leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct NodeFolder {
    path: PathBuf,
    /// The file that each attempt makes when its record is there, but for its number.
    ended: PathBuf,
}

/// What one attempt has and leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct AttemptFolder {
    path: PathBuf,
    ended: PathBuf,
}

/// What a node has come to: the one line of its file `outputs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Settled {
    /// The outputs of this attempt count.
    Outputs(u32),
    /// It is in an arm that is not taken: `skipped`.
    Skipped,
    /// It is an element of a map of which so many may fail, and has: `failed`.
    Spared,
}

impl Settled {
    fn of(line: &str) -> Option<Self> {
        match line {
            "skipped" => Some(Self::Skipped),
            "failed" => Some(Self::Spared),
            number => number.parse().ok().map(Self::Outputs),
        }
    }
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outputs(attempt) => attempt.fmt(f),
            Self::Skipped => f.write_str("skipped"),
            Self::Spared => f.write_str("failed"),
        }
    }
}

impl PlanFolder {
    /// The folder at `path`, which is made absolute: what is stored in it is named by its place.
    ///
    /// # Errors
    /// When there is no current folder.
    pub(in crate::backend) fn at(path: &Path) -> io::Result<Self> {
        match stored::url(path) {
            Some(url) => Ok(Self(url.trim_end_matches('/').into())),
            None => std::path::absolute(path).map(Self),
        }
    }

    /// Makes it, and the folders in it that are always there.
    ///
    /// # Errors
    /// When that cannot be done.
    #[cfg(feature = "run")]
    pub(in crate::backend) fn make(&self) -> io::Result<()> {
        ["nodes", "ended"].iter().try_for_each(|name| files::make(&self.0.join(name)))
    }

    /// Its place.
    pub(in crate::backend) fn path(&self) -> &Path {
        &self.0
    }

    /// `plan.json`.
    pub(in crate::backend) fn plan_file(&self) -> PathBuf {
        self.0.join("plan.json")
    }

    /// `inputs.pb` of the run.
    pub(in crate::backend) fn inputs(&self) -> PathBuf {
        self.0.join("inputs.pb")
    }

    /// The folder in which each attempt whose record is there has a file: [`AttemptFolder::ended_name`].
    #[cfg(feature = "run")]
    pub(in crate::backend) fn ended(&self) -> PathBuf {
        self.0.join("ended")
    }

    /// What the attempts at the node with that path leave.
    pub(in crate::backend) fn node(&self, path: &str) -> NodeFolder {
        let name = file_name(path);
        NodeFolder { path: self.0.join("nodes").join(&name), ended: self.0.join("ended").join(name) }
    }
}

impl NodeFolder {
    /// Its place.
    pub(in crate::backend) fn path(&self) -> &Path {
        &self.path
    }

    /// Attempt `number`, from 0.
    pub(in crate::backend) fn attempt(&self, number: u32) -> AttemptFolder {
        let mut ended = self.ended.clone().into_os_string();
        ended.push(format!(".{number}"));
        AttemptFolder { path: self.path.join(number.to_string()), ended: ended.into() }
    }

    /// What the node has come to, once that is settled.
    ///
    /// # Errors
    /// When the file that says so cannot be read, or says something else.
    pub(in crate::backend) fn settled(&self) -> io::Result<Option<Settled>> {
        let path = self.outputs_file();
        let text = match files::read_text(&path) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
            text => text?,
        };
        // Without its end the line is being written.
        let Some(line) = text.strip_suffix('\n') else { return Ok(None) };
        let settled = Settled::of(line).map(Some);
        settled.ok_or_else(|| io::Error::other(format!("{} holds {line:?}, expected the number of an attempt", path.display())))
    }

    /// Says what the node has come to, unless that is settled; what is settled now.
    ///
    /// # Errors
    /// When it cannot be written or read.
    pub(super) fn settle(&self, settled: Settled) -> io::Result<Settled> {
        let (path, line) = (self.outputs_file(), format!("{settled}\n"));
        files::publish_first(&path, line.as_bytes())?;
        match (self.settled()?, settled) {
            // Who runs it again although it had failed, or was not to run, has what counts. And where there is less than a line, another one ended
            // while it wrote that, or still does: nobody has read it yet, and the outputs of both are good.
            (Some(Settled::Spared | Settled::Skipped), Settled::Outputs(_)) | (None, _) => files::publish(&path, line.as_bytes())?,
            (Some(first), _) => return Ok(first),
        }
        Ok(self.settled()?.unwrap_or(settled))
    }

    /// How many elements the map has whose count this node is.
    pub(super) fn elements_file(&self) -> PathBuf {
        self.path.join("elements")
    }

    fn outputs_file(&self) -> PathBuf {
        self.path.join("outputs")
    }
}

impl AttemptFolder {
    /// Its place.
    pub(in crate::backend) fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub(in crate::backend) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes it.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(in crate::backend) fn make(&self) -> io::Result<()> {
        files::make(&self.path)
    }

    /// Puts `inputs.pb` there, whole.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(in crate::backend) fn give(&self, inputs: &[u8]) -> io::Result<()> {
        self.make()?;
        files::publish(&self.file("inputs.pb"), inputs)
    }

    /// The name of its file in [`PlanFolder::ended`].
    #[cfg(feature = "run")]
    pub(in crate::backend) fn ended_name(&self) -> &std::ffi::OsStr {
        self.ended.file_name().unwrap_or_default()
    }

    /// Says that its record is there.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn say_ended(&self) -> io::Result<()> {
        if let Some(folder) = self.ended.parent() {
            files::make(folder)?;
        }
        files::create_first(&self.ended, b"").map(drop)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    #[cfg(feature = "run")]
    fn a_plan_in_an_object_store_is_one_like_any_other() {
        let folder = PlanFolder::at(Path::new("memory://bucket/plans/a/")).unwrap();
        let node = folder.node("n2/n0");
        assert_eq!(node.attempt(1).path(), Path::new("memory://bucket/plans/a/nodes/n2%2fn0/1"));
        assert_eq!(node.settled().unwrap(), None);
        let settled = [node.settle(Settled::Spared), node.settle(Settled::Outputs(1)), node.settle(Settled::Outputs(0))];
        assert_eq!(settled.map(Result::unwrap), [Settled::Spared, Settled::Outputs(1), Settled::Outputs(1)]);
        assert_eq!(node.settled().unwrap(), Some(Settled::Outputs(1)));
        node.attempt(0).say_ended().unwrap();
        assert_eq!(files::names(&folder.ended()).unwrap().unwrap(), ["n2%2fn0.0"]);
    }

    #[test]
    fn no_path_of_a_node_leads_out_of_the_plan() {
        let folder = PlanFolder::at(Path::new("/p")).unwrap();
        for path in ["../../x", "/etc/passwd", "n0/../../x", "..", "", "\0\n", &"n".repeat(5000)] {
            let attempt = folder.node(path).attempt(3);
            let below = attempt.path().strip_prefix("/p/nodes").unwrap();
            assert_eq!(below.components().count(), 2, "{path:?}: {below:?}");
            assert!(below.components().all(|part| matches!(part, std::path::Component::Normal(_))), "{path:?}: {below:?}");
            assert_eq!(attempt.ended.parent(), Some(Path::new("/p/ended")), "{path:?}");
        }
        assert_eq!(folder.node("n2/n0").attempt(1).path(), Path::new("/p/nodes/n2%2fn0/1"));
        assert_eq!(folder.node("n3[5]").attempt(0).ended, Path::new("/p/ended/n3[5].0"));
    }

    #[test]
    fn the_first_attempt_that_succeeds_is_the_one_whose_outputs_count() {
        let dir = tempfile::tempdir().unwrap();
        let node = PlanFolder::at(dir.path()).unwrap().node("n0");
        assert_eq!(node.settled().unwrap(), None);
        node.attempt(0).make().unwrap();
        let settled = [node.settle(Settled::Outputs(1)), node.settle(Settled::Outputs(0)), node.settle(Settled::Skipped)];
        assert_eq!(settled.map(Result::unwrap), [Settled::Outputs(1); 3]);
        assert_eq!(node.settled().unwrap(), Some(Settled::Outputs(1)));
    }

    #[test]
    fn what_is_settled_is_read_again() {
        for settled in [Settled::Outputs(7), Settled::Skipped, Settled::Spared] {
            assert_eq!(Settled::of(&settled.to_string()), Some(settled));
        }
    }

    #[test]
    fn a_line_that_is_being_written_says_nothing_and_a_wrong_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let node = PlanFolder::at(dir.path()).unwrap().node("n0");
        node.attempt(0).make().unwrap();
        for torn in ["", "1"] {
            fs::write(node.outputs_file(), torn).unwrap();
            assert_eq!(node.settled().unwrap(), None, "{torn:?}");
            assert_eq!(node.settle(Settled::Outputs(7)).unwrap(), Settled::Outputs(7), "{torn:?}");
        }
        fs::write(node.outputs_file(), "one\n").unwrap();
        assert!(node.settled().unwrap_err().to_string().ends_with("nodes/n0/outputs holds \"one\", expected the number of an attempt"));
    }
}
