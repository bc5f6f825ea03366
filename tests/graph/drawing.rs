//! Graphs as text, Mermaid and Graphviz.

use std::path::Path;

use nebulakit::graph::{Binding, Bound, Graph, Kind, Map, Mapped, Node, Output, Success};
use nebulakit::types::LiteralType;
use nebulakit::types::literal::Primitive;
use nebulakit::types::literal_type::SimpleType;

use crate::all_kinds;

/// Compares with the file of the tests' folder, or renews it where `NEBULAKIT_RENEW` is set.
fn same_as(file: &str, drawn: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("graph").join(file);
    let drawn = format!("{}\n", drawn.trim_end());
    if std::env::var_os("NEBULAKIT_RENEW").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(drawn, std::fs::read_to_string(&path).unwrap_or_default(), "{file}; renew it with NEBULAKIT_RENEW=1");
}

#[test]
fn every_kind_is_drawn() {
    let graph = all_kinds();
    same_as("all_kinds.txt", &graph.to_string());
    same_as("all_kinds.mermaid", &graph.to_mermaid());
    same_as("all_kinds.dot", &graph.to_graphviz());
}

#[test]
fn an_svg_picture_has_every_node_and_is_bounded() {
    let graph = all_kinds();
    let svg = graph.to_svg().unwrap();
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for node in ["n0: split", "n5-n1-n0: double", "n14: classify", "fn0: clean_up", "corpus: directory"] {
        assert!(svg.contains(node), "{node}");
    }
    let mut large = Graph::new("flows.<large>&");
    for node in 0..nebulakit::graph::MAX_SVG_SHAPES {
        large.body.nodes.push(Node::new(format!("n{node}"), Kind::Task("t<>&\"".into())));
    }
    assert!(!large.to_svg().unwrap().contains("t<>"));
    large.body.nodes.push(Node::new("more", Kind::Task("t".into())));
    let problems = large.to_svg().unwrap_err().to_string();
    assert_eq!(problems, "an SVG picture has at most 500 shapes, and this one would have 501\n  hint: draw it with Graphviz");
}

/// The layout takes time in the square of the rows that arrows go down.
#[test]
fn a_picture_of_many_long_arrows_is_refused() {
    let mut dense = Graph::new("flows.dense");
    for node in 0..100_u32 {
        let fed = (0..node).rev().take(15).map(|from| Binding::output(format!("n{from}"), "o0")).collect();
        dense.body.nodes.push(Node::new(format!("n{node}"), Kind::Task("t".into())).with("x", Binding::List(fed)));
    }
    let problems = dense.to_svg().unwrap_err().to_string();
    assert!(
        problems.starts_with("the arrows of an SVG picture go down at most 1000 rows together, and these would go down "),
        "{problems}"
    );
}

