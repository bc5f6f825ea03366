use nebulakit::{Ask, Requests, task};

fn by_value(_: Ask) -> Requests {
    Requests::new()
}

fn other_result(_: &Ask) -> u64 {
    0
}

fn right(_: &Ask) -> Requests {
    Requests::new()
}

#[task(requests_with = by_value)]
fn takes_a_value() {}

#[task(requests_with = other_result)]
fn gives_a_number() {}

#[task(requests_with = "right")]
fn in_quotes() {}

#[task(requests_with(right))]
fn in_parentheses() {}

#[task(requests_with = right)]
fn is_right() {}

fn main() {}
