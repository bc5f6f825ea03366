//! Templates of tasks: containers, pods, and what they ask for.

use std::collections::BTreeMap;

use nebulakit_types::wire::flyteidl::core::resources::{ResourceEntry, ResourceName};
use nebulakit_types::wire::flyteidl::core::{Container, K8sPod, TaskTemplate, task_template::Target};
use nebulakit_types::wire::google::protobuf::value::Kind;

use super::{present, refuse};
use crate::flyte::grpc::INTERNAL;
use crate::flyte::pages::Refused;

/// What the platform is configured to give at most.
const LIMITS: [(ResourceName, f64); 2] = [(ResourceName::Cpu, 4.0), (ResourceName::Gpu, 1.0)];

const QUANTITY: &str = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

fn uncompiled<T>(error: &str) -> Result<T, Refused> {
    refuse(format!("task failed compilation with Collected Errors: 1\n\tError 0: Code: {error}\n"))
}

/// Checks a template.
pub(in super::super) fn task(template: &TaskTemplate) -> Result<(), Refused> {
    present("type", &template.r#type)?;
    let Some(metadata) = &template.metadata else { return refuse("missing metadata") };
    if metadata.runtime.as_ref().is_some_and(|runtime| runtime.version.is_empty()) {
        return refuse("missing runtime version");
    }
    let Some(interface) = &template.interface else { return refuse("missing typed interface") };
    match &template.target {
        Some(Target::Container(container)) => {
            present("image", &container.image)?;
            resources(container)?;
            let has_values = [&interface.inputs, &interface.outputs].into_iter().flatten().any(|map| !map.variables.is_empty());
            if has_values && container.command.is_empty() && container.args.is_empty() {
                return uncompiled("ValueRequired, Node Id: container, Description: Value required [command].");
            }
            Ok(())
        }
        Some(Target::K8sPod(pod)) => self::pod(pod),
        _ => Ok(()),
    }
}

fn resources(container: &Container) -> Result<(), Refused> {
    let Some(resources) = &container.resources else { return Ok(()) };
    let (requests, limits) = (quantities(&resources.requests)?, quantities(&resources.limits)?);
    for (name, asked) in &requests {
        let most = LIMITS.iter().find(|(of, _)| i32::from(*of) == *name).map(|(_, most)| *most);
        let word = ResourceName::try_from(*name).unwrap_or_default().as_str_name();
        if let Some(most) = most.filter(|most| asked.0 > *most) {
            return refuse(format!(
                "Requested {word} default [{}] is greater than current limit set in the platform configuration [{most}]. Please contact Flyte \
                 Admins to change these limits or consult the configuration",
                asked.1
            ));
        }
        let is_extended = *name == i32::from(ResourceName::Gpu);
        if is_extended && limits.get(name).is_some_and(|limit| limit.0 != asked.0) {
            return refuse("For extended resource 'gpu' the default value must equal the limit value for task [<nil>]");
        }
    }
    Ok(())
}

/// The quantities of a list, as numbers and as they were written.
fn quantities(entries: &[ResourceEntry]) -> Result<BTreeMap<i32, (f64, String)>, Refused> {
    let mut found = BTreeMap::new();
    for ResourceEntry { name, value } in entries {
        let word = ResourceName::try_from(*name).unwrap_or_default().as_str_name();
        let Some(number) = quantity(value) else {
            let conventions = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/";
            return refuse(format!(
                "Parsing of {word} request failed for value {value} - reason  {QUANTITY}. Please follow K8s conventions for resources {conventions}"
            ));
        };
        if found.insert(*name, (number, value.clone())).is_some() {
            return refuse(format!("can't specify {word} limit for task [<nil>] multiple times"));
        }
    }
    Ok(found)
}

/// A quantity as Kubernetes reads it.
fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 16] = [
        ("", 1.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
    ];
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && !"+-.".contains(letter)).unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    SUFFIXES.iter().find(|(known, _)| *known == suffix).map(|(_, factor)| number * factor)
}

fn pod(pod: &K8sPod) -> Result<(), Refused> {
    let Some(spec) = &pod.pod_spec else {
        return refuse("invalid TaskSpecification, pod tasks should specify their target as a K8sPod with a defined pod spec");
    };
    let containers = match spec.fields.get("containers").and_then(|containers| containers.kind.as_ref()) {
        None | Some(Kind::NullValue(_)) => return Ok(()),
        Some(Kind::ListValue(containers)) => &containers.values,
        Some(other) => {
            let given = match other {
                Kind::StringValue(_) => "string",
                Kind::NumberValue(_) => "number",
                Kind::BoolValue(_) => "bool",
                _ => "object",
            };
            let text = format!("json: cannot unmarshal {given} into Go struct field PodSpec.containers of type []v1.Container");
            return Err((INTERNAL, text));
        }
    };
    for container in containers {
        let Some(Kind::StructValue(container)) = &container.kind else { continue };
        let Some(Kind::StringValue(name)) = container.fields.get("name").and_then(|name| name.kind.as_ref()) else { continue };
        let is_label = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !is_label {
            return uncompiled("InvalidValue, Node Id: root, Description: Invalid value [k8s pod spec container name].");
        }
    }
    Ok(())
}
