//! The head of the page: which run it is, and its status.

use std::fmt::Display;

use super::facts::Facts;
use super::html::{Html, cut};
use super::picture::class_of_run;
use crate::run::state::{Counts, RunStatus};
use crate::run::words::{self, between, moment, time};

/// The most characters of a name.
pub(super) const LONGEST_NAME: usize = 300;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    let state = &facts.state;
    page.element("<header>\n<h1>", cut(&state.name, LONGEST_NAME), "</h1>\n");
    page.markup("<p><span class=\"badge ").markup(class_of_run(&facts.status)).element("\">", words::status(&facts.status), "</span>");
    if !matches!(facts.status, RunStatus::Ended(_)) {
        page.markup(" as of ").text(moment(facts.now));
    }
    page.markup("</p>\n<dl>\n");
    let mut row = |term: &'static str, value: &dyn Display| {
        page.element("<div><dt>", term, "</dt>").element("<dd>", value, "</dd></div>\n");
    };
    row("Run", facts.run.id());
    if let Some(created) = state.created {
        row("Began", &moment(created));
    }
    row("Took", &time(between(state.created, facts.now)));
    row("Backend", &cut(&state.backend, LONGEST_NAME));
    if let Some(resumes) = &state.resumes {
        row("Goes on with", resumes);
    }
    page.markup("</dl>\n<ul class=\"counts\">\n");
    for (count, word, class) in counts(state.counts()) {
        page.markup("<li class=\"").markup(class).markup("\"><strong>").text(count).element("</strong> ", word, "</li>\n");
    }
    page.markup("</ul>\n</header>\n");
}

/// How many nodes have which status, without zeros.
fn counts(counts: Counts) -> impl Iterator<Item = (u64, &'static str, &'static str)> {
    [
        (counts.succeeded, "done", "done"),
        (counts.failed, "failed", "failed"),
        (counts.running, "running", "running"),
        (counts.waiting, "waiting", "waiting"),
        (counts.queued, "queued", "queued"),
        (counts.skipped, "skipped", "skipped"),
        (counts.cancelled, "stopped", "skipped"),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
}
