//! What comes of work goes from thread to thread.

use std::rc::Rc;

use nebulakit::coordinator::Work;

fn main() {
    drop(Work::once(async { anyhow::Ok(Rc::new(1)) }));
}
