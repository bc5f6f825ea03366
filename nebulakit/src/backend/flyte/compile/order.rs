//! What has to be registered before what.

use std::collections::{BTreeMap, BTreeSet};

/// The names in `needs`, each behind those that it needs, and else in their own order. Names that need each other are a problem of the graph; here one of
/// them is the first.
pub(super) fn ordered<'n>(needs: &BTreeMap<&'n str, BTreeSet<&'n str>>) -> Vec<&'n str> {
    let mut ordered = Vec::with_capacity(needs.len());
    let mut seen = BTreeSet::new();
    for start in needs.keys() {
        // Without recursion of our own: launch plans may launch each other in a long row.
        let mut path: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut enter = |name: &'n str, path: &mut Vec<(&'n str, Vec<&'n str>)>| {
            if let Some(needed) = needs.get(name)
                && seen.insert(name)
            {
                path.push((name, needed.iter().rev().copied().collect()));
            }
        };
        enter(start, &mut path);
        while let Some((name, left)) = path.last_mut() {
            match left.pop() {
                Some(next) => enter(next, &mut path),
                None => {
                    ordered.push(*name);
                    path.pop();
                }
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first_and_each_name_once() {
        let needs = BTreeMap::from([
            ("a", BTreeSet::from(["c", "b"])),
            ("b", BTreeSet::from(["c", "elsewhere"])),
            ("c", BTreeSet::new()),
            ("d", BTreeSet::from(["a"])),
        ]);
        assert_eq!(ordered(&needs), ["c", "b", "a", "d"]);
    }
}
