//! The configuration file: where it lies, and its text.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::ini::read_ini;
use super::lookup::{Entries, is_yaml};
use super::trust::{self, Opened};
use super::yaml::read_yaml;
use crate::services::env::{self, Environment};

/// A configuration file has at most 1 MiB, which is far more than any has.
const LONGEST: u64 = 1 << 20;

/// Looks for the file and reads it. What keeps a file that was found from being obeyed is in `refused`, whether or not reading fails.
pub(super) fn search(
    environment: &Environment,
    directory: &Path,
    refused: &mut Vec<String>,
) -> Result<Option<(PathBuf, Entries)>, ConfigError> {
    let Some((path, text)) = find(environment, directory, refused)? else { return Ok(None) };
    let entries = if is_yaml(&path) { read_yaml(&path, &text)? } else { read_ini(&path, &text)? };
    Ok(Some((path, entries)))
}

fn find(environment: &Environment, directory: &Path, refused: &mut Vec<String>) -> Result<Option<(PathBuf, String)>, ConfigError> {
    // Someone who sets the variables of this process can have it do anything.
    for variable in [env::CONFIG_OVERRIDE, env::FLYTECTL_CONFIG] {
        if let Some(path) = environment.raw(variable).filter(|path| !path.is_empty()) {
            let path = Path::new(path);
            let file =
                std::fs::File::open(path).map_err(|error| unreadable(path, &format!(", named by {variable},"), &error.to_string()))?;
            return Ok(Some((path.to_owned(), text(path, file)?)));
        }
    }
    let mut places = vec![directory.join("flytekit.config")];
    if let Some(home) = environment.raw(env::HOME).filter(|home| !home.is_empty()) {
        places.extend([Path::new(home).join(".flyte/config"), Path::new(home).join(".flyte/config.yaml")]);
    }
    for path in places {
        match trust::open(&path) {
            Opened::Absent => {}
            Opened::Trusted(file) => {
                let text = text(&path, file)?;
                return Ok(Some((path, text)));
            }
            Opened::Refused(why) => refused.push(why),
            Opened::Failed(error) => return Err(unreadable(&path, "", &error.to_string())),
        }
    }
    Ok(None)
}

fn text(path: &Path, file: std::fs::File) -> Result<String, ConfigError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, "", &error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unreadable(path, "", &format!("it has more than {LONGEST} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| unreadable(path, "", "it is not UTF-8 text"))
}

fn unreadable(path: &Path, which: &str, why: &str) -> ConfigError {
    ConfigError::new(format!("configuration file `{}`{which} cannot be read: {why}", path.display()))
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
