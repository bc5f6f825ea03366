#[derive(TaskOutputs)]
struct Division {
    quotient: i64,
    #[nebula(rename = "rest")]
    remainder: i64,
}
