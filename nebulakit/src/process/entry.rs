//! The process: arguments and environment in, exit code out. The only file that touches them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use nebulakit_types::storage::Storage;
use nebulakit_types::visible;
use nebulakit_types::workspace::Workspace;

use crate::cli;
use crate::process::execute::{Ending, Execution};
use crate::process::exit::Exit;
use crate::process::meter::Meter;
use crate::process::platform::Platform;
use crate::process::progress::Telling;
use crate::process::reactor::Reactor;
use crate::process::request::{ContainerRequest, usage};
use crate::process::stop::Stop;
use crate::process::stores::{Stores, is_local};
use crate::process::{logs, terminal};
use crate::services::config::LazyConfig;
use crate::services::env::Environment;
use crate::services::identity::Identity;
use crate::task::registry::Registry;

/// What `nebulakit::main!()` calls: does what the command line says.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let binary = name_of(arguments.next());
    let arguments: Vec<OsString> = arguments.collect();
    let environment = Environment::from_process();
    let registry = Registry::linked();
    let verb = arguments.first().and_then(|verb| verb.to_str()).filter(|verb| ContainerRequest::is_verb(verb));
    let exit = match verb {
        Some(verb) => match ContainerRequest::parse(verb, &arguments[1..], &environment) {
            Ok(Some(request)) if request.is_test => Exit::Stored,
            Ok(Some(request)) => run_in_container(request, environment, &registry),
            Ok(None) => cli::container_help(&binary),
            Err(error) => {
                terminal::write(&format!("error: {error}\n\n{}\n", usage(&binary)));
                Exit::Usage
            }
        },
        None => cli::run(&binary, &arguments, &environment, &registry, leave),
    };
    Workspace::leave_nothing();
    exit.into()
}

/// The name of the file that runs, as it was called, in text.
fn name_of(invoked: Option<OsString>) -> String {
    let path = invoked.map(PathBuf::from).or_else(|| std::env::current_exe().ok());
    let name = path.as_deref().and_then(Path::file_name).map(|name| visible::line(&name.to_string_lossy()).into_owned());
    name.unwrap_or_else(|| "nebulakit".to_owned())
}

fn run_in_container(request: ContainerRequest, environment: Environment, registry: &Registry) -> ! {
    let platform = Platform::detect(&environment);
    logs::install(&environment, platform);
    let identity = Identity::new(&environment);
    let config = LazyConfig::new(&environment);
    let stores = Stores::new(&config, &environment, &identity);
    let is_local = is_local(&request.inputs) && is_local(&request.output_prefix);
    let execution = Arc::new(Execution {
        meter: Meter::new(&environment, &config, &identity),
        // Where this machine serves the files, no settings are looked for.
        storage: if is_local { Storage::default() } else { stores.all().clone() },
        is_local,
        request,
        environment,
        platform,
        identity,
        config,
        stores,
        telling: Telling::LOG,
        reactor: Reactor::default(),
        stop: Stop::default(),
    });
    end(execution.run(registry, end))
}

/// Tells what was not stored, and ends the process. What its threads still do ends with it.
fn end(Ending { exit, report }: Ending) -> ! {
    if let Some(report) = report {
        terminal::write(&format!("error: {}\n", terminal::continued(&report)));
    }
    leave(exit)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that ends the process")]
fn leave(exit: Exit) -> ! {
    Workspace::leave_nothing();
    std::process::exit(exit as i32)
}
