//! Metrics: a statsd client over UDP that never stops a task.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::services::config::LazyConfig;
use crate::services::identity::Identity;

/// How many metrics wait while the server's name is being resolved; later ones are dropped.
const MAX_WAITING: usize = 1000;

/// Sends metrics to a statsd server, by UDP.
///
/// Clones share one socket, which is opened at the first metric. Sending does not wait and never fails: a metric that cannot be sent is
/// dropped.
///
/// A metric `rows` of the task `app.split` goes out as `<project>.<domain>.app.split.user_stats.rows`, in small letters, followed by tags
/// as `.__key=value` in the order of their keys: `api_version` (this crate's), `exec_domain`, `exec_project`, `exec_workflow`, and
/// those of [`with_tag`](Self::with_tag); empty ones are left out (Flyte task contract, statsd). In names and tags `|`, `:`, `@`, `#` and
/// control characters become `_`, in tags also `.`.
///
/// Host, port and the two switches are the settings `statsd.*`; see `docs/environment.md`.
#[derive(Clone)]
pub struct Stats {
    shared: Arc<Shared>,
    /// Put in front of names, each part followed by a dot.
    scope: String,
    tags: BTreeMap<String, String>,
}

struct Shared {
    /// `None` sends nothing.
    config: Option<LazyConfig>,
    /// Where metrics are kept that are not sent.
    kept: Option<Arc<Mutex<Vec<String>>>>,
    prefix: String,
    opened: OnceLock<Opened>,
}

struct Opened {
    tags: bool,
    channel: Arc<Channel>,
}

struct Channel {
    state: Mutex<State>,
    settled: Condvar,
}

enum State {
    Resolving(Vec<Vec<u8>>),
    Ready(UdpSocket),
    Off,
}

impl Stats {
    /// Makes the client. Nothing is read or opened before the first metric.
    pub(crate) fn new(config: &LazyConfig, identity: &Identity) -> Self {
        let task = &identity.task;
        let prefix = sanitized(&format!("{}.{}.{}.user_stats", task.project, task.domain, task.name), false).to_lowercase();
        let mut stats = Self {
            shared: Arc::new(Shared { config: Some(config.clone()), kept: None, prefix, opened: OnceLock::new() }),
            scope: String::new(),
            tags: BTreeMap::new(),
        };
        for (key, value) in [
            ("api_version", env!("CARGO_PKG_VERSION")),
            ("exec_domain", &identity.execution.domain),
            ("exec_launchplan", &identity.launch_plan),
            ("exec_project", &identity.execution.project),
            ("exec_workflow", &identity.workflow),
        ] {
            stats = stats.with_tag(key, value);
        }
        stats
    }

    /// Makes a client that sends nothing.
    #[must_use]
    pub fn disabled() -> Self {
        Self::keeping(None)
    }

    /// Makes a client that sends nothing and keeps each metric, for tests: name and value as in `rows:3|c`, without the prefix and the tags.
    #[cfg(feature = "testing")]
    pub(crate) fn kept_in(metrics: &Arc<Mutex<Vec<String>>>) -> Self {
        Self::keeping(Some(Arc::clone(metrics)))
    }

    fn keeping(kept: Option<Arc<Mutex<Vec<String>>>>) -> Self {
        let shared = Shared { config: None, kept, prefix: String::new(), opened: OnceLock::new() };
        Self { shared: Arc::new(shared), scope: String::new(), tags: BTreeMap::new() }
    }

    /// The same client with `name.` in front of every metric's name.
    #[must_use]
    pub fn scope(&self, name: &str) -> Self {
        Self { scope: format!("{}{}.", self.scope, sanitized(name, false)), ..self.clone() }
    }

    /// The same client with one more tag; an empty value takes the tag away.
    #[must_use]
    pub fn with_tag(&self, key: &str, value: &str) -> Self {
        let mut stats = self.clone();
        let key = sanitized(key, true);
        if value.is_empty() {
            stats.tags.remove(&key);
        } else {
            stats.tags.insert(key, sanitized(value, true));
        }
        stats
    }

    /// Adds `n` to a counter.
    pub fn counter(&self, name: &str, n: i64) {
        self.send(name, format_args!("{n}|c"));
    }

    /// Takes `n` from a counter.
    pub fn decrement(&self, name: &str, n: i64) {
        self.send(name, format_args!("{}|c", i128::from(n).wrapping_neg()));
    }

