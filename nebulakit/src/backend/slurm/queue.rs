//! `squeue`: all jobs that the controller still knows of this user, those that ended a short while ago among them, in one question.

use std::collections::HashMap;

use super::client::{Client, shown};
use super::state::{Ended, seen};
use crate::backend::engine::{EngineError, EngineId, Seen};

/// Between fields, which may hold anything that people type.
const BETWEEN: char = '\u{1f}';
const FIELDS: [&str; 6] = ["JobArrayID", "State", "exit_code", "BatchHost", "Reason", "Name"];
/// What the header calls the first of them.
const HEADER: &str = "JOBID";

/// What the controller knows.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: HashMap<EngineId, Row>,
}

#[derive(Debug)]
struct Row {
    seen: Result<Seen, String>,
    name: String,
}

impl Queue {
    /// Asks for the jobs of this user, on this cluster or another.
    ///
    /// # Errors
    /// When there is no answer, or one that is none.
    pub(super) async fn ask(client: &Client, user: u32, cluster: Option<String>) -> Result<Self, EngineError> {
        let format: Vec<_> = FIELDS.iter().map(|field| format!("{field}:{BETWEEN}")).collect();
        let mut words = vec!["--array".to_owned(), "--states=all".to_owned(), format!("--user={user}")];
        words.push(format!("--Format={}", format.join(",")));
        words.extend(cluster);
        let said = client.ask("squeue", &words).await.map_err(|error| EngineError(error.to_string()))?;
        if said.code != Some(0) {
            return Err(EngineError(format!("`squeue` failed, with {}", said.shown())));
        }
        // A program that met an error may end with 0 all the same, as may the one that a site has put in its place: only an answer has a header.
        Self::read(&said.stdout).ok_or_else(|| EngineError(format!("`squeue` should list jobs, and said {}", said.shown())))
    }

    /// The rows of `text` behind its header; `None` without one. Other lines, as banners and the names of clusters, have no fields.
    fn read(text: &str) -> Option<Self> {
        let mut rows =
            text.lines().filter_map(|line| <[&str; FIELDS.len()]>::try_from(line.splitn(FIELDS.len(), BETWEEN).collect::<Vec<_>>()).ok());
        rows.by_ref().find(|[id, ..]| *id == HEADER)?;
        let jobs = rows.filter(|[id, ..]| *id != HEADER).map(|[id, state, exit, host, reason, name]| {
            let seen = seen(state, Ended::from_status(exit).unwrap_or_default(), Some(reason), Some(host));
            let seen = seen.ok_or_else(|| format!("`squeue` says `{}` of the job {}, a state that is not known", shown(state), shown(id)));
            (EngineId::from(id), Row { seen, name: name.trim_end_matches(BETWEEN).to_owned() })
        });
        Some(Self { jobs: jobs.collect() })
    }

    /// Where one is; `None` if the controller does not know it.
    ///
    /// # Errors
    /// When it is in a state that is not known.
    pub(super) fn look(&self, id: &EngineId) -> Result<Option<Seen>, EngineError> {
        self.jobs.get(id).map(|row| row.seen.clone().map_err(EngineError)).transpose()
    }

    /// The number of the job, or of the array, of that name: the last, if there are several.
    pub(super) fn find(&self, name: &str) -> Option<String> {
        let named = self.jobs.iter().filter(|(_, row)| row.name == name);
        named.filter_map(|(id, _)| id.as_str().split('_').next()?.parse::<u64>().ok()).max().map(|number| number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::engine::{Ending, EngineEnd};

    /// From Slurm 22.05.8, with its separator written as `|`; a banner and a cluster's name are added.
    const SAID: &str = "\
Maintenance on Friday!
CLUSTER: probe
JOBID|STATE|EXIT_CODE|EXEC_HOST|REASON|NAME|
9|PENDING|0|n/a|PartitionDown|closed|
6_3|FAILED|768|n3|NonZeroExitCode|arr|
5|OUT_OF_MEMORY|253|n2|OutOfMemory|oom|
36|COMPLETING|9|n3|JobLaunchFailure|lost|
1|NODE_FAIL|0|n3|NodeDown|lost|
2|RUNNING|0|n1|None|it's a \"hostile\" $HOME;é|,%j name|
";

    fn queue(text: &str) -> Queue {
        Queue::read(&text.replace('|', "\u{1f}")).unwrap()
    }

    fn seen(text: &str, id: &str) -> Option<Seen> {
        queue(text).look(&id.into()).unwrap()
    }

    #[test]
    fn each_row_says_where_a_job_is() {
        assert_eq!(seen(SAID, "9"), Some(Seen::Queued { reason: Some("PartitionDown".to_owned()) }));
        assert_eq!(seen(SAID, "6_3"), Some(Seen::Ended(EngineEnd::new(Ending::Exited(3)).because("FAILED"))));
        assert_eq!(seen(SAID, "5"), Some(Seen::Ended(EngineEnd::new(Ending::OutOfMemory).because("OUT_OF_MEMORY"))));
        assert_eq!(seen(SAID, "36"), Some(Seen::Running { host: Some("n3".to_owned()) }));
        assert_eq!(seen(SAID, "2"), Some(Seen::Running { host: Some("n1".to_owned()) }));
        assert_eq!(seen(SAID, "7"), None);
    }

    #[test]
    fn a_job_is_found_by_its_name() {
        assert_eq!(queue(SAID).find("arr").as_deref(), Some("6"));
        assert_eq!(queue(SAID).find("lost").as_deref(), Some("36"));
        assert_eq!(queue(SAID).find("los"), None);
    }

    #[test]
    fn an_unknown_state_is_shown() {
        let error = queue("JOBID|STATE|EXIT_CODE|EXEC_HOST|REASON|NAME|\n4|HIBERNATING|0|n1|None|x|").look(&"4".into()).unwrap_err();
        assert_eq!(error.0, "`squeue` says `HIBERNATING` of the job 4, a state that is not known");
    }
}
