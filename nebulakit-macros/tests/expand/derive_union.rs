#[derive(NebulaType)]
enum Input {
    Number(i64),
    Text(String),
    Nothing(()),
}
