//! Which jobs have to be over before a line's job begins.

use std::collections::{HashMap, HashSet};

use super::line::{Line, Work};

/// A line, and where it is.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: Line,
    /// What it needs within its scope, by ids of lines.
    pub(super) depends: Vec<String>,
    /// The line of the workflow or the condition that it is in.
    pub(super) parent: Option<String>,
}

/// Fills in which jobs each line needs.
pub(super) fn order(entries: &mut [Entry], ends: &HashMap<String, Vec<String>>) {
    let places: HashMap<&str, usize> = entries.iter().enumerate().map(|(place, entry)| (&*entry.line.id, place)).collect();
    let mut order = Order { entries, places, ends, needs: vec![None; entries.len()], over: HashMap::new() };
    let needs: Vec<_> = (0..entries.len()).map(|place| order.needs(place)).collect();
    for (entry, needs) in entries.iter_mut().zip(needs) {
        if entry.line.run.is_job() {
            entry.line.needs = needs;
        }
    }
}

struct Order<'o> {
    entries: &'o [Entry],
    places: HashMap<&'o str, usize>,
    ends: &'o HashMap<String, Vec<String>>,
    needs: Vec<Option<Vec<String>>>,
    /// Which jobs have to be over for a line to be over.
    over: HashMap<&'o str, Vec<String>>,
}

impl<'o> Order<'o> {
    /// The jobs that the line at `place` needs: those of its own scope, else those of the line that it is in.
    fn needs(&mut self, place: usize) -> Vec<String> {
        if let Some(known) = &self.needs[place] {
            return known.clone();
        }
        let entry = &self.entries[place];
        let mut needs = Vec::new();
        for depends in &entry.depends {
            needs.extend(self.over(depends));
        }
        match entry.parent.as_deref().and_then(|parent| self.places.get(parent).copied()) {
            // An arm begins when its condition is decided, whatever its nodes take.
            Some(parent) if matches!(self.entries[parent].line.run, Work::Branch(_)) => needs.push(self.entries[parent].line.id.clone()),
            Some(parent) if entry.depends.is_empty() => needs = self.needs(parent),
            _ => {}
        }
        let mut seen = HashSet::new();
        needs.retain(|id| seen.insert(id.clone()));
        self.needs[place] = Some(needs.clone());
        needs
    }

    fn over(&mut self, id: &'o str) -> Vec<String> {
        if let Some(known) = self.over.get(id) {
            return known.clone();
        }
        let over = match self.ends.get(id) {
            None => vec![id.to_owned()],
            // A workflow without nodes is over when it may begin.
            Some(ends) if ends.is_empty() => self.places.get(id).copied().map_or_else(Vec::new, |place| self.needs(place)),
            Some(ends) => ends.iter().flat_map(|end| if end == id { vec![id.to_owned()] } else { self.over(end) }).collect(),
        };
        self.over.insert(id, over.clone());
        over
    }
}
