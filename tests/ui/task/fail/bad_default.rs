use nebulakit::{Context, task};

#[task]
fn empty(#[default] times: i64) -> i64 {
    times
}

#[task]
fn assigned(#[default = 3] times: i64) -> i64 {
    times
}

#[task]
fn twice(#[default(1)] #[default(2)] times: i64) -> i64 {
    times
}

#[task]
fn of_the_context(#[default(Context::new())] context: Context) {
    let _ = context;
}

#[task]
fn misspelt(#[defualt(3)] times: i64) -> i64 {
    times
}

#[task]
fn conditional(#[cfg(unix)] times: i64) -> i64 {
    times
}

fn main() {}
