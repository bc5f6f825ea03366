//! Runs as HTML files, and the decks in them.

use std::path::Path;

use crate::Place;

/// A text that would be markup, if it were not escaped.
const HOSTILE: &str = "\"><script>alert(1)</script><!-- '&";

#[test]
fn decks_are_kept_by_every_strategy_and_told() {
    let place = Place::new();
    for strategy in ["thread", "process"] {
        place.said(&["run", "shown", "--text", "x", "-q", "--strategy", strategy]);
        let shown = place.json(&["runs", "show", "last", "--json"]);
        let deck = shown["nodes"][0]["deck"].as_str().unwrap();
        let page = std::fs::read_to_string(deck).unwrap();
        assert!(page.contains("<strong>good</strong>"), "{strategy}: {page}");
        assert!(shown["nodes"][1]["deck"].is_null(), "{shown}");
        let text = place.said(&["runs", "show", "last"]);
        assert!(text.ends_with(&format!("\ndecks\nn0  {deck}\n")), "{text}");
    }
}

#[test]
fn a_failed_attempt_keeps_its_deck_and_a_resumed_run_has_those_of_the_run_before() {
    let place = Place::new();
    place.answer(&["run", "shown", "--text", "fail", "-q"]);
    assert!(place.said(&["runs", "show", "last"]).contains("\ndecks\nn0  "));
    place.said(&["run", "shown", "--text", "x", "-q"]);
    place.said(&["run", "shown", "--resume", "last", "-q"]);
    assert!(place.said(&["runs", "report", "last", "-o", "-"]).contains("from the run 2"));
    assert!(place.said(&["runs", "show", "last"]).contains("\ndecks\nn0  "));
}

#[test]
fn a_report_is_one_file_that_tells_all() {
    let place = Place::new();
    place.said(&["run", "shown", "--text", "hello", "-q"]);
    let answer = place.answer(&["runs", "report", "last"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, ""));
    let name = answer.err.trim_end().rsplit(' ').next().unwrap();
    let page = std::fs::read_to_string(place.path().join(name)).unwrap();
    for part in [
        "<!doctype html>",
        "<h1>flows.shown</h1>",
        "<span class=\"badge done\">succeeded</span>",
        "<strong>5</strong> done",
        "<dt>text</dt><dd><pre tabindex=\"0\">hello</pre></dd>",
        "<h2 id=\"graph\">Graph</h2>",
        "✓ done, ",
        "<h2 id=\"timeline\">Timeline</h2>",
        "<iframe sandbox=\"\" title=\"The deck of n0\" srcdoc=\"&lt;!doctype html&gt;",
        "<th scope=\"row\">n0</th><td>flows.shows</td><td><span class=\"badge done\">✓ done</span></td><td class=\"number\">1</td>",
        "<th scope=\"row\">n1[2]</th>",
        "<td>3 elements</td>",
        " INFO shown: hello</pre>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("<h2 id=\"errors\">"));
    assert_needs_nothing(&page);
}

#[test]
fn a_report_of_a_failure_has_its_errors_and_nothing_of_them_is_markup() {
    let place = Place::new();
    let text = format!("fail{HOSTILE}");
    assert_eq!(place.answer(&["run", "shown", "--text", &text, "-q"]).code, 1);
    let page = place.said(&["runs", "report", "last", "-o", "-"]);
    for part in [
        "<span class=\"badge failed\">failed</span>",
        "<h3>n0 <small>flows.shows</small></h3>\n<p><code>USER:&lt;Code&gt;</code></p>",
        "cannot show `fail&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!-- &#39;&amp;`</pre>",
        "<span class=\"bar failed\"",
        "✗ failed",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_needs_nothing(&page);
}

#[test]
fn a_report_of_a_run_that_goes_on_tells_of_it_as_of_now() {
    let place = Place::new();
    let mut started = place.start(&["run", "gated"]);
    let id = started.id();
    started.hears("waits");
    let page = place.said(&["runs", "report", &id, "-o", "-"]);
    assert!(page.contains("<span class=\"badge running\">running</span> as of 2"), "{page}");
    assert!(page.contains("⏸ waiting") && page.contains("for the signal `number`"), "{page}");
    started.signal(nix::sys::signal::Signal::SIGKILL);
    started.child.wait().unwrap();
    let page = place.said(&["runs", "report", &id, "-o", "-"]);
    assert!(page.contains("<span class=\"badge waiting\">interrupted</span> as of 2"), "{page}");
}

#[test]
fn a_report_that_cannot_be_written_is_told_with_its_file() {
    let place = Place::new();
    place.said(&["run", "echo", "--word", "x", "-q"]);
    let said = place.refused(1, &["runs", "report", "last", "-o", "missing/report.html"]);
    assert!(said.starts_with("error: cannot write `missing/report.html`: "), "{said}");
    assert!(!Path::new(&place.path().join("missing")).exists());
}

#[test]
fn a_report_replaces_a_file_by_force_alone() {
    let place = Place::new();
    place.said(&["run", "echo", "--word", "x", "-q"]);
    let page = place.path().join("page.html");
    std::fs::write(&page, "mine").unwrap();
    let words = ["runs", "report", "last", "-o", "page.html"];
    let err = place.refused(2, &words);
    assert_eq!(
        (err.as_str(), std::fs::read_to_string(&page).unwrap().as_str()),
        ("error: `page.html` is there already\n\nhint: `--force` replaces it\n", "mine")
    );
    place.refused(0, &[&words[..], &["--force"]].concat());
    assert!(std::fs::read_to_string(&page).unwrap().starts_with("<!doctype html>"));
}

/// Nothing runs in the page itself, and nothing is loaded.
fn assert_needs_nothing(page: &str) {
    for other in ["<script", "http-equiv=\"refresh", " onload=", "@import", "url(http", "<link", "<img", "src=\"http"] {
        assert!(!page.contains(other), "{other}: {page}");
    }
}
