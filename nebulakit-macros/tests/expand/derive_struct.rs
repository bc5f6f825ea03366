#[derive(NebulaType)]
#[nebula(rename_all = "camelCase")]
pub struct Sample {
    taken_at: SystemTime,
    #[nebula(rename = "id")]
    identifier: u32,
    #[nebula(default = 1.0)]
    weight: f64,
    #[nebula(default = "none")]
    label: String,
    #[serde(default, alias = "comment")]
    note: Option<String>,
    #[nebula(required)]
    parent: Option<u32>,
    #[nebula(skip)]
    cached: Vec<u8>,
}
