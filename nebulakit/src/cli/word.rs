//! A word that the command line has to have.

use clap::ArgMatches;

/// The word that was given for a required argument.
pub(super) fn word<'a>(matches: &'a ArgMatches, id: &str) -> &'a str {
    matches.get_one::<String>(id).map(String::as_str).unwrap_or_default()
}