#[test]
fn text_shows_each_node_once_within_100_columns() {
    let graph = all_kinds();
    let text = graph.to_string();
    let (own, _) = text.split_once("\n\n").unwrap();
    for number in 0..15 {
        let id = format!("n{number}");
        let heads = own.lines().filter(|line| line.trim_start().split(' ').next() == Some(&id)).count();
        assert_eq!(heads, 1, "{id} in\n{own}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

/// A single-precision number is shown as it was written.
#[test]
fn a_ratio_is_a_round_percentage() {
    let mut map = Map::new(Mapped::Task("t".into()), vec!["x".into()]);
    for (ratio, shown) in [(0.9, "90%"), (0.29, "29%"), (0.333, "33.3%"), (1.0, "100%")] {
        map.success = Success::Ratio(ratio);
        let mut graph = Graph::new("flows.ratio");
        graph.body.nodes.push(Node::new("n0", Kind::Map(Box::new(map.clone()))));
        assert!(graph.to_string().contains(&format!(" {shown} must succeed")), "{graph}");
    }
}

/// What feeds an input twice has one arrow.
#[test]
fn an_arrow_is_drawn_once() {
    let mut graph = Graph::new("flows.sum_of_two");
    graph.body.nodes.push(Node::new("n0", Kind::Task("pair".into())));
    let list = Binding::List(vec![Binding::output("n0", "o0"), Binding::output("n0", "o1")]);
    graph.body.nodes.push(Node::new("n1", Kind::Task("sum".into())).with("xs", list));
    assert_eq!(graph.to_mermaid().matches("-->").count(), 1, "{}", graph.to_mermaid());
    assert_eq!(graph.to_graphviz().matches(" -> ").count(), 1, "{}", graph.to_graphviz());
}

/// Names, constants and lists of any length and content: still no line beyond 100 columns, and nothing that a terminal would obey.
#[test]
fn text_stays_within_its_columns_whatever_it_shows() {
    let mut graph = Graph::new("long.".repeat(100));
    graph.doc = format!("{} {}\u{1b}[2J", "word ".repeat(60), "w".repeat(300)).into();
    graph.outputs.push(Output::new("\u{202e}o", LiteralType::simple(SimpleType::Integer)));
    let long = || Binding::literal(Primitive::String("text ".repeat(1_000)));
    let mut node = Node::new("n".repeat(200), Kind::Map(Box::new(Map::new(Mapped::Task("t".repeat(300).into()), vec!["x".into()]))));
    for number in 0..30 {
        node = node.with(format!("input{number}"), long());
    }
    node.inputs.push(Bound::new("x", Binding::List(vec![long(); 100])));
    node.after = (0..50).map(|number| format!("n{number}").into()).collect();
    graph.body.nodes.push(node);
    graph.body.outputs.push(Bound::new("o\n0", Binding::input("\u{7}")));
    let text = graph.to_string();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(!text.chars().any(|letter| letter != '\n' && (letter.is_control() || letter == '\u{202e}')), "{text}");
    assert!(text.contains("96 more"), "{text}");
}

/// What stands in names means nothing in the languages of the pictures.
#[test]
fn pictures_keep_their_form_whatever_is_in_names() {
    let mut graph = Graph::new("a\"];\nend\n<script>&quot;\\");
    graph.body.nodes.push(Node::new("n0\"]", Kind::Task("t\\\"|`%%{init}%%".into())));
    let graphviz = graph.to_graphviz();
    assert!(graphviz.starts_with("digraph \"a\\\"];\\\\nend\\\\n<script>&amp;quot;\\\\\" {\n"), "{graphviz}");
    assert!(graphviz.contains("  s0 [label=\"n0\\\"]: t\\\\\\\"|`%%{init}%%\\nunknown\"];\n"), "{graphviz}");
    let mermaid = graph.to_mermaid();
    let own = ["---", "title:", "flowchart TD", "s0["];
    assert!(mermaid.lines().all(|line| own.iter().any(|own| line.trim_start().starts_with(own))), "{mermaid}");
    assert!(!mermaid.contains("script>") && !mermaid.contains("%%"), "{mermaid}");
}

/// Secrets in the URLs of constants stay out of pictures.
#[test]
fn secrets_in_urls_are_not_drawn() {
    let mut graph = Graph::new("flows.a");
    let blob = nebulakit::types::literal::LiteralValue::Blob {
        uri: "https://user:hunter2@host/file?X-Amz-Signature=hunter2".to_owned(),
        blob_type: nebulakit::types::literal_type::BlobType {
            format: String::new(),
            dimensionality: nebulakit::types::literal_type::BlobDimensionality::Single,
        },
    };
    let literal = nebulakit::types::Literal::new(blob);
    graph.body.nodes.push(Node::new("n0", Kind::Task("t".into())).with("x", Binding::literal(literal)));
    for picture in [graph.to_string(), graph.to_mermaid(), graph.to_graphviz()] {
        assert!(!picture.contains("hunter2"), "{picture}");
    }
    assert!(graph.to_string().contains("host/file"), "{graph}");
}
