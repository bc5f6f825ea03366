//! One look at an execution: what it and its nodes are now, told as the events of a run. Nodes in sub-workflows, in dynamic tasks and in the executions that
//! launch plans started are looked at like its own.
//!
//! | module | holds |
//! |---|---|
//! | `looker` | who looks, and what it knows from before |
//! | `asking` | what has to be asked of a node |
//! | `end` | how an execution ended |

mod asking;
mod end;
mod looker;

use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, stream};

use self::looker::{AT_A_TIME, Found};
pub(super) use self::looker::{Looker, Trouble, passes};
use super::super::error::ClientError;
use super::super::execution::{Execution, ExecutionDetails, ExecutionNode, ExecutionPhase};
use super::tell::Sight;
use crate::run::{Arm, NodePath};

/// How often it looks once more when the execution is over, for what is told of its nodes later than that.
const BEHIND: u32 = 4;

/// How long it waits before it does.
const SOON: Duration = Duration::from_millis(500);

/// Of how many dynamic tasks and launch plans one look asks at most what is in them.
const MOST_LEARNT: usize = 16;

/// What was seen in a look.
struct Sights {
    sights: Vec<Sight>,
    /// Conditions that were decided for arms which no node of ours stands for, and when.
    decided: Vec<(NodePath, Arm, Option<SystemTime>)>,
}

impl Looker {
    /// Tells what is new. When the execution is over, all is told of its nodes, and nothing yet of its end.
    pub(super) async fn look(&mut self) -> Result<ExecutionDetails, Trouble> {
        // In this order: what is over when it is looked at has all of its nodes by then.
        let details = self.execution.details().await?;
        let mut sights = self.sights().await?;
        self.teller.look(end::when(&details).unwrap_or_else(SystemTime::now));
        self.tell(&sights);
        if matches!(details.phase, ExecutionPhase::Aborting | ExecutionPhase::Aborted) {
            self.teller.stop(details.updated);
        }
        for _ in 0..BEHIND {
            if !details.phase.is_over() || sights.sights.iter().all(|sight| sight.node.phase.is_over()) {
                break;
            }
            tokio::time::sleep(SOON).await;
            sights = self.sights().await?;
            self.tell(&sights);
        }
        self.teller.flush()?;
        Ok(details)
    }

    /// The execution with the gate of a signal: that of a launch plan, where the gate is in one.
    pub(super) fn with_gate(&self, signal: &str) -> &Execution {
        let above = |path: &NodePath| self.launched.iter().filter(|(node, _)| node.holds(path)).max_by_key(|(node, _)| node.len());
        let found = self.teller.nodes.gates(signal).find(|path| !self.teller.is_over(path));
        found.and_then(above).map_or(&self.execution, |(_, execution)| execution)
    }

    fn tell(&mut self, Sights { sights, decided }: &Sights) {
        // A condition begins before it is decided, and is over behind that.
        let conditions: Vec<_> = decided.iter().map(|(condition, ..)| condition).collect();
        let is_condition = |sight: &&Sight| conditions.contains(&&sight.path);
        sights.iter().filter(is_condition).for_each(|sight| self.teller.begin(sight));
        decided.iter().for_each(|(condition, arm, at)| self.teller.decide(condition, *arm, *at));
        self.teller.tell(sights);
    }

    /// All nodes that are not told to be over, with what has to be asked of each.
    async fn sights(&mut self) -> Result<Sights, ClientError> {
        let mut found: Vec<Found> = Vec::new();
        let mut decided = Vec::new();
        let mut left: Vec<(Execution, Option<NodePath>)> = vec![(self.execution.clone(), None)];
        let mut learnt = 0;
        while let Some((execution, above)) = left.pop() {
            for top in execution.outline().await? {
                for node in top.walk() {
                    let theirs = above.as_ref().map_or_else(|| node.path.clone(), |above| NodePath::below(Some(above), &node.path));
                    let Some(path) = self.teller.nodes.path(&theirs) else {
                        decided.extend(self.teller.nodes.decided(&theirs).map(|(condition, arm)| (condition, arm, node.created)));
                        continue;
                    };
                    if self.teller.nodes.is_of_workflows(&path) {
                        node.children.iter().for_each(|child| self.teller.nodes.grow(&path, id(child)));
                    } else if learnt < MOST_LEARNT && self.learn(&path, &execution, node).await? {
                        learnt += 1;
                    }
                    if let Some(id) = node.execution.clone().filter(|_| !self.teller.is_over(&path)) {
                        let launched = execution.client().execution_of(id);
                        self.launched.insert(path.clone(), launched.clone());
                        left.push((launched, Some(theirs)));
                    }
                    found.push((path, execution.clone(), node.clone()));
                }
            }
        }
        let this = &*self;
        let news = found.into_iter().filter(|(path, ..)| !this.teller.is_over(path));
        let asked: Vec<_> = news.map(|found| this.seen(found)).collect();
        let sights = stream::iter(asked).buffered(AT_A_TIME).collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        Ok(Sights { sights, decided })
    }

    /// Asks what is in a dynamic task or a launch plan where that is not known. One that does not say it is asked again when it has more nodes.
    async fn learn(&mut self, path: &NodePath, execution: &Execution, node: &ExecutionNode) -> Result<bool, ClientError> {
        let (is_launched, made) = (node.execution.is_some(), node.children.len());
        let knows = |child: &ExecutionNode| self.teller.nodes.get(&NodePath::below(Some(path), id(child))).is_some();
        let is_unknown = is_launched || (node.is_dynamic && !node.children.iter().all(knows));
        if !is_unknown || self.teller.is_over(path) || self.learnt.get(path).is_some_and(|before| *before >= made) {
            return Ok(false);
        }
        let planned = match &node.execution {
            Some(id) => execution.client().execution_of(id.clone()).plan(Some(path)).await,
            None => execution.made(node, path).await,
        };
        match planned {
            Ok(planned) => self.teller.nodes.learn(planned),
            Err(error) if passes(&error) => return Err(error),
            // Its nodes are shown all the same, by what is tried.
            Err(error) => tracing::debug!(%error, "what is in the node {path} is not known"),
        }
        self.learnt.insert(path.clone(), made);
        Ok(true)
    }
}

/// The id of a node in what it is part of.
fn id(node: &ExecutionNode) -> &str {
    node.path.as_str().rsplit('/').next().unwrap_or_default()
}
