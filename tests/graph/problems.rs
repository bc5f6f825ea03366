//! What is wrong with a graph: each mistake has its problem, and all are listed at once.

use nebulakit::graph::{Binding, Bound, Graph, Kind, MAX_NESTING, Node, Output, Place, Problem, ProblemKind, Problems};
use nebulakit::types::LiteralType;
use nebulakit::types::literal_type::SimpleType;
use serde_json::{Value, json};

use crate::{all_kinds, document};

fn problems(document: &Value) -> Problems {
    Graph::from_json(&document.to_string()).err().unwrap_or_default()
}

/// The problems of the graph of all kinds when the part at `path` of the graph is `value`; null takes it away.
fn damaged(path: &str, value: &Value) -> Problems {
    problems(&damage(document(), path, value))
}

fn damage(mut document: Value, path: &str, value: &Value) -> Value {
    let (parent, last) = path.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(&format!("/graph{parent}")).unwrap_or_else(|| panic!("{path}"));
    match parent {
        Value::Array(values) if last == "-" => values.push(value.clone()),
        Value::Array(values) => values[last.parse::<usize>().unwrap()] = value.clone(),
        Value::Object(entries) if value.is_null() => drop(entries.remove(last).unwrap_or_else(|| panic!("{path}"))),
        Value::Object(entries) => drop(entries.insert(last.replace("~1", "/"), value.clone())),
        _ => panic!("{path}"),
    }
    document
}

fn compare(left: &Value, by: &str, right: &Value) -> Value {
    json!({"compare": {"left": left, "by": by, "right": right}})
}

fn constant(number: i64) -> Value {
    json!({"literal": {"scalar": {"primitive": {"integer": number.to_string()}}}})
}

fn text(text: &str) -> Value {
    json!({"literal": {"scalar": {"primitive": {"stringValue": text}}}})
}

fn output(node: &str) -> Value {
    json!({"output": {"node": node, "output": "o0"}})
}

#[test]
fn a_whole_graph_has_no_problem() {
    all_kinds().validate().unwrap();
}

