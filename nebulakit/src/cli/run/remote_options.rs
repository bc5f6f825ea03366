//! The options of `run --remote`. They are options only there, so that inputs have their own names elsewhere.

use std::ffi::OsString;

/// Whether these words ask for it.
pub(super) fn is_asked(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word.to_str() == Some("--remote"))
}

#[cfg(feature = "flyte")]
pub(super) use self::of_launches::{LaunchWords, WAIT, all};

#[cfg(feature = "flyte")]
mod of_launches {
    use clap::builder::NonEmptyStringValueParser;
    use clap::{Arg, ArgAction, ArgMatches, value_parser};

    use super::super::options::{JSON, OVERWRITE_CACHE, QUIET, VERBOSE, flag, inputs_file, remote};
    use crate::backend::flyte::LaunchOptions;
    use crate::cli::help::help_flag;
    use crate::cli::{folder, outputs};

    /// The option that waits for the end.
    pub(in super::super) const WAIT: &str = "wait";

    /// Sets what a text, or a name and a value, say of a launch.
    type SetText = fn(LaunchOptions, String) -> LaunchOptions;
    type SetPair = fn(LaunchOptions, String, String) -> LaunchOptions;

    /// All options of a launch, with their headings.
    pub(in super::super) fn all() -> Vec<Arg> {
        let text = |name: &'static str, value: &'static str| {
            Arg::new(name).long(name).value_name(value).value_parser(NonEmptyStringValueParser::new())
        };
        let pairs = |name: &'static str| Arg::new(name).long(name).value_name("K=V").action(ArgAction::Append).value_parser(pair);
        let [output, force] = outputs::arguments();
        let own = [
            inputs_file(),
            flag(WAIT).help("wait until it is over, show its progress, and print its outputs"),
            output.requires(WAIT),
            force.requires(WAIT),
            flag(JSON).help("print the launch, and with `--wait` events and outputs, as JSON"),
            folder::option(),
            flag(QUIET).short('q').help("show no progress, only errors, warnings and gates"),
            flag(VERBOSE).short('v').conflicts_with_all([QUIET, JSON]).help("show each attempt"),
            help_flag(),
        ];
        let launch = [
            remote(),
            text("project", "PROJECT").help("project; that of the configuration file if left out"),
            text("domain", "DOMAIN").help("domain; that of the configuration file if left out, else `development`"),
            text("version", "VERSION").help("version; the active launch plan if left out, else the newest"),
            text("name", "NAME").help("name of the execution"),
            pairs("label").help("label of the execution, up to 16"),
            pairs("annotation").help("annotation of the execution"),
            text("service-account", "NAME").help("service account of Kubernetes"),
            Arg::new("interruptible")
                .long("interruptible")
                .value_name("BOOL")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(value_parser!(bool))
                .help("whether tasks may run on machines that can be taken away"),
            flag(OVERWRITE_CACHE).help("take no outputs from the cache, and replace them by new ones"),
            Arg::new("max-parallelism")
                .long("max-parallelism")
                .value_name("NODES")
                .value_parser(value_parser!(u32).range(1..))
                .help("how many nodes run at once"),
            pairs("env").help("environment variable of the tasks"),
            text("raw-output-prefix", "URL").help("where tasks store data, such as `s3://bucket/prefix`"),
            text("cluster-pool", "POOL").help("pool of clusters"),
        ];
        let own = own.into_iter().map(|arg| arg.help_heading("Options"));
        own.chain(launch.into_iter().map(|arg| arg.help_heading("Launch"))).collect()
    }

    fn pair(text: &str) -> Result<(String, String), String> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
            _ => Err(format!("expected K=V, found `{text}`")),
        }
    }

    /// What the words say of a launch.
    pub(in super::super) struct LaunchWords<'m>(pub(in super::super) &'m ArgMatches);

    impl LaunchWords<'_> {
        /// A text that is given.
        pub(in super::super) fn text(&self, name: &str) -> Option<String> {
            self.0.get_one::<String>(name).cloned()
        }

        pub(in super::super) fn options(&self) -> LaunchOptions {
            let mut options = LaunchOptions::new().overwrite_cache(self.0.get_flag(OVERWRITE_CACHE));
            let texts: [(&str, SetText); 5] = [
                ("version", LaunchOptions::version),
                ("name", LaunchOptions::name),
                ("service-account", LaunchOptions::service_account),
                ("raw-output-prefix", LaunchOptions::raw_output_prefix),
                ("cluster-pool", LaunchOptions::cluster_pool),
            ];
            for (name, set) in texts {
                if let Some(text) = self.text(name) {
                    options = set(options, text);
                }
            }
            let pairs: [(&str, SetPair); 3] =
                [("label", LaunchOptions::label), ("annotation", LaunchOptions::annotation), ("env", LaunchOptions::env)];
            for (name, set) in pairs {
                let given = self.0.get_many::<(String, String)>(name);
                options = given.into_iter().flatten().fold(options, |options, (key, value)| set(options, key.clone(), value.clone()));
            }
            if let Some(interruptible) = self.0.get_one::<bool>("interruptible") {
                options = options.interruptible(*interruptible);
            }
            match self.0.get_one::<u32>("max-parallelism") {
                Some(nodes) => options.max_parallelism(*nodes),
                None => options,
            }
        }
    }
}
