//! Graphs written to take long: what a text costs grows as the text does.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use nebulakit::graph::{Graph, MAX_COMPARISONS, MAX_PROBLEMS, ProblemKind, Problems};

/// What a text of the least size may take at most, on a machine with other work.
const LEAST: Duration = Duration::from_millis(15);

fn seconds<T>(work: impl Fn() -> T) -> Duration {
    let time = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    time().min(time())
}

/// Ten times the text takes about ten times as long; a square would be a hundred times.
fn grows_as_the_text(what: &str, text: impl Fn(usize) -> String) {
    let (few, many) = (text(1_000), text(10_000));
    let (few, many) = (seconds(|| Graph::from_json(&few)), seconds(|| Graph::from_json(&many)));
    assert!(many < few.max(LEAST) * 40, "{what}: 1,000 take {few:?}, 10,000 {many:?}");
}

/// `count` items, joined by commas.
fn many(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

fn document(graph: &str) -> String {
    format!(r#"{{"version":1,"graph":{{"name":"a",{graph}}}}}"#)
}

fn ints(count: usize, rest: &str) -> String {
    many(count, |index| format!(r#"{{"name":"v{index}","type":{{"simple":"INTEGER"}}{rest}}}"#))
}

/// A workflow of `nodes` that run a task of these inputs and outputs.
fn of_task(inputs: &str, outputs: &str, nodes: &str) -> String {
    document(&format!(r#""tasks":{{"t":{{"inputs":[{inputs}],"outputs":[{outputs}]}}}},"body":{{"nodes":[{nodes}]}}"#))
}

fn branch(outputs: &str, arms: &str) -> String {
    format!(r#"{{"id":"n0","run":{{"branch":{{"arms":[{arms}],"otherwise":{{"fail":"no"}},"outputs":[{outputs}]}}}}}}"#)
}

/// A test that is always judged the same.
const ONE_IS_ONE: &str = r#"{"compare":{"left":{"literal":{"scalar":{"primitive":{"integer":"1"}}}},"by":"eq","right":{"literal":{"scalar":{"primitive":{"integer":"1"}}}}}}"#;

#[test]
fn many_nodes_of_a_task_of_many_inputs() {
    let nodes = |count| many(count, |index| format!(r#"{{"id":"n{index}","run":{{"task":"t"}}}}"#));
    grows_as_the_text("inputs that are not given", |count| of_task(&ints(count, ""), "", &nodes(count)));
    let default = r#","default":{"scalar":{"primitive":{"integer":"1"}}}"#;
    grows_as_the_text("inputs that have defaults", |count| of_task(&ints(count, default), "", &nodes(count)));
}

#[test]
fn many_maps_of_a_task_of_many_inputs_and_outputs() {
    grows_as_the_text("outputs of maps", |count| {
        let nodes = many(count, |index| format!(r#"{{"id":"n{index}","run":{{"map":{{"of":{{"task":"t"}},"mapped":["v0"]}}}}}}"#));
        of_task(r#"{"name":"v0","type":{"simple":"INTEGER"}}"#, &ints(count, ""), &nodes)
    });
    grows_as_the_text("a map through many inputs", |count| {
        let mapped = many(count, |index| format!(r#""v{index}""#));
        let given = many(count, |index| format!(r#"{{"name":"v{index}","from":{{"list":[]}}}}"#));
        let node = format!(r#"{{"id":"n0","run":{{"map":{{"of":{{"task":"t"}},"mapped":[{mapped}]}}}},"inputs":[{given}]}}"#);
        of_task(&ints(count, ""), "", &node)
    });
}

#[test]
fn many_arms_and_outputs_of_a_condition() {
    grows_as_the_text("outputs that arms do not give", |count| {
        let arms = many(count, |_| format!(r#"{{"when":{ONE_IS_ONE},"body":{{}}}}"#));
        document(&format!(r#""body":{{"nodes":[{}]}}"#, branch(&ints(count, ""), &arms)))
    });
    grows_as_the_text("outputs that are used", |count| {
        let uses = many(count, |index| format!(r#"{{"name":"v{index}","from":{{"output":{{"node":"n0","output":"v{index}"}}}}}}"#));
        let outputs = ints(count, "");
        let branch = branch(&outputs, "");
        document(&format!(r#""outputs":[{outputs}],"body":{{"nodes":[{branch}],"outputs":[{uses}]}}"#))
    });
}

#[test]
fn a_handler_of_many_errors() {
    grows_as_the_text("errors", |count| {
        let error = r#"{"unionType":{"variants":[{"simple":"ERROR"},{"simple":"NONE"}]}}"#;
        let inputs = many(count, |index| format!(r#"{{"name":"v{index}","type":{error}}}"#));
        let given = many(count, |index| format!(r#"{{"name":"v{index}","from":"failure"}}"#));
        document(&format!(r#""tasks":{{"t":{{"inputs":[{inputs}]}}}},"on_failure":{{"id":"fn0","run":{{"task":"t"}},"inputs":[{given}]}}"#))
    });
}

#[test]
fn workflows_that_contain_one_another() {
    let workflows = |count: usize, nodes: &dyn Fn(usize) -> String| {
        let workflows = many(count, |index| format!(r#""w{index}":{{"name":"w{index}","body":{{"nodes":[{}]}}}}"#, nodes(index)));
        document(&format!(r#""workflows":{{{workflows}}},"body":{{"nodes":[{{"id":"n0","run":{{"workflow":"w0"}}}}]}}"#))
    };
    let runs = |id: usize, name: usize| format!(r#"{{"id":"n{id}","run":{{"workflow":"w{name}"}}}}"#);
    grows_as_the_text("paths that double with each workflow", |count| {
        workflows(count, &|index| if index + 1 == count { String::new() } else { many(2, |id| runs(id, index + 1)) })
    });
    grows_as_the_text("circles", |count| {
        workflows(count, &|index| if index + 1 < count { runs(0, index + 1) } else { many(count, |id| runs(id, id)) })
    });
}

/// Each launch plan is an execution of its own, whose signals are looked for in everything that it runs.
#[test]
fn many_launch_plans_of_many_workflows() {
    const MANY: usize = 4_000;
    let chain = many(MANY, |index| {
        let inner = if index + 1 == MANY { String::new() } else { format!(r#"{{"id":"n0","run":{{"workflow":"w{}"}}}}"#, index + 1) };
        format!(r#""w{index}":{{"name":"w{index}","body":{{"nodes":[{inner}]}}}}"#)
    });
    let plan = r#""launch_plan":{},"body":{"nodes":[{"id":"n0","run":{"workflow":"w0"}}]}"#;
    let plans = many(MANY, |index| format!(r#""p{index}":{{"name":"p{index}",{plan}}}"#));
    let nodes = many(MANY, |index| format!(r#"{{"id":"n{index}","run":{{"launch_plan":"p{index}"}}}}"#));
    let text = document(&format!(r#""workflows":{{{chain},{plans}}},"body":{{"nodes":[{nodes}]}}"#));
    gives_up(&text);
}

fn problems(text: &str) -> Problems {
    Graph::from_json(text).unwrap_err()
}

fn gives_up(text: &str) {
    let problems = problems(text);
    let message = format!("the graph takes more than {MAX_COMPARISONS} comparisons of types and signals");
    assert!(problems.iter().any(|problem| problem.kind == ProblemKind::Limit && problem.message == message), "{problems}");
}

/// Each input is compared with each output.
fn pairs(count: usize, given: &str, asked: &str) -> String {
    let tasks = format!(
        r#""give":{{"outputs":[{}]}},"take":{{"inputs":[{}]}}"#,
        many(count, |index| format!(r#"{{"name":"v{index}","type":{given}}}"#)),
        many(count, |index| format!(r#"{{"name":"v{index}","type":{asked}}}"#)),
    );
    let takers = many(count, |node| {
        let inputs = many(count, |index| {
            format!(r#"{{"name":"v{index}","from":{{"output":{{"node":"n0","output":"v{}"}}}}}}"#, (index + node) % count)
        });
        format!(r#"{{"id":"n{}","run":{{"task":"take"}},"inputs":[{inputs}]}}"#, node + 1)
    });
    document(&format!(r#""tasks":{{{tasks}}},"body":{{"nodes":[{{"id":"n0","run":{{"task":"give"}}}},{takers}]}}"#))
}

#[test]
fn unions_of_many_variants() {
    let union = |variants: usize, variant: &str| format!(r#"{{"unionType":{{"variants":[{}]}}}}"#, many(variants, |_| variant.to_owned()));
    let float = r#"{"simple":"FLOAT"}"#;
    let last_fits = union(1_000, r#"{"simple":"INTEGER"}"#).replace("]}}", &format!(",{float}]}}}}"));
    gives_up(&pairs(4, &union(1_000, float), &last_fits));
    let lists = union(4_000, r#"{"collectionType":{"simple":"INTEGER"}}"#);
    let numbers = many(4_000, |_| r#"{"scalar":{"primitive":{"integer":"1"}}}"#.to_owned());
    let literal = format!(r#"{{"collection":{{"literals":[{numbers}]}}}}"#);
    gives_up(&document(&format!(r#""inputs":[{{"name":"x","type":{lists},"default":{literal}}}]"#)));
    let bindings = many(4_000, |_| r#"{"literal":{"scalar":{"primitive":{"integer":"1"}}}}"#.to_owned());
    gives_up(&of_task(
        &format!(r#"{{"name":"x","type":{lists}}}"#),
        "",
        &format!(r#"{{"id":"n0","run":{{"task":"t"}},"inputs":[{{"name":"x","from":{{"list":[{bindings}]}}}}]}}"#),
    ));
}

/// Structs whose references multiply: the schema of a kilobyte describes more fields than there are atoms.
#[test]
fn schemas_that_multiply() {
    let schema = |title: &str| {
        let levels = many(30, |level| {
            let next = format!(r##"{{"$ref":"#/definitions/d{}"}}"##, level + 1);
            format!(r#""d{level}":{{"type":"object","properties":{{"a":{next},"b":{next}}}}}"#)
        });
        let last = r#""d30":{"type":"object"}"#;
        format!(
            r##"{{"simple":"STRUCT","metadata":{{"title":"{title}","type":"object","properties":{{"x":{{"$ref":"#/definitions/d0"}}}},"definitions":{{{levels},{last}}}}}}}"##
        )
    };
    gives_up(&pairs(4, &schema("Given"), &schema("Asked")));
}

/// Schemas that cost by their length alone.
#[test]
fn schemas_of_many_parts() {
    let structs = |given: &str, asked: &str| {
        let of = |schema: &str| format!(r#"{{"simple":"STRUCT","metadata":{{"type":"object",{schema}}}}}"#);
        pairs(1, &of(given), &of(asked))
    };
    grows_as_the_text("required fields", |count| {
        let required = many(count, |index| format!(r#""f{index}""#));
        structs(&format!(r#""title":"A","required":[{required}]"#), &format!(r#""title":"B","required":[{required}]"#))
    });
    grows_as_the_text("references to the whole", |count| {
        let fields = many(count, |index| format!(r##""f{index}":{{"$ref":"#{}"}}"##, if index % 2 == 0 { "" } else { "/" }));
        structs(&format!(r#""title":"A","properties":{{{fields}}}"#), &format!(r#""title":"B","properties":{{{fields}}}"#))
    });
    grows_as_the_text("references to fields", |count| {
        let parts = many(count, |index| format!(r##""f{index}":{{"$ref":"#/definitions/d{index}"}}"##));
        let definitions = many(count, |index| format!(r#""d{index}":{{"type":"string"}}"#));
        let of = |title: &str| format!(r#""title":"{title}","properties":{{{parts}}},"definitions":{{{definitions}}}"#);
        structs(&of("A"), &of("B"))
    });
}

#[test]
fn more_problems_than_anybody_reads_are_cut_off() {
    let found = problems(&of_task("", "", &many(5_000, |index| format!(r#"{{"id":"N{index}","run":{{"task":"t"}}}}"#))));
    assert_eq!(found.len(), MAX_PROBLEMS + 1);
    let last = found.iter().last().unwrap();
    assert_eq!((last.kind, last.message.as_str()), (ProblemKind::Limit, "there are more than the 1000 problems above"));
}

/// Names and types of a megabyte are cut in what is said of them.
#[test]
fn long_names_and_types_are_cut_in_problems() {
    let long = "x".repeat(1_000_000);
    let variants = many(50_000, |_| r#"{"simple":"INTEGER"}"#.to_owned());
    let found = [
        problems(&document(&format!(r#""{long}":1"#))),
        problems(&document(&format!(r#""at":"{long}:1""#))),
        problems(&document(&format!(r#""body":{{"nodes":[{{"id":"{long}","run":{{"task":"{long}"}}}}]}}"#))),
        problems(&document(&format!(r#""inputs":[{{"name":"{long}!","type":{{"simple":"INTEGER"}}}}]"#))),
        problems(&document(&format!(r#""inputs":[{{"name":"x","type":{{"simple":"{long}"}}}}]"#))),
        problems(&document(&format!(
            r#""inputs":[{{"name":"x","type":{{"unionType":{{"variants":[{variants}]}}}},"default":{{"scalar":{{"noneType":{{}}}}}}}}]"#
        ))),
        problems(&document(&format!(r#""launch_plan":{{"schedule":{{"cron":"{long}"}}}}"#))),
    ];
    for found in found {
        assert!(found.to_string().len() < 2_000, "{}", found.to_string().chars().take(2_000).collect::<String>());
    }
}

#[test]
fn pictures_take_time_in_proportion() {
    fn drawn(what: &str, text: impl Fn(usize) -> String) {
        let [few, many] = [text(1_000), text(10_000)].map(|text| Graph::from_json(&text).unwrap());
        let draw = |graph: &Graph| seconds(|| (graph.to_string(), graph.to_mermaid(), graph.to_graphviz()));
        let (few, many) = (draw(&few), draw(&many));
        assert!(many < few.max(LEAST) * 40, "{what}: 1,000 take {few:?}, 10,000 {many:?}");
    }
    drawn("long names", |count| {
        let mut doc = String::new();
        (0..count).for_each(|index| write!(doc, "word{index}").unwrap());
        document(&format!(r#""doc":"{doc}","launch_plan":null,"body":{{"nodes":[{{"id":"n0","run":{{"sleep":"1s"}}}}]}}"#))
    });
    drawn("defaults of nodes", |count| {
        let default = r#","default":{"scalar":{"primitive":{"integer":"1"}}}"#;
        of_task(&ints(count, default), "", &many(count, |index| format!(r#"{{"id":"n{index}","run":{{"task":"t"}}}}"#)))
    });
    drawn("arrows between two nodes", |count| {
        let list = r#"{"collectionType":{"simple":"INTEGER"}}"#;
        let task = format!(
            r#""tasks":{{"t":{{"outputs":[{{"name":"o0","type":{{"simple":"INTEGER"}}}}]}},"u":{{"inputs":[{{"name":"x","type":{list}}}]}}}}"#
        );
        let fed = many(count, |_| r#"{"output":{"node":"n0","output":"o0"}}"#.to_owned());
        document(&format!(
            r#"{task},"body":{{"nodes":[{{"id":"n0","run":{{"task":"t"}}}},{{"id":"n1","run":{{"task":"u"}},"inputs":[{{"name":"x","from":{{"list":[{fed}]}}}}]}}]}}"#
        ))
    });
}

/// Of two readers of one text, one may take the first and one the last of two equal keys.
#[test]
fn a_key_that_stands_twice_is_refused() {
    let task = r#"{"inputs":[]}"#;
    let int = r#"{"name":"x","type":{"simple":"INTEGER","simple":"INTEGER"}}"#;
    let literal = r#"{"scalar":{"primitive":{"integer":"1"}},"scalar":{"primitive":{"integer":"2"}}}"#;
    for (key, graph) in [
        ("name", r#""name":"b""#.to_owned()),
        ("t", format!(r#""tasks":{{"t":{task},"t":{task}}}"#)),
        ("w", r#""workflows":{"w":{"name":"w"},"w":{"name":"w"}}"#.to_owned()),
        ("simple", format!(r#""inputs":[{int}]"#)),
        ("scalar", format!(r#""inputs":[{{"name":"x","type":{{"simple":"INTEGER"}},"default":{literal}}}]"#)),
        ("a", r#""launch_plan":{"labels":{"a":"1","a":"2"}}"#.to_owned()),
        (
            "k",
            r#""body":{"nodes":[{"id":"n0","run":{"task":"t"},"inputs":[{"name":"x","from":{"map":{"k":"failure","k":"failure"}}}]}]}"#
                .to_owned(),
        ),
    ] {
        let problem = problems(&document(&graph)).into_iter().next().unwrap();
        assert!(problem.kind == ProblemKind::Json && problem.message.contains(&format!("duplicate field `{key}`")), "{graph}: {problem}");
    }
}
