//! Backtraces, cut to the task's own code: what called it, and what made the error or the panic, is the same for every task.

/// The beginnings of functions that stand above the task's own code: those that make errors and panics.
const ABOVE: [&str; 15] = [
    "alloc::",
    "anyhow::",
    "core::",
    "nebulakit::task::backtrace",
    "nebulakit::task::error",
    "nebulakit::task::panic",
    "nebulakit_types::",
    "std::",
    "rust_begin_unwind",
    "__rustc",
    "_rust_",
    "__rust_",
    "rust_panic",
    "backtrace::",
    "futures_util::",
];

/// The frames of the task's own code in a short backtrace, as text; [`None`] where there are none. A full one, which has addresses, stays
/// whole.
pub(crate) fn of_the_task(backtrace: &str) -> Option<String> {
    if backtrace.contains(" 0x") {
        return Some(backtrace.to_owned());
    }
    let mut kept = String::new();
    let mut is_kept = false;
    for line in backtrace.lines() {
        if let Some(function) = function(line) {
            let name = function.trim_start_matches(['<', '&', '(']);
            is_kept = !kept.is_empty() || !ABOVE.iter().any(|above| name.starts_with(above));
            // From here on it is the same for every task: what the macro wrote, and what calls that.
            if is_kept && (name.starts_with("nebulakit::") || name.contains("::__nk_")) {
                break;
            }
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    (!kept.is_empty()).then(|| kept.trim_end().to_owned())
}

/// The function of a line such as `  12: app::divide`; [`None`] for the line of its place.
fn function(line: &str) -> Option<&str> {
    let (number, function) = line.split_once(": ")?;
    number.trim().parse::<u32>().is_ok().then_some(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_of_the_task_are_left() {
        let whole = "   0: anyhow::error::<impl anyhow::Error>::msg\n             at /registry/anyhow/src/backtrace.rs:27:14\n   \
                     1: app::inner\n             at ./src/main.rs:9:5\n   2: core::ops::function::FnOnce::call_once\n   3: app::divide\n   \
                     4: app::_::__nk_task::{{closure}}\n   5: nebulakit::task::returns::Returns<R,O>::blocking::{{closure}}\n   6: std::rt::lang_start\n";
        let left = "   1: app::inner\n             at ./src/main.rs:9:5\n   2: core::ops::function::FnOnce::call_once\n   3: app::divide";
        assert_eq!(of_the_task(whole).as_deref(), Some(left));
        assert_eq!(of_the_task("   0: std::panicking::begin\n   1: nebulakit::task::run::run\n   2: main\n"), None);
        let full = "   0: 0x55e - anyhow::error\n";
        assert_eq!(of_the_task(full).as_deref(), Some(full));
    }
}
