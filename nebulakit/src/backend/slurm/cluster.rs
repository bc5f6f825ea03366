//! What a cluster is set to, as far as it matters here.

use super::client::Client;

/// A cluster's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// How many elements an array may have.
    pub(super) array: usize,
}

/// Where nobody says otherwise: Slurm's own defaults.
impl Default for Cluster {
    fn default() -> Self {
        Self { array: 1001 }
    }
}

impl Cluster {
    /// Asks for it; without an answer it is what Slurm comes with, since what is refused then says so itself.
    pub(super) async fn ask(client: &Client) -> Self {
        match client.ask("scontrol", &["show".to_owned(), "config".to_owned()]).await {
            Ok(said) => Self::read(&said.stdout),
            Err(_) => Self::default(),
        }
    }

    fn read(text: &str) -> Self {
        let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_prefix('=')?.trim().parse().ok());
        Self { array: value("MaxArraySize").unwrap_or(Self::default().array) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_from_among_the_rest() {
        let said = "Configuration data as of 2026-12-01T02:50:37\nMaxArraySize            = 21\nMaxDBDMsgs              = 20024\n";
        assert_eq!(Cluster::read(said), Cluster { array: 21 });
        assert_eq!(Cluster::read("Welcome\n"), Cluster { array: 1001 });
    }
}
