//! A plan that was written before anybody ran it, as it is started later: by its `run.sh`, or by `runs attach` with its folder.

use std::path::{Path, PathBuf};

use super::plan::is_of;
use super::wanted::Wanted;
use crate::backend::Options;
use crate::backend::node::{self, PlanFile, PlanFolder};
use crate::graph::Graph;
use crate::run::RunFolder;

/// The plan.
pub(super) struct LaidOut {
    folder: PlanFolder,
    file: PlanFile,
    pub(super) graph: Graph,
    /// How it is to be run, and its inputs.
    pub(super) options: Options,
}

impl LaidOut {
    /// Reads the plan in that folder, which is one of the backend `backend`.
    ///
    /// # Errors
    /// When it is not there, is of another backend, or was started before.
    pub(super) fn read(path: &Path, backend: &str) -> Result<Self, String> {
        let shown = path.display();
        let folder = PlanFolder::at(path).map_err(|error| format!("there is no current folder: {error}"))?;
        let file = PlanFile::read(&folder.plan_file()).map_err(|said| format!("cannot read the plan {shown}: {said}"))?;
        if file.backend != backend {
            return Err(format!("the plan {shown} is one of the backend `{}`, not of `{backend}`", file.backend));
        }
        if let Some(run) = &file.run {
            return Err(format!("the plan {shown} was started: its run is {run}"));
        }
        let read =
            |name: &str| node::read(&folder.path().join(name)).map_err(|error| format!("cannot read {name} of the plan {shown}: {error}"));
        let graph = String::from_utf8(read("graph.json")?.into())
            .map_err(|error| format!("graph.json of the plan {shown} is not text: {error}"))?;
        let graph = Graph::from_json(&graph).map_err(|problems| format!("graph.json of the plan {shown} is no graph: {problems}"))?;
        let options = Wanted::read(&folder).map_err(|error| format!("cannot read how the plan {shown} is to be run: {error}"))?;
        let options = options.inputs(Vec::from(read("inputs.pb")?));
        Ok(Self { folder, file, graph, options })
    }

    /// Only one process starts it.
    ///
    /// # Errors
    /// When another one does.
    pub(super) fn claim(&self) -> Result<(), String> {
        let path = self.begun();
        match node::create_first(&path, b"") {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!(
                "another process starts the plan {}\nhint: where none does, since it was ended meanwhile, remove {}",
                self.folder.path().display(),
                path.display()
            )),
            Err(error) => Err(format!("cannot start the plan {}: {error}", self.folder.path().display())),
        }
    }

    /// It did not begin, so that it may be started again.
    pub(super) fn give_back(&self) {
        // Whoever tries next is told.
        let _ = node::remove(&self.begun());
    }

    /// Says which run it is of; its folder, and where its program is in it.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn is_of(&self, run: &RunFolder) -> Result<(PlanFolder, String), String> {
        is_of(self.file.clone(), run, &self.folder)
            .map_err(|error| format!("cannot write into the plan {}: {error}", self.folder.path().display()))?;
        Ok((self.folder.clone(), self.file.program.clone()))
    }

    fn begun(&self) -> PathBuf {
        self.folder.path().join("begun")
    }
}
