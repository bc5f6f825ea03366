//! What the settings say of tasks, by their names.

use std::time::Duration;

/// What is said of a task, or of several.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::backend) struct Rule {
    /// How many cores, instead of what the task asks for.
    pub(in crate::backend) cores: Option<f64>,
    /// How much memory, in bytes.
    pub(in crate::backend) memory: Option<u64>,
    /// How many GPUs.
    pub(in crate::backend) gpus: Option<u32>,
    /// How long an attempt may run.
    pub(in crate::backend) time: Option<Duration>,
    /// The image that it runs in.
    pub(in crate::backend) image: Option<String>,
    /// Whether it runs in the driver.
    pub(in crate::backend) local: Option<bool>,
    /// How many elements of a map one job runs, one after the other.
    pub(in crate::backend) chunk: Option<u32>,
    /// How often it may be preempted.
    pub(in crate::backend) preemptions: Option<u32>,
}

/// What the settings say of tasks: by task, by workflow, and of all.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::backend) struct Rules {
    /// By the names of tasks, or patterns of them.
    pub(in crate::backend) tasks: Vec<(String, Rule)>,
    /// By the names of workflows, or patterns of them.
    pub(in crate::backend) workflows: Vec<(String, Rule)>,
    /// Of all.
    pub(in crate::backend) defaults: Rule,
}

impl Rules {
    /// What is said of a task in a workflow: what is said by its name counts most, then what is said by the workflow's, then the defaults. Among names a whole one
    /// counts more than a pattern, and a pattern with more letters more than one with fewer.
    pub(in crate::backend) fn of(&self, workflow: &str, task: &str) -> Rule {
        let mut rule = Rule::default();
        for found in sorted(&self.tasks, task).into_iter().chain(sorted(&self.workflows, workflow)).chain([&self.defaults]) {
            rule.fill(found);
        }
        rule
    }

    /// Whether something is said anywhere.
    pub(in crate::backend) fn any(&self, is_so: impl Fn(&Rule) -> bool) -> bool {
        self.tasks.iter().chain(&self.workflows).map(|(_, rule)| rule).chain([&self.defaults]).any(is_so)
    }
}

impl Rule {
    /// Takes what `other` says of what this leaves open.
    fn fill(&mut self, other: &Self) {
        self.cores = self.cores.or(other.cores);
        self.memory = self.memory.or(other.memory);
        self.gpus = self.gpus.or(other.gpus);
        self.time = self.time.or(other.time);
        self.image = self.image.take().or_else(|| other.image.clone());
        self.local = self.local.or(other.local);
        self.chunk = self.chunk.or(other.chunk);
        self.preemptions = self.preemptions.or(other.preemptions);
    }
}

/// What is said of a name, by a whole name first, and by the pattern with the most letters then.
pub(in crate::backend) fn sorted<'r, T>(rules: &'r [(String, T)], name: &str) -> Vec<&'r T> {
    let mut found: Vec<_> = rules.iter().filter(|(pattern, _)| is_named(pattern, name)).collect();
    found.sort_by_key(|(pattern, _)| {
        let letters = pattern.chars().filter(|letter| *letter != '*').count();
        (pattern.contains('*'), usize::MAX - letters)
    });
    found.into_iter().map(|(_, rule)| rule).collect()
}

/// Whether a pattern means a name: the whole of it or, without dots, its last part. `*` stands for any letters.
pub(in crate::backend) fn is_named(pattern: &str, name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    fits(pattern.as_bytes(), name.as_bytes()) || (!pattern.contains('.') && fits(pattern.as_bytes(), last.as_bytes()))
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == name[read] => (at, read) = (at + 1, read + 1),
            // The last star takes one letter more.
            _ => match star {
                Some((from, taken)) => {
                    star = Some((from, taken + 1));
                    (at, read) = (from + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name) in [
            ("*", "app.align"),
            ("align", "app.align"),
            ("app.align", "app.align"),
            ("al*", "app.align"),
            ("a*n", "align"),
            ("*.align", "app.align"),
            ("a**n", "an"),
        ] {
            assert!(is_named(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("ali", "app.align"), ("b.align", "app.align"), ("", "align"), ("a*x", "align"), ("align*x", "align")] {
            assert!(!is_named(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_said_most_closely_counts() {
        let cores = |cores| Rule { cores: Some(cores), ..Rule::default() };
        let rules = Rules {
            tasks: vec![
                ("*".to_owned(), Rule { gpus: Some(1), ..cores(2.0) }),
                ("al*".to_owned(), cores(3.0)),
                ("align".to_owned(), cores(4.0)),
            ],
            workflows: vec![("genome".to_owned(), Rule { memory: Some(7), ..cores(5.0) })],
            defaults: Rule { memory: Some(8), time: Some(Duration::from_secs(9)), ..cores(6.0) },
        };
        assert_eq!(
            rules.of("genome", "app.align"),
            Rule { gpus: Some(1), memory: Some(7), time: Some(Duration::from_secs(9)), ..cores(4.0) }
        );
        assert_eq!(rules.of("other", "app.alter").cores, Some(3.0));
        assert_eq!(rules.of("other", "app.alter").memory, Some(8));
        let without = Rules { tasks: Vec::new(), ..rules };
        assert_eq!((without.of("genome", "x").cores, without.of("x", "x").cores), (Some(5.0), Some(6.0)));
    }
}
