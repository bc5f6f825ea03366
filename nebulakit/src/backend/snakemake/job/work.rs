//! A part of a node of a plan, which a job is for.

use std::path::PathBuf;

use super::super::folder::PlanFolder;
use super::super::parts::Part;
use super::spot::Spot;
use crate::backend::node::{self, PlanFile};
use crate::graph::Graph;
use crate::run::NodePath;
use crate::services::env::Environment;

/// A part of a node of a plan.
pub(super) struct Work<'a> {
    pub(super) plan: &'a PlanFolder,
    /// The same folder, as `node-execute` knows it.
    pub(super) at: &'a node::PlanFolder,
    /// The plan's copy of this program.
    pub(super) program: &'a PathBuf,
    pub(super) file: &'a PlanFile,
    pub(super) graph: &'a Graph,
    /// The node; [`None`] for what ends the run.
    pub(super) spot: Option<&'a Spot<'a>>,
    pub(super) id: &'a str,
    pub(super) part: Part,
    pub(super) environment: &'a Environment,
}

impl Work<'_> {
    /// The map of this element.
    pub(super) fn map(&self) -> &str {
        self.id.rsplit_once('[').map_or(self.id, |(map, _)| map)
    }

    /// The file that asks it to stop. A failure stops all but the one who handles it.
    pub(super) fn stop_file(&self) -> PathBuf {
        if self.part == Part::Handle { self.plan.file("cancelled") } else { self.plan.stop(None) }
    }

    /// The path of the node.
    pub(super) fn path(&self) -> NodePath {
        NodePath::from(self.id)
    }
}

/// A copy of the file that Snakemake looks for: Snakemake removes that before it starts a job again.
pub(super) fn kept_name(part: Part) -> String {
    format!(".{}", part.marker())
}
