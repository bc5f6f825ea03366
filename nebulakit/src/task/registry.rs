//! The tasks of this binary, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use nebulakit_types::storage::shown;
use nebulakit_types::visible;

use crate::task::def::TaskDef;

/// A task that announces itself; `#[task]` submits one.
#[derive(Debug)]
pub struct Registered(pub &'static TaskDef);

inventory::collect!(Registered);

/// Tasks of a library that are in the registry of those binaries alone that ask for them.
#[derive(Debug)]
pub struct Collected(pub fn() -> Vec<&'static TaskDef>);

inventory::collect!(Collected);

/// A crate that the binary names for its tasks; `main!` submits one for each.
#[derive(Debug)]
pub struct Named(pub &'static str);

inventory::collect!(Named);

impl Named {
    /// Every crate that the binary names.
    #[cfg(feature = "run")]
    pub(crate) fn all() -> impl Iterator<Item = &'static str> {
        inventory::iter::<Self>().map(|named| named.0)
    }
}

/// The tasks of this binary.
///
/// # Examples
/// ```standalone_crate
/// use nebulakit::prelude::*;
///
/// #[task(name = "app.divider")]
/// fn divider(a: f64, b: f64) -> f64 {
///     a / b
/// }
/// # fn main() {
///
/// let task = nebulakit::registry().get("divider").unwrap();
/// assert_eq!(task.name(), "app.divider");
/// assert_eq!(nebulakit::registry().iter().count(), 1);
/// # }
/// ```
#[must_use]
pub fn registry() -> &'static Registry {
    static LINKED: LazyLock<Registry> = LazyLock::new(Registry::linked);
    &LINKED
}

/// The tasks of a binary, by full name; see [`registry`].
#[derive(Debug)]
pub struct Registry {
    tasks: BTreeMap<&'static str, Vec<&'static TaskDef>>,
}

impl Registry {
    /// Every task that is linked into this binary.
    #[must_use]
    pub(crate) fn linked() -> Self {
        let collected = inventory::iter::<Collected>().flat_map(|collected| collected.0());
        inventory::iter::<Registered>().map(|registered| registered.0).chain(collected).collect()
    }

    /// The task called `name`: its full name, or the last segments of it where no other task ends so. [`None`] too where several are called so.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static TaskDef> {
        self.find(name).ok()
    }

    /// Every task, in the order of their names; one that is defined twice occurs twice.
    pub fn iter(&self) -> impl Iterator<Item = &'static TaskDef> {
        self.tasks.values().flatten().copied()
    }

    /// The task called `name`: its full name, or the last segments of it where no other task ends so. Dots and `::` both separate.
    ///
    /// # Errors
    /// When no task, or more than one, is called so.
    pub(crate) fn find(&self, name: &str) -> Result<&'static TaskDef, LookupError> {
        if let Some([task]) = self.tasks.get(name).map(Vec::as_slice) {
            return Ok(task);
        }
        let wanted = name.trim().replace("::", ".");
        let ending = format!(".{wanted}");
        let exact = self.tasks.get(wanted.as_str());
        let found: Vec<_> = match exact {
            Some(tasks) => tasks.clone(),
            None => self.iter().filter(|task| task.name.ends_with(&ending)).collect(),
        };
        match found.as_slice() {
            [task] => Ok(task),
            [] => Err(LookupError::Unknown { nearest: self.nearest(&wanted), known: self.tasks.keys().copied().collect(), wanted }),
            several => Err(LookupError::Several { wanted, found: several.iter().map(|task| (task.name, task.file, task.line)).collect() }),
        }
    }

    /// Whether there are tasks that are called as those of the crate `name` are.
    #[cfg(feature = "run")]
    pub(crate) fn has_tasks_of(&self, name: &str) -> bool {
        self.tasks.keys().any(|task| task.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    fn nearest(&self, wanted: &str) -> Option<&'static str> {
        nearest(self.tasks.keys().copied(), wanted)
    }
}

/// The full name that is most like `wanted`, or like the last segment of it, if one is.
pub(crate) fn nearest(names: impl Iterator<Item = &'static str>, wanted: &str) -> Option<&'static str> {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |name: &&str| strsim::jaro_winkler(name, wanted).max(strsim::jaro_winkler(&last(name), &last(wanted)));
    names.max_by(|left, right| score(left).total_cmp(&score(right))).filter(|name| score(name) > 0.7)
}

impl FromIterator<&'static TaskDef> for Registry {
    fn from_iter<I: IntoIterator<Item = &'static TaskDef>>(defs: I) -> Self {
        let mut tasks: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for def in defs {
            tasks.entry(def.name).or_default().push(def);
        }
        Self { tasks }
    }
}

