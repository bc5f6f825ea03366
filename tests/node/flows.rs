//! Whole workflows without anybody who drives them: every node finds what it takes by itself, in the order that the lines of the plan say.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use nebulakit::graph::Graph;
use nebulakit::testing::lines_of_a_plan;
use nebulakit_tests::literals::{int, list, text};
use nebulakit_types::wire::flyteidl::core::{Literal, LiteralMap};
use prost::Message as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::plan::{build_of, stderr};

const FLOWS: &str = env!("CARGO_BIN_EXE_cluster_flows");

/// A plan of a workflow of the flows.
struct Flow {
    dir: TempDir,
    lines: BTreeMap<String, Value>,
    /// The nodes that jobs were made for, in their order, with their exit codes.
    ran: Vec<(String, i32)>,
}

fn flow(name: &str, inputs: &[(&str, Literal)]) -> Flow {
    let dir = TempDir::new().unwrap();
    let graph = Command::new(FLOWS).args(["graph", name, "--format", "json"]).output().unwrap();
    assert!(graph.status.success(), "{}", stderr(&graph));
    let graph = String::from_utf8(graph.stdout).unwrap();
    let lines = lines_of_a_plan(&Graph::from_json(&graph).unwrap()).unwrap();
    let literals = inputs.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone())).collect();
    let plan = json!({"version": 1, "id": "p1", "name": name, "backend": "test", "build": build_of(FLOWS), "program": ""});
    let write = |file: &str, bytes: &[u8]| std::fs::write(dir.path().join(file), bytes).unwrap();
    write("graph.json", graph.as_bytes());
    write("inputs.pb", &LiteralMap { literals }.encode_to_vec());
    write("nodes.jsonl", &lines);
    write("plan.json", plan.to_string().as_bytes());
    let lines = String::from_utf8(lines).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.map(|line| (line["id"].as_str().unwrap().to_owned(), line)).collect();
    Flow { dir, lines, ran: Vec::new() }
}

/// The name of a node's folder.
fn folder(id: &str) -> String {
    id.replace('/', "%2f").replace('*', "%2a")
}

impl Flow {
    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn start(&self, id: &str, words: &[&str]) -> Output {
        let mut command = Command::new(FLOWS);
        command.env_clear().env("PATH", "/usr/bin:/bin").args(["node-execute", "--plan"]).arg(self.path()).args(["--node", id]).args(words);
        command.output().unwrap()
    }

    fn job(&mut self, id: &str) -> String {
        let ended = self.start(id, &[]);
        self.ran.push((id.to_owned(), ended.status.code().unwrap()));
        stderr(&ended)
    }

    fn is_settled(&self, id: &str) -> bool {
        self.path().join("nodes").join(folder(id)).join("outputs").exists()
    }

    /// Makes jobs of all nodes as an engine does that knows what each needs, until none can begin; what they said.
    fn run(&mut self) -> String {
        let mut left: Vec<_> = self.lines.values().filter(|line| line.get("is_handler").is_none()).cloned().collect();
        left.retain(|line| line["run"].get("passes").is_none() && line["run"].get("given").is_none());
        let mut said = String::new();
        while let Some(place) = left
            .iter()
            .position(|line| line["needs"].as_array().is_none_or(|needs| needs.iter().all(|need| self.is_settled(need.as_str().unwrap()))))
        {
            let line = left.remove(place);
            let id = line["id"].as_str().unwrap();
            if line["run"].get("map").is_some() {
                said += &self.job(&format!("{id}[*]"));
                let elements = self.path().join("nodes").join(folder(&format!("{id}[*]"))).join("elements");
                let elements = std::fs::read_to_string(elements).map_or(0, |count| count.trim().parse().unwrap());
                for index in 0..elements {
                    said += &self.job(&format!("{id}[{index}]"));
                }
            }
            said += &self.job(id);
        }
        said
    }

    fn record(&self, id: &str) -> Value {
        let path = self.path().join("nodes").join(folder(id)).join("0/record.json");
        serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
    }

