//! A task container: what its command line asks for is run, and the process ends as the platform expects.

use std::io::Write as _;

use crate::process::execute::{Ending, Execution};
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::platform::Platform;
use crate::process::progress::Telling;
use crate::process::request::ContainerRequest;
use crate::process::stores::is_local;
use crate::process::{logs, terminal};
use crate::services::env::Environment;
use crate::task::registry::Registry;

/// Runs one task for a platform. A task that is told to stop, and does not, ends the process.
pub(crate) fn run(request: ContainerRequest, environment: Environment, registry: &Registry) -> Exit {
    let platform = Platform::detect(&environment);
    logs::install(&environment, platform);
    let host = Host::new(environment);
    host.serve_all();
    let is_local = is_local(&request.inputs) && is_local(&request.output_prefix);
    told(Execution::new(request, host, platform, Telling::LOG, is_local).run(registry, |ending| leave(told(ending))))
}

/// Tells what was not stored.
fn told(Ending { exit, report }: Ending) -> Exit {
    if let Some(report) = report {
        terminal::write(&format!("error: {}\n", terminal::continued(&report)));
    }
    exit
}

/// What was printed without a line break at its end goes out.
pub(crate) fn flush() {
    // A failure cannot be reported anywhere.
    let _ = std::io::stdout().flush();
}

/// Ends the process, and with it what its threads still do.
#[expect(clippy::disallowed_methods, reason = "this is the one place that ends the process")]
pub(crate) fn leave(exit: Exit) -> ! {
    std::process::exit(exit as i32)
}
