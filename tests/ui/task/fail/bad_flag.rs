use nebulakit::task;

#[task(interruptible = "yes")]
fn text() {}

#[task(deck(true))]
fn parentheses() {}

fn main() {}
