//! Panics outside of a task's own code, told as text that a terminal does not obey.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

use nebulakit_types::visible;

use crate::process::terminal;

/// Tells of panics from now on; those of a task's own code are noted elsewhere, and do not come here.
pub(crate) fn tell() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(text) = more_than_text(info) {
            terminal::write(&text);
        } else {
            terminal::clear();
            before(info);
        }
    }));
}

/// What is told of a panic whose message holds control characters, or lines that could be taken for lines of ours: what Rust itself would
/// tell, with them escaped and indented. [`None`] for all others.
fn more_than_text(info: &PanicHookInfo<'_>) -> Option<String> {
    let said = info.payload_as_str()?;
    let shown = terminal::continued(said);
    if shown == said && visible::lines(said) == said {
        return None;
    }
    let thread = std::thread::current();
    let place = info.location().map_or_else(String::new, |place| format!(" at {place}"));
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => format!("stack backtrace:\n{backtrace}"),
        _ => "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n".to_owned(),
    };
    Some(format!("\nthread '{}' panicked{place}:\n  {shown}\n{backtrace}", thread.name().unwrap_or("<unnamed>")))
}
