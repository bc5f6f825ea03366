//! Job definitions: one for each image and shape, whatever the number of jobs and runs.

use aws_sdk_batch::Client;
use aws_sdk_batch::types::{
    AssignPublicIp, ContainerProperties, FargatePlatformConfiguration, JobDefinitionType, NetworkConfiguration, PlatformCapability,
    ResourceRequirement, ResourceType, Secret,
};

use super::fault::Fault;
use super::shape::Shape;
use crate::process::digest;

/// What jobs have in common that are of one definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Definition {
    pub(super) image: String,
    pub(super) shape: Shape,
    pub(super) is_fargate: bool,
    pub(super) has_public_address: bool,
    pub(super) job_role: Option<String>,
    pub(super) execution_role: Option<String>,
    /// Variables, each with the ARN of the secret that it holds.
    pub(super) secrets: Vec<(String, String)>,
}

impl Definition {
    /// Its name: what it says, as a digest.
    pub(super) fn name(&self) -> String {
        let Self { image, shape, is_fargate, has_public_address, job_role, execution_role, secrets } = self;
        let said = serde_json::json!([
            image,
            shape.vcpus,
            shape.mib,
            shape.gpus,
            is_fargate,
            has_public_address,
            job_role,
            execution_role,
            secrets
        ]);
        format!("nebulakit-{}", &digest::of(said.to_string())[..32])
    }

    /// The ARN of it, which is registered where it is not yet.
    ///
    /// # Errors
    /// When Batch refuses it or gives no answer.
    pub(super) async fn arn(&self, client: &Client) -> Result<String, Fault> {
        let name = self.name();
        let asked = client.describe_job_definitions().job_definition_name(&name).status("ACTIVE").send().await;
        let known = asked.map_err(|error| Fault::of("DescribeJobDefinitions", &error))?;
        let newest = known.job_definitions().iter().max_by_key(|known| known.revision());
        if let Some(arn) = newest.and_then(|known| known.job_definition_arn()) {
            return Ok(arn.to_owned());
        }
        let capability = if self.is_fargate { PlatformCapability::Fargate } else { PlatformCapability::Ec2 };
        let made = client
            .register_job_definition()
            .job_definition_name(&name)
            .r#type(JobDefinitionType::Container)
            .platform_capabilities(capability)
            .container_properties(self.container())
            .propagate_tags(true)
            .tags("nebulakit", "yes")
            .send()
            .await
            .map_err(|error| Fault::of("RegisterJobDefinition", &error))?;
        let arn = made.job_definition_arn().map(str::to_owned);
        arn.ok_or_else(|| Fault::Unclear(format!("Batch has registered the job definition `{name}`, and did not say its ARN")))
    }

    fn container(&self) -> ContainerProperties {
        let need = |what: ResourceType, value: String| ResourceRequirement::builder().r#type(what).value(value).build();
        let shape = &self.shape;
        let mut container = ContainerProperties::builder()
            .image(&self.image)
            .privileged(false)
            .resource_requirements(need(ResourceType::Vcpu, shape.vcpus.clone()))
            .resource_requirements(need(ResourceType::Memory, shape.mib.to_string()))
            .set_job_role_arn(self.job_role.clone())
            .set_execution_role_arn(self.execution_role.clone());
        if shape.gpus > 0 {
            container = container.resource_requirements(need(ResourceType::Gpu, shape.gpus.to_string()));
        }
        for (name, arn) in &self.secrets {
            container = container.secrets(Secret::builder().name(name).value_from(arn).build());
        }
        if self.is_fargate {
            container = container.set_privileged(None);
            container =
                container.fargate_platform_configuration(FargatePlatformConfiguration::builder().platform_version("LATEST").build());
        }
        if self.has_public_address {
            let network = NetworkConfiguration::builder().assign_public_ip(AssignPublicIp::Enabled).build();
            container = container.network_configuration(network);
        }
        container.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        Definition {
            image: "r/app:1".to_owned(),
            shape: Shape { vcpus: "1".to_owned(), mib: 2048, gpus: 0 },
            is_fargate: false,
            has_public_address: false,
            job_role: None,
            execution_role: None,
            secrets: Vec::new(),
        }
    }

    #[test]
    fn its_name_says_all_of_it() {
        let one = definition();
        assert_eq!(one.name(), definition().name());
        assert!(one.name().len() <= 128 && one.name().starts_with("nebulakit-"));
        let others = [
            Definition { image: "r/app:2".to_owned(), ..definition() },
            Definition { shape: Shape { vcpus: "2".to_owned(), mib: 2048, gpus: 0 }, ..definition() },
            Definition { is_fargate: true, ..definition() },
            Definition { job_role: Some("r".to_owned()), ..definition() },
            Definition { execution_role: Some("r".to_owned()), ..definition() },
            Definition { secrets: vec![("K".to_owned(), "arn:x".to_owned())], ..definition() },
        ];
        others.iter().for_each(|other| assert_ne!(other.name(), one.name()));
    }

    #[test]
    fn no_container_is_privileged() {
        assert_eq!(definition().container().privileged(), Some(false));
        // Fargate knows no such word.
        assert_eq!(Definition { is_fargate: true, ..definition() }.container().privileged(), None);
    }
}
