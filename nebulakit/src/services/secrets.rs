//! Secrets: found in the environment or in files, where the platform's webhook put them, and kept from logs.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

pub use nebulakit_types::Secret;
use nebulakit_types::visible;
use zeroize::Zeroizing;

use crate::services::config::{Config, LazyConfig};
use crate::services::env::Environment;

/// Looks up the secrets that the task asked for.
///
/// Clones are cheap and equal.
///
/// A secret is named by its group and its key, and by a version where the group has several; Flyte 2 has keys alone, where the group is
/// left empty. It is looked for, in this order (Flyte task contract, secrets):
///
/// 1. in the variable `<prefix><GROUP>_<VERSION>_<KEY>`, in capitals, without the parts that are empty; in a process that no platform
///    started also without the prefix;
/// 2. in the file `<folder>/<group>/<version>/<prefix><key>`, in small letters, without the parts that are empty, and then as it is
///    spelt.
///
/// Prefixes and folder are the settings `secrets.env_prefix`, `secrets.file_prefix` and `secrets.default_dir`, which both platforms set
/// by variables. White space around a value is dropped.
#[derive(Debug, Clone)]
pub struct Secrets {
    environment: Environment,
    config: LazyConfig,
    is_local: bool,
    /// What the task asks for: group, version and key of each.
    declared: Vec<[&'static str; 3]>,
}

impl Secrets {
    /// Makes the lookup. `is_local` says that no platform started this process.
    #[must_use]
    pub fn new(environment: &Environment, config: &LazyConfig, is_local: bool) -> Self {
        Self { environment: environment.clone(), config: config.clone(), is_local, declared: Vec::new() }
    }

    /// No secrets.
    #[must_use]
    pub fn none() -> Self {
        Self::of([])
    }

    /// These secrets and no others, for tests: group, key and value of each. The group may be empty.
    ///
    /// ```
    /// # use nebulakit::secrets::Secrets;
    /// let secrets = Secrets::of([("db", "password", "dummy")]);
    /// assert_eq!(secrets.get("db", "password")?.expose(), "dummy");
    /// assert!(secrets.get("db", "user").unwrap_err().is_not_found());
    /// # Ok::<(), nebulakit::secrets::SecretError>(())
    /// ```
    #[must_use]
    pub fn of<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Self {
        let secrets = secrets.into_iter();
        Self::given(secrets.map(|(group, key, value)| ([group.to_owned(), String::new(), key.to_owned()], value.as_bytes().to_vec())))
    }

    /// These secrets and no others, which need not be text: group, version and key of each, and its value.
    pub(crate) fn given(secrets: impl IntoIterator<Item = ([String; 3], Vec<u8>)>) -> Self {
        // A lookup in a folder that is not there, and in variables of its own.
        let name = |parts: [String; 3]| {
            parts.iter().filter(|part| !part.is_empty()).fold("_FSEC".to_owned(), |name, part| name + "_" + &part.to_uppercase())
        };
        let environment = secrets.into_iter().map(|(parts, value)| (name(parts), OsString::from_vec(value))).collect();
        Self { config: LazyConfig::of(Config::default()), environment, is_local: true, declared: Vec::new() }
    }

    /// The same lookup for a task that declares these secrets (group, version and key), which decides the hint for one that is not found.
    #[must_use]
    pub(crate) fn of_task(mut self, declared: Vec<[&'static str; 3]>) -> Self {
        self.declared = declared;
        self
    }

    /// Finds the secret `key` of `group`. An empty `group` means none.
    ///
    /// # Errors
    /// It is in none of the places, a file cannot be read, or the value is not UTF-8.
    pub fn get(&self, group: &str, key: &str) -> Result<Secret, SecretError> {
        self.get_version(group, "", key)
    }

    /// Finds the secret `key` of `version` of `group`. Each may be empty, but not all.
    ///
    /// # Errors
    /// Those of [`get`](Self::get).
    pub fn get_version(&self, group: &str, version: &str, key: &str) -> Result<Secret, SecretError> {
        let SecretBytes(mut bytes) = self.get_bytes(group, version, key)?;
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                Ok(Secret::from(text.as_str()))
            }
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(SecretError::new(group, version, key, Problem::NotText))
            }
        }
    }

    /// Finds a secret that need not be text. ASCII white space around it is dropped, as flytekit does it.
    ///
    /// # Errors
    /// It is in none of the places, or a file cannot be read.
    pub fn get_bytes(&self, group: &str, version: &str, key: &str) -> Result<SecretBytes, SecretError> {
        let parts: Vec<&str> = [group, version, key].into_iter().filter(|part| !part.is_empty()).collect();
        let fail = |problem| Err(SecretError::new(group, version, key, problem));
        if parts.is_empty() {
            return fail(Problem::Nameless);
        }
        let settings = &self.config.get_or_environment().secrets;

        let bare = parts.join("_").to_uppercase();
        let mut variables = vec![format!("{}{bare}", settings.env_prefix.to_uppercase())];
        if self.is_local && variables[0] != bare {
            variables.push(bare);
        }
        for name in &variables {
            if let Some(value) = self.environment.raw(name) {
                return Ok(SecretBytes::trimmed(value.as_encoded_bytes()));
            }
        }

        let mut files: Vec<PathBuf> = Vec::new();
        let lower = |text: &str| text.to_lowercase();
        for (group, version, key) in [
            (lower(group), version.to_owned(), lower(key)),
            (lower(group), lower(version), lower(key)),
            (group.into(), version.into(), key.into()),
        ] {
            let path = file_path(&settings.default_dir, &settings.file_prefix, &[&group, &version, &key]);
            if !files.contains(&path) {
                files.push(path);
            }
        }
        for path in &files {
            match read(path) {
                Ok(value) => return Ok(SecretBytes::trimmed(&value)),
                Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(error) => return fail(Problem::Unreadable { path: path.clone(), reason: error.to_string() }),
            }
        }
        // What is left out on either side fits any.
        let same = |asked: &str, wanted: &str| asked.is_empty() || wanted.is_empty() || asked.eq_ignore_ascii_case(wanted);
        let is_declared =
            self.declared.iter().any(|asked| asked.iter().zip([group, version, key]).all(|(asked, wanted)| same(asked, wanted)));
        let hint = match (is_declared, self.is_local) {
            (true, true) => Hint::Set,
            (true, false) => Hint::OnThePlatform,
            (false, _) => Hint::Declare,
        };
        fail(Problem::Absent { variables, files, hint })
    }
}

