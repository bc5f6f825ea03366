//! What a job does: its part of its node, by the driver.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Builder;

use super::super::folder::{self, publish, read};
use super::super::line::FirstFailure;
use super::super::parts::{END, Part};
use super::given::Given;
use super::map::Elements;
use super::spot::{Spot, outputs};
use super::stop::Stop;
use super::told::Told;
use super::why::{Ended, Why};
use super::work::Work;
use super::world::world;
use crate::backend::driver::{End, Signals, Unfinished, drive};
use crate::graph::{Arm, Binding, Bound, Branch, Graph, Kind, Mapped, Node, Otherwise, Scope};
use crate::run::{Answer, EventKind, NodePath, Origin};

/// How often an answer is looked for.
const PERIOD: Duration = Duration::from_millis(100);

impl Work<'_> {
    /// Does it, and tells how it ended.
    pub(super) fn done(&self, told: Arc<Told>) -> Ended {
        let stop = Stop::listen();
        let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return Err(self.fault(format!("cannot start: {error}"))),
        };
        let ended = runtime.block_on(async {
            let map = (self.part == Part::Element).then(|| self.plan.stop(Some(self.map())));
            tokio::select! {
                ended = self.part_done(&told, &stop) => ended,
                () = stop.watch(self.stop_file(), map) => Err(Why::Stopped),
            }
        });
        // What tasks spawned and left ends with the process.
        runtime.shutdown_background();
        match ended {
            Err(Why::Stopped) if stop.is_of_map() => Err(Why::MapStopped),
            ended => ended,
        }
    }

    async fn part_done(&self, told: &Arc<Told>, stop: &Stop) -> Ended {
        let Some(spot) = self.spot else { return self.values(told, stop, self.graph, None, &self.graph.body.outputs).await };
        let path = self.path();
        let tell = |kind| told.tell(&path, kind).map_err(|error| self.fault(format!("cannot tell what happens: {error}")));
        match self.part {
            Part::Begin => {
                tell(EventKind::Ready { of: spot.what().to_owned().into() })?;
                let inputs = self.values(told, stop, spot.workflow, spot.parent.clone(), &spot.node.inputs).await?;
                tell(EventKind::Started { attempt: 0 })?;
                self.publish("inputs.pb", &inputs)?;
                Ok(inputs)
            }
            Part::End => {
                let workflow = self.graph.workflows.get(spot.what()).ok_or_else(|| self.fault("the graph lacks its workflow"))?;
                let outputs = self.values(told, stop, workflow, Some(path.clone()), &workflow.body.outputs).await?;
                self.succeeded(told, outputs)
            }
            Part::Decide => self.decided(told, stop, spot).await,
            Part::Join => {
                let Kind::Branch(branch) = &spot.node.kind else { return Err(self.fault("it is not a condition")) };
                let arm = self.said(Part::Decide)?.parse::<usize>().ok();
                let scope = arm.and_then(|arm| branch.scopes().nth(arm)).ok_or_else(|| self.fault("no arm was taken"))?;
                let outputs = self.values(told, stop, spot.workflow, spot.parent.clone(), &scope.outputs).await?;
                self.succeeded(told, outputs)
            }
            Part::Expand => {
                tell(EventKind::Ready { of: spot.what().to_owned().into() })?;
                let inputs = self.values(told, stop, spot.workflow, spot.parent.clone(), &spot.node.inputs).await?;
                self.publish("inputs.pb", &inputs)?;
                tell(EventKind::Started { attempt: 0 })?;
                let elements = self.length(spot, &inputs)?;
                tell(EventKind::Mapped { elements: elements as u64 })?;
                Ok(elements.to_string().into())
            }
            Part::Element => self.element(told, stop, spot).await,
            Part::Gather => {
                let outputs = Elements { work: self, spot }.gathered()?;
                self.succeeded(told, outputs)
            }
            Part::Run | Part::Wait | Part::Handle | Part::Finish => self.node(told, stop, spot).await,
        }
    }

    /// Runs the node as it is.
    async fn node(&self, told: &Arc<Told>, stop: &Stop, spot: &Spot<'_>) -> Ended {
        let mut given = Given::new(self.plan, spot.workflow, spot.parent.clone());
        if self.part == Part::Handle {
            let failed = read(&self.plan.file("failed.json")).ok().flatten();
            let failed: Option<FirstFailure> = failed.and_then(|failed| serde_json::from_slice(&failed).ok());
            let message = failed.map_or_else(|| "the workflow failed".to_owned(), |failed| failed.failure.message);
            given.failure = Some((self.id.to_owned(), message));
        }
        let inputs = given.all(&spot.node.inputs).map_err(|error| self.unbound(&error))?;
        let node = Node { inputs, ..alone(spot.node, self.id) };
        self.driven(told, stop, spot, node, &given.values()).await
    }

    /// Runs the element of a map: what the map was given is in its folder.
    async fn element(&self, told: &Arc<Told>, stop: &Stop, spot: &Spot<'_>) -> Ended {
        let Kind::Map(map) = &spot.node.kind else { return Err(self.fault("it is not a map")) };
        let Mapped::Task(name) = &map.of else { return Err(self.fault("it maps no task")) };
        let index = self.id.strip_suffix(']').and_then(|id| id.rsplit_once('[')?.1.parse::<u32>().ok());
        let index = index.ok_or_else(|| self.fault("it has no index"))?;
        let inputs = self.plan.node(self.map()).join("inputs.pb");
        let inputs: Bytes =
            std::fs::read(&inputs).map_err(|error| self.fault(format!("cannot read what the map was given: {error}")))?.into();
        let given = crate::backend::driver::literals_of(&inputs).map_err(|error| self.unbound(&error))?;
        let bound = given.iter().map(|(name, _)| {
            let path = if map.mapped.iter().any(|mapped| mapped == name) { vec![crate::graph::Step::Index(index)] } else { Vec::new() };
            Bound::new((*name).to_owned(), Binding::Input { name: (*name).to_owned().into(), path })
        });
        let node = Node { kind: Kind::Task(name.clone()), inputs: bound.collect(), ..alone(spot.node, self.id) };
        self.driven(told, stop, spot, node, &given).await
    }

    /// Decides which arm is taken.
    async fn decided(&self, told: &Arc<Told>, stop: &Stop, spot: &Spot<'_>) -> Ended {
        let Kind::Branch(branch) = &spot.node.kind else { return Err(self.fault("it is not a condition")) };
        let mut given = Given::new(self.plan, spot.workflow, spot.parent.clone());
        let mut arms = Vec::new();
        for arm in &branch.arms {
            let mut arm = emptied(arm);
            arm.test = given.test(&arm.test).map_err(|error| self.unbound(&error))?;
            arms.push(arm);
        }
        let otherwise = match &branch.otherwise {
            Otherwise::Run(_) => Otherwise::Run(Scope::default()),
            Otherwise::Fail(message) => Otherwise::Fail(message.clone()),
        };
        let count = arms.len();
        let node = Node { kind: Kind::Branch(Box::new(Branch::new(arms, otherwise, Vec::new()))), ..alone(spot.node, self.id) };
        self.driven(told, stop, spot, node, &given.values()).await?;
        match told.arm() {
            Some(crate::run::Arm::Taken(arm)) => Ok(arm.to_string().into()),
            Some(crate::run::Arm::Otherwise) => Ok(count.to_string().into()),
            None => Err(self.fault("no arm was taken")),
        }
    }

    /// Has the driver run a node that is all of its graph.
    async fn driven(&self, told: &Arc<Told>, stop: &Stop, spot: &Spot<'_>, node: Node, given: &[(&str, Bytes)]) -> Ended {
        let names = if self.part == Part::Decide { Vec::new() } else { outputs(self.graph, &node) };
        let bound = names.into_iter().map(|name| Bound::new(name.to_owned(), Binding::output(self.id.to_owned(), name.to_owned())));
        let scope = Scope { outputs: bound.collect(), nodes: vec![node] };
        let graph = Graph { body: scope, ..tables(self.graph) };
        let (world, signals) = world(self, &graph, Arc::clone(told), &stop.cancellation);
        let signal = match &spot.node.kind {
            Kind::Approve(gate) | Kind::Wait(gate) => Some(gate.signal.to_string()),
            _ => None,
        };
        let map = (self.part == Part::Element).then(|| self.plan.stop(Some(self.map())));
        let ended = tokio::select! {
            ended = drive(&graph, &world, given) => ended,
            () = stop.watch(self.stop_file(), map) => return Err(Why::Stopped),
            () = self.answers(signal, &signals) => return Err(Why::Stopped),
        };
        world.coordinator.shutdown(Duration::ZERO).await;
        ended.map_err(|unfinished| self.unfinished(unfinished))
    }

    /// Passes on the answer to its gate, when it comes.
    async fn answers(&self, signal: Option<String>, signals: &Signals) {
        if let Some(signal) = signal {
            let path = self.plan.answer(&signal);
            loop {
                let answer: Option<Answer> = read(&path).ok().flatten().and_then(|text| serde_json::from_slice(&text).ok());
                if let Some(answer) = answer {
                    match signals.answer(signal.clone(), answer) {
                        Ok(()) => break,
                        Err(_) => drop(std::fs::remove_file(&path)),
                    }
                }
                tokio::time::sleep(PERIOD).await;
            }
        }
        std::future::pending().await
    }

    /// The values that these bindings of `workflow`, which runs as `parent`, lead to.
    async fn values(&self, told: &Arc<Told>, stop: &Stop, workflow: &Graph, parent: Option<NodePath>, bound: &[Bound]) -> Ended {
        let mut given = Given::new(self.plan, workflow, parent);
        let outputs = given.all(bound).map_err(|error| self.unbound(&error))?;
        let graph = Graph { body: Scope { nodes: Vec::new(), outputs }, ..Graph::new(self.graph.name.clone()) };
        let (world, _signals) = world(self, &graph, Arc::clone(told), &stop.cancellation);
        drive(&graph, &world, &given.values()).await.map_err(|unfinished| self.unfinished(unfinished))
    }

    fn succeeded(&self, told: &Told, outputs: Bytes) -> Ended {
        let kept = told.stored(&outputs).and_then(|recorded| {
            let kind = EventKind::Succeeded { outputs: recorded, inputs: None, files: None, from: Origin::Run, used: None };
            told.tell(&self.path(), kind)
        });
        kept.map(|()| outputs).map_err(|error| self.fault(format!("cannot tell that it is over: {error}")))
    }

    fn publish(&self, name: &str, contents: &[u8]) -> Result<(), Why> {
        publish(&self.plan.node(self.id).join(name), contents)
            .map_err(|error| self.fault(format!("cannot store what it is given: {error}")))
    }

    fn said(&self, part: Part) -> Result<String, Why> {
        let said = self.plan.said(self.id, part).map_err(|error| self.fault(error.to_string()))?;
        said.ok_or_else(|| self.fault(format!("there is no `{}`", folder::marker(self.id, part))))
    }

    fn unfinished(&self, unfinished: Unfinished) -> Why {
        match unfinished {
            Unfinished::Ended(End::Cancelled) => Why::Stopped,
            // Where nothing ran, what failed is what this job is for, and nobody has told it.
            Unfinished::Ended(End::Failed(fault)) if &*fault.node == END => Why::own_failure(self, fault.failure.clone()),
            Unfinished::Ended(End::Failed(fault)) => {
                Why::Failed(Box::new(FirstFailure { node: fault.node.clone(), of: fault.of.to_string(), failure: fault.failure.clone() }))
            }
            Unfinished::Unrecorded(error) => self.fault(format!("cannot tell what happens: {error}")),
        }
    }
}

/// The node without what feeds it and what it waits for, by its whole path.
fn alone(node: &Node, id: &str) -> Node {
    Node { overrides: node.overrides.clone(), ..Node::new(id.to_owned(), node.kind.clone()) }
}

/// A graph without nodes that has what others name.
fn tables(graph: &Graph) -> Graph {
    Graph {
        tasks: graph.tasks.clone(),
        references: graph.references.clone(),
        workflows: graph.workflows.clone(),
        keep_going: graph.keep_going,
        ..Graph::new(graph.name.clone())
    }
}

/// An arm without what is in it: what is in it is other jobs'.
fn emptied(arm: &Arm) -> Arm {
    Arm { test: arm.test.clone(), body: Scope::default(), at: None }
}
