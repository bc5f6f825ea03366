//! A task container: what its command line asks for is run, and the process ends as the platform expects.

use std::io::Write as _;

use crate::process::execute::{Ending, Execution};
use crate::process::exit::Exit;
use crate::process::host::Host;
use crate::process::platform::Platform;
use crate::process::request::ContainerRequest;
use crate::process::stores::is_local;
use crate::process::supervise::{self, Role, Supervised, Unsaid, supervise};
use crate::process::{logs, terminal};
use crate::services::env::Environment;
use crate::task::registry::Registry;

/// Runs one task for a platform. A task that is told to stop, and does not, ends the process; so does the end of a supervised one.
pub(crate) fn run(request: ContainerRequest, environment: Environment, registry: &Registry) -> Exit {
    let platform = Platform::detect(&environment);
    let (mut unsaid, mut is_node) = (None, false);
    if request.is_supervised || registry.find(&request.task).is_ok_and(|task| task.options.supervised) {
        match Role::of(&environment) {
            Role::Supervisor => match supervise(&request.task) {
                Supervised::Left(code) => leave_with(code),
                Supervised::Unsaid(end) => unsaid = Some(end),
            },
            Role::Supervised { is_node: of_node } => {
                is_node = of_node;
                if let Err(error) = supervise::begin(leave) {
                    terminal::write(&format!("error: this process cannot be supervised: {error}\n"));
                    return Exit::Failed;
                }
            }
        }
    }
    if is_node {
        logs::install_for_a_driver(&environment, platform);
    } else {
        logs::install(&environment, platform);
    }
    let host = Host { is_node, ..Host::new(environment) };
    host.serve_all();
    let is_local = is_local(&request.inputs) && is_local(&request.output_prefix);
    let execution = Execution::new(request, host, platform, is_local);
    let leave_told = |ending| leave(told(ending));
    match unsaid {
        None => told(execution.run(registry, leave_told)),
        // What stands behind this in the program was for the other process to do.
        Some(Unsaid { failure, stop, signals }) => leave_told(execution.report_for_another(failure, stop, signals, leave_told)),
    }
}

/// Tells people what was not stored, and a supervisor that all is done.
fn told(Ending { exit, report }: Ending) -> Exit {
    if let Some(report) = report {
        terminal::write(&format!("error: {}\n", terminal::continued(&report)));
    }
    supervise::say(exit);
    exit
}

/// What was printed without a line break at its end goes out.
pub(crate) fn flush() {
    // A failure cannot be reported anywhere.
    let _ = std::io::stdout().flush();
}

/// Ends the process, and with it what its threads still do.
pub(crate) fn leave(exit: Exit) -> ! {
    leave_with(exit as i32)
}

/// The same with the code of another process that this one stands for.
#[cfg(feature = "container")]
pub(crate) fn leave_as(code: i32) -> ! {
    leave_with(code)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that ends the process")]
fn leave_with(code: i32) -> ! {
    std::process::exit(code)
}
