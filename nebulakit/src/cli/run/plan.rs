//! What `run --plan` says: what would run, what is cached, what is kept, and why.

use nebulakit_types::visible;
use serde_json::{Value, json};

use crate::backend::{Fate, Foreseen, Preview, Unkept};
use crate::cli::follow::words;
use crate::cli::lookups;
use crate::cli::shown::columns;
use crate::run::RunId;

/// What a run would do, for people or as JSON.
pub(super) fn said(preview: &Preview, is_json: bool) -> String {
    if is_json { for_machines(preview) } else { for_people(preview) }
}

fn for_people(preview: &Preview) -> String {
    let told: Vec<_> = preview.nodes.iter().filter(|node| !node.is_unremarkable()).map(|node| node.row(preview.resumes.as_ref())).collect();
    let count = |is: fn(&Fate) -> bool| preview.nodes.iter().filter(|node| is(&node.fate)).count();
    let sums = [
        (count(|fate| *fate == Fate::Runs), "would run"),
        (count(|fate| *fate == Fate::Cached), "cached"),
        (count(|fate| *fate == Fate::Kept), "kept"),
        (count(|fate| matches!(fate, Fate::Waits { .. })), "would wait"),
        (count(|fate| matches!(fate, Fate::Unknown { .. })), "not known yet"),
        (count(|fate| matches!(fate, Fate::Fails { .. })), "would fail"),
    ];
    let sums: Vec<_> = sums.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let sums = if sums.is_empty() { "nothing would run".to_owned() } else { sums.join(", ") };
    format!("{}: {sums}\n{}", visible::line(&preview.name), columns(&told))
}

fn for_machines(preview: &Preview) -> String {
    let resumes = preview.resumes.as_ref();
    let nodes: Vec<_> = preview.nodes.iter().map(|node| node.described(resumes)).collect();
    format!("{:#}\n", json!({ "name": preview.name, "resumes": resumes.map(RunId::to_string), "nodes": nodes }))
}

impl Foreseen {
    /// Whether it needs no line: there may be thousands of elements of which all is well.
    fn is_unremarkable(&self) -> bool {
        self.node.is_in_element() && matches!(self.fate, Fate::Cached | Fate::Kept | Fate::Settled)
    }

    fn row(&self, resumes: Option<&RunId>) -> [String; 3] {
        let of = self.of.rsplit('.').next().unwrap_or_default();
        let fate = match &self.fate {
            Fate::Runs => "runs",
            Fate::Cached => "cached",
            Fate::Kept => "kept",
            Fate::Partly => "runs in part",
            Fate::Settled => "nothing to run",
            Fate::Waits { .. } => "waits",
            Fate::Unknown { .. } => "unknown",
            Fate::Fails { .. } => "fails",
        };
        [visible::line(&format!("{} {of}", self.node)).into_owned(), fate.to_owned(), visible::line(&self.because(resumes)).into_owned()]
    }

    /// Why that becomes of it.
    fn because(&self, resumes: Option<&RunId>) -> String {
        let cache = || self.lookup.as_ref().map(|found| lookups::lookup(found, self.nearest.as_ref()));
        match &self.fate {
            Fate::Runs => {
                let unkept = resumes.zip(self.unkept).map(|(run, unkept)| unkept.said(run));
                let cached = cache().or_else(|| unkept.is_none().then(|| "it has no cache".to_owned()));
                unkept.into_iter().chain(cached).collect::<Vec<_>>().join("; ")
            }
            Fate::Cached => cache().unwrap_or_default(),
            Fate::Kept => resumes.map(|run| format!("it succeeded in the run {run}")).unwrap_or_default(),
            Fate::Partly | Fate::Settled => String::new(),
            Fate::Waits { signal } => format!("for the signal `{signal}`"),
            Fate::Unknown { until } => format!("until {until} is over"),
            Fate::Fails { failure } => failure.to_string(),
        }
    }

    fn described(&self, resumes: Option<&RunId>) -> Value {
        let (fate, more) = match &self.fate {
            Fate::Runs => ("runs", Value::Null),
            Fate::Cached => ("cached", Value::Null),
            Fate::Kept => ("kept", Value::Null),
            Fate::Partly => ("partly", Value::Null),
            Fate::Settled => ("settled", Value::Null),
            Fate::Waits { signal } => ("waits", json!(signal)),
            Fate::Unknown { until } => ("unknown", json!(until)),
            Fate::Fails { failure } => ("fails", json!(failure)),
        };
        json!({
            "node": self.node,
            "of": self.of,
            "fate": fate,
            "for": more,
            "because": self.because(resumes),
            "lookup": self.lookup.as_ref().map(lookups::lookup_name),
            "changes": self.nearest.as_ref().map(lookups::changes_json),
        })
    }
}

impl Unkept {
    fn said(self, run: &RunId) -> String {
        match self {
            Self::NotThere => format!("the run {run} did not come to it"),
            Self::NotDone => format!("it did not succeed in the run {run}"),
            Self::Again(because) => words::again(because).to_owned(),
        }
    }
}
