//! Every variable that means something to Nebulakit.
//!
//! `docs/environment.md` is made from this list, and a test keeps the two the same.

macro_rules! variables {
    ($($group:literal $(($note:literal))? { $($(#[doc = $doc:literal])+ $name:ident = $variable:literal;)+ })+) => {
        $($(
            $(#[doc = $doc])+
            pub const $name: &str = $variable;
        )+)+

        /// Every variable by group, with its documentation, and what is to say of the group: what `docs/environment.md` is made of.
        #[cfg(any(test, feature = "coordinator"))]
        const VARIABLES: &[(&str, &str, &[(&str, &str)])] =
            &[$(($group, concat!($($note)?), &[$(($variable, concat!($($doc),+))),+])),+];
    };
}

variables! {
    "The platform" {
        /// Flyte 2: the name of the action. Together with `_U_RUN_BASE` it says that Flyte 2 runs the container.
        ACTION_NAME = "ACTION_NAME";
        /// Flyte 2: where the run keeps its data, with a trailing slash.
        RUN_BASE = "_U_RUN_BASE";
        /// Flyte 2: the name of the run. Without effect yet.
        RUN_NAME = "RUN_NAME";
        /// Flyte 2: the organization. Without effect yet.
        ORGANIZATION = "_U_ORG_NAME";
    }
    "Which execution and which task this is" {
        /// The name of the execution. Where it is absent the process counts as a local one.
        EXECUTION_ID = "FLYTE_INTERNAL_EXECUTION_ID";
        /// The same, read when the long name is absent.
        EXECUTION_ID_ALIAS = "_F_NM";
        /// The execution's project.
        EXECUTION_PROJECT = "FLYTE_INTERNAL_EXECUTION_PROJECT";
        /// The same, read when the long name is absent.
        EXECUTION_PROJECT_ALIAS = "_F_PRJ";
        /// The execution's domain.
        EXECUTION_DOMAIN = "FLYTE_INTERNAL_EXECUTION_DOMAIN";
        /// The same, read when the long name is absent.
        EXECUTION_DOMAIN_ALIAS = "_F_DM";
        /// The workflow, as `project:domain:name`.
        EXECUTION_WORKFLOW = "FLYTE_INTERNAL_EXECUTION_WORKFLOW";
        /// The same, read when the long name is absent.
        EXECUTION_WORKFLOW_ALIAS = "_F_WF";
        /// The launch plan; no platform sets it today.
        EXECUTION_LAUNCH_PLAN = "FLYTE_INTERNAL_EXECUTION_LAUNCHPLAN";
        /// The same, read when the long name is absent.
        EXECUTION_LAUNCH_PLAN_ALIAS = "_F_LP";
        /// The task's project.
        TASK_PROJECT = "FLYTE_INTERNAL_TASK_PROJECT";
        /// The same, read when the long name is absent.
        TASK_PROJECT_ALIAS = "_F_TK_PRJ";
        /// The task's domain.
        TASK_DOMAIN = "FLYTE_INTERNAL_TASK_DOMAIN";
        /// The same, read when the long name is absent.
        TASK_DOMAIN_ALIAS = "_F_TK_DM";
        /// The name that the task is registered under.
        TASK_NAME = "FLYTE_INTERNAL_TASK_NAME";
        /// The same, read when the long name is absent.
        TASK_NAME_ALIAS = "_F_TK_NM";
        /// The version that the task is registered under.
        TASK_VERSION = "FLYTE_INTERNAL_TASK_VERSION";
        /// The same, read when the long name is absent.
        TASK_VERSION_ALIAS = "_F_TK_V";
        /// Which attempt at the task this is, from 0.
        ATTEMPT_NUMBER = "FLYTE_ATTEMPT_NUMBER";
        /// The execution's page in the console, where the platform gives one.
        EXECUTION_URL = "FLYTE_EXECUTION_URL";
    }
    "How a task is run" {
        /// `true`, `t` or `1` in any case: the exit code after a stored error document is 1, not 0.
        FAIL_ON_ERROR = "FLYTE_FAIL_ON_ERROR";
        /// Literals of this many MiB or more go to files of their own; absent means never. Flyte 1 only.
        OFFLOAD_MIN_SIZE_MB = "_F_L_MIN_SIZE_MB";
        /// Literals of this many MiB or more are refused; 1000 when absent. Means nothing without `_F_L_MIN_SIZE_MB`.
        OFFLOAD_MAX_SIZE_MB = "_F_L_MAX_SIZE_MB";
        /// An `outputs.pb` of more than this many MiB is an error; no limit when absent.
        MAX_OUTPUTS_MB = "NEBULAKIT_MAX_OUTPUTS_MB";
        /// A block of a table may become this many MiB when it is decoded; 1024 when absent. Blocks that become no more than sixteen times what is stored of them are always read.
        MAX_TABLE_BLOCK_MB = "NEBULAKIT_MAX_TABLE_BLOCK_MB";
        /// The literals in files of their own that the inputs refer to may have this many MiB together; 8192 when absent. With each counted as often as it is referred to, an eighth of it, or 16 times what was fetched where that is more.
        MAX_OFFLOADED_MB = "NEBULAKIT_MAX_OFFLOADED_MB";
        /// The name of the variable that holds the index of a map task's child.
        MAP_INDEX_VARIABLE = "BATCH_JOB_ARRAY_INDEX_VAR_NAME";
        /// Added to the index of a map task's child; 0 when absent or empty.
        MAP_INDEX_OFFSET = "BATCH_JOB_ARRAY_INDEX_OFFSET";
        /// If not empty, errors are stored as `error-<32 hex digits>.pb`, so that the workers of a distributed task do not overwrite each other.
        DISTRIBUTED_ERROR_STRATEGY = "FLYTE_INTERNAL_DIST_ERROR_STRATEGY";
        /// The same, read when the long name is absent.
        DISTRIBUTED_ERROR_STRATEGY_ALIAS = "_F_DES";
        /// The name of the worker that stored errors carry.
        WORKER_NAME = "FLYTE_INTERNAL_WORKER_NAME";
        /// The same, read when the long name is absent.
        WORKER_NAME_ALIAS = "_F_WN";
        /// Set for the worker processes of `Strategy::Process`, and for the process that `--supervise` starts: what it is (the number of workers above it, or `supervised`), and which process started it. In containers it has the path of a socket, and for the keeper of containers the word `keeper`.
        WORKER = "NEBULAKIT_WORKER";
        /// The GPUs that may be used, by their numbers or ids, joined by commas; all that the driver shows when absent. A coordinator hands these out, and sets it for the processes of jobs that were granted some.
        CUDA_VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";
        /// `1`: errors and panics show where they were made, by the calls in the task's own code. `full`: by all calls.
        RUST_BACKTRACE = "RUST_BACKTRACE";
        /// The same for errors alone; beats `RUST_BACKTRACE` there.
        RUST_LIB_BACKTRACE = "RUST_LIB_BACKTRACE";
        /// The folder of temporary files; `/tmp` when absent or empty.
        TMPDIR = "TMPDIR";
        /// The folder that the commands `run` and `runs` record runs in; `.nebulakit` in the current folder when absent or empty.
        NEBULAKIT_DIR = "NEBULAKIT_DIR";
        /// The backend of `run` where `--backend` is left out: `local`, or a name that `nebulakit.toml` knows.
        NEBULAKIT_BACKEND = "NEBULAKIT_BACKEND";
        /// The folder that `run` writes the plan into where `--plan-dir` is left out.
        NEBULAKIT_PLAN_DIR = "NEBULAKIT_PLAN_DIR";
        /// How often an engine is asked where jobs are, as `10s`; beats `poll` in `nebulakit.toml`.
        NEBULAKIT_POLL = "NEBULAKIT_POLL";
        /// The folder of settings: the user's own are in `nebulakit/config.toml` there; `~/.config` when absent.
        XDG_CONFIG_HOME = "XDG_CONFIG_HOME";
    }
    "Logging" {
        /// From which level on Nebulakit's own messages are logged, as Python's number (10, 20, 30, 40, 50) or name; 30 (`WARNING`) when absent.
        SDK_LOGGING_LEVEL = "FLYTE_SDK_LOGGING_LEVEL";
        /// The same for messages with the target `developer`; 20 (`INFO`) when absent.
        SDK_DEV_LOGGING_LEVEL = "FLYTE_SDK_DEV_LOGGING_LEVEL";
        /// `json` (also when absent) for JSON lines; anything else for `[name] message`, where the further lines of a message are indented.
        SDK_LOGGING_FORMAT = "FLYTE_SDK_LOGGING_FORMAT";
        /// Levels by target, as `info,my_crate=debug`; beats every level above and below.
        NEBULAKIT_LOG = "NEBULAKIT_LOG";
        /// Flyte 2: read when `FLYTE_SDK_LOGGING_LEVEL` is absent.
        LOG_LEVEL = "LOG_LEVEL";
        /// Flyte 2: from which level on the messages of everything but Nebulakit are logged; 20 (`INFO`) when absent.
        USER_LOG_LEVEL = "USER_LOG_LEVEL";
        /// Flyte 2: read when `FLYTE_SDK_LOGGING_FORMAT` is absent.
        LOG_FORMAT = "LOG_FORMAT";
        /// The zone of the times in log lines: a POSIX rule, a zone's name or the path of a zone file; `/etc/localtime` when absent, else UTC.
        TZ = "TZ";
    }
    "Metrics" {
        /// The statsd server's host; `localhost` when absent.
        STATSD_HOST = "FLYTE_STATSD_HOST";
        /// The statsd server's UDP port; 8125 when absent.
        STATSD_PORT = "FLYTE_STATSD_PORT";
        /// True: no metric is sent.
        STATSD_DISABLED = "FLYTE_STATSD_DISABLED";
        /// True: metric names carry no tags.
        STATSD_DISABLE_TAGS = "FLYTE_STATSD_DISABLE_TAGS";
        /// flytekit's name for `FLYTE_STATSD_HOST`, read when that is absent.
        STATSD_HOST_OLD = "FLYTE_SECRETS_HOST";
        /// flytekit's name for `FLYTE_STATSD_PORT`, read when that is absent.
        STATSD_PORT_OLD = "FLYTE_SECRETS_PORT";
        /// flytekit's name for `FLYTE_STATSD_DISABLED`, read when that is absent.
        STATSD_DISABLED_OLD = "FLYTE_SECRETS_DISABLED";
        /// flytekit's name for `FLYTE_STATSD_DISABLE_TAGS`, read when that is absent.
        STATSD_DISABLE_TAGS_OLD = "FLYTE_SECRETS_DISABLE_TAGS";
    }
    "Secrets" {
        /// What the names of secrets' variables begin with; `_FSEC_` when absent. Both platforms set it.
        SECRETS_ENV_PREFIX = "FLYTE_SECRETS_ENV_PREFIX";
        /// The folder of secrets' files; `/etc/secrets` when absent. Both platforms set it.
        SECRETS_DEFAULT_DIR = "FLYTE_SECRETS_DEFAULT_DIR";
        /// What the names of secrets' files begin with; nothing when absent.
        SECRETS_FILE_PREFIX = "FLYTE_SECRETS_FILE_PREFIX";
    }
    "The configuration file" (
        "The file that one of the first two variables names is always obeyed. Without them, these are looked for: `flytekit.config` in the working folder,\n\
         then `.flyte/config` and `.flyte/config.yaml` in the home folder. Such a file is obeyed if it belongs to the user of the process or to root and others cannot\n\
         write to it (nor a group, except root's, or the one whose number is the owner's); a symbolic link counts as what it leads to, and has to be theirs\n\
         as well. Any other is passed over with a warning. A file has at most 1 MiB. Of ini, at most 4 MiB are read when each `%(reference)s` counts as its\n\
         value, and each option of `[DEFAULT]` once for each section. YAML has at most 10,000 values, those counted that aliases repeat, and 16 levels."
    ) {
        /// The path of the configuration file; beats every other place where one is looked for.
        CONFIG_OVERRIDE = "_FLYTECTL_CONFIG_PYFLYTE_OVERRIDE";
        /// The path of the configuration file.
        FLYTECTL_CONFIG = "FLYTECTL_CONFIG";
        /// The home folder, where `.flyte/config` and `.flyte/config.yaml` are looked for, and where tokens of control planes are kept.
        HOME = "HOME";
    }
    "Settings: the control plane" ("Read by the client of the control plane (feature `flyte`).") {
        /// Its endpoint, as `host:port`; `localhost:30080` when absent. `dns:///` in front is dropped.
        PLATFORM_URL = "FLYTE_PLATFORM_URL";
        /// True: no TLS.
        PLATFORM_INSECURE = "FLYTE_PLATFORM_INSECURE";
        /// True: TLS without checking the server's certificate.
        PLATFORM_INSECURE_SKIP_VERIFY = "FLYTE_PLATFORM_INSECURE_SKIP_VERIFY";
        /// The path of a file of CA certificates, in PEM.
        PLATFORM_CA_CERT_FILE_PATH = "FLYTE_PLATFORM_CA_CERT_FILE_PATH";
        /// The endpoint of the console, for links.
        PLATFORM_CONSOLE_ENDPOINT = "FLYTE_PLATFORM_CONSOLE_ENDPOINT";
        /// The URL of an HTTP proxy.
        PLATFORM_HTTP_PROXY_URL = "FLYTE_PLATFORM_HTTP_PROXY_URL";
        /// The command that prints a token, its words joined by commas.
        CREDENTIALS_COMMAND = "FLYTE_CREDENTIALS_COMMAND";
        /// The command that prints a proxy's token, its words joined by commas.
        CREDENTIALS_PROXY_COMMAND = "FLYTE_CREDENTIALS_PROXY_COMMAND";
        /// The OAuth client's id.
        CREDENTIALS_CLIENT_ID = "FLYTE_CREDENTIALS_CLIENT_ID";
        /// The OAuth client's secret.
        CREDENTIALS_CLIENT_SECRET = "FLYTE_CREDENTIALS_CLIENT_SECRET";
        /// The path of the file that holds the OAuth client's secret.
        CREDENTIALS_CLIENT_SECRET_LOCATION = "FLYTE_CREDENTIALS_CLIENT_SECRET_LOCATION";
        /// The name of the variable that holds the OAuth client's secret.
        CREDENTIALS_CLIENT_SECRET_ENV_VAR = "FLYTE_CREDENTIALS_CLIENT_SECRET_ENV_VAR";
        /// The OAuth scopes, joined by commas.
        CREDENTIALS_SCOPES = "FLYTE_CREDENTIALS_SCOPES";
        /// How to log in: `Pkce` (or `standard`), `ClientSecret` (or `basic`, `client_credentials`), `DeviceFlow`, `ExternalCommand`.
        CREDENTIALS_AUTH_MODE = "FLYTE_CREDENTIALS_AUTH_MODE";
        /// The OAuth audience.
        CREDENTIALS_AUDIENCE = "FLYTE_CREDENTIALS_AUDIENCE";
    }
    "Settings: how the control plane is reached" ("Besides the variables above; the object stores read these too, by their own rules.") {
        /// The proxy of everything that speaks TLS, tokens included. Connections without TLS are always direct.
        HTTPS_PROXY = "HTTPS_PROXY";
        /// The same, read when `HTTPS_PROXY` is absent or empty.
        HTTPS_PROXY_SMALL = "https_proxy";
        /// The same, read when both are absent or empty.
        ALL_PROXY = "ALL_PROXY";
        /// The same, read when all of these are absent or empty.
        ALL_PROXY_SMALL = "all_proxy";
        /// The hosts, domains and networks that are reached without a proxy, joined by commas. This machine always is.
        NO_PROXY = "NO_PROXY";
        /// The same, read when `NO_PROXY` is absent or empty.
        NO_PROXY_SMALL = "no_proxy";
        /// A file of CA certificates (PEM) to trust instead of the system's.
        SSL_CERT_FILE = "SSL_CERT_FILE";
        /// A folder of such files, read when `SSL_CERT_FILE` is absent.
        SSL_CERT_DIR = "SSL_CERT_DIR";
        /// The folders in which programs are looked for: the keyring's `secret-tool`, and what builds images.
        PATH = "PATH";
    }
    "Settings: object stores" {
        /// The endpoint of an S3-compatible server.
        AWS_ENDPOINT = "FLYTE_AWS_ENDPOINT";
        /// The access key for S3. Without it, credentials are found as AWS's own tools find them.
        AWS_ACCESS_KEY_ID = "FLYTE_AWS_ACCESS_KEY_ID";
        /// The secret key for S3.
        AWS_SECRET_ACCESS_KEY = "FLYTE_AWS_SECRET_ACCESS_KEY";
        /// `path` (also when absent with an endpoint), `virtual` or `auto`: where the bucket stands in S3's URLs.
        AWS_ADDRESSING_STYLE = "FLYTE_AWS_ADDRESSING_STYLE";
        /// Flyte 2's name for `FLYTE_AWS_ADDRESSING_STYLE`, read when that is absent.
        AWS_ADDRESSING_STYLE_V2 = "FLYTE_AWS_S3_ADDRESSING_STYLE";
        /// How often a request to a store is tried again.
        STORAGE_RETRIES = "FLYTE_STORAGE_RETRIES";
        /// Flyte 1's name for `FLYTE_STORAGE_RETRIES`, read when that is absent.
        AWS_RETRIES = "FLYTE_AWS_RETRIES";
        /// The pause before the first retry, in seconds.
        STORAGE_BACKOFF_SECONDS = "FLYTE_STORAGE_BACKOFF_SECONDS";
        /// Flyte 1's name for `FLYTE_STORAGE_BACKOFF_SECONDS`, read when that is absent.
        AWS_BACKOFF_SECONDS = "FLYTE_AWS_BACKOFF_SECONDS";
        /// The Azure storage account.
        AZURE_STORAGE_ACCOUNT_NAME = "FLYTE_AZURE_STORAGE_ACCOUNT_NAME";
        /// The Azure storage account's key. Without it, credentials are found as Azure's own tools find them.
        AZURE_STORAGE_ACCOUNT_KEY = "FLYTE_AZURE_STORAGE_ACCOUNT_KEY";
        /// Domains of Azure storage besides Microsoft's own, joined by commas: credentials are also sent to `<account>.blob.<domain>` and
        /// `<account>.dfs.<domain>` where a URL names them.
        AZURE_STORAGE_DOMAINS = "FLYTE_AZURE_STORAGE_DOMAINS";
        /// The Azure tenant.
        AZURE_TENANT_ID = "FLYTE_AZURE_TENANT_ID";
        /// The Azure client's id.
        AZURE_CLIENT_ID = "FLYTE_AZURE_CLIENT_ID";
        /// The Azure client's secret.
        AZURE_CLIENT_SECRET = "FLYTE_AZURE_CLIENT_SECRET";
        /// The size of the parts of an upload, in bytes. Without effect yet.
        WRITE_CHUNK_SIZE = "_F_P_WRITE_CHUNK_SIZE";
        /// True (also when absent): stored objects carry the execution's identity as metadata.
        PERSISTENCE_ATTACH_EXECUTION_METADATA = "FLYTE_PERSISTENCE_ATTACH_EXECUTION_METADATA";
    }
    "Settings: this machine" {
        /// True (also when absent): results of local runs are cached. Carried, without effect yet.
        LOCAL_CACHE_ENABLED = "FLYTE_LOCAL_CACHE_ENABLED";
        /// True: local tasks with cached results run again, and replace them. Carried, without effect yet.
        LOCAL_CACHE_OVERWRITE = "FLYTE_LOCAL_CACHE_OVERWRITE";
        /// The project that commands use unless they are told another. Carried, without effect yet.
        LOCAL_PROJECT = "FLYTE_LOCAL_PROJECT";
        /// The domain that commands use unless they are told another. Carried, without effect yet.
        LOCAL_DOMAIN = "FLYTE_LOCAL_DOMAIN";
        /// The organization that commands use unless they are told another. Carried, without effect yet.
        LOCAL_ORG = "FLYTE_LOCAL_ORG";
        /// The packages in which flytekit looks for workflows, joined by commas; carried, not used.
        SDK_WORKFLOW_PACKAGES = "FLYTE_SDK_WORKFLOW_PACKAGES";
        /// The folder of what flytekit's local runs store; carried, not used: `NEBULAKIT_DIR` is the place.
        SDK_LOCAL_SANDBOX = "FLYTE_SDK_LOCAL_SANDBOX";
        /// If not empty, text for people has no colours.
        NO_COLOR = "NO_COLOR";
        /// `dumb`: the progress of a run is told as lines, not drawn.
        TERM = "TERM";
        /// The folder of the package, as `cargo run` says it: where a task is not found, its manifest shows which dependencies have tasks.
        CARGO_MANIFEST_DIR = "CARGO_MANIFEST_DIR";
    }
}

/// Whether a variable of that name means something to Nebulakit.
#[cfg(feature = "coordinator")]
pub(crate) fn is_known(name: &str) -> bool {
    VARIABLES.iter().any(|(.., variables)| variables.iter().any(|(known, _)| *known == name))
}

#[cfg(test)]
mod tests {
    use super::VARIABLES;
    use crate::services::env::Environment;

    /// Makes `docs/environment.md` from the list above.
    fn page() -> String {
        let mut page = String::from(
            "# Environment variables\n\n\
             <!-- Made from nebulakit/src/services/env/variables.rs: BLESS=1 cargo test -p nebulakit --lib env:: writes it again. -->\n\n\
             Every variable that Nebulakit knows, and what it means; those without effect yet say so.\n\
             The platform sets most of them in a task's container.\n\
             Truth values: `false`, `0`, `off`, `no` and empty text mean false, in any case; everything else means true.\n\
             The settings can also stand in a [configuration file](#settings-the-control-plane); the environment beats the file.\n",
        );
        for (group, note, variables) in VARIABLES {
            let note = if note.is_empty() { String::new() } else { format!("{note}\n\n") };
            page.push_str(&format!("\n## {group}\n\n{note}| variable | meaning |\n|---|---|\n"));
            for (name, doc) in *variables {
                page.push_str(&format!("| `{name}` | {} |\n", doc.trim().replace('|', "\\|")));
            }
        }
        page.push_str(
            "\n## The clouds' own variables\n\n\
             What the settings leave open is found as each cloud's own tools find it: the object stores are handed every variable that begins\n\
             with `AWS_`, `AZURE_` or `GOOGLE_`, and `IDENTITY_ENDPOINT`, `STORAGE_EMULATOR_HOST`, `SSL_CERT_FILE`, `SSL_CERT_DIR` and `HOME`.\n\
             [data.md](data.md#hosts-and-credentials) says which of them name hosts, and what is sent there.\n\n\
             ## Read by libraries\n\n\
             | variable | meaning |\n|---|---|\n\
             | `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` | Proxies for object stores and web addresses, and the hosts that are \
             reached without one; also in small letters. Loopback and link-local addresses, `localhost` and metadata services are always reached \
             without one. |\n\
             \n\
             ## The runtime's own metrics\n\n\
             Sent where `FLYTE_STATSD_HOST` or `FLYTE_SECRETS_HOST` is set in the environment, and only there; a host in the configuration file\n\
             is for the metrics of tasks. Names begin as those of the task's own do, with `<project>.<domain>.<task>.user_stats.`.\n\n",
        );
        let table = |line: &str| line.strip_prefix("//! |").map(|row| format!("|{row}\n"));
        page.extend(include_str!("../../process/meter.rs").lines().filter_map(table));
        page
    }

    #[test]
    fn every_variable_is_documented_once() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/environment.md");
        if Environment::from_process().flag("BLESS") {
            std::fs::write(path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), page(), "docs/environment.md is out of date; its head says how to renew it");
        let mut names: Vec<_> = VARIABLES.iter().flat_map(|(.., variables)| variables.iter().map(|(name, _)| *name)).collect();
        names.sort_unstable();
        assert!(names.is_sorted_by(|a, b| a < b), "a variable is listed twice");
    }
}
