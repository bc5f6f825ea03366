/// Doubles twice.
#[workflow(keep_going, on_failure = clean_up::node(x, Failure))]
pub fn quadruple(
    /// What is doubled.
    x: Promise<i64>,
    #[default(2)] times: Promise<i64>,
) -> Promise<i64> {
    double::node(double::node(x), times)
}
