//! A map: how many elements it has, and what they gave together.

use bytes::Bytes;

use super::super::folder::read;
use super::super::parts::Part;
use super::spot::{Spot, outputs};
use super::why::Why;
use super::work::{Work, kept_name};
use crate::backend::driver::all_of;
use crate::backend::values::map::{NoMap, gathered, lists, needed};
use crate::backend::values::{code, literals_of};
use crate::graph::{Kind, Map};
use crate::run::JobFailure;

impl Work<'_> {
    /// How many elements the lists have.
    pub(super) fn length(&self, spot: &Spot<'_>, inputs: &Bytes) -> Result<usize, Why> {
        let map = map(self, spot)?;
        let given = literals_of(inputs).map_err(|error| self.unbound(&error))?;
        let (_, elements) = lists(given, |name| map.mapped.iter().any(|mapped| mapped == name)).map_err(|why| self.no_map(why))?;
        needed(map.success, elements).map_err(|why| self.no_map(why))?;
        Ok(elements)
    }

    fn no_map(&self, why: NoMap) -> Why {
        match why {
            NoMap::NoList(name, error) => self.unbound(&error.at_field(&name)),
            NoMap::Lengths(said) => Why::own(self, code::LENGTHS, said),
        }
    }

    /// How many elements of the map may fail.
    pub(super) fn spare(&self, spot: &Spot<'_>) -> Result<usize, Why> {
        let elements = count(self, self.map())?;
        let needed = needed(map(self, spot)?.success, elements).map_err(|why| self.no_map(why))?;
        Ok(elements - needed)
    }
}

/// What the elements of a map left.
pub(super) struct Elements<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) spot: &'a Spot<'a>,
}

impl Elements<'_> {
    /// What they gave, as lists.
    pub(super) fn gathered(&self) -> Result<Bytes, Why> {
        let work = self.work;
        let unread = |error: std::io::Error| work.fault(format!("cannot read what an element left: {error}"));
        let elements = count(work, work.id)?;
        let (mut given, mut failed, mut is_stopped) = (Vec::with_capacity(elements), Vec::new(), false);
        for index in 0..elements {
            let id = format!("{}[{index}]", work.id);
            let outputs = work.plan.outputs(&id).map_err(unread)?.map(Bytes::from);
            if outputs.is_none() {
                match read(&work.plan.node(&id).join("failure.json")).map_err(unread)? {
                    Some(failure) => {
                        failed.push((index, serde_json::from_slice::<JobFailure>(&failure).map_err(|error| work.fault(error.to_string()))?))
                    }
                    None => is_stopped = true,
                }
            }
            given.push(outputs);
        }
        let spare = elements - needed(map(work, self.spot)?.success, elements).map_err(|why| work.no_map(why))?;
        if failed.len() > spare {
            self.forget(elements);
            return Err(Why::own_failure(work, all_of(failed.iter().map(|(index, failure)| (*index, failure)))));
        }
        if is_stopped {
            self.forget(elements);
            return Err(Why::Stopped);
        }
        let names = outputs(work.graph, self.spot.node);
        gathered(names.into_iter(), &given).map_err(|(name, error)| work.unbound(&error.at_field(name)))
    }

    /// Forgets the elements that gave nothing: they run again when the run is resumed.
    fn forget(&self, elements: usize) {
        let plan = self.work.plan;
        for index in 0..elements {
            let id = format!("{}[{index}]", self.work.id);
            if plan.outputs(&id).ok().flatten().is_none() {
                let _ = std::fs::remove_file(plan.marker(&id, Part::Element));
                let _ = std::fs::remove_file(plan.node(&id).join("failure.json"));
                let _ = std::fs::remove_file(plan.node(&id).join(kept_name(Part::Element)));
            }
        }
        for index in 0..elements {
            let _ = std::fs::remove_file(plan.node(self.work.id).join(format!("failed[{index}]")));
        }
        let _ = std::fs::remove_file(plan.stop(Some(self.work.id)));
    }
}

fn map<'a>(work: &Work<'_>, spot: &'a Spot<'_>) -> Result<&'a Map, Why> {
    match &spot.node.kind {
        Kind::Map(map) => Ok(map),
        _ => Err(work.fault("it is not a map")),
    }
}

/// How many elements the map `id` has.
fn count(work: &Work<'_>, id: &str) -> Result<usize, Why> {
    let said = work.plan.said(id, Part::Expand).map_err(|error| work.fault(error.to_string()))?;
    said.and_then(|said| said.parse().ok()).ok_or_else(|| work.fault("it is not known how many elements there are"))
}
