//! S3: the configuration first, then what the cloud's own tools would find.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider};

use super::budget::Budget;
use super::cloud::{
    Bucket, Kind, Making, Place, check_bucket, check_header, container_path, container_url, endpoint_url, refused, secret_url, service_url,
};
use super::config::{AddressingStyle, Environment, StorageConfig};
use super::local::read_short;
use super::shown::shown;
use super::transport::{Asking, Connector, Watch, client_options, innermost, retry_config};
use crate::{Error, ErrorKind, Result, Secret};

/// What is special about S3.
pub(super) static S3: Kind = Kind {
    feature: "aws",
    make: store,
    elsewhere: "set AWS_REGION to the region of the bucket, or FLYTE_AWS_ENDPOINT to where the store is",
    denies_absence: true,
    metadata_identifiers: false,
};

const LOOKED_FOR: &str = "FLYTE_AWS_ACCESS_KEY_ID and FLYTE_AWS_SECRET_ACCESS_KEY (or section `aws` of Flyte's configuration file), \
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN, the keys of the profile (AWS_PROFILE, else \
    `default`) in ~/.aws/credentials and ~/.aws/config, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI, the role of the machine";

/// The longest file of profiles that is read, in bytes: 1 MiB. Those of people who have hundreds of accounts are a tenth of it.
const LONGEST_PROFILE: u64 = 1 << 20;

/// Makes the store of a bucket.
fn store(making: &Making<'_>) -> Result<Bucket> {
    let Client { objects, region, anonymous, bodies_in_memory } = client(making)?;
    Ok(Bucket { objects: Arc::new(objects), looked_for: LOOKED_FOR, region: Some(region), anonymous, bodies_in_memory })
}

/// The account whose credentials the stores would use, for other services of the same cloud.
#[derive(Debug)]
pub struct AwsAccount {
    credentials: AwsCredentialProvider,
    region: String,
}

/// The keys of an account, for as long as they are valid.
#[derive(Debug, Clone)]
pub struct AwsKeys {
    /// The id of the key, which is no secret.
    pub id: String,
    /// The key.
    pub secret: Secret,
    /// What comes along with keys that end some time.
    pub token: Option<Secret>,
}

impl AwsAccount {
    /// The account that a configuration leads to. Nothing is asked yet.
    ///
    /// # Errors
    /// As for a store of a bucket: half a pair of keys, places of credentials that are none.
    pub fn of(config: StorageConfig) -> Result<Self> {
        let (config, budget) = (Arc::new(config), Arc::new(Budget::default()));
        let connector = Connector::new(Arc::clone(&config), budget);
        // No bucket is asked; the keys are those of all of them.
        let place = Place { url: "s3://credentials", authority: "credentials", key: "".into(), deadline: None };
        let Client { objects, region, .. } =
            client(&Making { place: &place, region: None, anonymous: false, config: &config, connector: &connector })?;
        Ok(Self { credentials: Arc::clone(objects.credentials()), region })
    }

    /// The region that requests are signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The keys, fetched anew where they have ended.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] where there are none.
    pub async fn keys(&self) -> Result<AwsKeys> {
        let keys = Watch::until(None).of(self.credentials.get_credential()).await;
        let keys = keys.map_err(|error| {
            Error::new(ErrorKind::Denied, format!("no credentials found; looked for {LOOKED_FOR}: {}", innermost(&error)))
        })?;
        Ok(AwsKeys { id: keys.key_id.clone(), secret: keys.secret_key.clone().into(), token: keys.token.clone().map(Into::into) })
    }
}

struct Client {
    objects: AmazonS3,
    region: String,
    anonymous: bool,
    bodies_in_memory: bool,
}

