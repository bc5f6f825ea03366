//! A graph as lines: workflows, launch plans and arms of conditions are followed, so that each line says all of itself.

use std::collections::{BTreeSet, HashMap, HashSet};

use nebulakit_types::Literal;

use super::line::{ArmLine, BranchLine, END, Line, MapLine, OtherwiseLine, START, When, Work};
use super::lines;
use crate::backend::extent::DEEPEST;
use crate::graph::{Binding, Bound, Branch, Graph, Kind, Mapped, Node, Otherwise, Scope};
use crate::task::registry::registry;

/// The most lines of a plan: workflows in workflows multiply.
const MOST_LINES: usize = 1_000_000;

/// The lines of a graph, sorted by their ids.
#[derive(Debug)]
pub(in crate::backend) struct Listed {
    entries: Vec<Entry>,
}

/// A line, and where it is.
#[derive(Debug)]
struct Entry {
    line: Line,
    /// What it needs within its scope, by ids of lines.
    depends: Vec<String>,
    /// The line of the workflow or the condition that it is in.
    parent: Option<String>,
}

impl Listed {
    /// The text of `nodes.jsonl`.
    ///
    /// # Errors
    /// When a line has no form as JSON.
    pub(in crate::backend) fn text(&self) -> serde_json::Result<Vec<u8>> {
        lines::written(self.entries.iter().map(|entry| &entry.line))
    }

    /// Writes `nodes.jsonl` into the folder of the plan.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(in crate::backend) fn write(&self, folder: &super::folder::PlanFolder) -> std::io::Result<()> {
        super::files::publish(&lines::file(folder.path()), &self.text().map_err(std::io::Error::other)?)
    }
}

/// Makes the lines of a graph.
///
/// # Errors
/// With why there are none: a workflow that it does not have, or nodes without end.
pub(in crate::backend) fn flatten(graph: &Graph) -> Result<Listed, String> {
    let mut flat = Flat { graph, entries: Vec::new(), ends: HashMap::new() };
    let given = Work::Given(graph.inputs.clone());
    flat.push(Entry { line: line(START.to_owned(), given), depends: vec![], parent: None })?;
    let place = Place { prefix: None, when: &[], parent: None, depth: 0 };
    let last = flat.scope(&graph.body, place)?;
    let gives = Line { inputs: place.bound(&graph.body.outputs), ..line(END.to_owned(), Work::Gives) };
    flat.push(Entry { line: gives, depends: last, parent: None })?;
    flat.handler(graph, place)?;
    let Flat { mut entries, ends, .. } = flat;
    order(&mut entries, &ends);
    entries.sort_by(|one, other| one.line.id.cmp(&other.line.id));
    Ok(Listed { entries })
}

/// The text of `nodes.jsonl` for a graph, for tests that make plans.
#[cfg(feature = "testing")]
pub(crate) fn lines_of(graph: &Graph) -> Result<Vec<u8>, String> {
    flatten(graph)?.text().map_err(|error| error.to_string())
}

/// Where a scope is.
#[derive(Clone, Copy)]
struct Place<'p> {
    /// The path of the node that runs the workflow.
    prefix: Option<&'p str>,
    when: &'p [When],
    /// The line that the scope is of.
    parent: Option<&'p str>,
    depth: u32,
}

struct Flat<'g> {
    graph: &'g Graph,
    entries: Vec<Entry>,
    /// What has to be over for a line to be over that is of several: those at the end of its scopes, and itself if it is a job.
    ends: HashMap<String, Vec<String>>,
}

fn line(id: String, run: Work) -> Line {
    Line { id, run, inputs: Vec::new(), needs: Vec::new(), when: Vec::new(), retries: 0, is_handler: false }
}

/// How often its task is repeated.
fn retries(node: &Node) -> u32 {
    let of_task = || registry().get(node.task()?).map(|task| task.options.retries);
    node.overrides.as_ref().and_then(|overrides| overrides.retries).or_else(of_task).unwrap_or_default()
}