fn file_path(folder: &Path, prefix: &str, parts: &[&str]) -> PathBuf {
    let mut path = folder.to_owned();
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    if let Some((last, folders)) = parts.split_last() {
        path.extend(folders);
        path.push(format!("{prefix}{last}"));
    }
    path
}

/// Reads a file into memory that is zeroed afterwards, sized at once so that no outgrown copy stays behind.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    use io::Read as _;
    let (mut file, metadata) = nebulakit_types::storage::open_file(path)?;
    let mut value = Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0).saturating_add(1)));
    file.read_to_end(&mut value)?;
    Ok(value)
}

/// The bytes of a secret, as well kept as [`Secret`].
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    fn trimmed(bytes: &[u8]) -> Self {
        // Python's bytes.strip also drops the vertical tab, which Rust's ASCII white space leaves out.
        let keep = |byte: &u8| !(byte.is_ascii_whitespace() || *byte == 0x0b);
        let start = bytes.iter().position(keep).unwrap_or(bytes.len());
        let end = bytes.iter().rposition(keep).map_or(start, |last| last + 1);
        Self(Zeroizing::new(bytes[start..end].to_vec()))
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(redacted)")
    }
}

/// The secret could not be read. The message names the places that were tried, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    group: String,
    version: String,
    key: String,
    problem: Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Problem {
    Nameless,
    NotText,
    Unreadable { path: PathBuf, reason: String },
    Absent { variables: Vec<String>, files: Vec<PathBuf>, hint: Hint },
}

/// The way out for a secret that is not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    /// The task does not ask for it.
    Declare,
    /// The task asks for it, and no platform is there to answer.
    Set,
    /// The task asks for it, and the platform has not answered.
    OnThePlatform,
}

impl SecretError {
    fn new(group: &str, version: &str, key: &str, problem: Problem) -> Self {
        Self(Box::new(Inner { group: group.to_owned(), version: version.to_owned(), key: key.to_owned(), problem }))
    }

    /// Whether the secret is in none of the places, so that asking for it with `#[task(secrets(..))]` may help.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self.0.problem, Problem::Absent { .. })
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { group, version, key, problem } = &*self.0;
        let mut word = "secret";
        for (what, name) in [("key", key), ("version", version), ("group", group)] {
            if !name.is_empty() {
                write!(f, "{word} {what} `{}`", visible::line(name))?;
                word = " of";
            }
        }
        match problem {
            Problem::Nameless => f.write_str("a secret needs a group or a key, found neither"),
            Problem::NotText => f.write_str(": expected UTF-8 text, found other bytes; `get_bytes` reads those"),
            Problem::Unreadable { path, reason } => {
                write!(f, ": file `{}` cannot be read: {reason}", visible::line(&path.to_string_lossy()))
            }
            Problem::Absent { variables, files, hint } => {
                f.write_str(" was not found in the environment as")?;
                for (index, variable) in variables.iter().enumerate() {
                    write!(f, "{} `{}`", if index == 0 { "" } else { " or" }, visible::line(variable))?;
                }
                f.write_str(", nor as the file")?;
                for (index, file) in files.iter().enumerate() {
                    write!(f, "{} `{}`", if index == 0 { "" } else { " or" }, visible::line(&file.to_string_lossy()))?;
                }
                match (hint, variables.last()) {
                    (Hint::Set, Some(variable)) => write!(f, "\nhint: set the variable `{}` to its value", visible::line(variable)),
                    (Hint::OnThePlatform, _) => f.write_str("\nhint: the task asks for it; does the platform have a secret of that name?"),
                    _ => f.write_str("\nhint: ask for it with #[task(secrets((group = \"..\", key = \"..\")))]"),
                }
            }
        }
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(environment: &Environment, is_local: bool) -> Secrets {
        Secrets::new(environment, &LazyConfig::new(environment), is_local)
    }