/// Each damage gives its one problem.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of mistakes")]
fn each_mistake_is_told() {
    use ProblemKind as K;
    let flag = output("n13");
    let int_type = json!({"simple": "INTEGER"});
    let config = output("n3");
    let cases: Vec<(&str, Value, K, &str)> = vec![
        // Types.
        (
            "/body/nodes/6/run/branch/otherwise/run/outputs/0/from",
            text("a"),
            K::Type,
            "the output `o0` of an arm of `n5` (a condition) takes `int`, and the constant `\"a\"` does not fit",
        ),
        (
            "/body/nodes/0/inputs/0/from",
            json!({"input": {"name": "top"}}),
            K::Type,
            "`corpus` of `n0` (`split`) takes `directory`, and the input `top` is `int`",
        ),
        (
            "/body/nodes/7/inputs/0/from",
            output("n13"),
            K::Type,
            "`x` of `n6` (`inner`) takes `int`, and `o0` of `n13` (`is_big`) is `bool`",
        ),
        (
            "/body/nodes/4/inputs/0/from/output/path",
            json!(["stop", "before"]),
            K::Type,
            "`x` of `n4` (`label`) is fed by `o0.stop.before` of `n3` (`configure`): `struct` has no field `before`; it has `after`",
        ),
        ("/body/nodes/4/inputs/0/from/output/path", json!(["stop", 0]), K::Type, "`struct` has fields, not elements"),
        ("/body/nodes/4/inputs/0/from/output/path", json!(["rate", "x"]), K::Type, "`float` has no parts"),
        ("/body/nodes/4/inputs/0/from/output/path", json!(["steps", "x"]), K::Type, "`list[int]` has elements by number, not by name"),
        ("/body/nodes/4/inputs/0/from/output/path", json!(["steps", 4_294_967_295_u32]), K::Type, "an index is at most 2147483647"),
        (
            "/body/nodes/7/inputs/0/from",
            json!({"output": {"node": "n2", "output": "o0", "path": [1]}}),
            K::Type,
            "`dict[str, int]` has values by name, not by number",
        ),
        (
            "/body/nodes/7/inputs/0/from",
            json!({"output": {"node": "n1", "output": "o0", "path": [1, "word"]}}),
            K::Type,
            "may be of several types or none, and the platform does not look into it",
        ),
        (
            "/body/nodes/8/inputs/0/from/list/1",
            text("seven"),
            K::Type,
            "`x` of `n7` (a map of `inner`) takes `int`, and the constant `\"seven\"` does not fit",
        ),
        (
            "/body/nodes/8/inputs/0/from",
            constant(1),
            K::Type,
            "`x` of `n7` (a map of `inner`) takes `list[int]`, and the constant `1` does not fit",
        ),
        (
            "/body/nodes/9/inputs/0/from",
            json!({"list": []}),
            K::Type,
            "`parts` of `n8` (`weigh`) takes `dict[str, float]`, and a list does not fit",
        ),
        (
            "/body/nodes/9/inputs/0/from/map/b",
            constant(1),
            K::Type,
            "`parts` of `n8` (`weigh`) takes `float`, and the constant `1` does not fit",
        ),
        (
            "/body/nodes/12/inputs/0/from",
            json!({"input": {"name": "top"}}),
            K::Type,
            "`o0` of `n11` (an approval) takes `directory`, and the input `top` is `int`",
        ),
        (
            "/inputs/1/default",
            json!({"scalar": {"primitive": {"stringValue": "ten"}}}),
            K::Type,
            "the default of `top` of the workflow `flows.all_kinds` does not fit `int`",
        ),
        (
            "/body/outputs/1/from",
            output("n13"),
            K::Type,
            "the output `total` of `all_kinds` takes `int`, and `o0` of `n13` (`is_big`) is `bool`",
        ),
        // Missing and surplus.
        ("/body/nodes/0/inputs", Value::Null, K::Missing, "`corpus` of `n0` (`split`) is not given, and it has no default"),
        (
            "/body/nodes/4/inputs",
            json!([]),
            K::Missing,
            "`x`, `unit` and `factor` of `n4` (`label`) are not given, and they have no defaults",
        ),
        ("/body/nodes/12/inputs", Value::Null, K::Missing, "`o0` of `n11` (an approval) is not given, and it has no default"),
        (
            "/body/nodes/0/inputs/-",
            json!({"name": "pieces", "from": constant(1)}),
            K::Surplus,
            "`pieces` of `n0` (`split`) is given, and there is no such input",
        ),
        (
            "/body/nodes/10/inputs",
            json!([{"name": "x", "from": constant(1)}]),
            K::Surplus,
            "`x` of `n9` (a wait) is given, and there is no such input",
        ),
        (
            "/body/nodes/0/inputs/-",
            json!({"name": "corpus", "from": {"input": {"name": "corpus"}}}),
            K::Surplus,
            "`corpus` of `n0` (`split`) is fed twice",
        ),
        ("/body/outputs/1", json!({"name": "sum", "from": constant(1)}), K::Surplus, ""),
        ("/body/outputs", json!([{"name": "total", "from": constant(1)}]), K::Missing, "the output `report` of `all_kinds` is not given"),
        // What there is not.
        (
            "/body/nodes/0/inputs/0/from",
            json!({"input": {"name": "corpora"}}),
            K::Unknown,
            "`corpus` of `n0` (`split`) is fed by the input `corpora`, which `flows.all_kinds` does not have",
        ),
        (
            "/body/nodes/7/inputs/0/from",
            output("n99"),
            K::Unknown,
            "`x` of `n6` (`inner`) needs the node `n99`, which `flows.all_kinds` does not have",
        ),
        ("/body/nodes/14/after/0", json!("n99"), K::Unknown, "`n14` (`classify`) needs the node `n99`"),
        (
            "/body/nodes/7/inputs/0/from/output/output",
            json!("o1"),
            K::Unknown,
            "`x` of `n6` (`inner`) is fed by `o1` of `n5` (a condition), which has no such output",
        ),
        (
            "/body/nodes/9/run",
            json!({"task": "flows.retrain"}),
            K::Unknown,
            "`n8` runs the task `flows.retrain`, and the graph has nothing of that name",
        ),
        (
            "/body/nodes/14/run",
            json!({"launch_plan": "flows.classify"}),
            K::Unknown,
            "`n14` runs the launch plan `flows.classify`, and it is registered elsewhere",
        ),
        (
            "/body/nodes/13/run",
            json!({"workflow": "flows.nightly"}),
            K::Unknown,
            "`n12` runs the workflow `flows.nightly`, and it is a launch plan, which becomes an execution of its own",
        ),
        (
            "/body/nodes/7/run",
            json!({"launch_plan": "flows.inner"}),
            K::Unknown,
            "`n6` runs the launch plan `flows.inner`, and it is a workflow",
        ),
        ("/body/nodes/7/run", json!({"task": "flows.inner"}), K::Unknown, "`n6` runs the task `flows.inner`, and it is a workflow"),
        (
            "/body/nodes/1/run/map/of",
            json!({"task": "flows.classify"}),
            K::Unknown,
            "`n1` runs the task `flows.classify`, and it is registered elsewhere",
        ),
        // Order.
        ("/body/nodes/2/after", json!(["n2"]), K::Order, "`n2` (`merge`) needs itself"),
        ("/body/nodes/3/after", json!(["n4"]), K::Order, "`n3` (`configure`) and `n4` (`label`) need each other"),
        ("/body/nodes/3/after", json!(["n9"]), K::Order, "`n3` (`configure`) stands before `n9` (a wait), which it needs"),
        (
            "/body/nodes/7/inputs/0/from",
            output("n5-n0"),
            K::Order,
            "`x` of `n6` (`inner`) needs `n5-n0` (`double`), which is in an arm of a condition that only this arm sees",
        ),
        // Recursion.
        (
            "/workflows/flows.inner/body/nodes/0/run",
            json!({"workflow": "flows.inner"}),
            K::Recursion,
            "`flows.inner` contains itself: flows.inner -> flows.inner",
        ),
        (
            "/workflows/flows.daily/on_failure",
            json!({"id": "fn0", "run": {"launch_plan": "flows.nightly"}, "inputs": [{"name": "when", "from": {"input": {"name": "when"}}}]}),
            K::Recursion,
            "`flows.nightly` contains itself: flows.nightly -> flows.daily -> flows.nightly",
        ),
        // Overrides.
        ("/body/nodes/10/overrides", json!({"retries": 1, "image": "x"}), K::Override, "`n9` (a wait) does not take `retries` and `image`"),
        ("/body/nodes/6/overrides", json!({"timeout": "1s"}), K::Override, "`n5` (a condition) does not take `timeout`"),
        (
            "/body/nodes/0/overrides",
            json!({"resources": {"requests": {"cpu": "four"}}}),
            K::Override,
            "the resources of `n0` (`split`): `four` is not a number of cores; write `2`, `0.5` or `500m`",
        ),
        (
            "/body/nodes/0/overrides",
            json!({"resources": {"requests": {"memory": "8GB"}, "limits": {"memory": "8GB"}}}),
            K::Override,
            "the resources of `n0` (`split`): `8GB` is not an amount of bytes; write a number with a suffix, as in `512Mi`, `2Gi` or `500M`",
        ),
        (
            "/body/nodes/0/overrides",
            json!({"shared_memory": "much"}),
            K::Override,
            "the resources of `n0` (`split`): `much` is not an amount of bytes",
        ),
        ("/body/nodes/7/overrides", json!({"strategy": "thread"}), K::Override, "`n6` (`inner`) does not take `strategy`"),
        ("/body/nodes/11/overrides", json!({"timeout": "60s"}), K::Gate, "`n10` (a pause) takes 600s and is given up after 60s"),
        // Ids and names.
        ("/body/nodes/9/id", json!("n0"), K::Duplicate, "+ two nodes of `flows.all_kinds` have the id `n0`"),
        (
            "/body/nodes/6/run/branch/arms/0/body/nodes/1/run/branch/arms/0/body/nodes/-",
            json!({"id": "n14", "run": {"sleep": "1s"}}),
            K::Duplicate,
            "+ two nodes of `flows.all_kinds` have the id `n14`",
        ),
        ("/on_failure/id", json!("n0"), K::Duplicate, "two nodes of `flows.all_kinds` have the id `n0`"),
        ("/on_failure/id", json!("end-node"), K::Name, "a node has the id `end-node`"),
        ("/on_failure/id", json!("start-node"), K::Name, "the platform has a node of that id itself"),
        ("/on_failure/id", json!("Fn_0"), K::Name, "an id is made of lower-case ASCII letters and digits"),
        ("/on_failure/id", json!("-a"), K::Name, "an id is made of"),
        ("/on_failure/id", json!(""), K::Name, "an id is made of"),
        ("/on_failure/id", json!("a".repeat(64)), K::Name, "an id has at most 63 characters"),
        ("/name", json!("flows/all"), K::Name, "a workflow is called `flows/all`"),
        ("/tasks/flows.no name", json!({}), K::Name, "a task is called `flows.no name`"),
        ("/tasks/flows.split/inputs/1/name", json!("größe"), K::Name, "the task `flows.split` has an input called `größe`"),
        ("/tasks/flows.split/inputs/1/name", json!("corpus"), K::Duplicate, "+ the task `flows.split` has two inputs called `corpus`"),
        ("/references/flows.classify/version", json!(""), K::Name, "the reference `flows.classify` has the version ``"),
        ("/references/flows.classify/project", json!("m l"), K::Name, "the reference `flows.classify` has the project `m l`"),
        ("/workflows/flows.inner/name", json!("flows.outer"), K::Duplicate, "the workflow `flows.inner` of the graph is called otherwise"),
        ("/workflows/flows.inner/tasks", json!({"t": {}}), K::Other, "the workflow `flows.inner` has tables of its own"),
        // Launch plans.
        ("/workflows/flows.nightly/body/nodes/0/inputs/1/from", json!({"input": {"name": "place"}}), K::Unknown, ""),
        ("/workflows/flows.nightly/body/nodes/0/inputs/0/from", json!({"input": {"name": "rows"}}), K::LaunchPlan, ""),
        (
            "/workflows/flows.nightly/body/nodes/0/inputs/2",
            json!({"name": "rows", "from": {"list": [{"input": {"name": "rows"}}]}}),
            K::LaunchPlan,
            "",
        ),
        (
            "/workflows/flows.nightly/body/nodes/0/inputs/2/from",
            constant(7),
            K::LaunchPlan,
            "the launch plan `flows.nightly` gives `rows` to nothing",
        ),
        ("/workflows/flows.nightly/body/nodes/0/run", json!({"task": "flows.label"}), K::LaunchPlan, ""),
        (
            "/workflows/flows.nightly/body/nodes/0/overrides",
            json!({"retries": 1}),
            K::LaunchPlan,
            "the launch plan `flows.nightly` does more than call a workflow: `n0` (`daily`)",
        ),
        (
            "/workflows/flows.nightly/body/nodes/-",
            json!({"id": "n1", "run": {"sleep": "1s"}}),
            K::LaunchPlan,
            "the launch plan `flows.nightly` has 2 nodes",
        ),
        ("/workflows/flows.nightly/keep_going", json!(true), K::LaunchPlan, "says what happens when a node fails, or where nodes run"),
        (
            "/workflows/flows.nightly/body/outputs/0/from",
            text("done"),
            K::LaunchPlan,
            "the launch plan `flows.nightly` makes its output `o0` itself",
        ),
        ("/workflows/flows.nightly/launch_plan/notifications/0/on", json!([]), K::LaunchPlan, "a notification for nobody, or of nothing"),
        (
            "/workflows/flows.nightly/launch_plan/notifications/0/email/0",
            json!("me"),
            K::LaunchPlan,
            "`flows.nightly` tells `me`, which is not an address",
        ),
        ("/workflows/flows.nightly/launch_plan/labels", json!({"a/b/c": "d"}), K::Name, "`flows.nightly` has the label `a/b/c` = `d`"),
        ("/workflows/flows.nightly/launch_plan/labels", json!({"a": "d e"}), K::Name, "a value is up to 63 letters"),
        ("/workflows/flows.nightly/launch_plan/max_parallelism", json!(0), K::Limit, "`flows.nightly` may run nothing at once"),
        // Schedules.
        (
            "/workflows/flows.nightly/launch_plan/schedule",
            json!({"cron": "0 0 31 2 *"}),
            K::Schedule,
            "the schedule of `flows.nightly`: `0 0 31 2 *` never comes: none of its months has one of its days",
        ),
        ("/workflows/flows.nightly/launch_plan/schedule", json!({"cron": "daily"}), K::Schedule, "`daily` is not a cron expression"),
        (
            "/workflows/flows.nightly/launch_plan/schedule",
            json!({"every": "600s"}),
            K::Schedule,
            "the kickoff of `flows.nightly` goes with a fixed rate",
        ),
        ("/workflows/flows.nightly/launch_plan/schedule", Value::Null, K::Schedule, "the kickoff of `flows.nightly` goes with no schedule"),
        (
            "/workflows/flows.nightly/launch_plan/kickoff",
            Value::Null,
            K::Schedule,
            "`flows.nightly` is launched by a schedule, which does not know `when`",
        ),
        ("/workflows/flows.nightly/launch_plan/kickoff", json!("region"), K::Schedule, ""),
        ("/workflows/flows.nightly/launch_plan/kickoff", json!("rows"), K::Schedule, ""),
        // Failures.
        ("/on_failure/inputs/1", Value::Null, K::Json, ""),
        (
            "/on_failure/inputs",
            json!([{"name": "data", "from": {"input": {"name": "corpus"}}}]),
            K::Failure,
            "`err` of `fn0` (`clean_up`) is left to its default",
        ),
        (
            "/on_failure/inputs/1/from",
            json!({"literal": {"scalar": {"noneType": {}}}}),
            K::Failure,
            "`err` of `fn0` (`clean_up`) is given something else than the error",
        ),
        (
            "/on_failure/inputs/0/from",
            output("n11"),
            K::Failure,
            "`data` of `fn0` (`clean_up`) needs the node `n11`, and what handles failures cannot see nodes",
        ),
        (
            "/on_failure/inputs/0/from",
            json!({"input": {"name": "data"}}),
            K::Unknown,
            "`data` of `fn0` (`clean_up`) is fed by the input `data`, which `flows.all_kinds` does not have",
        ),
        (
            "/on_failure/inputs/0/from",
            json!("failure"),
            K::Type,
            "`data` of `fn0` (`clean_up`) takes `directory`, and `Failure` is an error or none",
        ),
        ("/on_failure/after", json!(["n0"]), K::Failure, "`fn0` (`clean_up`) needs the node `n0`"),
        (
            "/body/nodes/4/inputs/1/from",
            json!("failure"),
            K::Failure,
            "`unit` of `n4` (`label`) is fed by `Failure`, which only an input of a failure handler can be",
        ),
        ("/body/outputs/0/from", json!("failure"), K::Failure, "the output `report` of `all_kinds` is fed by `Failure`"),
        // Gates.
        (
            "/body/nodes/10/run/wait/signal",
            json!("release"),
            K::Gate,
            "the signal `release` of `n11` (an approval) is `bool`, and of `n9` (a wait) it is `float`",
        ),
        ("/body/nodes/10/run/wait/signal", json!(""), K::Gate, "`n9` (a wait) waits for a signal without a name"),
        (
            "/workflows/flows.inner/body/nodes/-",
            json!({"id": "n1", "run": {"wait": {"signal": "threshold", "type": int_type}}}),
            K::Gate,
            "the signal `threshold` of `n1` (a wait) is `int`, and of `n9` (a wait) it is `float`",
        ),
        // Maps.
        ("/body/nodes/1/run/map/mapped", json!([]), K::Map, ""),
        ("/body/nodes/1/run/map/mapped", json!(["shard", "shard"]), K::Map, "`n1` (a map of `count`) goes through `shard` twice"),
        (
            "/body/nodes/1/run/map/mapped",
            json!(["shard", "piece"]),
            K::Unknown,
            "`n1` (a map of `count`) goes through `piece`, which is not an input",
        ),
        (
            "/body/nodes/1/run/map/success",
            json!({"ratio": 0.0}),
            K::Limit,
            "`n1` (a map of `count`) has to succeed in a part of 0 of its elements",
        ),
        ("/body/nodes/1/run/map/success", json!({"count": 0}), K::Limit, "`n1` (a map of `count`) has to succeed in 0 of its elements"),
        ("/body/nodes/8/run/map/success", json!({"count": 4}), K::Map, "+ `n7` (a map of `inner`) has to succeed in 4 elements and has 3"),
        ("/body/nodes/8/inputs", Value::Null, K::Missing, "`x` of `n7` (a map of `inner`) is not given"),
        // Conditions.
        ("/body/nodes/6/run/branch/arms", json!([]), K::Condition, "`n5` (a condition) has no arm"),
        ("/body/nodes/6/run/branch/arms/0/when", json!({"all": []}), K::Condition, "`n5` (a condition) has an arm without a test"),
        (
            "/body/nodes/6/run/branch/arms/0/when",
            compare(&flag, "==", &constant(1)),
            K::Condition,
            "`n5` (a condition) compares `o0` of `n13` (`is_big`) == the constant `1`: one is `bool` and the other `int`",
        ),
        (
            "/body/nodes/6/run/branch/arms/0/when",
            compare(&flag, ">", &flag),
            K::Condition,
            "a bool is equal to another or not, and neither is greater",
        ),
        ("/body/nodes/6/run/branch/arms/0/when", compare(&config, "==", &config), K::Condition, ""),
        (
            "/body/nodes/6/run/branch/arms/0/when",
            compare(&json!({"input": {"name": "top"}}), "==", &json!({"list": []})),
            K::Condition,
            "`n5` (a condition) compares a list",
        ),
        (
            "/body/nodes/6/run/branch/otherwise/run/outputs",
            json!([]),
            K::Missing,
            "the output `o0` of an arm of `n5` (a condition) is not given",
        ),
    ];
    let mut untold = Vec::new();
    for (path, value, kind, message) in cases {
        let found = damaged(path, &value);
        // What follows of a mistake is told too.
        let (message, has_others) = message.strip_prefix("+ ").map_or((message, message.is_empty()), |message| (message, true));
        let is_there = |problem: &Problem| problem.kind == kind && problem.to_string().contains(message);
        let is_alone = has_others || found.iter().all(|problem| problem.kind == kind);
        if !found.iter().any(is_there) || !is_alone {
            untold.push(format!("{path} = {value}: expected {kind:?} `{message}`, found {found}"));
        }
    }
    assert!(untold.is_empty(), "{}", untold.join("\n\n"));
}

