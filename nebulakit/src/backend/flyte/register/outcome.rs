//! What came of a registration, entity by entity.

use std::collections::BTreeSet;
use std::fmt;

use nebulakit_types::visible;

use super::super::compile::Entity;

/// What came of a registration. It displays as a table, and behind it what has to be done about the entities that are not registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registration {
    /// All entities, in the order in which they were given.
    pub entities: Vec<Registered>,
}

/// What came of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// What it is.
    pub kind: EntityKind,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntityKind {
    /// A task.
    Task,
    /// A workflow.
    Workflow,
    /// A launch plan.
    LaunchPlan,
}

/// What came of an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It would be sent; this is only in [`Registration::planned`].
    Planned,
    /// It is new.
    Created,
    /// It was registered already, and is the same.
    Unchanged,
    /// It is registered, and the active version of its launch plan.
    Activated,
    /// Another one is registered under its version: what differs.
    Differs(Vec<Difference>),
    /// The control plane refuses it.
    Refused {
        /// The control plane's words.
        reason: String,
    },
    /// It was not sent, since one that it needs is not registered.
    Skipped {
        /// The name of that one.
        needs: String,
    },
}

/// One difference between what is registered and what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, such as `/template/container/image`.
    pub place: String,
    /// What is registered, if anything.
    pub registered: Option<String>,
    /// What was sent, if anything.
    pub sent: Option<String>,
}

impl Registration {
    /// What would be sent, for people who look before they register.
    #[must_use]
    pub fn planned(entities: &[Entity]) -> Self {
        Self { entities: entities.iter().map(|entity| Registered::new(entity, Outcome::Planned)).collect() }
    }

    /// Whether all entities are registered.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.entities.iter().all(Registered::is_registered)
    }
}

impl Registered {
    pub(super) fn new(entity: &Entity, outcome: Outcome) -> Self {
        let kind = match entity {
            Entity::Task { .. } => EntityKind::Task,
            Entity::Workflow { .. } => EntityKind::Workflow,
            Entity::LaunchPlan { .. } => EntityKind::LaunchPlan,
        };
        let id = entity.id();
        Self { kind, name: id.name.clone(), version: id.version.clone(), outcome }
    }

    /// Whether it is registered as it was sent.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.outcome.is_registered()
    }
}

impl Outcome {
    pub(super) fn is_registered(&self) -> bool {
        matches!(self, Self::Created | Self::Unchanged | Self::Activated)
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Created => "created",
            Self::Unchanged => "unchanged",
            Self::Activated => "active",
            Self::Differs(_) => "differs",
            Self::Refused { .. } => "refused",
            Self::Skipped { .. } => "not sent",
        }
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Task => "task",
            Self::Workflow => "workflow",
            Self::LaunchPlan => "launch plan",
        })
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<_> = self.entities.iter().map(|entity| visible::line(&entity.name).into_owned()).collect();
        let width = shown.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (entity, name) in self.entities.iter().zip(&shown) {
            writeln!(f, "{:<11}  {name:<width$}  {}", entity.kind, entity.outcome.word())?;
        }
        let is_explained = |entity: &&Registered| !entity.is_registered() && entity.outcome != Outcome::Planned;
        // What is wrong with all of them, such as their project, is told once.
        let mut told = BTreeSet::new();
        for entity in self.entities.iter().filter(is_explained) {
            match &entity.outcome {
                Outcome::Refused { reason } if !told.insert(reason) => {}
                Outcome::Refused { .. } => {
                    write!(f, "\n{entity}")?;
                    match self.entities.iter().filter(|other| other.outcome == entity.outcome).count() {
                        1 => {}
                        all => writeln!(f, "  refused for the same reason: {} more", all - 1)?,
                    }
                }
                _ => write!(f, "\n{entity}")?,
            }
        }
        Ok(())
    }
}

/// What happened, and what to do about it.
impl fmt::Display for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, version, outcome } = self;
        let (name, version) = (visible::line(name), visible::line(version));
        match outcome {
            Outcome::Differs(differences) => {
                writeln!(f, "{kind} {name}: another one is registered as version {version}")?;
                differences.iter().try_for_each(|difference| writeln!(f, "  {difference}"))?;
                writeln!(f, "hint: register it under another version")
            }
            Outcome::Refused { reason } => writeln!(f, "{kind} {name}: {}", visible::lines(reason)),
            Outcome::Skipped { needs } => writeln!(f, "{kind} {name}: not sent, since it needs {}", visible::line(needs)),
            registered => writeln!(f, "{kind} {name}: {}", registered.word()),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.as_deref().map_or("nothing".to_owned(), |value| format!("`{}`", visible::line(value)));
        write!(f, "{}: registered {}, sent {}", visible::line(&self.place), shown(&self.registered), shown(&self.sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_all_share_is_told_once() {
        let registered = |name: &str, reason: &str| Registered {
            kind: EntityKind::Task,
            name: name.to_owned(),
            version: "v1".to_owned(),
            outcome: Outcome::Refused { reason: reason.to_owned() },
        };
        let entities = vec![registered("a", "no project"), registered("b", "no project"), registered("c", "another")];
        let shown = Registration { entities }.to_string();
        let (_, told) = shown.split_once("\n\n").unwrap();
        assert_eq!(told, "task a: no project\n  refused for the same reason: 1 more\n\ntask c: another\n");
    }
}