    fn outputs(&self, id: &str) -> BTreeMap<String, Literal> {
        let path = self.path().join("nodes").join(folder(id)).join("0/outputs.pb");
        LiteralMap::decode(&*std::fs::read(path).unwrap()).unwrap().literals.into_iter().collect()
    }
}

/// What the workflow gives as its one output, and the jobs that were made.
fn gives(name: &str, inputs: &[(&str, Literal)]) -> (Literal, Vec<String>) {
    let mut flow = flow(name, inputs);
    let said = flow.run();
    assert!(flow.ran.iter().all(|(_, code)| *code == 0) && flow.is_settled("end-node"), "{:?}\n{said}", flow.ran);
    let outputs = flow.outputs("end-node");
    (outputs.into_values().next().unwrap(), flow.ran.into_iter().map(|(id, _)| id).collect())
}

#[test]
fn values_go_from_node_to_node() {
    assert_eq!(gives("chain", &[("x", int(5))]), (int(21), vec!["n0".into(), "n1".into(), "n2".into(), "end-node".into()]));
    let mut flow = flow("bindings", &[("x", int(5))]);
    flow.run();
    let expected = [("parts".to_owned(), list([int(5), int(7), int(5)])), ("sum".to_owned(), int(15))];
    assert_eq!(flow.outputs("end-node"), expected.into());
}

#[test]
fn workflows_in_workflows_and_launch_plans_are_followed() {
    let (given, ran) = gives("nested", &[("x", int(3))]);
    // 4x, and 4 times that and one.
    assert_eq!(given, int(12 + 49));
    assert!(ran.iter().filter(|id| id.contains('/')).count() == 7 && !ran.contains(&"n0".to_owned()), "{ran:?}");
    assert_eq!(gives("plans", &[("b", int(2))]).0, int(1 + 2 + 100 + 1 + 20 + 100));
}

#[test]
fn elements_of_maps_are_jobs() {
    let xs = list((1..=3).map(int));
    let (given, ran) = gives("mapped", &[("xs", xs.clone()), ("unit", text("m"))]);
    assert_eq!(given, text("0.5 m,1 m,1.5 m"));
    assert_eq!(ran, ["n0[*]", "n0[0]", "n0[1]", "n0[2]", "n0", "n1", "end-node"]);
    assert_eq!(gives("bound_last", &[("xs", xs.clone())]).0, int(10 + 1 + 20 + 2 + 30 + 3));
    assert_eq!(gives("many", &[("xs", list([]))]).0, int(0));
    // Two of three are enough to be half of them.
    let (given, _) = gives("enough", &[("xs", list([2, 3, 4].map(int)))]);
    assert_eq!(given, text("1 none 2"));
}

#[test]
fn an_element_that_fails_ends_what_needs_all_of_them() {
    let mut flow = flow("all_of_them", &[("xs", list([2, 3].map(int)))]);
    let said = flow.run();
    let codes: Vec<_> = flow.ran.iter().map(|(id, code)| (id.as_str(), *code)).collect();
    assert_eq!(codes, [("n0[*]", 0), ("n0[0]", 0), ("n0[1]", 3), ("n0", 5)], "{said}");
    assert_eq!(flow.record("n0[1]")["failure"]["message"], "3 is odd");
    assert_eq!(flow.record("n0")["failure"]["message"], "the node `n0[1]` has not succeeded");
    assert_eq!(flow.start("n0[9]", &[]).status.code(), Some(3));
}

#[test]
fn an_arm_that_is_not_taken_is_skipped_and_says_so() {
    let of = |x: i64| {
        let mut flow = flow("decides", &[("x", int(x))]);
        let said = flow.run();
        let outputs = flow.is_settled("end-node").then(|| flow.outputs("end-node")["o0"].clone());
        let skipped = |id: &&String| {
            flow.path().join("nodes").join(folder(id)).join("0/record.json").exists() && flow.record(id)["outcome"] == "skipped"
        };
        let skipped: Vec<_> =
            flow.lines.keys().filter(skipped).map(|id| (id.clone(), flow.record(id)["because"].as_str().unwrap().to_owned())).collect();
        (outputs, skipped, flow, said)
    };
    let (given, skipped, flow, said) = of(20);
    assert_eq!(given, Some(int(80)), "{said}");
    let branch = flow.lines.iter().find(|(_, line)| line["run"].get("branch").is_some() && line.get("when").is_none()).unwrap().0;
    assert_eq!((flow.record(branch)["arm"].clone(), skipped.len()), (json!(0), 2), "{skipped:?}");
    assert!(skipped.iter().all(|(_, because)| because == branch), "{skipped:?}");
    assert_eq!(of(5).0, Some(int(10)));
    assert_eq!(of(-5).0, Some(int(0)));
    let (given, _, flow, _) = of(7);
    assert_eq!((given, &flow.record(branch)["failure"]["message"]), (None, &json!("seven is no answer")));
}

