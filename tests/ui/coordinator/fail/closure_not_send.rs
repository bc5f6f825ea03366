//! A closure that is not `Send` cannot be work: it goes from thread to thread.

use std::rc::Rc;

use nebulakit::coordinator::{JobContext, Work};

fn main() {
    let shared = Rc::new(1);
    drop(Work::blocking(move |_: JobContext| anyhow::Ok(*shared)));
}