fn client(making: &Making<'_>) -> Result<Client> {
    let Making { place, region, anonymous, config, connector } = *making;
    let bucket = place.authority;
    check_bucket(place.url, bucket)?;
    let (s3, environment) = (&config.s3, &config.environment);
    let profile = Profile::read(environment, s3.access_key_id.is_none() || s3.region.is_none());
    let anonymous = anonymous || s3.anonymous;
    let keys = if anonymous { None } else { keys(place, config, &profile)? };
    let service = if anonymous || keys.is_some() { Service::None } else { Service::of(environment) };
    // A signature over the whole body costs half a second of CPU for each GiB. Over TLS it adds nothing; over plain http, anyone who can
    // change an upload can change what is read back, too. `AWS_UNSIGNED_PAYLOAD=false` turns it on.
    let mut builder = AmazonS3Builder::new().with_unsigned_payload(true);
    for (name, value) in environment.with_prefix("AWS_") {
        match name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            // The transport is this crate's, and the keys come below, as a pair.
            Ok(AmazonS3ConfigKey::Client(_) | AmazonS3ConfigKey::AccessKeyId | AmazonS3ConfigKey::SecretAccessKey) | Err(_) => {}
            Ok(AmazonS3ConfigKey::Token | AmazonS3ConfigKey::Region | AmazonS3ConfigKey::DefaultRegion) => {}
            Ok(AmazonS3ConfigKey::Endpoint | AmazonS3ConfigKey::S3Endpoint | AmazonS3ConfigKey::Bucket) => {}
            Ok(key) => {
                if let Some(value) = service.told(&key, name, value)? {
                    builder = builder.with_config(key, value);
                }
            }
        }
    }
    if anonymous {
        builder = builder.with_skip_signature(true);
    } else if let Some(keys) = keys {
        builder = builder.with_access_key_id(keys.id).with_secret_access_key(keys.secret);
        if let Some(token) = keys.token {
            builder = builder.with_token(token);
        }
    }
    let of_environment = |name| environment.get(name).map(str::to_owned);
    let configured = s3.region.clone().or_else(|| of_environment("AWS_REGION")).or_else(|| of_environment("AWS_DEFAULT_REGION"));
    let region = region.map(str::to_owned).or(configured).or(profile.region).unwrap_or_else(|| "us-east-1".to_owned());
    check_header(place, "region", &region)?;
    if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Error::new(ErrorKind::Url, format!("`{region}` is not an S3 region")));
    }
    let endpoint = s3.endpoint.clone().or_else(|| of_environment("AWS_ENDPOINT_URL_S3")).or_else(|| of_environment("AWS_ENDPOINT_URL"));
    let virtual_name = |host_is_name: bool, style| match style {
        AddressingStyle::Virtual => true,
        AddressingStyle::Path => false,
        AddressingStyle::Auto => host_is_name && !bucket.contains('.'),
    };
    if let Some(endpoint) = endpoint {
        let mut url = endpoint_url(endpoint.trim())?;
        let name = url.domain().map(str::to_owned);
        if virtual_name(name.is_some(), s3.addressing_style.unwrap_or(AddressingStyle::Path)) {
            let host = name.or_else(|| url.host_str().map(str::to_owned)).unwrap_or_default();
            url.set_host(Some(&format!("{bucket}.{host}"))).map_err(|error| {
                Error::new(
                    ErrorKind::Url,
                    format!(
                        "`{}`: `{bucket}.{host}` is not a host, so the addressing style cannot be `virtual`: {error}",
                        shown(place.url)
                    ),
                )
            })?;
            builder = builder.with_virtual_hosted_style_request(true);
        } else {
            builder = builder.with_virtual_hosted_style_request(false);
        }
        builder = builder.with_endpoint(url.as_str().trim_end_matches('/'));
    } else {
        builder = builder.with_virtual_hosted_style_request(virtual_name(true, s3.addressing_style.unwrap_or(AddressingStyle::Auto)));
    }
    let hashed = |key: &AmazonS3ConfigKey, off: &[&str]| {
        builder.get_config_value(key).is_some_and(|value| !off.contains(&value.to_ascii_lowercase().as_str()))
    };
    let bodies_in_memory =
        !hashed(&AmazonS3ConfigKey::UnsignedPayload, &["false", "0", "off", "no", "n"]) || hashed(&AmazonS3ConfigKey::Checksum, &[]);
    // As for the cloud's own tools.
    let validation = environment.get("AWS_RESPONSE_CHECKSUM_VALIDATION").unwrap_or_default();
    let asking = Arc::new(Asking::default());
    let connector = if validation.eq_ignore_ascii_case("when_required") { connector.clone() } else { connector.asking(&asking) };
    let objects = builder
        .with_bucket_name(bucket)
        .with_region(&region)
        .with_client_options(client_options())
        .with_http_connector(connector)
        .with_retry(retry_config(config))
        // One object is deleted by one plain request, which more stores know than the request for many.
        .with_config(AmazonS3ConfigKey::DisableBulkDelete, "true")
        .build()
        .map_err(|error| refused(place, config, &error))?;
    asking.sign_as(objects.credentials(), &region);
    Ok(Client { objects, region, anonymous, bodies_in_memory })
}

/// The service that gives credentials, where the configuration has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    None,
    WebIdentity,
    ContainerPath,
    ContainerUrl,
    Machine,
}

impl Service {
    /// The one that is asked, as the cloud's own tools choose.
    fn of(environment: &Environment) -> Self {
        let is_set = |names: &[&str]| names.iter().all(|name| environment.get(name).is_some());
        if is_set(&["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"]) {
            Self::WebIdentity
        } else if is_set(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]) {
            Self::ContainerPath
        } else if is_set(&["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) {
            Self::ContainerUrl
        } else {
            Self::Machine
        }
    }

