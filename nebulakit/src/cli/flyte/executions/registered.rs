//! The task of this binary that a registered task is.

use nebulakit_types::convert::reader::{Entries, LiteralRef, LiteralView, References};
use nebulakit_types::convert::writer::map_of_literals;
use nebulakit_types::literal_type::castable;
use nebulakit_types::{LiteralType, visible};

use crate::backend::flyte::{ExecutionNode, RegisteredTask};
use crate::cli::complaint::Complaint;
use crate::cli::setting::Setting;
use crate::task::def::TaskDef;
use crate::task::failure::chain;

/// How a registered task calls a binary.
#[derive(Debug, Default)]
pub(super) struct Called {
    /// The task's name in the binary.
    name: Option<String>,
    /// Whether it runs one element of a map.
    pub(super) is_map: bool,
    /// The inputs that a map passes whole.
    bound: Vec<String>,
}

impl Called {
    /// By the arguments of its container.
    pub(super) fn of(RegisteredTask { args, .. }: &RegisteredTask) -> Self {
        let behind = |flag: &str| args.iter().position(|arg| arg == flag).and_then(|at| args.get(at + 1)).cloned();
        let bound = behind("--bound").unwrap_or_default();
        Self {
            name: behind("--task-name"),
            is_map: args.first().is_some_and(|verb| verb == "map-execute"),
            bound: bound.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// The task in this binary, with the interface that it was registered with.
    pub(super) fn task(&self, registered: &RegisteredTask, setting: &Setting<'_>) -> Result<&'static TaskDef, Complaint> {
        let (shown, version) = (visible::line(&registered.name), visible::line(&registered.version));
        let name = self.name.as_deref().unwrap_or(&registered.name);
        let task = setting
            .find(name)
            .map_err(|complaint| complaint.about(&format!("the task `{shown}` of the version {version} cannot be replayed")))?;
        let differs = |why: String| {
            Complaint::failed(format!("the task `{shown}` is another one in this binary: {why}"))
                .hint(format!("hint: it was registered as version {}: build that version, and replay with it", version))
        };
        for input in &registered.interface.inputs {
            let Some(param) = task.params.iter().find(|param| param.name() == input.name) else {
                return Err(differs(format!("it has no input `{}`", visible::line(&input.name))));
            };
            let (given, taken) = (self.element_type(&input.name, &input.literal_type), param.literal_type(setting.dialect()));
            if !castable(&given, &taken) {
                return Err(differs(format!("the input `{}` was registered as {given}, and is {taken}", visible::line(&input.name))));
            }
        }
        let is_given = |name: &str| registered.interface.inputs.iter().any(|input| input.name == name);
        match task.params.iter().find(|param| !param.is_optional() && !is_given(param.name())) {
            Some(param) => Err(differs(format!("it needs the input `{}`", param.name()))),
            None => Ok(task),
        }
    }

    fn element_type(&self, name: &str, literal_type: &LiteralType) -> LiteralType {
        match &literal_type.kind {
            nebulakit_types::literal_type::TypeKind::Collection(element) if self.is_gone_through(name) => (**element).clone(),
            _ => literal_type.clone(),
        }
    }

    fn is_gone_through(&self, name: &str) -> bool {
        self.is_map && !self.bound.iter().any(|bound| bound == name)
    }

    /// The inputs of one element of a map, of the bytes of the `inputs.pb` of all of them.
    pub(super) fn element(&self, inputs: &[u8], index: u32) -> Result<Vec<u8>, Complaint> {
        picked(inputs, index, |name| self.is_gone_through(name))
    }
}

/// The complaint that an element of what is not a map is meant.
pub(super) fn no_map(node: &ExecutionNode) -> Complaint {
    Complaint::usage(format!("the node {} is not a map: it has no elements", visible::line(&node.path)))
}

/// Values with one element in place of each list that `is_list` names.
fn picked(values: &[u8], index: u32, is_list: impl Fn(&str) -> bool) -> Result<Vec<u8>, Complaint> {
    let unreadable = |error: nebulakit_types::Error| Complaint::failed(format!("the values cannot be read: {}", chain(&error)));
    let (mut entries, mut literals) = (Entries::of_map(values, References::none()), Vec::new());
    while let Some((name, literal)) = entries.next().map_err(unreadable)? {
        let literal = if is_list(name) { element(name, literal, index)? } else { literal.bytes().to_vec() };
        literals.push((name.to_owned(), literal));
    }
    Ok(map_of_literals(literals.iter().map(|(name, literal)| (name.as_str(), literal.as_slice()))))
}

/// An element of the list that a value is.
fn element(name: &str, literal: LiteralRef<'_>, index: u32) -> Result<Vec<u8>, Complaint> {
    let unreadable = |error: nebulakit_types::Error| Complaint::failed(chain(&error.at_field(name)));
    let LiteralView::Collection(mut elements) = literal.view().map_err(unreadable)? else {
        return Err(Complaint::failed(format!("`{}` of the map is not a list", visible::line(name))));
    };
    let mut count = 0;
    while let Some(element) = elements.next().map_err(unreadable)? {
        if count == index {
            return Ok(element.bytes().to_vec());
        }
        count += 1;
    }
    Err(Complaint::usage(format!("the map has no element {index}: `{}` has {count}", visible::line(name))))
}

#[cfg(test)]
mod tests {
    use nebulakit_types::{Dialect, encode};

    use super::*;

    #[test]
    fn an_element_of_all_lists_is_picked_and_what_is_shared_stays() {
        let list = encode(&vec![1_i64, 2, 3], &Dialect::FLYTE_1).unwrap();
        let number = |x: i64| encode(&x, &Dialect::FLYTE_1).unwrap();
        let inputs = map_of_literals([("xs", list.as_slice()), ("of", &number(7))]);
        let called = Called { is_map: true, bound: vec!["of".to_owned()], ..Called::default() };
        assert_eq!(called.element(&inputs, 1).unwrap(), map_of_literals([("xs", number(2).as_slice()), ("of", &number(7))]));
        let complaint = called.element(&inputs, 3).unwrap_err();
        assert_eq!(complaint.message, "the map has no element 3: `xs` has 3");
    }
}
