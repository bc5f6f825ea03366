//! The process: arguments and environment in, exit code out. The only file that touches them.
#![allow(clippy::print_stderr, reason = "this is where the process speaks")]

use std::ffi::OsString;
use std::process::ExitCode;

use nebulakit_types::workspace::Workspace;

use crate::config::LazyConfig;
use crate::env::Environment;
use crate::execute::{Ending, Execution};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::identity::Identity;
use crate::invocation::{Invocation, USAGE};
use crate::meter::Meter;
use crate::panic::guard_future;
use crate::platform::Platform;
use crate::progress::Telling;
use crate::registry::Registry;
use crate::stores::Stores;
use crate::{cli, logs};

/// What `nebulakit::main!()` calls: does what the command line says.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let environment = Environment::from_process();
    let registry = Registry::linked();
    let verb = arguments.first().and_then(|verb| verb.to_str()).filter(|verb| Invocation::is_verb(verb));
    let exit = match verb {
        Some(verb) => match Invocation::parse(verb, &arguments[1..], &environment) {
            Ok(Some(invocation)) => run_in_container(&invocation, &environment, &registry),
            Ok(None) => cli::container_help(),
            Err(error) => {
                eprintln!("error: {error}\n\n{USAGE}");
                Exit::Usage
            }
        },
        None => cli::run(&arguments, &environment, &registry),
    };
    exit.into()
}

fn run_in_container(invocation: &Invocation, environment: &Environment, registry: &Registry) -> Exit {
    if invocation.is_test {
        return Exit::Stored;
    }
    // One thread for everything that waits; the task's own code gets its own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {}", Failure::system(format!("cannot start: {error}"), true).message);
            return Exit::Failed;
        }
    };
    let platform = Platform::detect(environment);
    logs::install(environment, platform);
    let identity = Identity::new(environment);
    let config = LazyConfig::new(environment);
    let stores = Stores::new(&config, environment, &identity);
    let storage = stores.serving(&[&invocation.inputs, &invocation.output_prefix]);
    let meter = Meter::new(environment, &config, &identity);
    let execution =
        Execution { invocation, environment, platform, registry, identity, config, stores, storage, meter, telling: Telling::LOG };
    let Ending { exit, report } = runtime.block_on(async {
        match guard_future(execution.run()).await {
            Ok(ending) => ending,
            // A mistake of this library must not look like a machine that went away.
            Err(failure) => execution.fail(Failure::system(failure.message, false)).await,
        }
    });
    if let Some(report) = report {
        eprintln!("error: {report}");
    }
    // A task that did not stop in time must not hold the process.
    runtime.shutdown_background();
    Workspace::leave_nothing();
    exit
}
