//! The tasks of this binary, by name.

use std::collections::BTreeMap;
use std::fmt;

use crate::task::TaskDef;

/// A task that announces itself; `#[task]` submits one.
#[derive(Debug)]
pub struct Registered(pub &'static TaskDef);

inventory::collect!(Registered);

/// The tasks of a binary, by full name.
#[derive(Debug)]
pub(crate) struct Registry {
    tasks: BTreeMap<&'static str, Vec<&'static TaskDef>>,
}

impl Registry {
    /// Every task that is linked into this binary.
    #[must_use]
    pub(crate) fn linked() -> Self {
        inventory::iter::<Registered>().map(|registered| registered.0).collect()
    }

    /// Every task, in the order of their names; one that is defined twice occurs twice.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static TaskDef> {
        self.tasks.values().flatten().copied()
    }

    /// The task called `name`: its full name, or the last segments of it where no other task ends so. Dots and `::` both separate.
    ///
    /// # Errors
    /// When no task, or more than one, is called so.
    pub(crate) fn find(&self, name: &str) -> Result<&'static TaskDef, LookupError> {
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

    fn nearest(&self, wanted: &str) -> Option<&'static str> {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let score = |name: &&str| {
            let whole = strsim::jaro_winkler(name, wanted);
            whole.max(strsim::jaro_winkler(&last(name), &last(wanted)))
        };
        let nearest = self.tasks.keys().max_by(|left, right| score(left).total_cmp(&score(right)))?;
        (score(nearest) > 0.7).then_some(nearest)
    }
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

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { wanted, nearest, known } => {
                write!(f, "no task is called `{wanted}`")?;
                if let Some(nearest) = nearest {
                    write!(f, "; did you mean `{nearest}`?")?;
                }
                match known.len() {
                    0 => f.write_str("\nthis binary has no tasks at all")?,
                    1..=LISTED => write!(f, "\nthis binary has: {}", known.join(", "))?,
                    more => write!(f, "\nthis binary has {more} tasks; `list` shows them")?,
                }
                f.write_str(
                    "\nhint: tasks of a library crate are linked only when the binary names the crate: `nebulakit::main!(my_tasks)` or `use my_tasks as _;`",
                )
            }
            Self::Several { wanted, found } => {
                write!(f, "{} tasks are called `{wanted}`:", found.len())?;
                for (name, file, line) in found {
                    write!(f, "\n  {name} at {file}:{line}")?;
                }
                let same = found.iter().all(|(name, ..)| *name == found[0].0);
                f.write_str(if same {
                    "\nhint: give one of them another name with `#[task(name = \"..\")]`"
                } else {
                    "\nhint: use the full name, or `--task-module`"
                })
            }
        }
    }
}

impl std::error::Error for LookupError {}
