//! What a job leaves when it is over.

use std::fs;
use std::io;

use super::super::folder::{PlanFolder, publish, publish_first, read};
use super::super::line::FirstFailure;
use super::super::parts::Part;
use super::why::{Ended, Why};
use super::work::{Work, kept_name};
use crate::backend::node::{self, Outcome, Record};
use crate::process::exit::Exit;
use crate::process::terminal;
use crate::run::EventKind;

/// Whether an earlier process did this part: then its file is put back.
///
/// # Errors
/// When it cannot be.
pub(super) fn is_kept(plan: &PlanFolder, id: &str, part: Part, is_grown: bool) -> io::Result<bool> {
    if part == Part::Handle {
        return Ok(false);
    }
    let kept = match read(&plan.node(id).join(kept_name(part)))? {
        Some(kept) => kept,
        // Its attempt outlived the job.
        None if matches!(part, Part::Run | Part::Element) && !is_grown => match succeeded_before(plan, id)? {
            Some(attempt) => format!("{attempt}\n").into_bytes(),
            None => return Ok(false),
        },
        None => return Ok(false),
    };
    publish(&plan.marker(id, part), &kept)?;
    Ok(true)
}

/// The attempt at a task that left outputs, though nobody has heard of it.
fn succeeded_before(plan: &PlanFolder, id: &str) -> io::Result<Option<u32>> {
    let node = node::PlanFolder::at(plan.path())?.node(id);
    for number in 0.. {
        let attempt = node.attempt(number);
        if !attempt.path().exists() {
            break;
        }
        if let Some(record) = Record::of(&attempt)?
            && record.outcome == Outcome::Succeeded
        {
            return Ok(Some(record.outputs.unwrap_or(number)));
        }
    }
    Ok(None)
}

/// Leaves what the work gave, or why it gave nothing.
///
/// # Errors
/// When that cannot be left.
pub(super) fn leave(work: &Work<'_>, ended: Ended) -> io::Result<Exit> {
    let failed = match ended {
        Ok(given) => return succeeded(work, &given).map(|()| Exit::Stored),
        Err(Why::MapStopped) => return mark(work, b"stopped\n").map(|()| Exit::Stored),
        Err(Why::Stopped) => return Ok(Exit::Failed),
        Err(Why::Failed(failed)) => failed,
        Err(Why::Own(failed)) => {
            let told = super::told::Told::of(work.plan, &work.plan.node(work.id), None)?;
            if work.part != Part::Finish {
                told.tell(&work.path(), EventKind::Failed { failure: failed.failure.clone(), used: None })?;
            }
            failed
        }
    };
    terminal::write(&format!("error: the node {} failed: {}\n", failed.node, failed.failure.message));
    match work.part {
        Part::Element => element_failed(work, &failed)?,
        Part::Handle => publish(&work.plan.file("handler.json"), &json(&*failed)?)?,
        _ => {
            publish_first(&work.plan.file("failed.json"), &json(&*failed)?)?;
            if !work.graph.keep_going {
                fs::write(work.plan.stop(None), b"")?;
            }
        }
    }
    Ok(if matches!(work.part, Part::Element) { Exit::Stored } else { Exit::Failed })
}

fn succeeded(work: &Work<'_>, given: &[u8]) -> io::Result<()> {
    match work.part {
        Part::Handle => Ok(()),
        Part::Begin => mark(work, b"begun\n"),
        // The file says it itself.
        Part::Decide | Part::Expand => mark(work, &[given, b"\n"].concat()),
        _ => {
            let attempt = place(work, given)?;
            mark(work, format!("{attempt}\n").as_bytes())
        }
    }
}

/// The attempt in whose folder the outputs are: that which gave them, else one more.
fn place(work: &Work<'_>, given: &[u8]) -> io::Result<u32> {
    let folder = work.plan.node(work.id);
    for number in 0.. {
        let attempt = folder.join(number.to_string());
        match read(&attempt.join("outputs.pb"))? {
            Some(outputs) if outputs == given => return Ok(number),
            None if !attempt.exists() => {
                publish(&attempt.join("outputs.pb"), given)?;
                return Ok(number);
            }
            _ => {}
        }
    }
    Err(io::Error::other("there are no more numbers of attempts"))
}

/// An element that failed ends well: whether the map failed is decided when all are over.
fn element_failed(work: &Work<'_>, failed: &FirstFailure) -> io::Result<()> {
    publish(&work.plan.node(work.id).join("failure.json"), &json(&failed.failure)?)?;
    let map = work.plan.node(work.map());
    let index = &work.id[work.map().len()..];
    fs::write(map.join(format!("failed{index}")), b"")?;
    let count = fs::read_dir(&map)?
        .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("failed[")))
        .count();
    let spare = work.spot.map(|spot| work.spare(spot).unwrap_or(0)).unwrap_or(0);
    if count > spare {
        fs::write(work.plan.stop(Some(work.map())), b"")?;
    }
    fs::write(work.plan.marker(work.id, Part::Element), b"failed\n")
}

fn mark(work: &Work<'_>, said: &[u8]) -> io::Result<()> {
    publish(&work.plan.node(work.id).join(kept_name(work.part)), said)?;
    publish(&work.plan.marker(work.id, work.part), said)
}

fn json<T: serde::Serialize>(value: &T) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}
