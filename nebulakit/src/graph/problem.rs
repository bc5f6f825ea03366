//! What is wrong with a graph: everything at once, each problem with both of its ends and where they are written.

use std::fmt;

use nebulakit_types::visible;

use super::place::Place;

/// Everything that is wrong with a graph; at least one problem where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(Vec<Problem>);

/// One thing that is wrong with a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// What is wrong: a clause that names both ends.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where it is written.
    pub at: Option<Place>,
    /// The other ends, such as the node that gives the value.
    pub ends: Vec<End>,
}

/// The other end of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What it is.
    pub what: String,
    /// Where it is written.
    pub at: Option<Place>,
}

/// What sort of problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A value of one type feeds an input or output of another.
    Type,
    /// An input that has no default is not fed, or an output is not.
    Missing,
    /// Something is fed that there is not, or twice.
    Surplus,
    /// A promise of another graph.
    Foreign,
    /// A node, an output, an input, a task or a workflow that there is not.
    Unknown,
    /// Nodes that need each other, or stand before what they need.
    Order,
    /// Workflows that contain themselves.
    Recursion,
    /// An override that comes too late, or on what does not take it.
    Override,
    /// An id that a workflow has twice.
    Duplicate,
    /// A name or an id that a platform would refuse, or has for itself.
    Name,
    /// A launch plan that renames, computes or otherwise does more than launch.
    LaunchPlan,
    /// A schedule that is not one, or never fires.
    Schedule,
    /// A failure handler, or its error.
    Failure,
    /// A gate.
    Gate,
    /// A map.
    Map,
    /// A condition.
    Condition,
    /// A value outside its range, or a nesting that is too deep.
    Limit,
    /// A workflow without nodes.
    Empty,
    /// Text that is not a graph as JSON, or a graph that has no JSON form.
    Json,
    /// Something else that cannot be told in a graph.
    Other,
}

impl Problem {
    /// Makes a problem without a place.
    #[must_use]
    pub fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, at: None, ends: Vec::new() }
    }

    /// Where it is written.
    #[must_use]
    pub fn at(mut self, at: impl Into<Option<Place>>) -> Self {
        self.at = at.into();
        self
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Another end of it.
    #[must_use]
    pub fn end(mut self, what: impl Into<String>, at: impl Into<Option<Place>>) -> Self {
        self.ends.push(End { what: what.into(), at: at.into() });
        self
    }
}

impl fmt::Display for Problem {
    /// Writes `src/main.rs:12:5: ..`, then a line for each other end, and the hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        placed(f, self.at.as_ref(), &self.message)?;
        for end in &self.ends {
            f.write_str("\n  ")?;
            placed(f, end.at.as_ref(), &end.what)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {}", visible::line(hint))?;
        }
        Ok(())
    }
}

fn placed(f: &mut fmt::Formatter<'_>, at: Option<&Place>, text: &str) -> fmt::Result {
    if let Some(at) = at {
        write!(f, "{}: ", visible::line(&at.to_string()))?;
    }
    f.write_str(&visible::line(text))
}

impl std::error::Error for Problem {}

impl Problems {
    /// No problem.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// `value`, where there is no problem.
    ///
    /// # Errors
    /// The problems, where there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