    #[test]
    fn the_environment_comes_first_and_is_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("g-1")).unwrap();
        std::fs::write(folder.path().join("g-1/k1"), "from the file").unwrap();
        let environment = Environment::empty().with("FLYTE_SECRETS_DEFAULT_DIR", folder.path());
        assert_eq!(secrets(&environment, false).get("G-1", "K1").unwrap().expose(), "from the file");
        let environment = environment.with("_FSEC_G-1_K1", "  from the environment\n");
        assert_eq!(secrets(&environment, false).get("g-1", "k1").unwrap().expose(), "from the environment");
    }

    #[test]
    fn both_platforms_say_their_prefix_by_the_environment() {
        let environment =
            Environment::empty().with("FLYTE_SECRETS_ENV_PREFIX", "_UNION_").with("_UNION_TOKEN", "t").with("_UNION_G_2_K", "versioned");
        assert_eq!(secrets(&environment, false).get("", "token").unwrap().expose(), "t");
        assert_eq!(secrets(&environment, false).get_version("g", "2", "k").unwrap().expose(), "versioned");
    }

    #[test]
    fn the_prefix_may_be_left_out_only_on_this_machine() {
        let environment = Environment::empty().with("G_K", "here").with("FLYTE_SECRETS_DEFAULT_DIR", "/nowhere");
        assert_eq!(secrets(&environment, true).get("g", "k").unwrap().expose(), "here");
        assert!(secrets(&environment, false).get("g", "k").unwrap_err().is_not_found());
    }

    #[test]
    fn files_have_folders_a_prefix_and_their_own_spelling() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("g/V1")).unwrap();
        std::fs::write(folder.path().join("g/V1/pre-k"), b"\x0b one \n").unwrap();
        std::fs::write(folder.path().join("pre-Key"), "two").unwrap();
        std::fs::write(folder.path().join("pre-raw"), b" \xff\x00 ").unwrap();
        let environment = Environment::empty().with("FLYTE_SECRETS_DEFAULT_DIR", folder.path()).with("FLYTE_SECRETS_FILE_PREFIX", "pre-");
        let secrets = secrets(&environment, false);
        assert_eq!(secrets.get_version("G", "V1", "K").unwrap().expose(), "one");
        assert_eq!(secrets.get("", "Key").unwrap().expose(), "two");
        assert_eq!(secrets.get_bytes("", "", "raw").unwrap().expose(), b"\xff\x00");
        let error = secrets.get("", "raw").unwrap_err();
        assert_eq!(error.to_string(), "secret key `raw`: expected UTF-8 text, found other bytes; `get_bytes` reads those");
    }

    #[test]
    fn an_absent_secret_says_where_it_was_looked_for() {
        let environment = Environment::empty().with("FLYTE_SECRETS_DEFAULT_DIR", "/nowhere");
        let error = secrets(&environment, true).get("Group", "Key").unwrap_err();
        assert_eq!(
            error.to_string(),
            "secret key `Key` of group `Group` was not found in the environment as `_FSEC_GROUP_KEY` or `GROUP_KEY`, \
             nor as the file `/nowhere/group/key` or `/nowhere/Group/Key`\n\
             hint: ask for it with #[task(secrets((group = \"..\", key = \"..\")))]"
        );
        assert_eq!(secrets(&environment, true).get("", "").unwrap_err().to_string(), "a secret needs a group or a key, found neither");
    }

    #[test]
    fn the_hint_for_a_declared_secret_is_the_variable_that_holds_it() {
        let declared = vec![["Group", "", "Key"]];
        let environment = Environment::empty().with("FLYTE_SECRETS_DEFAULT_DIR", "/nowhere");
        let told = |is_local, key| secrets(&environment, is_local).of_task(declared.clone()).get("group", key).unwrap_err().to_string();
        assert!(told(true, "key").ends_with("\nhint: set the variable `GROUP_KEY` to its value"), "{}", told(true, "key"));
        assert!(told(false, "key").ends_with("\nhint: the task asks for it; does the platform have a secret of that name?"));
        assert!(told(true, "other").contains("\nhint: ask for it with "));
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("g/k")).unwrap();
        let environment = Environment::empty().with("FLYTE_SECRETS_DEFAULT_DIR", folder.path());
        let error = secrets(&environment, false).get("g", "k").unwrap_err();
        assert!(!error.is_not_found());
        assert!(error.to_string().contains("g/k` cannot be read: "), "{error}");
    }

    #[test]
    fn nothing_shows_a_value() {
        let environment = Environment::empty().with("_FSEC_G_K", "hunter2");
        let secrets = secrets(&environment, false);
        let secret = secrets.get("g", "k").unwrap();
        let bytes = secrets.get_bytes("g", "", "k").unwrap();
        assert!(!format!("{secret:?} {bytes:?} {secrets:?}").contains("hunter2"));
    }
}
