//! How a task says what should become of its errors. Run it with `cargo run -p nebulakit-examples --bin errors -- run fetch --size 0`.

use nebulakit::prelude::*;

/// Any error ends the task; the platform's console shows it with all that caused it.
#[task]
fn parse(number: String) -> anyhow::Result<i64> {
    Ok(number.trim().parse()?)
}

/// Says of each error whether another attempt may help, and what the console calls it.
#[task(retries = 3)]
fn fetch(size: i64) -> anyhow::Result<String> {
    // The machine's fault, or the network's: another attempt is worth it.
    let text = std::fs::read_to_string("/etc/hostname").recoverable().code("FETCH:File")?;
    // Nothing changes by trying again, whatever the platform would do by itself.
    let size = usize::try_from(size).permanent().code("FETCH:Size")?;
    anyhow::ensure!(size > 0, "a text of no characters was asked for");
    Ok(text.chars().take(size).collect())
}

/// A panic is an error too, with its place.
#[task]
fn divide(a: i64, b: i64) -> i64 {
    a / b
}

nebulakit::main!();

#[cfg(test)]
mod tests {
    use super::{divide, fetch, parse};
    use nebulakit::testing;

    #[test]
    fn errors_say_what_becomes_of_them() {
        assert_eq!(testing::run_blocking(parse::with(" 7 ")), Ok(7));
        let error = testing::run_blocking(fetch::with(-1)).unwrap_err();
        assert_eq!((error.code(), error.is_recoverable()), ("FETCH:Size", Some(false)));
        assert_eq!(testing::run_blocking(divide::with(1, 0)).unwrap_err().code(), "USER:Panic");
    }
}
