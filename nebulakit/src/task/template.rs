//! The task as it is registered (`flyteidl.core.TaskTemplate`), without what only a registration knows: its id and its image.
//!
//! The fields are filled as flytekit fills them (Flyte registration contract, "what flytekit writes into each message").

use std::time::Duration;

use nebulakit_types::wire::flyteidl::core::{
    self as wire, Container, DataLoadingConfig, ExtendedResources, GpuAccelerator, K8sObjectMetadata, KeyValuePair, RetryStrategy,
    RuntimeMetadata, Secret, SecurityContext, SharedMemory, TaskMetadata, TaskTemplate, data_loading_config, gpu_accelerator, resources,
    runtime_metadata, secret, task_metadata, task_template,
};
use nebulakit_types::wire::google::protobuf as google;
use nebulakit_types::{Dialect, Error, ErrorKind, Interface, Result, Variable};
use prost::Message as _;

use crate::task::container::{ContainerSpec, DataFormat};
use crate::task::def::TaskDef;
use crate::task::definition::{Definition, interface};
use crate::task::options::{Mount, Resources, SecretRequest, TaskOptions};

/// What runs the task: the platform's plugin for containers. Other types fall through to the same plugin, but depend on no
/// operator's list of allowed types.
const TASK_TYPE: &str = "container";

/// The same for a container task, whose inputs and outputs the platform's copilot carries.
const CONTAINER_TASK_TYPE: &str = "raw-container";

/// The version that the platform's gates compare, and ours behind it: propeller hands offloaded literals only to what reports at
/// least 1.13.14, and takes the first `x.y.z` of the text.
const RUNTIME_VERSION: &str = concat!("1.16.8-nebulakit.", env!("CARGO_PKG_VERSION"));

/// The name by which `execute` knows the task that gives on what it takes. It is nobody's: names begin with that of the crate.
pub(crate) const PASS: &str = "nebulakit.pass";

/// The same of the task that runs a workflow for each element of lists.
pub(crate) const MAP: &str = "nebulakit.map";

/// What the platform puts in place of the templates, as options of `execute`.
const ARGUMENTS: [&str; 10] = [
    "--inputs",
    "{{.input}}",
    "--output-prefix",
    "{{.outputPrefix}}",
    "--raw-output-data-prefix",
    "{{.rawOutputDataPrefix}}",
    "--checkpoint-path",
    "{{.checkpointOutputPrefix}}",
    "--prev-checkpoint",
    "{{.prevCheckpointPrefix}}",
];

/// What tells a container how its own task is registered.
const OWN_TEMPLATE: [&str; 2] = ["--task-template", "{{.taskTemplatePath}}"];

impl TaskDef {
    /// What the task takes and gives, in the order of the source. A variable without a doc comment is described by its name, as with
    /// flytekit.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::Task;
    /// use nebulakit::prelude::*;
    ///
    /// #[task(outputs(quotient, remainder))]
    /// fn divide(a: i64, b: i64) -> (i64, i64) {
    ///     (a / b, a % b)
    /// }
    /// # fn main() {
    ///
    /// let interface = divide::def().interface();
    /// assert_eq!(interface.inputs[0].literal_type.to_string(), "int");
    /// assert_eq!(interface.outputs[1].name, "remainder");
    /// # }
    /// ```
    #[must_use]
    pub fn interface(&self) -> Interface {
        self.interface_in(&Dialect::FLYTE_1)
    }

    /// The same as `dialect` has it.
    pub(crate) fn interface_in(&self, dialect: &Dialect) -> Interface {
        interface(self.params, self.output_types(dialect), dialect)
    }

    /// The task as it is registered, without what only a registration knows: its id and its image. Its container is started with the file
    /// `binary`; that of a container task with its own image and command.
    ///
    /// # Examples
    /// ```
    /// use nebulakit::Task;
    /// use nebulakit::prelude::*;
    ///
    /// #[task(retries = 3)]
    /// fn double(x: i64) -> i64 {
    ///     2 * x
    /// }
    /// # fn main() {
    ///
    /// let template = double::def().template("/app/tasks");
    /// assert_eq!(template.metadata.and_then(|metadata| metadata.retries).map(|retries| retries.retries), Some(3));
    /// # }
    /// ```
    #[must_use]
    pub fn template(&self, binary: &str) -> TaskTemplate {
        self.template_in(binary, &Dialect::FLYTE_1)
    }

