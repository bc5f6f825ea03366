use nebulakit::task;

#[task(tokens)]
fn no_parentheses() {}

#[task(tokens())]
fn no_tokens() {}

#[task(tokens(licences))]
fn no_number() {}

#[task(tokens(licences = 0))]
fn none_at_all() {}

#[task(tokens(licences = "1"))]
fn in_quotes() {}

#[task(tokens(licences = 1, licences = 2))]
fn twice() {}

#[task(on_oom)]
fn no_factor() {}

#[task(on_oom(factor = 1))]
fn does_not_grow() {}

#[task(on_oom(factor = "2"))]
fn factor_in_quotes() {}

#[task(on_oom(limit = 16))]
fn limit_without_a_unit() {}

#[task(on_oom(limit = "16GB"))]
fn decimal_bytes() {}

#[task(on_oom(times = 2))]
fn unknown() {}

#[task(limits(memory = "2Gi"), on_oom(limit = "1Gi"))]
fn below_the_first_attempt() {}

fn main() {}
