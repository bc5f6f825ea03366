//! `nebulakit::testing` on graphs.

use nebulakit::testing::{assert_given, assert_nodes, assert_order};

use crate::all_kinds;

#[test]
fn graphs_are_what_they_are() {
    let graph = all_kinds();
    let nodes = [
        "split",
        "map count",
        "merge",
        "configure",
        "label",
        "is_big",
        "when",
        "double",
        "when",
        "double",
        "inner",
        "map inner",
        "weigh",
        "wait",
        "sleep",
        "approve",
        "nightly",
        "classify",
    ];
    assert_nodes(&graph, nodes);
    assert_order(&graph, "split", "merge");
    assert_order(&graph, "wait", "approve");
    // What the test of a condition looks at runs before what is in its arms, and that before what the condition feeds.
    assert_order(&graph, "is_big", "n5-n1-n0");
    assert_order(&graph, "n5-n1-n0", "inner");
    assert_given(&graph, "label", "x", "n3.stop.after");
    assert_given(&graph, "map inner", "x", "[n6, 7, top]");
    assert_given(&graph, "n14", "table", "n11");
}

fn message(asserts: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(asserts).expect_err("it asserts what is not so");
    panic.downcast::<String>().map_or_else(|_| "not a text".to_owned(), |message| *message)
}

#[test]
fn what_a_graph_is_not_is_told() {
    let short = |message: String| message.split(", in\n").next().unwrap().to_owned();
    let graph = all_kinds();
    let of = &graph;
    for (asserts, expected) in [
        (
            Box::new(|| assert_order(of, "merge", "split")) as Box<dyn FnOnce() + std::panic::UnwindSafe>,
            "expected `split` to run after `merge`",
        ),
        (Box::new(|| assert_order(of, "merge", "merge")), "expected `merge` to run after `merge`"),
        (Box::new(|| assert_given(of, "merge", "counts", "n0")), "expected `counts` of `merge` to be n0, found n1"),
        (Box::new(|| assert_given(of, "split", "parts", "8")), "expected `parts` of `split` to be 8, and nothing is given to it"),
        (Box::new(|| assert_given(of, "double", "x", "top")), "several nodes run `double`: n5-n0, n5-n1-n0; name one by its id"),
        (Box::new(|| assert_given(of, "triple", "x", "top")), "no node is called or runs `triple`"),
    ] {
        assert_eq!(short(message(asserts)), expected);
    }
    let message = message(|| assert_nodes(of, ["split"]));
    assert!(message.starts_with("expected the nodes split, found split, map count, merge,"), "{message}");
    assert!(message.contains("\nworkflow flows.all_kinds("), "{message}");
}