    /// The same as `dialect` has it.
    pub(crate) fn template_in(&self, binary: &str, dialect: &Dialect) -> TaskTemplate {
        let options = self.options;
        let started = self.container.map_or_else(|| self.of_binary(binary), of_program);
        let container = Container {
            resources: Some(wire::Resources { requests: amounts(&options.requests), limits: amounts(&options.limits) }),
            env: options.env.iter().map(|(key, value)| KeyValuePair { key: (*key).to_owned(), value: (*value).to_owned() }).collect(),
            ..started
        };
        TaskTemplate {
            r#type: if self.container.is_some() { CONTAINER_TASK_TYPE } else { TASK_TYPE }.to_owned(),
            metadata: Some(metadata(options)),
            interface: Some(self.interface_in(dialect).to_wire()),
            security_context: (!options.secrets.is_empty())
                .then(|| SecurityContext { secrets: options.secrets.iter().map(secret).collect(), ..SecurityContext::default() }),
            extended_resources: extended(options.accelerator, options.shared_memory),
            target: Some(task_template::Target::Container(container)),
            ..TaskTemplate::default()
        }
    }

    /// How a container with the file `binary` in it is started.
    fn of_binary(&self, binary: &str) -> Container {
        let mut container = of_binary(binary, self.name);
        if self.is_dynamic {
            // Tasks in its graph are registered as it is itself: with the same image and version, which nothing else tells it.
            container.args.extend(OWN_TEMPLATE.map(str::to_owned));
        }
        container
    }
}

/// A task that gives on what it takes, by the same names: `execute` of this library knows it by [`PASS`]. The fields are those of a task without
/// options.
pub(crate) fn passing(binary: &str, variables: &[Variable]) -> TaskTemplate {
    standing_in(binary, PASS, &Interface { inputs: variables.to_vec(), outputs: variables.to_vec() })
}

/// A task that nobody wrote: `execute` of this library knows it by `name`, and learns from its template what it is to do.
pub(crate) fn standing_in(binary: &str, name: &str, interface: &Interface) -> TaskTemplate {
    let mut container = Container { resources: Some(wire::Resources::default()), ..of_binary(binary, name) };
    container.args.extend(OWN_TEMPLATE.map(str::to_owned));
    TaskTemplate {
        r#type: TASK_TYPE.to_owned(),
        metadata: Some(metadata(&TaskOptions::NONE)),
        interface: Some(interface.to_wire()),
        target: Some(task_template::Target::Container(container)),
        ..TaskTemplate::default()
    }
}

/// What the task with this template takes and gives.
///
/// # Errors
/// When it is none.
pub(crate) fn declared(template: &[u8]) -> Result<Interface> {
    let broken = |error| Error::new(ErrorKind::Corrupt, "the template of the task").with_source(error);
    let template = TaskTemplate::decode(template).map_err(broken)?;
    Interface::decode(&template.interface.unwrap_or_default().encode_to_vec())
}

/// How a container with the file `binary` in it runs the task `name`.
fn of_binary(binary: &str, name: &str) -> Container {
    let args = ["execute", "--task-name", name].into_iter().chain(ARGUMENTS).map(str::to_owned);
    Container { command: vec![binary.to_owned()], args: args.collect(), ..Container::default() }
}

/// How the container of a container task is started, and where the platform's copilot puts its files.
fn of_program(spec: &ContainerSpec) -> Container {
    let format = match spec.format {
        DataFormat::Json => data_loading_config::LiteralMapFormat::Json,
        DataFormat::Yaml => data_loading_config::LiteralMapFormat::Yaml,
        DataFormat::Proto => data_loading_config::LiteralMapFormat::Proto,
    };
    Container {
        image: spec.image.to_owned(),
        command: spec.command.iter().map(|&element| element.to_owned()).collect(),
        data_config: Some(DataLoadingConfig {
            enabled: true,
            input_path: spec.input_path.to_owned(),
            output_path: spec.output_path.to_owned(),
            format: format.into(),
            io_strategy: None,
        }),
        ..Container::default()
    }
}

impl Definition for TaskDef {
    fn name(&self) -> &'static str {
        self.name
    }

    fn interface(&self) -> Interface {
        self.interface_in(&Dialect::FLYTE_1)
    }

    fn output_names(&self) -> &'static [&'static str] {
        self.outputs
    }
}