    /// Sets a gauge. A value that is not finite is dropped.
    pub fn gauge(&self, name: &str, value: f64) {
        if !value.is_finite() {
            return;
        }
        // A sign means a change to a gauge, so a negative value has to start from zero, in one datagram so that nothing comes between.
        if value < 0.0 {
            self.send_lines(name, &[format_args!("0|g"), format_args!("{value}|g")]);
        } else {
            self.send(name, format_args!("{}|g", value.abs()));
        }
    }

    /// Records how long something took. It is sent in milliseconds with six decimals.
    pub fn timing(&self, name: &str, duration: Duration) {
        let nanos = duration.as_nanos();
        self.send(name, format_args!("{}.{:06}|ms", nanos / 1_000_000, nanos % 1_000_000));
    }

    /// Starts a timer, which records how long it lived when it is dropped.
    #[must_use = "the time ends when the timer is dropped"]
    pub fn timer(&self, name: &str) -> Timer {
        Timer { stats: Some(self.clone()), name: name.to_owned(), started: Instant::now() }
    }

    /// Adds an element to a set, of which the server counts the different ones.
    pub fn set(&self, name: &str, element: impl fmt::Display) {
        let element = sanitized(&element.to_string(), false);
        self.send(name, format_args!("{element}|s"));
    }

    /// Waits, at most `timeout`, until the server's name is resolved and what waits for it is sent. Returns at once where there is
    /// nothing to wait for: no metric was sent, or the host is `localhost` or an address.
    pub fn flush(&self, timeout: Duration) {
        if let Some(opened) = self.shared.opened.get() {
            let resolving = |state: &mut State| matches!(state, State::Resolving(_));
            drop(opened.channel.settled.wait_timeout_while(opened.channel.lock(), timeout, resolving));
        }
    }

    fn send(&self, name: &str, value: fmt::Arguments<'_>) {
        self.send_lines(name, &[value]);
    }

    fn send_lines(&self, name: &str, values: &[fmt::Arguments<'_>]) {
        if let Some(kept) = &self.shared.kept {
            let metric = format!("{}{}", self.scope, sanitized(name, false));
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(values.iter().map(|value| format!("{metric}:{value}")));
        }
        let Some(config) = &self.shared.config else { return };
        let opened = self.shared.opened.get_or_init(|| Opened::new(config));
        let mut state = opened.channel.lock();
        if matches!(*state, State::Off) {
            return;
        }
        let mut metric = format!("{}.{}{}", self.shared.prefix, self.scope, sanitized(name, false));
        if opened.tags {
            for (key, value) in &self.tags {
                metric.push_str(".__");
                metric.push_str(key);
                metric.push('=');
                metric.push_str(value);
            }
        }
        let mut datagram = String::new();
        for (index, value) in values.iter().enumerate() {
            let before = if index == 0 { "" } else { "\n" };
            write!(datagram, "{before}{metric}:{value}").expect("writing to memory does not fail");
        }
        match &mut *state {
            State::Ready(socket) => drop(socket.send(datagram.as_bytes())),
            State::Resolving(waiting) if waiting.len() < MAX_WAITING => waiting.push(datagram.into_bytes()),
            State::Resolving(_) | State::Off => {}
        }
    }
}

impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shared, scope, tags } = self;
        f.debug_struct("Stats").field("prefix", &shared.prefix).field("scope", scope).field("tags", tags).finish_non_exhaustive()
    }
}

