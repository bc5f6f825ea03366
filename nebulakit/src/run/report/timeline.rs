//! The nodes over the time of the run: when they waited, and when their attempts ran.

use std::time::{Duration, SystemTime};

use super::facts::{Facts, Node};
use super::html::{Html, cut};
use super::nodes::say_left_out;
use super::picture::{class, symbol};
use crate::run::words::{between, stands, time};

/// Maximum nodes in it.
const MOST_ROWS: usize = 300;

/// Maximum attempts of a node that are drawn: the last ones.
const MOST_ATTEMPTS: usize = 20;

/// Maximum characters of a name.
const LONGEST_NAME: usize = 80;

/// How many parts the time axis is divided into.
const PARTS: u32 = 4;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    let shown = facts.first(MOST_ROWS);
    let Some(begin) = facts.state.created.filter(|_| !shown.is_empty()) else { return };
    let scale = Scale { begin, whole: between(Some(begin), facts.now) };
    page.markup("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n");
    page.markup("<table class=\"timeline\">\n<thead><tr><th scope=\"col\">Node</th><th scope=\"col\"><span class=\"axis\">");
    for part in 0..=PARTS {
        page.element("<span>", time(scale.whole * part / PARTS), "</span>");
    }
    page.markup("</span></th></tr></thead>\n<tbody>\n");
    for node in &shown {
        row(page, node, &scale, facts.now);
    }
    page.markup("</tbody>\n</table>\n");
    page.markup("<p class=\"legend\"><span class=\"bar queued\"></span> waits for its turn <span class=\"bar done\"></span> runs ");
    page.markup("<span class=\"bar failed\"></span> an attempt that failed <span class=\"bar waiting\"></span> waits for somebody</p>\n");
    say_left_out(page, facts, shown.len());
    page.markup("</section>\n");
}

/// Maps moments to positions.
struct Scale {
    begin: SystemTime,
    whole: Duration,
}

impl Scale {
    /// How far from the left a moment is, in percent.
    fn place(&self, at: SystemTime) -> f64 {
        let whole = self.whole.as_secs_f64();
        if whole > 0.0 { (between(Some(self.begin), at).as_secs_f64() / whole).min(1.0) * 100.0 } else { 0.0 }
    }
}

fn row(page: &mut Html, node: &Node, scale: &Scale, now: SystemTime) {
    let Node { path, state, attempts } = node;
    let until = state.ended.unwrap_or(now);
    let took = state.ready.map(|_| time(node.took(now))).unwrap_or_default();
    let name = state.of.rsplit('.').next().unwrap_or_default();
    page.element("<tr><th scope=\"row\">", cut(path, LONGEST_NAME), " ").element("<small>", cut(name, LONGEST_NAME), "</small></th>");
    page.markup("<td><span class=\"track\" role=\"img\" aria-label=\"").text(stands(&state.status));
    page.markup(" ").text(&took).markup("\">");
    if let Some(ready) = state.ready {
        let is_gate = attempts.is_empty() && class(&state.status) != "queued" && state.started.is_none();
        bar(page, if is_gate { class(&state.status) } else { "queued" }, scale, ready, state.started.unwrap_or(until));
    }
    for attempt in attempts.iter().skip(attempts.len().saturating_sub(MOST_ATTEMPTS)) {
        let class = if attempt.failed { "failed" } else { class(&state.status) };
        bar(page, class, scale, attempt.began, attempt.ended);
    }
    page.markup("</span><span class=\"took\">").markup(symbol(&state.status)).element(" ", took, "</span></td></tr>\n");
}

fn bar(page: &mut Html, class: &'static str, scale: &Scale, from: SystemTime, to: SystemTime) {
    let (left, right) = (scale.place(from), scale.place(to));
    page.markup("<span class=\"bar ").markup(class);
    page.markup("\" style=\"left:").text(format_args!("{left:.2}%;width:{:.2}%", (right - left).max(0.0))).markup("\"></span>");
}