impl<'g> Flat<'g> {
    fn push(&mut self, entry: Entry) -> Result<(), String> {
        self.entries.push(entry);
        if self.entries.len() > MOST_LINES {
            Err(format!("the workflow has more than {MOST_LINES} nodes, with those of the workflows in it"))
        } else {
            Ok(())
        }
    }

    /// The lines of a scope; those that nothing else in it waits for.
    fn scope(&mut self, scope: &'g Scope, place: Place<'_>) -> Result<Vec<String>, String> {
        if place.depth > DEEPEST {
            return Err(format!("workflows and conditions are nested more than {DEEPEST} deep; does the recursion end?"));
        }
        let own: HashSet<&str> = scope.nodes.iter().map(|node| &*node.id).collect();
        let mut awaited = HashSet::new();
        for node in &scope.nodes {
            let taken = taken(node);
            // What is around an arm is over before the condition begins: all that it takes, the condition waits for.
            let depends = taken.iter().filter(|id| own.contains(&***id)).map(|id| place.id(id)).collect::<Vec<_>>();
            awaited.extend(taken);
            self.node(node, depends, place)?;
        }
        Ok(scope.nodes.iter().filter(|node| !awaited.contains(&*node.id)).map(|node| place.id(&node.id)).collect())
    }

    fn node(&mut self, node: &'g Node, depends: Vec<String>, place: Place<'_>) -> Result<(), String> {
        let id = place.id(&node.id);
        let run = match &node.kind {
            Kind::Task(name) | Kind::Reference(name) if self.is_dynamic(name) => Work::Grown(name.to_string()),
            Kind::Task(name) | Kind::Reference(name) => Work::Task(name.to_string()),
            Kind::Workflow(name) | Kind::LaunchPlan(name) => self.workflow(node, &id, name, place)?,
            Kind::Map(map) => match &map.of {
                Mapped::Task(name) if !self.is_dynamic(name) => {
                    let outputs = self.graph.tasks.get(name).map_or(&[][..], |task| &task.outputs);
                    Work::Map(MapLine::of(map, outputs))
                }
                Mapped::Task(name) | Mapped::Workflow(name) => Work::Grown(name.to_string()),
            },
            Kind::Branch(branch) => self.branch(branch, &id, place)?,
            Kind::Approve(gate) => Work::Approve(gate.clone()),
            Kind::Wait(gate) => Work::Wait(gate.clone()),
            Kind::Sleep(time) => Work::Sleep { millis: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) },
        };
        // What a workflow takes is on the line of what it is given.
        let inputs = if matches!(run, Work::Passes(_)) { Vec::new() } else { place.bound(&node.inputs) };
        // What is known only when it runs is repeated there.
        let retries = if matches!(run, Work::Grown(_)) { 0 } else { retries(node) };
        let line = Line { inputs, when: place.when.to_vec(), retries, ..line(id, run) };
        let parent = place.parent.map(str::to_owned);
        self.push(Entry { line, depends, parent })
    }

    fn is_dynamic(&self, task: &str) -> bool {
        self.graph.tasks.get(task).is_some_and(|task| task.is_dynamic)
    }

    /// A workflow that the node `id` runs: its lines, and what it passes on.
    fn workflow(&mut self, node: &'g Node, id: &str, name: &str, place: Place<'_>) -> Result<Work, String> {
        let graph = self.graph.workflows.get(name).ok_or_else(|| format!("the graph has no workflow `{name}`"))?;
        let mut given = place.bound(&node.inputs);
        for input in &graph.inputs {
            if node.input(&input.name).is_none() {
                let default = input.default.clone().unwrap_or_else(Literal::none);
                given.push(Bound::new(input.name.clone(), Binding::Literal(Box::new(default))));
            }
        }
        let within = Place { prefix: Some(id), when: place.when, parent: Some(id), depth: place.depth + 1 };
        self.push(Entry { line: line(within.id(START), Work::Passes(given)), depends: vec![], parent: None })?;
        let last = self.scope(&graph.body, within)?;
        self.ends.insert(id.to_owned(), last);
        self.handler(graph, within)?;
        Ok(Work::Passes(within.bound(&graph.body.outputs)))
    }

    fn branch(&mut self, branch: &'g Branch, id: &str, place: Place<'_>) -> Result<Work, String> {
        let mut last = vec![id.to_owned()];
        for (arm, scope) in branch.scopes().enumerate() {
            let when: Vec<_> = place.when.iter().cloned().chain([When { branch: id.to_owned(), arm }]).collect();
            let within = Place { when: &when, parent: Some(id), depth: place.depth + 1, ..place };
            last.extend(self.scope(scope, within)?);
        }
        self.ends.insert(id.to_owned(), last);
        let arms = branch.arms.iter().map(|arm| ArmLine { test: place.test(&arm.test), outputs: place.bound(&arm.body.outputs) });
        let otherwise = match &branch.otherwise {
            Otherwise::Run(scope) => OtherwiseLine::Outputs(place.bound(&scope.outputs)),
            Otherwise::Fail(message) => OtherwiseLine::Fail(message.clone()),
        };
        Ok(Work::Branch(BranchLine { arms: arms.collect(), otherwise }))
    }

    /// The handler of a workflow's failure, if it is a task.
    fn handler(&mut self, graph: &'g Graph, place: Place<'_>) -> Result<(), String> {
        let Some(node) = graph.on_failure.as_deref() else { return Ok(()) };
        let (Kind::Task(name) | Kind::Reference(name)) = &node.kind else { return Ok(()) };
        let run = if self.is_dynamic(name) { Work::Grown(name.to_string()) } else { Work::Task(name.to_string()) };
        let line = Line { inputs: place.bound(&node.inputs), is_handler: true, retries: retries(node), ..line(place.id(&node.id), run) };
        self.push(Entry { line, depends: vec![], parent: None })
    }
}

