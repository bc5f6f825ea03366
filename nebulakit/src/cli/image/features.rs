//! Which features of nebulakit a program needs in a container, and which it carries for nothing.

use nebulakit_types::LiteralType;
use nebulakit_types::literal_type::TypeKind;

use super::project::Project;
use crate::cli::setting::Setting;

/// What a container never needs: people do.
const FOR_PEOPLE: [&str; 2] = ["run", "flyte"];

/// The stores that a cluster may keep its data in.
const STORES: [&str; 3] = ["aws", "gcp", "azure"];

/// The features that the program is built with.
#[derive(Debug)]
pub(super) struct Features {
    /// How the project calls nebulakit.
    nebulakit: String,
    /// What its Cargo.toml switches on always.
    always: Vec<String>,
    has_defaults: bool,
    /// What is switched on besides, of nebulakit.
    added: Vec<String>,
    /// What is switched on of the project.
    own: Option<String>,
    default_features: Vec<String>,
}

impl Features {
    pub(super) fn of(project: &Project, own: Option<&str>, has_roots: bool, setting: &Setting<'_>) -> Self {
        let dependency = project.nebulakit.as_ref();
        let always = dependency.map(|dependency| dependency.features.clone()).unwrap_or_default();
        let mut added = vec!["static-alloc".to_owned()];
        added.extend((!has_roots).then(|| "embedded-roots".to_owned()));
        let interfaces = setting.registry.iter().map(crate::task::def::TaskDef::interface);
        let mut types = interfaces.flat_map(|interface| interface.inputs.into_iter().chain(interface.outputs));
        if types.any(|variable| has_table(&variable.literal_type)) && !always.iter().any(|name| name == "polars") {
            added.push("schema".to_owned());
        }
        added.retain(|name| !always.contains(name));
        Self {
            nebulakit: dependency.map_or_else(|| "nebulakit".to_owned(), |dependency| dependency.name.clone()),
            has_defaults: dependency.is_some_and(|dependency| dependency.has_default_features),
            always,
            added,
            own: own.map(str::to_owned),
            default_features: project.default_features.clone(),
        }
    }

    /// As cargo is told them.
    pub(super) fn list(&self) -> String {
        let added = self.added.iter().map(|name| format!("{}/{name}", self.nebulakit));
        added.chain(self.own.clone()).collect::<Vec<_>>().join(",")
    }

    /// What is to be said of them.
    pub(super) fn notes(&self) -> Vec<String> {
        let own =
            self.own.iter().flat_map(|own| own.split([',', ' '])).filter_map(|name| name.strip_prefix(&format!("{}/", self.nebulakit)));
        let mut all: Vec<&str> = self.always.iter().chain(&self.added).map(String::as_str).chain(own).collect();
        all.sort_unstable();
        let mut notes = Vec::new();
        if self.has_defaults {
            notes.push(format!("the image has the default features of nebulakit besides: {}", all.join(", ")));
        } else {
            notes.push(format!("features of nebulakit in the image: {}", all.join(", ")));
        }
        let for_people: Vec<_> = FOR_PEOPLE.iter().filter(|name| all.contains(name) || (**name == "run" && self.has_defaults)).collect();
        if let [first, ..] = for_people.as_slice() {
            let names: Vec<_> = for_people.iter().map(|name| format!("`{name}`")).collect();
            let kept: Vec<_> =
                all.iter().filter(|name| !FOR_PEOPLE.contains(name) && !self.added.iter().any(|added| added == *name)).collect();
            let stores =
                if self.has_defaults && kept.is_empty() { vec!["aws".to_owned()] } else { kept.iter().map(ToString::to_string).collect() };
            let stores: Vec<_> = stores.iter().map(|name| format!("\"{name}\"")).collect();
            notes.push(format!(
                "the image carries {}, which no container needs: `{first}` is for people. In Cargo.toml write\n\
                 \n    [dependencies]\n    {nebulakit} = {{ version = \"..\", default-features = false, features = [{}] }}\n\
                 \n    [features]\n    default = [\"desk\"]\n    desk = [\"{nebulakit}/default\", \"{nebulakit}/flyte\"]\n",
                names.join(" and "),
                stores.join(", "),
                nebulakit = self.nebulakit,
            ));
        }
        if !self.has_defaults && !STORES.iter().any(|store| all.contains(store)) {
            notes.push(format!(
                "no store is among them: a task reads its inputs where the cluster keeps its data, by {}; write it in Cargo.toml, or `--features {}/aws`",
                STORES.map(|store| format!("`{store}`")).join(", "),
                self.nebulakit
            ));
        }
        let left: Vec<_> = self.default_features.iter().filter(|name| *name != "desk").cloned().collect();
        if !left.is_empty() && self.own.is_none() {
            notes.push(format!(
                "the project's default features are left out: {}; name those that its tasks need with `--features`",
                left.join(", ")
            ));
        }
        notes
    }
}

/// Whether values of a type are tables, or have some in them.
fn has_table(literal_type: &LiteralType) -> bool {
    match &literal_type.kind {
        TypeKind::Schema(_) | TypeKind::StructuredDataset(_) => true,
        TypeKind::Collection(inner) | TypeKind::Map(inner) => has_table(inner),
        TypeKind::Union(variants) => variants.iter().any(has_table),
        _ => literal_type.structure.as_ref().is_some_and(|structure| structure.dataclass_type.values().any(has_table)),
    }
}
