//! The GPUs that this process may use.

use std::fs;
use std::sync::Arc;

use crate::services::env::{CUDA_VISIBLE_DEVICES, Environment};

/// The GPUs that a task may use.
#[derive(Debug, Clone)]
pub(crate) enum Gpus {
    /// These, by their ids.
    Granted(Vec<Arc<str>>),
    /// Those that `CUDA_VISIBLE_DEVICES` names in this environment; where it is not set, those that the driver shows.
    OfMachine(Environment),
}

impl Gpus {
    /// Their ids, as `CUDA_VISIBLE_DEVICES` names them.
    pub(crate) fn ids(&self) -> Vec<Arc<str>> {
        let environment = match self {
            Self::Granted(ids) => return ids.clone(),
            Self::OfMachine(environment) => environment,
        };
        match environment.get(CUDA_VISIBLE_DEVICES) {
            Some(named) => of_variable(named),
            None => (0..count()).map(|number| number.to_string().into()).collect(),
        }
    }
}

/// The ids that a value names. What follows one that is none does not count, as the driver has it: `-1` hides the rest, and empty text all.
fn of_variable(named: &str) -> Vec<Arc<str>> {
    let mut ids: Vec<Arc<str>> = Vec::new();
    for id in named.split(',').map(str::trim) {
        let is_one = id.starts_with("GPU-") || id.starts_with("MIG-") || (!id.is_empty() && id.chars().all(|c| c.is_ascii_digit()));
        if !is_one {
            break;
        }
        if !ids.iter().any(|known| **known == *id) {
            ids.push(id.into());
        }
    }
    ids
}

/// How many the driver shows. Their numbers begin at 0, whatever their files are called.
fn count() -> usize {
    let entries = |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries("/dev").filter(|entry| {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("nvidia"));
        number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    });
    match files.count() {
        0 => entries("/proc/driver/nvidia/gpus").count(),
        files => files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_setting_is_respected() {
        let of = |value: &str| Gpus::OfMachine(Environment::empty().with(CUDA_VISIBLE_DEVICES, value)).ids().join(" ");
        assert_eq!(of("2, 3"), "2 3");
        assert_eq!(of("GPU-8932f937,MIG-x/1"), "GPU-8932f937 MIG-x/1");
        assert_eq!(of("0,-1,1"), "0");
        assert_eq!(of("1,1,0"), "1 0");
        for none in ["", "-1", "none", "void", "NoDevFiles"] {
            assert_eq!(of(none), "", "{none}");
        }
    }
}
