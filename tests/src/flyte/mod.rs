//! A double of FlyteAdmin that drives executions, by really starting the registered commands.
//!
//! | module | does |
//! |---|---|
//! | `grpc` | calls, framed by hand |
//! | `service` | which part answers which method |
//! | `registry` | tasks, workflows and launch plans |
//! | `launch`, `watch`, `signals`, `uploads` | what clients do with executions |
//! | `engine` | runs them |
//! | `store` | a small S3, for where no real one runs |
//! | `faults`, `holds` | bad days, and order without sleeping |

#![allow(clippy::result_large_err, reason = "failures of nodes are rare, and hold what the platform tells")]

mod engine;
mod faults;
pub mod grpc;
mod holds;
mod launch;
mod literals;
mod pages;
pub mod registry;
mod service;
mod signals;
mod store;
mod uploads;
mod watch;
mod world;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use nebulakit::backend::flyte::FlyteClient;
use nebulakit::config::Config;
use nebulakit::env::Environment;
use nebulakit_types::wire::flyteidl::core::workflow_execution::Phase;
use nebulakit_types::wire::flyteidl::core::{WorkflowExecutionIdentifier, node_execution};
use nebulakit_types::wire::google::protobuf::Timestamp;
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use self::engine::stop::Stop;
pub use self::faults::Fault;
use self::faults::Faults;
use self::grpc::{Answer, Call, DROPPED};
pub use self::holds::Hold;
use self::store::Objects;
use self::store::presign::Credentials;
pub use self::uploads::addressed;
use self::world::World;

/// The one project, and the domain that tests use.
pub const PROJECT: &str = "flytesnacks";
/// The domain that tests use.
pub const DOMAIN: &str = "development";

/// A real store, in place of the small one of the double.
#[derive(Debug, Clone)]
pub struct Store {
    /// Where it is, with its scheme.
    pub endpoint: String,
    /// The id of its key.
    pub access_key_id: String,
    /// The secret of its key.
    pub secret_access_key: String,
    /// The bucket, which is there.
    pub bucket: String,
}

/// A control plane that runs what is launched. Its work ends when it is dropped.
#[derive(Debug)]
pub struct Double {
    world: Arc<World>,
    faults: Arc<Faults>,
    calls: Arc<Mutex<Vec<String>>>,
    address: SocketAddr,
    folder: TempDir,
    runtime: Option<Runtime>,
}

