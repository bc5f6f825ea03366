//! Work outlives where it is made: it owns what it needs.

use nebulakit::coordinator::Work;

fn lengths(text: &str) -> Work<usize> {
    Work::new(|_| async { anyhow::Ok(text.len()) })
}

fn main() {
    let local = String::from("text");
    drop(Work::blocking(|_| anyhow::Ok(local.len())));
    drop(lengths(&local));
}
