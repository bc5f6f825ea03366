//! Which project and domain are meant, and one call of a client.

use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgMatches};
use tokio::runtime::Builder;

use crate::backend::flyte::{ClientError, ClientErrorKind, FlyteClient};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::services::config::Config;

/// The options that name them.
const PROJECT: &str = "project";
const DOMAIN: &str = "domain";

/// The domain where nothing says which.
const USUAL_DOMAIN: &str = "development";

/// The options themselves.
pub(in crate::cli) fn arguments() -> [Arg; 2] {
    let text = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).value_parser(NonEmptyStringValueParser::new())
    };
    [
        text(PROJECT, "PROJECT").help("project; that of the configuration file if left out"),
        text(DOMAIN, "DOMAIN").help("domain; that of the configuration file if left out, else `development`"),
    ]
}

/// A project and a domain.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Place {
    pub(in crate::cli) project: String,
    pub(in crate::cli) domain: String,
}

impl Place {
    /// Those that the command line names, else those of the configuration file.
    pub(in crate::cli) fn of(matches: &ArgMatches, config: &Config) -> Result<Self, Complaint> {
        let project = project(matches, config).ok_or_else(|| {
            Complaint::usage("no project is named").hint("hint: name it with `--project`, or as `task.project` in the configuration file")
        })?;
        Ok(Self { project, domain: domain(matches, config) })
    }
}

/// The project, if anything names one.
pub(super) fn project(matches: &ArgMatches, config: &Config) -> Option<String> {
    matches.get_one::<String>(PROJECT).cloned().or_else(|| config.local.project.clone())
}

/// The domain.
pub(super) fn domain(matches: &ArgMatches, config: &Config) -> String {
    let named = matches.get_one::<String>(DOMAIN).cloned().or_else(|| config.local.domain.clone());
    named.unwrap_or_else(|| USUAL_DOMAIN.to_owned())
}

/// What `call` gives of a client that is made as the settings say.
pub(in crate::cli) fn reached<T>(
    config: &Config,
    setting: &Setting<'_>,
    call: impl AsyncFnOnce(FlyteClient) -> Result<T, ClientError>,
) -> Result<T, Complaint> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Complaint::failed(format!("the client cannot start: {error}")))?;
    let answer = runtime.block_on(async { call(FlyteClient::new(config, setting.environment)?).await });
    answer.map_err(|error| failed(&error))
}

/// The failure of a call, for a person.
pub(in crate::cli) fn failed(error: &ClientError) -> Complaint {
    let complaint = match error.kind() {
        ClientErrorKind::Settings => Complaint::usage(error.message()),
        _ => Complaint::failed(error.message()),
    };
    match error.hint() {
        Some(hint) => complaint.hint(format!("hint: {hint}")),
        None => complaint,
    }
}
