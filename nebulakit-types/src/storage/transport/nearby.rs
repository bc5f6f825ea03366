//! Hosts that only this machine reaches: itself, and the services that a cloud keeps beside it.
//!
//! Many of them trust everybody who can ask, and some give credentials. A server elsewhere cannot ask them, but could send a program there
//! that follows its redirects. So no redirect leads to them, whether by address, by a name that is known for one, or by a name that turns out
//! to stand for one when it is looked up.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Names of this machine; all below `localhost` are, too.
const LOOPBACK: [&str; 4] = ["localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"];

/// Names of metadata services, which a proxy may know though this machine does not.
const METADATA: [&str; 5] = ["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"];

/// In which way a host is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    /// This machine.
    Loopback,
    /// The link that it is on; with it the metadata services, some of which have other addresses.
    Link,
}

impl Near {
    pub(super) fn of_address(address: IpAddr) -> Option<Self> {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Option<Self> {
        match address.octets() {
            // Where 0.0.0.0 leads nowhere else, it leads here.
            [127 | 0, ..] => Some(Self::Loopback),
            // Also where Amazon's, Google's and Azure's metadata are; then Azure's other service, Alibaba's and Oracle's.
            [169, 254, ..] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => Some(Self::Link),
            _ => None,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Option<Self> {
        let segments = address.segments();
        let v4 = |high: u16, low: u16| Self::of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
        match segments {
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Some(Self::Loopback),
            // Link-local, deprecated site-local, and the metadata of Amazon and Google.
            [0xfe80..=0xfeff, ..] | [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, ..] => Some(Self::Link),
            // Those that stand for an address of version 4: mapped, compatible, translated, and by way of a relay.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => v4(high, low),
            _ => None,
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if is_loopback_name(&name) { Some(Self::Loopback) } else { METADATA.contains(&&*name).then_some(Self::Link) }
    }

    /// What a web address says by itself. Numbers are read as the address itself reads them: `http://2130706433/` is 127.0.0.1.
    pub(super) fn of_url(url: &url::Url) -> Option<Self> {
        match url.host()? {
            url::Host::Domain(name) => Self::of_name(name),
            url::Host::Ipv4(address) => Self::of_v4(address),
            url::Host::Ipv6(address) => Self::of_v6(address),
        }
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine itself",
            Self::Link => "a link-local address or a metadata service",
        })
    }
}

/// Whether a URL names this machine by itself, so that what is sent there stays here.
#[cfg(any(feature = "aws", feature = "azure"))]
pub(in super::super) fn is_this_machine(url: &url::Url) -> bool {
    Near::of_url(url) == Some(Near::Loopback)
}

/// Whether a URL names one of the addresses at which Amazon's container services answer: those of ECS, and of EKS in both versions.
#[cfg(feature = "aws")]
pub(in super::super) fn is_container_service(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => matches!(address.octets(), [169, 254, 170, 2 | 23]),
        Some(url::Host::Ipv6(address)) => address.segments() == [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x23],
        _ => false,
    }
}

fn is_loopback_name(name: &str) -> bool {
    LOOPBACK.contains(&name) || name.ends_with(".localhost")
}

/// Which near hosts a request may not lead to; none by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Shunned {
    loopback: bool,
    link: bool,
}

impl Shunned {
    /// What redirects may not lead to that began at a host: what is near in another way than that.
    #[cfg(feature = "http")]
    pub(super) fn from(first: Option<Near>) -> Self {
        Self { loopback: first != Some(Near::Loopback), link: first != Some(Near::Link) }
    }

    pub(super) fn includes(self, near: Near) -> bool {
        match near {
            Near::Loopback => self.loopback,
            Near::Link => self.link,
        }
    }

    /// Looks names up, and fails for those that stand for what is shunned.
    pub(super) fn resolver(self) -> impl Resolve + 'static {
        Wary { shunned: self, look_up: |name| Ok((name, 0).to_socket_addrs()?.collect()) }
    }

    fn check(self, name: &str, found: &[SocketAddr]) -> Result<(), Nearby> {
        // A redirect to this name was refused before. What is looked up is a proxy's, which the configuration names.
        if is_loopback_name(name) {
            return Ok(());
        }
        let near = |found: &SocketAddr| Some((found.ip(), Near::of_address(found.ip()).filter(|near| self.includes(*near))?));
        match found.iter().find_map(near) {
            Some((address, near)) => Err(Nearby(format!("its name stands for {address}, which is {near}"))),
            None => Ok(()),
        }
    }
}