fn metadata(options: &TaskOptions) -> TaskMetadata {
    let cache = options.cache.as_ref();
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    TaskMetadata {
        discoverable: cache.is_some(),
        discovery_version: cache.map(|cache| cache.version.to_owned()).unwrap_or_default(),
        cache_serializable: cache.is_some_and(|cache| cache.serialize),
        cache_ignore_input_vars: cache.map(|cache| cache.ignore.iter().map(|name| (*name).to_owned()).collect()).unwrap_or_default(),
        runtime: Some(RuntimeMetadata {
            r#type: runtime_metadata::RuntimeType::FlyteSdk.into(),
            version: RUNTIME_VERSION.to_owned(),
            flavor: "rust".to_owned(),
        }),
        timeout: options.timeout.map(duration),
        // Sent even when there are none: where it is absent the platform repeats a lone task three times.
        retries: Some(RetryStrategy { retries: options.retries }),
        deprecated_error_message: options.deprecated.unwrap_or_default().to_owned(),
        pod_template_name: options.pod_template.unwrap_or_default().to_owned(),
        // Sent even when false: where it is absent the console shows no errors of the task.
        generates_deck: Some(google::BoolValue { value: options.deck }),
        metadata: Some(K8sObjectMetadata { labels: pairs(options.labels), annotations: pairs(options.annotations) }),
        interruptible_value: options.interruptible.map(task_metadata::InterruptibleValue::Interruptible),
        ..TaskMetadata::default()
    }
}

/// A time as the platform's messages have it.
pub(crate) fn duration(duration: Duration) -> google::Duration {
    google::Duration { seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), nanos: duration.subsec_nanos().cast_signed() }
}

fn amounts(amounts: &Resources) -> Vec<resources::ResourceEntry> {
    use resources::ResourceName;
    let named = [
        (ResourceName::EphemeralStorage, amounts.ephemeral_storage),
        (ResourceName::Cpu, amounts.cpu),
        (ResourceName::Gpu, amounts.gpu),
        (ResourceName::Memory, amounts.memory),
        (ResourceName::Storage, amounts.storage),
    ];
    let given = named.into_iter().filter_map(|(name, amount)| Some((name, amount?)));
    given.map(|(name, amount)| resources::ResourceEntry { name: name.into(), value: amount.to_owned() }).collect()
}

fn secret(request: &SecretRequest) -> Secret {
    Secret {
        group: request.group.to_owned(),
        group_version: request.version.to_owned(),
        key: request.key.to_owned(),
        mount_requirement: match request.mount {
            Mount::Any => secret::MountType::Any,
            Mount::EnvVar => secret::MountType::EnvVar,
            Mount::File => secret::MountType::File,
        }
        .into(),
        env_var: request.env_var.to_owned(),
    }
}

/// An accelerator, `device` or `device:partition`, and shared memory of that size, as far as either is asked for.
pub(crate) fn extended(accelerator: Option<&str>, shared_memory: Option<&str>) -> Option<ExtendedResources> {
    let gpu_accelerator = accelerator.map(|accelerator| {
        let (device, part) = accelerator.split_once(':').map_or((accelerator, None), |(device, part)| (device, Some(part)));
        GpuAccelerator {
            device: device.to_owned(),
            partition_size_value: part.map(|part| gpu_accelerator::PartitionSizeValue::PartitionSize(part.to_owned())),
        }
    });
    // The platform wants a name and a path; these are flytekit's.
    let shared_memory = shared_memory.map(|size| SharedMemory {
        mount_path: "/dev/shm".to_owned(),
        mount_name: "flyte-shared-memory".to_owned(),
        size_limit: size.to_owned(),
    });
    (gpu_accelerator.is_some() || shared_memory.is_some()).then_some(ExtendedResources { gpu_accelerator, shared_memory })
}

#[cfg(test)]
mod tests {
    use nebulakit_types::json::{Message, to_json};
    use serde_json::json;

    use super::*;
    use crate::task::def::{Sealed, TaskParts, blocking, output_names};
    use crate::task::options::CacheOptions;
    use crate::task::param::{AnyParam, Param};

    static INPUT: Param<i64> = Param::<i64>::new("rows", "How many.");
    static PARAMS: [&dyn AnyParam; 1] = [&INPUT];
    static PLAIN: TaskDef = load(&TaskOptions::NONE);

    struct Load;

    impl Sealed for Load {
        type Gives = ();
        type Returned = ();