impl Place<'_> {
    /// The path of a node of its workflow.
    fn id(&self, node: &str) -> String {
        match self.prefix {
            Some(prefix) => format!("{prefix}/{node}"),
            None => node.to_owned(),
        }
    }

    fn bound(&self, bound: &[Bound]) -> Vec<Bound> {
        bound.iter().map(|bound| Bound::new(bound.name.clone(), self.binding(&bound.binding))).collect()
    }

    /// The binding with ids of lines.
    fn binding(&self, binding: &Binding) -> Binding {
        match binding {
            Binding::Input { name, path } => Binding::Output { node: self.id(START).into(), output: name.clone(), path: path.clone() },
            Binding::Output { node, output, path } => {
                Binding::Output { node: self.id(node).into(), output: output.clone(), path: path.clone() }
            }
            Binding::List(elements) => Binding::List(elements.iter().map(|element| self.binding(element)).collect()),
            Binding::Map(entries) => Binding::Map(entries.iter().map(|(key, entry)| (key.clone(), self.binding(entry))).collect()),
            other => other.clone(),
        }
    }

    fn test(&self, test: &crate::graph::Test) -> crate::graph::Test {
        use crate::graph::Test;
        let all = |tests: &[Test]| tests.iter().map(|test| self.test(test)).collect();
        match test {
            Test::Compare { left, by, right } => Test::Compare { left: self.binding(left), by: *by, right: self.binding(right) },
            Test::All(tests) => Test::All(all(tests)),
            Test::Any(tests) => Test::Any(all(tests)),
        }
    }
}

