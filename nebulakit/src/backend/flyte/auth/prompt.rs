//! How people take part in a login.

use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::process::terminal;

/// What a person has to do to log in.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Login<'a> {
    /// Open this page in a browser on this machine.
    Browser {
        /// The page.
        url: &'a str,
    },
    /// Open this page on any device, and enter the code.
    Device {
        /// The page.
        url: &'a str,
        /// The code.
        code: &'a str,
    },
}

/// Tells a person what to do.
pub type Prompt = Arc<dyn Fn(Login<'_>) + Send + Sync>;

/// Opens the browser, and says on standard error what to do.
pub(in super::super) fn on_terminal() -> Prompt {
    Arc::new(|login| match login {
        Login::Browser { url } => {
            terminal::write(&format!("log in in the browser, at {url}\n"));
            open(url);
        }
        Login::Device { url, code } => terminal::write(&format!("log in at {url} with the code {code}\n")),
    })
}

/// Has the desktop open a page. The page was named to the person before: where this fails there is another way.
fn open(url: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let opened = Command::new(program).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Err(error) = opened {
        tracing::info!("`{program}` cannot be started: {error}");
    }
}