struct Wary {
    shunned: Shunned,
    /// Asks the system, which may take its time.
    look_up: fn(&str) -> std::io::Result<Vec<SocketAddr>>,
}

impl Resolve for Wary {
    fn resolve(&self, name: Name) -> Resolving {
        let (shunned, look_up, name) = (self.shunned, self.look_up, name.as_str().to_owned());
        Box::pin(async move {
            let asked = name.clone();
            let found = tokio::task::spawn_blocking(move || look_up(&asked)).await??;
            shunned.check(&name, &found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A name that stands for what is shunned.
#[derive(Debug)]
pub(super) struct Nearby(String);

impl fmt::Display for Nearby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Nearby {}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "http")]
    use crate::storage::transport::cause;

    #[test]
    fn addresses_are_near_however_they_are_written() {
        for (near, addresses) in [
            (
                Some(Near::Loopback),
                &[
                    "127.0.0.1",
                    "127.255.0.3",
                    "0.0.0.0",
                    "::1",
                    "::",
                    "::ffff:127.0.0.1",
                    "::127.0.0.1",
                    "64:ff9b::7f00:1",
                    "2002:7f00:1::",
                ][..],
            ),
            (
                Some(Near::Link),
                &[
                    "169.254.169.254",
                    "169.254.170.2",
                    "168.63.129.16",
                    "100.100.100.200",
                    "fe80::1",
                    "fd00:ec2::254",
                    "fd20:ce::254",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                ],
            ),
            (None, &["10.0.0.1", "192.168.0.1", "8.8.8.8", "2001:db8::1", "fd12::1", "::ffff:8.8.8.8", "1.127.0.0"]),
        ] {
            for address in addresses {
                assert_eq!(Near::of_address(address.parse().unwrap()), near, "{address}");
            }
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn web_addresses_are_near_however_they_are_written() {
        let of = |url: &str| Near::of_url(&url::Url::parse(url).unwrap());
        for host in ["localhost", "LOCALHOST.", "a.b.localhost", "2130706433", "0x7f.1", "017700000001", "127.1.", "[::ffff:7f00:1]", "０"]
        {
            assert_eq!(of(&format!("http://{host}/")), Some(Near::Loopback), "{host}");
        }
        for host in ["2852039166", "0xA9FEA9FE", "metadata.google.internal.", "[::ffff:a9fe:a9fe]"] {
            assert_eq!(of(&format!("https://{host}:8443/")), Some(Near::Link), "{host}");
        }
        for host in ["localhost.example.com", "notlocalhost", "10.0.0.1", "example.com"] {
            assert_eq!(of(&format!("http://{host}/")), None, "{host}");
        }
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_name_is_as_near_as_any_of_its_addresses() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect::<Vec<_>>();
        let shunned = Shunned::from(None);
        let error = shunned.check("rebound.example", &addresses(&["8.8.8.8", "127.0.0.1"])).unwrap_err();
        assert_eq!(error.to_string(), "its name stands for 127.0.0.1, which is this machine itself");
        assert!(shunned.check("rebound.example", &addresses(&["fd00:ec2::254"])).is_err());
        assert!(shunned.check("plain.example", &addresses(&["8.8.8.8", "10.0.0.1"])).is_ok());
        assert!(shunned.check("localhost", &addresses(&["127.0.0.1"])).is_ok(), "a proxy");
        let from_here = Shunned::from(Some(Near::Loopback));
        assert!(from_here.check("alias.example", &addresses(&["127.0.0.1"])).is_ok());
        assert!(from_here.check("rebound.example", &addresses(&["169.254.169.254"])).is_err());
    }

    #[cfg(feature = "http")]
    #[tokio::test]
    async fn a_client_connects_to_no_name_that_stands_for_what_is_shunned() {
        super::super::super::roots::install();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let look_up = |_: &str| Ok(vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)]);
        let wary = Wary { shunned: Shunned::from(None), look_up };
        let client = reqwest::Client::builder().no_proxy().dns_resolver(std::sync::Arc::new(wary)).build().unwrap();
        let url = format!("http://rebound.example:{}/", listener.local_addr().unwrap().port());
        let error = cause::failed(client.get(url).send().await.unwrap_err());
        assert!(cause::caused_by::<Nearby>(&error).is_some(), "{error:?}");
        assert_eq!(error.kind(), object_store::client::HttpErrorKind::Unknown, "it is not tried again");
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