    /// What the builder is told by a variable: of where credentials come from, only what this one needs, and only what may be asked.
    fn told(self, key: &AmazonS3ConfigKey, name: &str, value: &str) -> Result<Option<String>> {
        let (service, checked): (_, fn(&str, &str) -> Result<String>) = match key {
            AmazonS3ConfigKey::StsEndpoint => (Self::WebIdentity, secret_url),
            AmazonS3ConfigKey::ContainerCredentialsRelativeUri => (Self::ContainerPath, container_path),
            AmazonS3ConfigKey::ContainerCredentialsFullUri => (Self::ContainerUrl, container_url),
            AmazonS3ConfigKey::MetadataEndpoint => (Self::Machine, service_url),
            _ => return Ok(Some(value.to_owned())),
        };
        if self == service { checked(name, value).map(Some) } else { Ok(None) }
    }
}

struct Keys {
    id: String,
    secret: String,
    token: Option<String>,
}

/// The pair of keys from the first place that names one; half a pair is an error, since the other half would be another account's.
fn keys(place: &Place<'_>, config: &StorageConfig, profile: &Profile) -> Result<Option<Keys>> {
    let (s3, environment) = (&config.s3, &config.environment);
    let secret = |secret: &Option<crate::Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    let variable = |name| environment.get(name).map(str::to_owned);
    let web_identity = variable("AWS_WEB_IDENTITY_TOKEN_FILE").is_some() && variable("AWS_ROLE_ARN").is_some();
    let candidates = [
        (
            ["FLYTE_AWS_ACCESS_KEY_ID", "FLYTE_AWS_SECRET_ACCESS_KEY"],
            s3.access_key_id.as_deref().map(|id| id.trim().to_owned()),
            secret(&s3.secret_access_key),
            secret(&s3.session_token),
        ),
        (
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
            variable("AWS_SESSION_TOKEN"),
        ),
        (
            ["aws_access_key_id of the profile", "aws_secret_access_key of the profile"],
            profile.id.clone().filter(|_| !web_identity),
            profile.secret.clone().filter(|_| !web_identity),
            profile.token.clone(),
        ),
    ];
    for ([id_name, secret_name], id, secret, token) in candidates {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (id, secret) = match (given(id), given(secret)) {
            (None, None) => continue,
            (Some(id), Some(secret)) => (id, secret),
            (Some(_), None) => return Err(half(place, id_name, secret_name)),
            (None, Some(_)) => return Err(half(place, secret_name, id_name)),
        };
        let token = given(token);
        check_header(place, id_name, &id)?;
        if let Some(token) = &token {
            check_header(place, "session token", token)?;
        }
        return Ok(Some(Keys { id, secret, token }));
    }
    Ok(None)
}

fn half(place: &Place<'_>, there: &str, absent: &str) -> Error {
    Error::new(ErrorKind::Denied, format!("`{}`: {there} is set and {absent} is not; both are needed", shown(place.url)))
}

/// What the user's profile says, in the files of the cloud's own tools. Roles and single sign-on are theirs to resolve:
/// `aws configure export-credentials` gives keys that can be read here.
#[derive(Debug, Default)]
struct Profile {
    id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
    region: Option<String>,
}

impl Profile {
    fn read(environment: &Environment, wanted: bool) -> Self {
        let mut profile = Self::default();
        let explicit = environment.get("AWS_PROFILE").is_some();
        let keys_elsewhere = environment.get("AWS_ACCESS_KEY_ID").is_some() && environment.get("AWS_REGION").is_some();
        if !wanted || (keys_elsewhere && !explicit) {
            return profile;
        }
        let name = environment.get("AWS_PROFILE").unwrap_or("default");
        // As for those tools, a file that is not there or cannot be read says nothing.
        let file = |variable, usual| {
            let named = environment.get(variable).map(PathBuf::from);
            let path = named.or_else(|| Some(Path::new(environment.get("HOME")?).join(".aws").join(usual)));
            let text = path.and_then(|path| read_short(&path, LONGEST_PROFILE).ok());
            text.and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()
        };
        let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        let config = file("AWS_CONFIG_FILE", "config");
        profile.take(&credentials, name);
        profile.take(&config, &format!("profile {name}"));
        if name == "default" {
            profile.take(&config, name);
        }
        profile
    }

    /// Fills what is still open from one section of an ini file.
    fn take(&mut self, ini: &str, section: &str) {
        let mut inside = false;
        for line in ini.lines() {
            if let Some(name) = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                inside = name.split_whitespace().eq(section.split_whitespace());
            } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
                let slot = match key.trim() {
                    "aws_access_key_id" => &mut self.id,
                    "aws_secret_access_key" => &mut self.secret,
                    "aws_session_token" => &mut self.token,
                    "region" => &mut self.region,
                    _ => continue,
                };
                slot.get_or_insert_with(|| value.trim().to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_from_both_files() {
        let mut profile = Profile::default();
        profile.take("[other]\naws_access_key_id=no\n[ me ]\naws_access_key_id = AK\naws_secret_access_key=a=b\n", "me");
        profile.take("[profile me]\nregion = eu-west-3\naws_access_key_id = late\n", "profile me");
        assert_eq!(
            (profile.id.as_deref(), profile.secret.as_deref(), profile.region.as_deref()),
            (Some("AK"), Some("a=b"), Some("eu-west-3"))
        );
    }
}