/// Why a name does not lead to one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// No task is called so.
    Unknown {
        /// The name that was looked for.
        wanted: String,
        /// The name most like it, if one is like it.
        nearest: Option<&'static str>,
        /// Every name there is.
        known: Vec<&'static str>,
    },
    /// More than one task is called so.
    Several {
        /// The name that was looked for.
        wanted: String,
        /// Name, file and line of each of them.
        found: Vec<(&'static str, &'static str, u32)>,
    },
}

/// Above this many tasks the list is left to `list`.
const LISTED: usize = 30;

/// Why a task that is there in the source may not be in the binary.
pub(crate) const LINKED: &str =
    "tasks of a library crate are linked only when the binary names the crate: `nebulakit::main!(my_tasks)` or `use my_tasks as _;`";

impl LookupError {
    /// What is wrong, and which tasks there are; several lines.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Unknown { wanted, known, .. } => {
                let known = match known.len() {
                    0 => "this binary has no tasks at all".to_owned(),
                    1..=LISTED => format!("this binary has: {}", known.join(", ")),
                    more => format!("this binary has {more} tasks; `list` shows them"),
                };
                format!("no task is called `{}`\n{known}", visible::line(&shown(wanted)))
            }
            Self::Several { wanted, found } => {
                let places: String = found.iter().map(|(name, file, line)| format!("\n  {name} at {file}:{line}")).collect();
                format!("{} tasks are called `{wanted}`:{places}", found.len())
            }
        }
    }

    /// Whether no task at all is called so.
    #[cfg(feature = "run")]
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// Whether no task is called alike.
    #[cfg(feature = "run")]
    pub(crate) fn is_far_off(&self) -> bool {
        matches!(self, Self::Unknown { nearest: None, .. })
    }

    /// The likeliest way out, in one line.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Unknown { nearest: Some(nearest), .. } => format!("did you mean `{nearest}`?"),
            Self::Unknown { nearest: None, .. } => LINKED.to_owned(),
            Self::Several { found, .. } if found.iter().all(|(name, ..)| *name == found[0].0) => {
                "give one of them another name with `#[task(name = \"..\")]`".to_owned()
            }
            Self::Several { .. } => "use the full name".to_owned(),
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.message(), self.hint())?;
        match self {
            // A platform does not mistype: the task may well be missing from this binary.
            Self::Unknown { nearest: Some(_), .. } => write!(f, "\nhint: {LINKED}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for LookupError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(nearest: Option<&'static str>, known: &[&'static str]) -> LookupError {
        LookupError::Unknown { wanted: "app.divid".to_owned(), nearest, known: known.to_vec() }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_and_with_what_may_be_missing() {
        let error = unknown(Some("app.divide"), &["app.divide", "app.fail"]);
        assert_eq!(error.message(), "no task is called `app.divid`\nthis binary has: app.divide, app.fail");
        assert_eq!(error.hint(), "did you mean `app.divide`?");
        assert_eq!(error.to_string(), format!("{}\nhint: did you mean `app.divide`?\nhint: {LINKED}", error.message()));
        assert_eq!(unknown(None, &["t"; 31]).message(), "no task is called `app.divid`\nthis binary has 31 tasks; `list` shows them");
        let error = unknown(None, &[]);
        assert_eq!(error.to_string(), format!("no task is called `app.divid`\nthis binary has no tasks at all\nhint: {LINKED}"));
    }

    #[test]
    fn several_tasks_are_told_with_their_places() {
        let several = |found: &[(&'static str, &'static str, u32)]| LookupError::Several { wanted: "t".to_owned(), found: found.to_vec() };
        let error = several(&[("a.t", "a.rs", 1), ("b.t", "b.rs", 2)]);
        assert_eq!(error.to_string(), "2 tasks are called `t`:\n  a.t at a.rs:1\n  b.t at b.rs:2\nhint: use the full name");
        let error = several(&[("t", "a.rs", 1), ("t", "b.rs", 2)]);
        assert_eq!(error.hint(), "give one of them another name with `#[task(name = \"..\")]`");
    }
}