/// The nodes that a node, and what is in the arms of a condition, takes from or waits for.
fn taken(node: &Node) -> BTreeSet<&str> {
    let mut taken: BTreeSet<_> = node.after.iter().map(|id| &**id).collect();
    node.inputs.iter().for_each(|bound| of_binding(&bound.binding, &mut taken));
    if let Kind::Branch(branch) = &node.kind {
        branch.arms.iter().for_each(|arm| of_test(&arm.test, &mut taken));
        for scope in branch.scopes() {
            scope.nodes.iter().for_each(|node| taken.extend(self::taken(node)));
            scope.outputs.iter().for_each(|bound| of_binding(&bound.binding, &mut taken));
        }
    }
    taken
}

fn of_test<'g>(test: &'g crate::graph::Test, taken: &mut BTreeSet<&'g str>) {
    use crate::graph::Test;
    match test {
        Test::Compare { left, right, .. } => [left, right].into_iter().for_each(|side| of_binding(side, taken)),
        Test::All(tests) | Test::Any(tests) => tests.iter().for_each(|test| of_test(test, taken)),
    }
}

fn of_binding<'g>(binding: &'g Binding, taken: &mut BTreeSet<&'g str>) {
    match binding {
        Binding::Output { node, .. } => {
            taken.insert(node);
        }
        Binding::List(elements) => elements.iter().for_each(|element| of_binding(element, taken)),
        Binding::Map(entries) => entries.values().for_each(|entry| of_binding(entry, taken)),
        Binding::Literal(_) | Binding::Input { .. } | Binding::Failure | Binding::Fault => {}
    }
}

/// Fills in which jobs each line needs.
fn order(entries: &mut [Entry], ends: &HashMap<String, Vec<String>>) {
    let places: HashMap<&str, usize> = entries.iter().enumerate().map(|(place, entry)| (&*entry.line.id, place)).collect();
    let mut order = Order { entries, places, ends, needs: vec![None; entries.len()], over: HashMap::new() };
    let needs: Vec<_> = (0..entries.len()).map(|place| order.needs(place)).collect();
    for (entry, needs) in entries.iter_mut().zip(needs) {
        if entry.line.run.is_job() {
            entry.line.needs = needs;
        }
    }
}

struct Order<'o> {
    entries: &'o [Entry],
    places: HashMap<&'o str, usize>,
    ends: &'o HashMap<String, Vec<String>>,
    needs: Vec<Option<Vec<String>>>,
    /// Which jobs have to be over for a line to be over.
    over: HashMap<&'o str, Vec<String>>,
}

impl<'o> Order<'o> {
    /// The jobs that the line at `place` needs: those of its own scope, else those of the line that it is in.
    fn needs(&mut self, place: usize) -> Vec<String> {
        if let Some(known) = &self.needs[place] {
            return known.clone();
        }
        let entry = &self.entries[place];
        let mut needs = Vec::new();
        for depends in &entry.depends {
            needs.extend(self.over(depends));
        }
        match entry.parent.as_deref().and_then(|parent| self.places.get(parent).copied()) {
            // An arm begins when its condition is decided, whatever its nodes take.
            Some(parent) if matches!(self.entries[parent].line.run, Work::Branch(_)) => needs.push(self.entries[parent].line.id.clone()),
            Some(parent) if entry.depends.is_empty() => needs = self.needs(parent),
            _ => {}
        }
        let mut seen = HashSet::new();
        needs.retain(|id| seen.insert(id.clone()));
        self.needs[place] = Some(needs.clone());
        needs
    }

    fn over(&mut self, id: &'o str) -> Vec<String> {
        if let Some(known) = self.over.get(id) {
            return known.clone();
        }
        let over = match self.ends.get(id) {
            None => vec![id.to_owned()],
            // A workflow without nodes is over when it may begin.
            Some(ends) if ends.is_empty() => self.places.get(id).copied().map_or_else(Vec::new, |place| self.needs(place)),
            Some(ends) => ends.iter().flat_map(|end| if end == id { vec![id.to_owned()] } else { self.over(end) }).collect(),
        };
        self.over.insert(id, over.clone());
        over
    }
}
