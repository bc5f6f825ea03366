#[derive(NebulaType)]
#[serde(rename_all = "snake_case")]
enum Color {
    Red,
    DarkGreen,
    #[nebula(value = "azure", name = "AZURE")]
    Blue,
}