impl Double {
    /// Starts one, with images and the folders of programs that stand for them.
    #[must_use]
    pub fn start<'i>(images: impl IntoIterator<Item = (&'i str, PathBuf)>) -> Self {
        Self::on(None, images)
    }

    /// Starts one whose documents and data are in a real store.
    #[must_use]
    pub fn on<'i>(store: Option<Store>, images: impl IntoIterator<Item = (&'i str, PathBuf)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("logs")).unwrap();
        let images: HashMap<String, PathBuf> = images.into_iter().map(|(image, folder)| (image.to_owned(), folder)).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (faults, calls) = (Arc::new(Faults::default()), Arc::<Mutex<Vec<String>>>::default());
        let (handle, logs) = (runtime.handle().clone(), folder.path().join("logs"));
        let (served, wanted) = std::sync::mpsc::channel();
        let (faulty, counted) = (faults.clone(), calls.clone());
        runtime.spawn(async move {
            let (endpoint, credentials, bucket) = match store {
                Some(store) => (store.endpoint, Credentials { id: store.access_key_id, secret: store.secret_access_key }, store.bucket),
                None => {
                    let credentials = Credentials { id: "double".to_owned(), secret: "double-secret".to_owned() };
                    (format!("http://{}", Objects::new(credentials.clone()).serve().await), credentials, "bucket".to_owned())
                }
            };
            let world = Arc::new(World::new(&bucket, endpoint, credentials, logs, images, handle));
            let shared = world.clone();
            let address = grpc::serve_with(None, move |call| answer(shared.clone(), faulty.clone(), counted.clone(), call)).await;
            served.send((world, address)).unwrap();
        });
        let (world, address) = wanted.recv().unwrap();
        Self { world, faults, calls, address, folder, runtime: Some(runtime) }
    }

    /// Where it listens, without TLS.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.address.to_string()
    }

    /// The settings of a client, as the section `admin` of a configuration file.
    #[must_use]
    pub fn settings(&self) -> serde_json::Value {
        serde_json::json!({ "endpoint": self.endpoint(), "insecure": true, "maxBackoffDelay": "1ms" })
    }

    /// The configuration of a client, whose file is written to a home folder; and an environment that names it, and the store.
    #[must_use]
    pub fn config(&self, home: &Path) -> (Config, Environment) {
        let file = home.join("config.yaml");
        std::fs::write(&file, serde_json::json!({ "admin": self.settings() }).to_string()).unwrap();
        let mut environment = Environment::empty().with("HOME", home).with("FLYTECTL_CONFIG", file);
        for (name, value) in self.variables() {
            environment = environment.with(&name, value);
        }
        (Config::load(&environment, home).unwrap(), environment)
    }

    /// A client of whom nobody is asked anything.
    #[must_use]
    pub fn client(&self) -> FlyteClient {
        let (config, environment) = self.config(self.folder.path());
        FlyteClient::new(&config, &environment).unwrap()
    }

    /// The variables by which programs find the store.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        self.world.variables()
    }

    /// Calls a method, past the network and all faults.
    ///
    /// # Errors
    /// What the platform refuses the call with.
    pub async fn call<A: Message + std::default::Default>(&self, method: &str, request: &impl Message) -> Result<A, (u32, String)> {
        let message = self.answer(method, request.encode_to_vec()).await?;
        A::decode(message.as_slice()).map_err(|error| (grpc::INVALID_ARGUMENT, error.to_string()))
    }

    /// The same, with messages that are encoded.
    ///
    /// # Errors
    /// What the platform refuses the call with.
    pub async fn answer(&self, method: &str, message: Vec<u8>) -> Answer {
        let call = Call { method: method.to_owned(), headers: http::HeaderMap::new(), message: message.into() };
        let world = self.world.clone();
        // Its store is driven by its own runtime.
        let answered = self.runtime.as_ref().unwrap().spawn(async move { service::answer(&world, &call).await });
        answered.await.unwrap()
    }

    /// The calls over the network so far, by their methods.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }

    /// Lets the next call of a method, or of any by `*`, meet a fault. Faults of one method come one after the other.
    pub fn fault(&self, method: &str, fault: Fault) {
        self.faults.add(method, fault);
    }

    /// Refuses the next `count` calls of a method, as what limits rates does.
    pub fn refuse(&self, method: &str, count: usize, code: u32) {
        (0..count).for_each(|_| self.fault(method, Fault::Refused(code, "try again".to_owned())));
    }

    /// Lets each call of a number meet a fault from now on, whatever its method: the third, the sixth and so on where `every` is 3.
    pub fn every(&self, every: usize, fault: Fault) {
        self.faults.every(every, fault);
    }

    /// Holds calls of a method, or starts of a task, back until the hold is opened.
    #[must_use]
    pub fn hold(&self, name: &str) -> Hold {
        self.world.holds.hold(name)
    }

    /// Waits for the end of an execution.
    pub async fn ended(&self, name: &str) -> Phase {
        self.world.run(&id(name)).unwrap_or_else(|| panic!("no execution {name}")).ended().await
    }

    /// Waits until a node of an execution is in a phase.
    pub async fn reached(&self, name: &str, node: &str, phase: node_execution::Phase) {
        let run = self.world.run(&id(name)).unwrap_or_else(|| panic!("no execution {name}"));
        run.until(|state| state.nodes.iter().any(|record| record.id == node && record.phase == phase).then_some(())).await;
    }

    /// Waits until a gate of an execution waits for a signal.
    pub async fn awaited(&self, name: &str, signal: &str) {
        self.world.signals.awaited(&id(name), signal).await;
    }

    /// The names of the executions, in the order of their creation.
    #[must_use]
    pub fn executions(&self) -> Vec<String> {
        self.world.runs.lock().unwrap().iter().map(|run| run.id.name.clone()).collect()
    }

    /// What a pod has written.
    #[must_use]
    pub fn log(&self, pod: &str) -> String {
        std::fs::read_to_string(self.world.log(pod)).unwrap_or_default()
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The id of an execution.
#[must_use]
pub fn id(name: &str) -> WorkflowExecutionIdentifier {
    WorkflowExecutionIdentifier { project: PROJECT.to_owned(), domain: DOMAIN.to_owned(), name: name.to_owned(), org: String::new() }
}

async fn answer(world: Arc<World>, faults: Arc<Faults>, calls: Arc<Mutex<Vec<String>>>, call: Call) -> Answer {
    calls.lock().unwrap().push(call.method.clone());
    world.holds.pass(&call.method, &Stop::new()).await;
    match faults.next(&call.method) {
        None => service::answer(&world, &call).await,
        Some(Fault::Refused(code, text)) => Err((code, text)),
        Some(Fault::DroppedBefore) => Err((DROPPED, String::new())),
        Some(Fault::Slow(time)) => {
            tokio::time::sleep(time).await;
            service::answer(&world, &call).await
        }
        Some(Fault::DroppedAfter) => {
            let _ = service::answer(&world, &call).await;
            Err((DROPPED, String::new()))
        }
    }
}

fn now() -> Timestamp {
    watch::time(std::time::SystemTime::now())
}

/// Twenty letters that nobody had before.
fn random_name() -> String {
    format!("a{}", launch::uuid())
}