/// Everything is told at once, each with both ends and their places.
#[test]
fn all_problems_are_listed_at_once() {
    let mut document = document();
    for (path, value) in [
        ("/body/nodes/0/inputs/0/from", json!({"input": {"name": "top"}})),
        ("/body/nodes/4/inputs/2/from", output("n13")),
        ("/body/nodes/7/inputs/0/from", output("n13")),
        ("/body/nodes/10/overrides", json!({"retries": 1})),
        ("/body/nodes/14/run", json!({"launch_plan": "flows.classify"})),
        ("/workflows/flows.inner/body/nodes/0/run", json!({"workflow": "flows.inner"})),
        ("/workflows/flows.nightly/launch_plan/schedule", json!({"cron": "0 0 31 2 *"})),
    ] {
        document = damage(document, path, &value);
    }
    assert_eq!(
        problems(&document).to_string(),
        "\
src/flows.rs:40:1: `flows.inner` contains itself: flows.inner -> flows.inner
  src/flows.rs:41:18: `n0` (`inner`) is in `flows.inner`
src/flows.rs:12:18: `corpus` of `n0` (`split`) takes `directory`, and the input `top` is `int`
src/flows.rs:16:40: `factor` of `n4` (`label`) takes `float`, and `o0` of `n13` (`is_big`) is `bool`
  src/flows.rs:17:18: `n13` (`is_big`) is made here
src/flows.rs:24:18: `x` of `n6` (`inner`) takes `int`, and `o0` of `n13` (`is_big`) is `bool`
  src/flows.rs:17:18: `n13` (`is_big`) is made here
src/flows.rs:27:18: `n9` (a wait) does not take `retries`
  hint: it takes `name` and `timeout`
src/flows.rs:31:18: `n14` runs the launch plan `flows.classify`, and it is registered elsewhere
src/flows.rs:16:18: `n4` (`label`) stands before `n13` (`is_big`), which it needs
  src/flows.rs:17:18: `n13` (`is_big`) is made here
  hint: a node stands after those that it needs
src/flows.rs:60:1: the schedule of `flows.nightly`: `0 0 31 2 *` never comes: none of its months has one of its days"
    );
}

