//! The configuration file: where it lies, and its text.

use std::io;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::ini::read_ini;
use super::lookup::Entries;
use super::yaml::read_yaml;
use crate::env::{self, Environment};

/// The file that is to be read, if there is one, and what stands in it.
pub(super) fn read(environment: &Environment, directory: &Path) -> Result<Option<(PathBuf, Entries)>, ConfigError> {
    let Some(path) = find(environment, directory)? else { return Ok(None) };
    let entries = if is_yaml(&path) { read_yaml(&path)? } else { read_ini(&path)? };
    Ok(Some((path, entries)))
}

pub(super) fn is_yaml(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(b"yaml") || name.ends_with(b"yml")
}

fn find(environment: &Environment, directory: &Path) -> Result<Option<PathBuf>, ConfigError> {
    for variable in [env::CONFIG_OVERRIDE, env::FLYTECTL_CONFIG] {
        if let Some(path) = environment.raw(variable).filter(|path| !path.is_empty()) {
            return named(Path::new(path), variable).map(Some);
        }
    }
    let mut places = vec![directory.join("flytekit.config")];
    if let Some(home) = environment.raw(env::HOME).filter(|home| !home.is_empty()) {
        places.extend([Path::new(home).join(".flyte/config"), Path::new(home).join(".flyte/config.yaml")]);
    }
    Ok(places.into_iter().find(|place| place.is_file()))
}

fn named(path: &Path, by: &str) -> Result<PathBuf, ConfigError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(error) => Err(ConfigError(format!("configuration file `{}`, named by {by}, cannot be read: {error}", path.display()).into())),
    }
}

pub(super) fn read_text(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let reason = if error.kind() == io::ErrorKind::InvalidData { "it is not UTF-8 text".to_owned() } else { error.to_string() };
        ConfigError(format!("configuration file `{}` cannot be read: {reason}", path.display()).into())
    })?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::super::tests::folder;
    use super::*;

    #[test]
    fn the_first_place_that_has_a_file_counts() {
        let folder = folder(&[
            ("override", "[platform]\nurl = override"),
            ("ctl", "[platform]\nurl = ctl"),
            ("work/flytekit.config", "[platform]\nurl = work"),
            ("home/.flyte/config", "[platform]\nurl = home"),
        ]);
        let at = |name: &str| folder.path().join(name);
        let endpoint = |environment: &Environment, directory: &str| {
            let config = Config::load(environment, &at(directory)).unwrap();
            config.platform.endpoint
        };
        let home = Environment::empty().with("HOME", at("home"));
        let ctl = home.clone().with("FLYTECTL_CONFIG", at("ctl"));
        let both = ctl.clone().with("_FLYTECTL_CONFIG_PYFLYTE_OVERRIDE", at("override"));
        assert_eq!(endpoint(&both, "work"), "override");
        assert_eq!(endpoint(&ctl, "work"), "ctl");
        assert_eq!(endpoint(&home, "work"), "work");
        assert_eq!(endpoint(&home, "nowhere"), "home");
        assert_eq!(endpoint(&Environment::empty(), "nowhere"), "localhost:30080");
        assert_eq!(endpoint(&home.with("FLYTECTL_CONFIG", ""), "work"), "work", "an empty name is none");
    }

    #[test]
    fn a_named_file_must_be_there() {
        let environment = Environment::empty().with("FLYTECTL_CONFIG", "/nowhere/config");
        let error = Config::load(&environment, Path::new("")).unwrap_err().to_string();
        assert!(error.starts_with("configuration file `/nowhere/config`, named by FLYTECTL_CONFIG, cannot be read: "), "{error}");
    }

    #[test]
    fn bytes_that_are_not_text_are_told() {
        let folder = folder(&[]);
        let path = folder.path().join("c.ini");
        std::fs::write(&path, b"[aws]\nendpoint = \xff").unwrap();
        let error = Config::load(&Environment::empty().with("FLYTECTL_CONFIG", path), Path::new("")).unwrap_err().to_string();
        assert!(error.ends_with("cannot be read: it is not UTF-8 text"), "{error}");
    }
}
