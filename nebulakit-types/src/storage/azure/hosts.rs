//! Which hosts that a URL of Azure names are storage accounts: those below Microsoft's domains, and below those that a setting adds.
//!
//! Credentials go to these and to the configured endpoint. Anybody can write a URL, and a name that only looks like one of these is anybody's.

use crate::{Error, ErrorKind, Result};

/// The domains below which accounts are `<account>.blob.` and `<account>.dfs.`: the public cloud, China, the governments of the USA, and the
/// national clouds of France, Germany and Singapore; `fabric.microsoft.com` is OneLake.
const DOMAINS: [&str; 9] = [
    "core.windows.net",
    "core.chinacloudapi.cn",
    "core.usgovcloudapi.net",
    "core.eaglex.ic.gov",
    "core.microsoft.scloud",
    "core.sovcloud-api.fr",
    "core.sovcloud-api.de",
    "core.sovcloud-api.sg",
    "fabric.microsoft.com",
];

/// The domains with zones, below which they are `<account>.z00.blob.` and `<account>.z00.dfs.`: Azure's DNS zones, OneLake's private links.
const ZONED: [&str; 2] = ["storage.azure.net", "fabric.microsoft.com"];

/// The account that a host is named after.
pub(super) fn account(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

/// The address at which an account answers for blobs, from a host that may be its one for files; none for a host that is not an account's.
pub(super) fn blob_endpoint(host: &str, more: &[String]) -> Option<String> {
    let host = host.to_ascii_lowercase();
    let (account, rest) = host.split_once('.')?;
    let (zone, rest) = match rest.split_once('.') {
        Some((zone, rest)) if is_zone(zone) => (Some(zone), rest),
        _ => (None, rest),
    };
    let domain = rest.strip_prefix("blob.").or_else(|| rest.strip_prefix("dfs."))?;
    let is_known = match zone {
        Some(_) => ZONED.contains(&domain),
        None => DOMAINS.contains(&domain) || more.iter().any(|more| bare(more).eq_ignore_ascii_case(domain)),
    };
    let zone = zone.map(|zone| format!(".{zone}")).unwrap_or_default();
    is_known.then(|| format!("https://{account}{zone}.blob.{domain}"))
}

fn is_zone(label: &str) -> bool {
    label.strip_prefix('z').is_some_and(|number| matches!(number.len(), 1..=3) && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A domain of the setting, without the blanks and the wildcard that people write around it.
fn bare(domain: &str) -> &str {
    let domain = domain.trim();
    domain.strip_prefix("*.").or_else(|| domain.strip_prefix('.')).unwrap_or(domain)
}

/// Checks the setting: what is not a domain would silently allow nothing.
pub(super) fn check(more: &[String]) -> Result<()> {
    let is_domain = |text: &str| {
        !text.is_empty() && !text.starts_with('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':'))
    };
    match more.iter().find(|more| !is_domain(bare(more))) {
        Some(wrong) => Err(Error::new(
            ErrorKind::Url,
            format!("`{}` is not a domain of storage hosts: expected one as `local.azurestack.external`", wrong.escape_debug()),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_below_microsofts_domains_are_known() {
        for (host, endpoint) in [
            ("mine.blob.core.windows.net", "https://mine.blob.core.windows.net"),
            ("mine.dfs.core.windows.net", "https://mine.blob.core.windows.net"),
            ("Mine.DFS.Core.Windows.Net", "https://mine.blob.core.windows.net"),
            ("mine-secondary.blob.core.windows.net", "https://mine-secondary.blob.core.windows.net"),
            ("mine.dfs.core.chinacloudapi.cn", "https://mine.blob.core.chinacloudapi.cn"),
            ("mine.dfs.core.usgovcloudapi.net", "https://mine.blob.core.usgovcloudapi.net"),
            ("mine.dfs.core.sovcloud-api.fr", "https://mine.blob.core.sovcloud-api.fr"),
            ("mine.z7.dfs.storage.azure.net", "https://mine.z7.blob.storage.azure.net"),
            ("mine.z00.blob.storage.azure.net", "https://mine.z00.blob.storage.azure.net"),
            ("onelake.dfs.fabric.microsoft.com", "https://onelake.blob.fabric.microsoft.com"),
            ("0a1b.z0a.dfs.fabric.microsoft.com", ""),
            ("0a1b.z01.dfs.fabric.microsoft.com", "https://0a1b.z01.blob.fabric.microsoft.com"),
        ] {
            assert_eq!(blob_endpoint(host, &[]).unwrap_or_default(), endpoint, "{host}");
        }
    }

    #[test]
    fn a_setting_adds_domains_and_nothing_below_or_beside_them() {
        let more = ["local.azurestack.external", " *.Second.example ", "third.example:8443"].map(str::to_owned);
        check(&more).unwrap();
        for (host, endpoint) in [
            ("mine.dfs.local.azurestack.external", "https://mine.blob.local.azurestack.external"),
            ("mine.blob.second.example", "https://mine.blob.second.example"),
            ("mine.blob.third.example:8443", "https://mine.blob.third.example:8443"),
            ("mine.blob.third.example", ""),
            ("mine.blob.local.azurestack.external:8443", ""),
            ("mine.local.azurestack.external", ""),
            ("local.azurestack.external", ""),
            ("mine.blob.more.local.azurestack.external", ""),
            ("mine.blob.evillocal.azurestack.external", ""),
        ] {
            assert_eq!(blob_endpoint(host, &more).unwrap_or_default(), endpoint, "{host}");
        }
        for wrong in ["", " ", "*.", "https://mine.example", "mine.example/x", "a b", "me@mine.example", ".."] {
            assert_eq!(check(&[wrong.to_owned()]).unwrap_err().kind(), ErrorKind::Url, "{wrong}");
        }
    }
}
