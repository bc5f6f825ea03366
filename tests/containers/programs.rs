//! Container tasks of the program that is driven by its command line.

use nebulakit::prelude::*;

/// Multiplies, by the shell of the test's image, and waits as long as it is told to.
#[task(container(
    image = "localhost/nebulakit-tests:debian",
    command = ["/bin/sh", "-c", "echo begun; sleep $3; echo $(($1 * $2)) > /var/outputs/o0", "-", "{{.inputs.a}}", "{{.inputs.b}}", "{{.inputs.pause}}"]
))]
pub(crate) fn product(a: i64, #[default(2)] b: i64, #[default(0)] pause: i64) -> i64;

/// Says how many networks there are.
#[task(container(
    image = "localhost/nebulakit-tests:debian",
    command = ["/bin/sh", "-c", "cat /proc/net/dev | tail -n +3 | wc -l > /var/outputs/o0"]
))]
pub(crate) fn networks() -> i64;

/// A task of the registry.
#[task]
pub(crate) fn doubled(a: i64) -> i64 {
    a * 2
}
