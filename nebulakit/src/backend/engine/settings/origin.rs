//! Every setting with where it is from, for people.

use super::Settings;

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Its path, such as `backends.lsf.poll`.
    pub(crate) key: String,
    /// Its value, as it counts.
    pub(crate) value: String,
    /// Where that is from: an option, a variable, a file, or `default`.
    pub(crate) origin: String,
}

impl Settings {
    /// Every setting that counts.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        let mut all: Vec<_> =
            self.layers.all().map(|(key, value, file)| Shown { key: key.to_owned(), value, origin: file.display().to_string() }).collect();
        let mut set = |key: &str, value: String, origin: String| {
            all.retain(|one| one.key != key);
            all.push(Shown { key: key.to_owned(), value, origin });
        };
        for (key, name, value) in &self.variables {
            set(key, format!("{value:?}"), (*name).to_owned());
        }
        if let Some(backend) = &self.said.backend {
            set("backend", format!("{backend:?}"), "--backend".to_owned());
        }
        if let Some(folder) = &self.said.plan_dir {
            set("plan_dir", format!("{:?}", folder.display().to_string()), "--plan-dir".to_owned());
        }
        for (key, value) in [("backend", "\"local\""), ("poll", "\"10s\"")] {
            if !all.iter().any(|one| one.key == key) {
                all.push(Shown { key: key.to_owned(), value: value.to_owned(), origin: "default".to_owned() });
            }
        }
        all.sort_by(|one, other| (one.key.contains('.'), &one.key).cmp(&(other.key.contains('.'), &other.key)));
        all
    }
}
