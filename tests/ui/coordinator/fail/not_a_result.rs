//! Work gives a `Result`, whose error converts into `anyhow::Error`.

use nebulakit::coordinator::Work;

fn main() {
    drop(Work::new(|_| async { 7 }));
    drop(Work::once(async { 7 }));
    drop(Work::blocking(|_| 7));
    drop(Work::blocking(|_| Err::<i64, _>("text")));
}