/// Conditions, tests, lists: as deep as is allowed, and a level deeper.
#[test]
fn nesting_has_a_limit() {
    let lists = |levels: usize| (0..levels).fold(constant(1), |inside, _| json!({"list": [inside]}));
    let list_type = |levels: usize| (0..levels).fold(json!({"simple": "INTEGER"}), |inside, _| json!({"collectionType": inside}));
    let of_lists = |levels: usize| {
        json!({"version": 1, "graph": {"name": "a",
            "body": {"nodes": [{"id": "n0", "run": {"task": "t"}, "inputs": [{"name": "x", "from": lists(levels)}]}]},
            "tasks": {"t": {"inputs": [{"name": "x", "type": list_type(levels)}]}}}})
    };
    let holds = compare(&constant(1), "==", &constant(1));
    let branch = |when: &Value, nodes: Value| json!({"branch": {"arms": [{"when": when, "body": {"nodes": nodes}}], "otherwise": {"fail": "no"}, "outputs": []}});
    let of_tests = |levels: usize| {
        let when = (0..levels).fold(holds.clone(), |inside, _| json!({"all": [inside]}));
        json!({"version": 1, "graph": {"name": "a", "body": {"nodes": [{"id": "n0", "run": branch(&when, json!([]))}]}}})
    };
    let of_branches = |levels: usize| {
        let nodes = (0..levels).fold(json!([]), |inside, level| json!([{"id": format!("n{level}"), "run": branch(&holds, inside)}]));
        json!({"version": 1, "graph": {"name": "a", "body": {"nodes": nodes}}})
    };
    for (what, graph) in [
        ("is fed by lists and maps nested deeper than 10 levels", &of_lists as &dyn Fn(usize) -> Value),
        ("has tests nested deeper than 10 levels", &of_tests),
        ("is in conditions nested deeper than 10 levels", &of_branches),
    ] {
        let most = graph(MAX_NESTING);
        let read = Graph::from_json(&most.to_string()).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(Graph::from_json(&read.to_json().unwrap()).unwrap(), read);
        let found = problems(&graph(MAX_NESTING + 1));
        assert!(found.len() == 1 && found.to_string().contains(what), "{found}");
    }
}

