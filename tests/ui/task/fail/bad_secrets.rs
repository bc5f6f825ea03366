use nebulakit::task;

#[task(secrets(db(group = "db", key = "password")))]
fn not_in_parentheses() {}

#[task(secrets((group = "db")))]
fn no_key() {}

#[task(secrets((group = "db", key = "password", mount = volume, env_var = "lower")))]
fn bad_options() {}

#[task(secrets((group = "a", key = "k", env_var = "TOKEN"), (group = "b", key = "k", env_var = "TOKEN")))]
fn same_variable() {}

#[task(secrets("api_key"))]
fn no_group() {}

#[task(secrets("a/b/c"))]
fn which_is_the_key() {}

#[task(secrets("db/"))]
fn empty_key() {}

fn main() {}
