//! The attempts of a job: each is `node-execute`, which leaves a record in the plan, as on every engine.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;

use super::super::folder;
use crate::backend::driver::node_of;
use crate::backend::engine::{EngineJob, Prints, cancelled, of_record, tail, usage};
use crate::backend::node::{AttemptFolder, Outcome, PlanFolder, Record, VERB};
use crate::coordinator::{Attempt, Executing, ExecutionStrategy, JobError, Lost, TaskCall, WorkKind};
use crate::run::NodePath;

/// How often it is looked whether the process is over.
const PERIOD: Duration = Duration::from_millis(4);

/// How often it is looked for what it printed.
const PRINTS: Duration = Duration::from_secs(1);

/// The longest end of what it printed that an error tells, in bytes.
const TAIL: usize = 4 << 10;

/// Runs each attempt by `node-execute` of the plan's program.
pub(super) struct ByNodeExecute {
    pub(super) plan: PlanFolder,
    pub(super) program: PathBuf,
}

impl ExecutionStrategy for ByNodeExecute {
    fn accepts(&self, kind: WorkKind) -> bool {
        kind == WorkKind::Task
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn execute(&self, attempt: Attempt) -> Executing<'_> {
        Box::pin(self.attempt(attempt))
    }
}

impl ByNodeExecute {
    async fn attempt(&self, attempt: Attempt) -> Result<(), JobError> {
        let (Some(node), Some(TaskCall { name, inputs })) = (node_of(attempt.context().id()), attempt.task()) else {
            return Err(JobError::lost(Lost::Strategy("only tasks of nodes are run by `node-execute`".to_owned())));
        };
        let broken = |error: io::Error| JobError::lost(Lost::Strategy(format!("the plan's folder cannot be used: {error}")));
        let (number, folder) = self.next(&node).map_err(broken)?;
        folder.give(inputs).map_err(broken)?;
        let child = self.start(&attempt, &node, number, name, &folder).map_err(broken)?;
        let mut running = Running(child);
        let mut prints = Prints::new(&folder);
        let mut passed = Instant::now();
        let mut is_told = false;
        while running.over().map_err(broken)?.is_none() {
            tokio::select! {
                () = attempt.context().cancelled(), if !is_told => {
                    is_told = true;
                    running.stop();
                }
                () = tokio::time::sleep(PERIOD) => {}
            }
            if passed.elapsed() >= PRINTS {
                prints.pass(attempt.context()).await;
                passed = Instant::now();
            }
        }
        prints.end(attempt.context()).await;
        if is_told {
            return Err(cancelled());
        }
        let left = folder.clone();
        let record = spawn_blocking(move || Record::of(&left)).await.map_err(io::Error::other).and_then(|record| record).map_err(broken)?;
        let stderr = tail(&folder.file("stderr"), TAIL).unwrap_or_default();
        let Some(record) = record else {
            let said = "`node-execute` ended and left no record".to_owned();
            return Err(JobError::Lost { how: Lost::Strategy(said), tail: stderr.into() });
        };
        attempt.context().took(usage(&record));
        if record.outcome != Outcome::Succeeded {
            return Err(of_record(&record, &self.job(&attempt, &node, number, &folder), &stderr));
        }
        let counts = self.plan.node(&node).attempt(record.outputs.unwrap_or(number));
        if let Ok(deck) = std::fs::read_to_string(counts.file("deck.html")) {
            attempt.context().keep_deck(|| deck);
        }
        let outputs = std::fs::read(counts.file("outputs.pb")).map_err(broken)?;
        attempt.give(&outputs)
    }

    /// The first attempt of the node that nobody has made.
    fn next(&self, node: &NodePath) -> io::Result<(u32, AttemptFolder)> {
        for number in 0.. {
            let folder = self.plan.node(node).attempt(number);
            if !folder.path().exists() {
                folder::make(folder.path())?;
                return Ok((number, folder));
            }
        }
        Err(io::Error::other("there are no more numbers of attempts"))
    }

    fn start(&self, attempt: &Attempt, node: &NodePath, number: u32, task: &str, folder: &AttemptFolder) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.arg(VERB).arg("--plan").arg(self.plan.path()).args(["--node", node, "--attempt", &number.to_string(), "--task", task]);
        if let Some(limit) = attempt.time_limit() {
            command.args(["--time-limit", &crate::backend::engine::seconds(limit).to_string()]);
        }
        command.stdin(Stdio::null()).stdout(File::create(folder.file("stdout"))?).stderr(File::create(folder.file("stderr"))?).spawn()
    }

    /// What the mapping of records to errors has to know.
    fn job(&self, attempt: &Attempt, node: &NodePath, number: u32, folder: &AttemptFolder) -> EngineJob {
        EngineJob {
            name: node.to_string(),
            plan: self.plan.path().to_owned(),
            node: node.clone(),
            attempt: number,
            task: attempt.task().map_or("", |call| call.name),
            workflow: "".into(),
            argv: Vec::new(),
            folder: folder.path().to_owned(),
            variables: Vec::new(),
            cores: 1.0,
            memory: attempt.context().granted().memory(),
            tokens: Vec::new(),
            gpus: 0,
            time: attempt.time_limit(),
            image: None,
        }
    }
}

/// A process that is asked to stop when nobody waits for it any more.
struct Running(Child);

impl Running {
    fn over(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }

    /// Asks it to stop; it ends its task.
    fn stop(&self) {
        if let Some(process) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may be over.
            let _ = kill_process(process, Signal::TERM);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.stop();
            let _ = self.0.wait();
        }
    }
}