/// A list for an input of several types goes to the one type of list that takes it.
#[test]
fn a_list_goes_to_the_variant_that_takes_it() {
    let fed = |variants: Value, elements: Value| {
        let inputs = json!([{"name": "x", "type": {"unionType": {"variants": variants}}}]);
        problems(&json!({"version": 1, "graph": {"name": "a",
            "inputs": [{"name": "n", "type": {"simple": "INTEGER"}}],
            "body": {"nodes": [{"id": "n0", "run": {"task": "t"}, "inputs": [{"name": "x", "from": {"list": elements}}]}]},
            "tasks": {"t": {"inputs": inputs}}}}))
    };
    let of = |simple: &str| json!({"collectionType": {"simple": simple}});
    let none = json!({"simple": "NONE"});
    let n = json!({"input": {"name": "n"}});
    assert!(fed(json!([of("INTEGER"), none]), json!([n, constant(1)])).is_empty());
    assert!(fed(json!([of("STRING"), of("INTEGER")]), json!([n, constant(1)])).is_empty());
    let message = |problems: Problems| problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>();
    assert_eq!(message(fed(json!([of("STRING"), none]), json!([n]))), ["`x` of `n0` (`t`) takes `str`, and the input `n` is `int`"]);
    assert_eq!(
        message(fed(json!([of("STRING"), of("FLOAT")]), json!([n]))),
        ["`x` of `n0` (`t`) takes `list[str] | list[float]`, and a list does not fit"]
    );
    // Both take an empty list.
    assert_eq!(fed(json!([of("STRING"), of("FLOAT")]), json!([])).len(), 1);
}

