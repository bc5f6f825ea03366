//! How a job is submitted that drives a run.

use std::sync::Arc;

use super::notes::DriverFolder;
use super::order::Order;
use crate::backend::engine::{EngineId, EngineJob, NotSubmitted};
use crate::backend::node::{PlanFile, PlanFolder};
use crate::backend::slurm::reach::Slurm;
use crate::backend::slurm::submitting;
use crate::process::digest;
use crate::run::NodePath;

/// The first word of its command line.
pub(crate) const VERB: &str = "slurm-drive";

/// What such a job is made of.
pub(in crate::backend::slurm) struct Parts<'a> {
    pub(in crate::backend::slurm) slurm: &'a Slurm,
    pub(in crate::backend::slurm) plan: &'a PlanFolder,
    pub(in crate::backend::slurm) file: &'a PlanFile,
    pub(in crate::backend::slurm) order: &'a Order,
    pub(in crate::backend::slurm) variables: &'a [(String, String)],
}

impl Parts<'_> {
    /// The name of such a job on Slurm, by which it is found where the answer to its submit is lost.
    pub(in crate::backend::slurm) fn name(&self, number: u32) -> String {
        let run: String = self.file.id.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
        let whole = digest::of(format!("{}\0driver\0{number}", self.file.id));
        format!("{}.driver.{number}.{}", run.to_ascii_lowercase(), &whole[..8])
    }

    /// Submits it.
    pub(in crate::backend::slurm) async fn submit(&self, folder: &DriverFolder) -> Result<EngineId, NotSubmitted> {
        let (job, allocation) = (self.job(folder), &self.order.allocation);
        let mut settings = self.slurm.rules.of_workflow(&job.workflow);
        let flags = settings.flags.get_or_insert_default();
        if let Some(minutes) = allocation.minutes() {
            flags.push(format!("--time={minutes}"));
            // The driver looks at the clock itself, and Slurm may give notice long before.
            flags.push("--signal=B:URG@1".to_owned());
        }
        submitting::single(self.slurm, &job, &settings).await
    }

    fn job(&self, folder: &DriverFolder) -> EngineJob {
        let (plan, allocation) = (self.plan.path(), &self.order.allocation);
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let argv = vec![
            text(&plan.join(&self.file.program)),
            VERB.to_owned(),
            "--plan".to_owned(),
            text(plan),
            "--number".to_owned(),
            folder.number.to_string(),
        ];
        EngineJob {
            name: self.name(folder.number),
            plan: plan.to_owned(),
            node: NodePath::from("driver"),
            attempt: folder.number,
            task: "",
            workflow: Arc::from(&*self.file.name),
            argv,
            folder: folder.path().to_owned(),
            variables: self.variables.to_vec(),
            cores: allocation.cores.unwrap_or(1.0),
            memory: allocation.memory,
            tokens: Vec::new(),
            gpus: allocation.gpus.unwrap_or_default(),
            time: None,
            image: None,
        }
    }
}
