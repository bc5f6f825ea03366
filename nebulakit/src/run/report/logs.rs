//! The last lines of the nodes' logs.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::facts::Facts;
use super::html::{Html, cut};

/// Maximum logs.
const MOST_LOGS: usize = 200;

/// Maximum lines of a log.
const MOST_LINES: usize = 40;

/// Maximum bytes of a log that are read.
const MOST_BYTES: u64 = 16 << 10;

/// Maximum characters of a line.
const LONGEST_LINE: usize = 1_000;

pub(super) fn write(page: &mut Html, facts: &Facts<'_>) {
    let folder = facts.run.folder();
    let of_nodes = facts.ranked().iter().map(|node| (&*node.path, folder.log(Some(&node.path))));
    let all = std::iter::once(("the run", folder.log(None))).chain(of_nodes);
    let mut logs = all.filter_map(|(name, path)| Some((name, tail(&path).transpose()?)));
    let Some(first) = logs.next() else { return };
    page.markup("<section aria-labelledby=\"logs\">\n<h2 id=\"logs\">Logs</h2>\n");
    for (name, read) in std::iter::once(first).chain(logs.by_ref().take(MOST_LOGS - 1)) {
        page.element("<details>\n<summary>", cut(name, LONGEST_LINE), "</summary>\n");
        match read {
            Ok(Tail { lines, is_all }) => {
                if !is_all {
                    page.left_out("The last lines:");
                }
                page.element("<pre tabindex=\"0\">", lines, "</pre>\n");
            }
            Err(error) => drop(page.left_out(format_args!("It cannot be read: {error}"))),
        }
        page.markup("</details>\n");
    }
    if logs.next().is_some() {
        page.left_out(format_args!("The logs of other nodes are left out: {MOST_LOGS} are shown."));
    }
    page.markup("</section>\n");
}

/// The end of a log.
struct Tail {
    lines: String,
    is_all: bool,
}

/// The end of a log; [`None`] if there is no log.
fn tail(path: &Path) -> io::Result<Option<Tail>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let start = file.metadata()?.len().saturating_sub(MOST_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // Where the file begins earlier, the first line is the end of one.
    let lines: Vec<_> = text.lines().skip(usize::from(start > 0)).collect();
    let last: Vec<_> = lines.iter().skip(lines.len().saturating_sub(MOST_LINES)).map(|line| cut(line, LONGEST_LINE)).collect();
    Ok(Some(Tail { is_all: start == 0 && last.len() == lines.len(), lines: last.join("\n") }))
}
