//! What is known while a run is watched.

use std::collections::HashMap;
use std::process::Child;
use std::sync::Arc;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process_group};

use super::super::folder::PlanFolder;
use super::super::rules::{Rule, rules};
use super::known::Known;
use super::tail::Tail;
use crate::graph::Graph;
use crate::run::{Control, EventKind, NodePath, RecordError, Recorder};

/// Watches a run.
pub(in super::super) struct Watcher {
    pub(super) folder: PlanFolder,
    pub(super) graph: Graph,
    pub(super) rules: Vec<Rule>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) control: Control,
    pub(super) child: Child,
    pub(super) logger: Tail,
    pub(super) tails: HashMap<String, Tail>,
    /// The nodes of the jobs that run, by their numbers.
    pub(super) open: HashMap<u64, String>,
    pub(super) known: Known,
    /// What Snakemake said went wrong.
    pub(super) errors: Vec<String>,
    pub(super) stopping: Option<(Instant, u8)>,
}

impl Watcher {
    pub(in super::super) fn new(folder: PlanFolder, graph: &Graph, recorder: Arc<Recorder>, control: Control, child: Child) -> Self {
        let logger = Tail::from_the_start(folder.file("snakemake.jsonl"));
        Self {
            rules: rules(graph),
            graph: graph.clone(),
            logger,
            folder,
            recorder,
            control,
            child,
            tails: HashMap::new(),
            open: HashMap::new(),
            known: Known::default(),
            errors: Vec::new(),
            stopping: None,
        }
    }

    /// What jobs told of a node before this run is not told again.
    pub(super) fn tail(&mut self, folder: &str) -> &mut Tail {
        let path = self.folder.path().join(folder).join("told.jsonl");
        self.tails.entry(folder.to_owned()).or_insert_with(|| Tail::from_the_start(path))
    }

    /// Sends a signal to Snakemake and all that it started.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It may be over.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Tells what happened to a node.
    pub(super) fn tell(&mut self, node: &str, kind: EventKind) -> Result<(), RecordError> {
        let node = NodePath::from(node);
        self.known.hear(&node, &kind);
        self.recorder.record(Some(&node), kind)
    }
}