        fn data() -> &'static TaskDef {
            &PLAIN
        }
    }

    const fn load(options: &'static TaskOptions) -> TaskDef {
        TaskDef::of::<Load>(TaskParts {
            digests: (0, 0),
            name: "app.load",
            doc: "",
            at: ("", 0),
            params: &PARAMS,
            outputs: output_names::<Load>(&[]),
            options,
            is_async: false,
            prepare: |_, _| Ok(blocking::<Load>(|| ())),
        })
    }

    fn described(options: &'static TaskOptions) -> serde_json::Value {
        let task = load(options);
        to_json(Message::TaskTemplate, &task.template("app").encode_to_vec()).unwrap()
    }

    #[test]
    fn a_plain_task_sends_what_the_platform_misreads_when_it_is_absent() {
        let expected = json!({
            "type": "container",
            "metadata": {
                "runtime": {"type": "FLYTE_SDK", "version": RUNTIME_VERSION, "flavor": "rust"},
                "retries": {},
                "generatesDeck": false,
                "metadata": {},
            },
            "interface": {
                "inputs": {"variables": {"rows": {"type": {"simple": "INTEGER"}, "description": "How many."}}},
                "outputs": {},
            },
            "container": {
                "command": ["app"],
                "args": [
                    "execute", "--task-name", "app.load", "--inputs", "{{.input}}", "--output-prefix", "{{.outputPrefix}}",
                    "--raw-output-data-prefix", "{{.rawOutputDataPrefix}}", "--checkpoint-path", "{{.checkpointOutputPrefix}}",
                    "--prev-checkpoint", "{{.prevCheckpointPrefix}}",
                ],
                "resources": {},
            },
        });
        assert_eq!(described(&TaskOptions::NONE), expected);
    }

    #[test]
    fn a_task_that_gives_on_what_it_takes_is_a_plain_one_with_its_own_name() {
        let template = passing(
            "app",
            &[Variable::new("value", nebulakit_types::LiteralType::simple(nebulakit_types::literal_type::SimpleType::Float))],
        );
        let template = to_json(Message::TaskTemplate, &template.encode_to_vec()).unwrap();
        assert_eq!(template["metadata"], described(&TaskOptions::NONE)["metadata"]);
        assert_eq!(template["interface"]["inputs"], template["interface"]["outputs"]);
        assert_eq!(template["container"]["args"][2], PASS);
    }

    #[test]
    fn every_option_has_its_field() {
        static SECRETS: [SecretRequest; 1] =
            [SecretRequest { group: "db", key: "password", version: "2", mount: Mount::EnvVar, env_var: "PASSWORD" }];
        static OPTIONS: TaskOptions = TaskOptions {
            retries: 3,
            timeout: Some(Duration::from_millis(1500)),
            interruptible: Some(false),
            deprecated: Some("use `other`"),
            cache: Some(CacheOptions { version: "1", serialize: true, ignore: &["rows"] }),
            requests: Resources { cpu: Some("500m"), memory: Some("1Gi"), ..Resources::NONE },
            requests_with: None,
            limits: Resources { gpu: Some("1"), ephemeral_storage: Some("10Gi"), storage: Some("2Gi"), ..Resources::NONE },
            accelerator: Some("nvidia-tesla-a100:1g.5gb"),
            tokens: &[("licences", 1)],
            on_oom: None,
            shared_memory: Some(""),
            env: &[("TZ", "UTC")],
            secrets: &SECRETS,
            image: Some("ghcr.io/me/app:1"),
            network: true,
            pod_template: Some("big"),
            labels: &[("team", "data")],
            annotations: &[("note", "x")],
            deck: true,
            supervised: true,
            strategy: Some(crate::task::strategy::Strategy::Process),
        };
        let template = described(&OPTIONS);
        let expected = json!({
            "discoverable": true,
            "discoveryVersion": "1",
            "cacheSerializable": true,
            "cacheIgnoreInputVars": ["rows"],
            "runtime": {"type": "FLYTE_SDK", "version": RUNTIME_VERSION, "flavor": "rust"},
            "timeout": "1.500s",
            "retries": {"retries": 3},
            "deprecatedErrorMessage": "use `other`",
            "interruptible": false,
            "podTemplateName": "big",
            "generatesDeck": true,
            "metadata": {"labels": {"team": "data"}, "annotations": {"note": "x"}},
        });
        assert_eq!(template["metadata"], expected);
        let amount = |name: &str, value: &str| json!({"name": name, "value": value});
        let resources = json!({
            "requests": [amount("CPU", "500m"), amount("MEMORY", "1Gi")],
            "limits": [amount("EPHEMERAL_STORAGE", "10Gi"), amount("GPU", "1"), amount("STORAGE", "2Gi")],
        });
        assert_eq!(template["container"]["resources"], resources);
        assert_eq!(template["container"]["env"], json!([{"key": "TZ", "value": "UTC"}]));
        assert_eq!(template["container"].get("image"), None, "the registration says which image");
        let secret = json!({"group": "db", "groupVersion": "2", "key": "password", "mountRequirement": "ENV_VAR", "envVar": "PASSWORD"});
        assert_eq!(template["securityContext"], json!({"secrets": [secret]}));
        let extended = json!({
            "gpuAccelerator": {"device": "nvidia-tesla-a100", "partitionSize": "1g.5gb"},
            "sharedMemory": {"mountPath": "/dev/shm", "mountName": "flyte-shared-memory"},
        });
        assert_eq!(template["extendedResources"], extended);
    }
}