#[test]
fn a_node_before_its_time_says_what_it_waits_for() {
    let flow = flow("chain", &[("x", int(5))]);
    let ended = flow.start("n1", &[]);
    assert_eq!((ended.status.code(), &flow.record("n1")["failure"]["message"]), (Some(5), &json!("the node `n0` has not succeeded")));
    let ended = flow.start("n9", &[]);
    assert_eq!(ended.status.code(), Some(4));
    assert!(stderr(&ended).starts_with("error: the plan p1 has no node `n9` that a job does\n"), "{}", stderr(&ended));
    assert_eq!(flow.start("start-node", &[]).status.code(), Some(4));
}

#[test]
fn an_engine_that_begins_a_job_again_makes_no_attempt_that_would_not_help() {
    let flow = flow("all_of_them", &[("xs", list([int(3)]))]);
    assert_eq!(flow.start("n0[0]", &["--try", "1"]).status.code(), Some(3));
    let again = flow.start("n0[0]", &["--try", "2"]);
    assert_eq!(again.status.code(), Some(3));
    assert!(stderr(&again).starts_with("note: no other attempt is made: "), "{}", stderr(&again));
    assert!(!flow.path().join("nodes/n0[0]/1").exists());
    // The plan is started again.
    assert_eq!(flow.start("n0[0]", &["--try", "1"]).status.code(), Some(3));
    assert!(flow.path().join("nodes/n0[0]/1/record.json").exists());
}

#[test]
fn what_is_known_only_when_it_runs_runs_in_its_own_job() {
    let (given, ran) = gives("constructs.dynamic", &[("n", int(4))]);
    assert_eq!((given, ran), (int(12), vec!["n0".to_owned(), "end-node".to_owned()]));
    // Such a task in a graph that one gave: 6 and 6 and four times the first and one.
    assert_eq!(gives("dynamic_nested", &[("n", int(3))]).0, int(6 + 6 + 25));
    let table = list([list([1, 2].map(int)), list([int(3)])]);
    assert_eq!(gives("mapped_workflows", &[("table", table)]).0, int(7 + 7));
    let mut flow = flow("constructs.dynamic", &[("n", int(-1))]);
    flow.run();
    assert_eq!(flow.outputs("end-node")["o0"], int(0));
}

#[test]
fn a_graph_of_ten_thousand_nodes_has_as_many_lines() {
    let nodes: Vec<_> = (0..10_000)
        .map(|number| match number {
            0 => json!({"id": "n0", "run": {"task": "t"}}),
            _ => json!({"id": format!("n{number}"), "run": {"task": "t"}, "after": [format!("n{}", (number - 1) / 2)]}),
        })
        .collect();
    let graph = json!({"name": "wide", "body": {"nodes": nodes}, "tasks": {"t": {}}});
    let graph = json!({"version": nebulakit::graph::VERSION, "graph": graph});
    let graph = Graph::from_json(&graph.to_string()).unwrap();
    let begin = std::time::Instant::now();
    let lines = String::from_utf8(lines_of_a_plan(&graph).unwrap()).unwrap();
    println!("{} bytes of lines in {:?}", lines.len(), begin.elapsed());
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 10_002);
    assert!(lines.windows(2).all(|two| two[0]["id"].as_str() < two[1]["id"].as_str()));
    let of = |id: &str| lines.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!(of("n9999")["needs"], json!(["n4999"]));
    assert_eq!(of("end-node")["needs"].as_array().unwrap().len(), 5_000);
}