impl Opened {
    fn new(config: &LazyConfig) -> Self {
        let settings = &config.get_or_environment().statsd;
        // No resolver for the usual case. flytekit's socket is an IPv4 one.
        let address =
            if settings.host.eq_ignore_ascii_case("localhost") { Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { settings.host.parse() };
        let state = match address {
            _ if settings.disabled => State::Off,
            Ok(address) => connect(SocketAddr::new(address, settings.port)),
            Err(_) => State::Resolving(Vec::new()),
        };
        let resolves = matches!(state, State::Resolving(_));
        let channel = Arc::new(Channel { state: Mutex::new(state), settled: Condvar::new() });
        if resolves {
            // A resolver may take seconds, which the task must not wait for.
            let (host, port, shared) = (settings.host.clone(), settings.port, Arc::clone(&channel));
            let resolve = move || {
                let found = (host.as_str(), port).to_socket_addrs().ok().and_then(|found| {
                    let found: Vec<_> = found.collect();
                    found.iter().find(|address| address.is_ipv4()).or(found.first()).copied()
                });
                if found.is_none() {
                    tracing::debug!("the statsd host `{host}` has no address; no metrics are sent");
                }
                shared.settle(found.map_or(State::Off, connect));
            };
            if std::thread::Builder::new().name("statsd-resolver".to_owned()).spawn(resolve).is_err() {
                channel.settle(State::Off);
            }
        }
        Self { tags: !settings.disable_tags, channel }
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere cannot leave the state half written.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, settled: State) {
        let mut state = self.lock();
        if let (State::Resolving(waiting), State::Ready(socket)) = (&*state, &settled) {
            for datagram in waiting {
                drop(socket.send(datagram));
            }
        }
        *state = settled;
        self.settled.notify_all();
    }
}

fn connect(address: SocketAddr) -> State {
    let local: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let open = || -> std::io::Result<UdpSocket> {
        let socket = UdpSocket::bind((local, 0))?;
        socket.connect(address)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    match open() {
        Ok(socket) => State::Ready(socket),
        Err(error) => {
            tracing::debug!("no UDP socket to the statsd server at `{address}`: {error}; no metrics are sent");
            State::Off
        }
    }
}

/// Replaces what would end a name, a tag or a line.
fn sanitized(text: &str, dots_too: bool) -> String {
    let bad = |c: char| matches!(c, '|' | ':' | '@' | '#') || c.is_control() || (dots_too && c == '.');
    text.chars().map(|c| if bad(c) { '_' } else { c }).collect()
}

/// Records how long it lived when it is dropped; see [`Stats::timer`].
#[derive(Debug)]
pub struct Timer {
    stats: Option<Stats>,
    name: String,
    started: Instant,
}

impl Timer {
    /// Ends the timer without recording anything.
    pub fn discard(mut self) {
        self.stats = None;
    }

    /// Ends the timer and returns what it records.
    pub fn stop(mut self) -> Duration {
        let elapsed = self.started.elapsed();
        if let Some(stats) = self.stats.take() {
            stats.timing(&self.name, elapsed);
        }
        elapsed
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(stats) = &self.stats {
            stats.timing(&self.name, self.started.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::env::Environment;

    const VERSION: &str = env!("CARGO_PKG_VERSION");

    struct Server(UdpSocket);

    impl Server {
        fn new() -> Self {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            Self(socket)
        }

        fn environment(&self) -> Environment {
            Environment::empty()
                .with("FLYTE_INTERNAL_EXECUTION_ID", "f1")
                .with("FLYTE_INTERNAL_EXECUTION_PROJECT", "p")
                .with("FLYTE_INTERNAL_EXECUTION_DOMAIN", "d.e")
                .with("FLYTE_INTERNAL_EXECUTION_WORKFLOW", "wf:x|y")
                .with("FLYTE_INTERNAL_TASK_PROJECT", "P")
                .with("FLYTE_INTERNAL_TASK_DOMAIN", "d")
                .with("FLYTE_INTERNAL_TASK_NAME", "Mod.task")
                .with("FLYTE_STATSD_PORT", self.0.local_addr().unwrap().port().to_string())
        }

        fn next(&self) -> String {
            let mut buffer = [0; 2000];
            let size = self.0.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..size].to_vec()).unwrap()
        }
    }

    fn stats(environment: &Environment) -> Stats {
        Stats::new(&LazyConfig::new(environment), &Identity::new(environment))
    }

    fn tagged(name: &str, value: &str) -> String {
        let version = VERSION.replace('.', "_");
        format!("p.d.mod.task.user_stats.{name}.__api_version={version}.__exec_domain=d_e.__exec_project=p.__exec_workflow=wf_x_y:{value}")
    }

    #[test]
    fn every_kind_of_metric_is_written_as_flytekit_writes_it() {
        let server = Server::new();
        let stats = stats(&server.environment());
        stats.counter("m", 1);
        assert_eq!(server.next(), tagged("m", "1|c"));
        stats.decrement("m", 2);
        assert_eq!(server.next(), tagged("m", "-2|c"));
        stats.decrement("m", i64::MIN);
        assert_eq!(server.next(), tagged("m", "9223372036854775808|c"));
        stats.timing("m", Duration::from_micros(5500));
        assert_eq!(server.next(), tagged("m", "5.500000|ms"));
        stats.gauge("m", 5.0);
        assert_eq!(server.next(), tagged("m", "5|g"));
        stats.gauge("m", -0.5);
        assert_eq!(server.next(), format!("{}\n{}", tagged("m", "0|g"), tagged("m", "-0.5|g")));
        stats.gauge("m", f64::NAN);
        stats.gauge("m", -0.0);
        assert_eq!(server.next(), tagged("m", "0|g"));
        stats.set("m", "a|b");
        assert_eq!(server.next(), tagged("m", "a_b|s"));
    }

    #[test]
    fn scopes_and_tags_are_added() {
        let server = Server::new();
        let stats = stats(&server.environment().with("FLYTE_INTERNAL_EXECUTION_WORKFLOW", ""));
        stats.scope("io").scope("read").with_tag("a", "x.y").counter("n:m", 1);
        let version = VERSION.replace('.', "_");
        assert_eq!(
            server.next(),
            format!("p.d.mod.task.user_stats.io.read.n_m.__a=x_y.__api_version={version}.__exec_domain=d_e.__exec_project=p:1|c")
        );
    }

    #[test]
    fn no_name_forges_a_metric() {
        let hostile = "a\nforged:1|c\r\n\0forged:2|c|@0.1|#x\u{85}\u{1b}[31m";
        let server = Server::new();
        let environment = ["EXECUTION_PROJECT", "EXECUTION_DOMAIN", "EXECUTION_WORKFLOW", "TASK_PROJECT", "TASK_DOMAIN", "TASK_NAME"]
            .iter()
            .fold(server.environment(), |environment, name| environment.with(&format!("FLYTE_INTERNAL_{name}"), hostile));
        let stats = stats(&environment).scope(hostile).with_tag(hostile, hostile);
        stats.counter(hostile, 1);
        stats.timing(hostile, Duration::from_millis(1));
        stats.gauge(hostile, 1.0);
        stats.set(hostile, hostile);
        for end in [":1|c", ":1.000000|ms", ":1|g", ":a_forged_1_c___forged_2_c__0.1__x__[31m|s"] {
            let line = server.next();
            assert!(line.ends_with(end), "{line}");
            assert!(!line.contains(char::is_control) && line.matches(['|', ':', '@', '#']).count() == 2, "{line}");
        }
    }

    #[test]
    fn a_timer_records_once() {
        let server = Server::new();
        let stats = stats(&server.environment());
        drop(stats.timer("dropped"));
        stats.timer("discarded").discard();
        stats.timer("stopped").stop();
        stats.counter("end", 1);
        let names: Vec<_> =
            (0..3).map(|_| server.next()["p.d.mod.task.user_stats.".len()..].split('.').next().unwrap().to_owned()).collect();
        assert_eq!(names, ["dropped", "stopped", "end"]);
    }

    #[test]
    fn the_switches_and_old_names_work() {
        let server = Server::new();
        let port = server.0.local_addr().unwrap().port().to_string();
        let old = Environment::empty().with("FLYTE_SECRETS_PORT", &port).with("FLYTE_SECRETS_DISABLE_TAGS", "1");
        stats(&old.clone().with("FLYTE_STATSD_DISABLED", "yes")).counter("never", 1);
        stats(&old.clone().with("FLYTE_SECRETS_DISABLED", "1")).counter("never", 1);
        Stats::disabled().counter("never", 1);
        stats(&old).counter("m", 1);
        assert_eq!(server.next(), "local.local.local.user_stats.m:1|c");
    }

    #[test]
    fn a_host_by_name_is_resolved_beside_the_task() {
        let server = Server::new();
        // No address to Rust, and one to every resolver, which needs no table and no server for it.
        let stats = stats(&server.environment().with("FLYTE_STATSD_HOST", "127.1"));
        stats.counter("m", 1);
        stats.flush(Duration::from_secs(10));
        assert!(matches!(*stats.shared.opened.get().unwrap().channel.lock(), State::Ready(_)));
        assert_eq!(server.next(), tagged("m", "1|c"));
    }

    #[test]
    fn no_server_and_no_host_are_no_failure() {
        let environment = Environment::empty().with("FLYTE_STATSD_HOST", "no such host").with("FLYTE_STATSD_PORT", "1");
        let stats = stats(&environment);
        for _ in 0..3 {
            stats.counter("m", 1);
        }
        stats.flush(Duration::from_secs(10));
        assert!(matches!(*stats.shared.opened.get().unwrap().channel.lock(), State::Off));
        let nobody = Environment::empty().with("FLYTE_STATSD_HOST", "127.0.0.1").with("FLYTE_STATSD_PORT", "1");
        let stats = super::tests::stats(&nobody);
        for _ in 0..3 {
            stats.counter("m", 1);
        }
        assert!(matches!(*stats.shared.opened.get().unwrap().channel.lock(), State::Ready(_)), "a server may come later");
    }

    #[test]
    fn nothing_is_opened_before_the_first_metric() {
        let server = Server::new();
        let stats = stats(&server.environment());
        stats.flush(Duration::from_secs(10));
        assert!(stats.shared.opened.get().is_none());
    }
}
