use nebulakit::task;

#[task(timeout = 600)]
fn number() {}

#[task(timeout = 30s)]
fn without_quotes() {}

#[task(timeout = "600")]
fn no_unit() {}

#[task(timeout = "10 minutes")]
fn words() {}

#[task(timeout = "30m1h")]
fn backwards() {}

#[task(timeout = "0s")]
fn zero() {}

fn main() {}