/// A node that a mistake was made for says no more than the mistake.
#[test]
fn a_mistake_is_told_once() {
    let mut graph = all_kinds();
    graph.body.nodes[0].inputs[0].binding = Binding::Fault;
    let mut problems = Problems::from(
        Problem::new(ProblemKind::Override, "`.retries(..)` comes too late: the node is in use already")
            .at(Place { file: "src/main.rs".into(), line: 108, column: 15 })
            .hint("say it where the node is made"),
    );
    problems.extend(graph.problems());
    assert_eq!(
        problems.or(()).unwrap_err().to_string(),
        "src/main.rs:108:15: `.retries(..)` comes too late: the node is in use already\n  hint: say it where the node is made"
    );
}

/// Names from outside do not reach the terminal as they are, and are not longer than what they are about.
#[test]
fn what_is_shown_is_fit_for_a_terminal() {
    let int = LiteralType::simple(SimpleType::Integer);
    let mut graph = Graph::new("\u{1b}[31mred");
    graph.outputs.push(Output::new("o\n0", int));
    let long = "long".repeat(10_000);
    graph.body.nodes.push(Node::new(&*long, Kind::Task(long.clone().into())).with("x", Binding::output("\u{202e}", "o0")));
    graph.body.outputs.push(Bound::new("o\n0", Binding::input(long)));
    let text = graph.problems().to_string();
    assert!(text.contains("\\u001b[31mred") && text.contains("\\u202e") && text.contains("`o\\n0`"), "{text}");
    assert!(!text.chars().any(|letter| letter != '\n' && letter.is_control()) && text.len() < 4_000, "{text}");
}

/// Circles of any length, in arms as well, are told once each.
#[test]
fn circles_are_told() {
    let int = LiteralType::simple(SimpleType::Integer);
    let mut graph = Graph::new("flows.ring");
    let task = nebulakit::graph::Task::new(vec![nebulakit::graph::Input::new("x", int.clone())], vec![Output::new("o0", int)]);
    graph.tasks.insert("flows.step".into(), task);
    for node in 0..20_000_u32 {
        let from = format!("n{}", (node + 19_999) % 20_000);
        let kind = Kind::Task("flows.step".into());
        graph.body.nodes.push(Node::new(format!("n{node}"), kind).with("x", Binding::output(from, "o0")));
    }
    let problems = graph.problems();
    assert_eq!(problems.to_string(), "`n0` (`step`) and `n19999` (`step`) need each other\n  `n19999` (`step`) is made here");
}
