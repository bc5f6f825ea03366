#[derive(TaskFailure)]
#[failure(code = "TRAIN")]
pub enum TrainError {
    #[failure(recoverable, code = "TRAIN:Store")]
    Store(std::io::Error),
    #[failure(permanent)]
    Diverged { step: i64 },
    Empty,
}
