//! The inputs and outputs of a run.

use nebulakit_types::convert::reader::{Entries, References};

use super::facts::Facts;
use super::html::{Html, cut};
use crate::render::{self, Reader};
use crate::run::error::{RecordError, RecordErrorKind};
use crate::run::event::RunOutcome;
use crate::run::state::RunStatus;

/// Maximum values of either kind.
const MOST: usize = 200;

/// Maximum characters of a value.
const LONGEST: usize = 2_000;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    list(page, "Inputs", facts.run.inputs());
    if facts.status == RunStatus::Ended(RunOutcome::Succeeded) {
        list(page, "Outputs", facts.run.result());
    }
}

/// The values in these bytes; nothing if there are none.
fn list(page: &mut Html, title: &'static str, recorded: Result<Vec<u8>, RecordError>) {
    let shown = match recorded {
        Ok(bytes) => shown(&bytes).map_err(|error| error.to_string()),
        Err(error) if error.kind() == RecordErrorKind::NotFound => return,
        Err(error) => Err(error.to_string()),
    };
    if shown.as_ref().is_ok_and(|(values, _)| values.is_empty()) {
        return;
    }
    page.markup("<section>\n<h2>").markup(title).markup("</h2>\n");
    match shown {
        Ok((values, left_out)) => {
            page.markup("<dl class=\"values\">\n");
            for (name, value) in values {
                page.element("<div><dt>", name, "</dt>").element("<dd><pre tabindex=\"0\">", value, "</pre></dd></div>\n");
            }
            page.markup("</dl>\n");
            if left_out > 0 {
                page.left_out(format_args!("{left_out} more are left out."));
            }
        }
        Err(error) => drop(page.left_out(format_args!("They cannot be shown: {error}"))),
    }
    page.markup("</section>\n");
}

/// The first values by their names, and how many are left out.
fn shown(bytes: &[u8]) -> nebulakit_types::Result<(Vec<(String, String)>, usize)> {
    let (mut values, mut left_out) = (Vec::new(), 0);
    let mut entries = Entries::of_map(bytes, References::none());
    while let Some((name, literal)) = entries.next()? {
        if values.len() == MOST {
            left_out += 1;
            continue;
        }
        let value = render::plain(&render::value(literal, Reader::Person)?);
        values.push((cut(name, LONGEST), cut(&value, LONGEST)));
    }
    Ok((values, left_out))
}
