#[derive(NebulaType)]
enum Outcome<T> {
    Pass,
    Filtered {
        min_quality: T,
        #[nebula(skip)]
        cached: Vec<u8>,
    },
    Fail,
    Score(f64),
}
