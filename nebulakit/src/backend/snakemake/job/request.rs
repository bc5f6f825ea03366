//! The command line of a job.

use std::ffi::OsString;
use std::path::PathBuf;

use nebulakit_types::visible;

use super::super::parts::Part;

/// Which part of which node of which plan is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JobRequest {
    pub(super) plan: PathBuf,
    pub(super) node: String,
    pub(super) part: Part,
}

impl JobRequest {
    /// Reads the words behind the verb.
    ///
    /// # Errors
    /// With the word that is wrong.
    pub(super) fn parse(words: &[OsString]) -> Result<Self, String> {
        let (mut plan, mut node, mut part) = (None, None, None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{}` needs a value", visible::line(&word.to_string_lossy())))?;
            let text = || value.to_str().map(str::to_owned).ok_or_else(|| format!("not UTF-8: {value:?}"));
            match word.to_str() {
                Some("--plan") => plan = Some(value.into()),
                Some("--node") => node = Some(text()?),
                Some("--part") => {
                    let word = text()?;
                    part = Some(Part::of(&word).ok_or_else(|| format!("there is no part `{}` of a node", visible::line(&word)))?);
                }
                _ => return Err(format!("there is no option `{}`", visible::line(&word.to_string_lossy()))),
            }
        }
        match (plan, node, part) {
            (Some(plan), Some(node), Some(part)) => Ok(Self { plan, node, part }),
            _ => Err("it needs `--plan FOLDER`, `--node ID` and `--part PART`; a plan's Snakefile has them".to_owned()),
        }
    }
}
