//! Runs a task behind an HTTP proxy that dies when the task says so: so a cluster sees a task that loses its store halfway, on any
//! store and any cluster. The tasks that say so are in `tasks.rs`.
//!
//! usage: `dying_store PROGRAM ARGUMENTS...`; ends with the program's exit code. A line sent to the address in `NEBULAKIT_TESTS_LOSE_STORE`
//! says how the store is lost, `closed` (nobody listens) or `failing` (all requests get a 503), and for how many milliseconds, for good if
//! it says nothing of it; the answer is the line `lost`, once the store is lost. It is `unused` if nothing went through the proxy before.
//!
//! A store on this machine is never asked through a proxy. Its endpoint is the proxy then, which passes on what it gets.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a tool of the tests")]

use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Enough for the head of any request.
const HEAD: usize = 64 * 1024;

/// Where a cluster says which S3 server it has.
const ENDPOINT: &str = "FLYTE_AWS_ENDPOINT";

#[tokio::main]
async fn main() {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let (control, proxy) = (TcpListener::bind(nowhere).await.unwrap(), TcpListener::bind(nowhere).await.unwrap());
    let mut arguments = std::env::args_os().skip(1);
    let mut command = Command::new(arguments.next().unwrap());
    command.args(arguments).env("NEBULAKIT_TESTS_LOSE_STORE", control.local_addr().unwrap().to_string());
    for variable in ["http_proxy", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(variable);
    }
    for variable in ["HTTP_PROXY", "HTTPS_PROXY"] {
        command.env(variable, format!("http://{}", proxy.local_addr().unwrap()));
    }
    let near = std::env::var(ENDPOINT).ok().and_then(|endpoint| of_this_machine(&endpoint));
    if near.is_some() {
        command.env(ENDPOINT, format!("http://{}", proxy.local_addr().unwrap()));
    }
    tokio::spawn(serve(proxy, control, near));
    let ended = tokio::task::spawn_blocking(move || command.status().unwrap()).await.unwrap();
    std::process::exit(ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap()));
}

/// Host and port of an endpoint of this machine.
fn of_this_machine(endpoint: &str) -> Option<Arc<str>> {
    let authority = endpoint.strip_prefix("http://")?.trim_end_matches('/');
    (authority.starts_with("127.") || authority.starts_with("localhost:")).then(|| authority.into())
}

/// Passes on what comes, until it is told to die; then dies as it was told, and comes back if it was told to.
///
/// Requests that name no server are for the store at `near`.
async fn serve(mut proxy: TcpListener, control: TcpListener, near: Option<Arc<str>>) {
    let address = proxy.local_addr().unwrap();
    let mut answer: &[u8] = b"unused\n";
    loop {
        let mut connections = JoinSet::new();
        let asked = loop {
            tokio::select! {
                came = proxy.accept() => {
                    answer = b"lost\n";
                    connections.spawn(pass(came.unwrap().0, near.clone()));
                }
                asked = control.accept() => break asked.unwrap().0,
            }
        };
        let mut asked = BufReader::new(asked);
        let mut line = String::new();
        asked.read_line(&mut line).await.unwrap();
        let (how, milliseconds) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let until = async {
            match milliseconds.parse() {
                Ok(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
                Err(_) => std::future::pending().await,
            }
        };
        connections.shutdown().await;
        if how == "failing" {
            asked.write_all(answer).await.unwrap();
            tokio::select! { () = fail(&proxy) => {}, () = until => {} }
        } else {
            drop(proxy);
            asked.write_all(answer).await.unwrap();
            until.await;
            proxy = TcpListener::bind(address).await.unwrap();
        }
    }
}

/// Answers that the service is unavailable, whatever is asked.
async fn fail(proxy: &TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = proxy.accept().await.unwrap();
        connections.spawn(async move {
            head(&mut client).await?;
            client.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await?;
            // Closed at once, the client might lose the answer over the body that it still sends.
            tokio::io::copy(&mut client, &mut tokio::io::sink()).await
        });
    }
}

/// The bytes of a connection up to the end of the first request's head, at least.
async fn head(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < HEAD {
        if client.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

/// Connects a client with the server that its first request names, through a tunnel or not, or with that at `near`. A client asks one server
/// on one connection.
async fn pass(mut client: TcpStream, near: Option<Arc<str>>) -> std::io::Result<()> {
    let head = head(&mut client).await?;
    let text = String::from_utf8_lossy(&head);
    let mut words = text.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
    let authority = match &near {
        Some(near) if target.starts_with('/') => near,
        _ => target.trim_start_matches("http://").split('/').next().unwrap_or_default(),
    };
    let port = if authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) { "" } else { ":80" };
    let mut server = TcpStream::connect(format!("{authority}{port}")).await?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    } else {
        server.write_all(&head).await?;
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}
