//! `config show`: the settings that count, and where each is from.

use clap::{ArgMatches, Command};
use nebulakit_types::visible;
use serde_json::{Value, json};

use super::complaint::Complaint;
use super::help::{command as helped, json_flag};
use super::output::say;
use super::run::backends::settings;
use super::setting::Setting;
use super::shown::columns;
use crate::backend::Said;
use crate::process::exit::Exit;

pub(super) fn command() -> Command {
    let show = helped("show", "Show each setting that counts here, and where it is from").arg(json_flag().help("as a JSON array"));
    helped("config", "Show the settings of backends").subcommand_required(true).arg_required_else_help(true).subcommand(show)
}

/// Does what the words behind `config` say.
pub(super) fn dispatch(matches: &ArgMatches, setting: &Setting<'_>) -> Result<Exit, Complaint> {
    let is_json = matches.subcommand_matches("show").is_some_and(|matches| matches.get_flag("json"));
    let shown = settings(Said::default(), setting)?.shown();
    if is_json {
        let all: Vec<Value> = shown.iter().map(|one| json!({ "key": one.key, "value": one.value, "origin": one.origin })).collect();
        return say(&format!("{:#}\n", Value::Array(all)));
    }
    let line = |text: &str| visible::line(text).into_owned();
    let rows: Vec<_> = shown.iter().map(|one| [line(&one.key), line(&format!("= {}", one.value)), line(&one.origin)]).collect();
    say(&columns(&rows))
}
