//! Each way to log in, with tokens that end and tokens that are revoked.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use nebulakit::backend::flyte::{ClientErrorKind, Login, Prompt};
use nebulakit_types::client::{ClientOptions, HttpClient, Protocol};
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::double::admin::Guarded;
use crate::double::authority::{Authority, CLIENT, SECRET};
use crate::double::{client, prompted};

async fn settings(admin: &Guarded, mode: &str) -> Value {
    json!({ "endpoint": admin.serve().await.to_string(), "insecure": true, "authType": mode })
}

/// The settings of a program that logs in as itself, with its secret in a file.
async fn as_itself(home: &Path, admin: &Guarded) -> Value {
    let file = home.join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let mut settings = settings(admin, "ClientSecret").await;
    settings["clientId"] = CLIENT.into();
    settings["clientSecretLocation"] = file.to_str().unwrap().into();
    settings
}

#[tokio::test]
async fn a_hundred_calls_wait_for_one_login() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let admin = Guarded::by(&authority);
    let client = client(home.path(), &as_itself(home.path(), &admin).await);
    let calls = (0..100).map(|_| client.version());
    for version in futures_util::future::join_all(calls).await {
        assert_eq!(version.unwrap(), "v1.16.8");
    }
    assert_eq!(authority.grants(), ["client_credentials"]);
    assert_eq!(admin.calls().iter().filter(|call| *call == "GetPublicClientConfig").count(), 1);
    assert_eq!(authority.last()["scope"], "offline all");
    assert!(admin.agents()[0].starts_with("nebulakit/"), "{:?}", admin.agents());
    assert!(!home.path().join(".nebulakit").exists(), "a program's token is not kept");
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let admin = Guarded::by(&authority);
    let client = client(home.path(), &as_itself(home.path(), &admin).await);
    client.version().await.unwrap();
    authority.revoke();
    assert_eq!(client.version().await.unwrap(), "v1.16.8");
    assert_eq!(authority.grants().len(), 2);
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_replaced_before_the_call() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    authority.lasting(30);
    let admin = Guarded::by(&authority);
    let mut settings = as_itself(home.path(), &admin).await;
    settings["tokenRefreshWindow"] = "1m".into();
    let client = client(home.path(), &settings);
    client.version().await.unwrap();
    let before = admin.calls().iter().filter(|call| *call == "GetVersion").count();
    client.version().await.unwrap();
    let after = admin.calls().iter().filter(|call| *call == "GetVersion").count();
    assert_eq!(after - before, 1, "the second call was not refused first");
}

#[tokio::test]
async fn audience_and_scopes_of_the_settings_are_asked_for() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let admin = Guarded::by(&authority);
    let mut settings = as_itself(home.path(), &admin).await;
    settings["scopes"] = json!(["mine"]);
    settings["useAudienceFromAdmin"] = true.into();
    client(home.path(), &settings).version().await.unwrap();
    assert_eq!((authority.last()["scope"].as_str(), authority.last()["audience"].as_str()), ("mine", "https://flyte.example.com"));
}

#[tokio::test]
async fn a_refused_login_says_who_refused_it_and_no_secret() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let admin = Guarded::by(&authority);
    let mut settings = as_itself(home.path(), &admin).await;
    settings["clientId"] = "another".into();
    let client = client(home.path(), &settings);
    let error = client.version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Unauthenticated);
    let expected = format!("`{}` refused the login: invalid_client: unknown client, or a wrong secret", authority.url("/token"));
    assert_eq!(error.to_string(), expected);
    assert!(!format!("{client:?}").contains(SECRET));
}

#[tokio::test]
async fn what_is_missing_for_a_login_is_named() {
    let home = tempdir().unwrap();
    let admin = Guarded::by(&Authority::serve().await);
    let said = async |change: &dyn Fn(&mut Value)| {
        let mut settings = as_itself(home.path(), &admin).await;
        change(&mut settings);
        let error = client(home.path(), &settings).version().await.unwrap_err();
        assert_eq!(error.kind(), ClientErrorKind::Settings);
        error.to_string()
    };
    let text = said(&|settings| settings["clientId"] = Value::Null).await;
    assert!(text.ends_with("\nhint: set `admin.clientId` or FLYTE_CREDENTIALS_CLIENT_ID"), "{text}");
    let text = said(&|settings| settings["clientSecretLocation"] = "/nowhere/secret".into()).await;
    assert!(text.contains("`/nowhere/secret` (`admin.clientSecretLocation`): No such file"), "{text}");
    let text = said(&|settings| settings["clientSecretEnvVar"] = "MY_SECRET".into()).await;
    assert!(text.contains("in the variable `MY_SECRET` (`admin.clientSecretEnvVar`), which is not set"), "{text}");
}

#[tokio::test]
async fn a_token_that_is_never_accepted_costs_one_login() {
    let home = tempdir().unwrap();
    let admin = Guarded::accepting(&["right"]);
    let mut settings = settings(&admin, "ExternalCommand").await;
    settings["command"] = json!(["echo", "wrong"]);
    let error = client(home.path(), &settings).version().await.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Unauthenticated);
    assert!(error.to_string().contains("token parse error") && error.hint().unwrap().contains("not accepted"), "{error}");
    assert_eq!(admin.calls().iter().filter(|call| *call == "GetVersion").count(), 2);
}

#[tokio::test]
async fn a_command_prints_the_token() {
    let home = tempdir().unwrap();
    let mut settings = settings(&Guarded::accepting(&["right"]), "ExternalCommand").await;
    settings["command"] = json!(["sh", "-c", "echo ' right'"]);
    assert_eq!(client(home.path(), &settings).version().await.unwrap(), "v1.16.8");
}

#[tokio::test]
async fn a_command_that_fails_is_told_without_its_words() {
    let home = tempdir().unwrap();
    let mut settings = settings(&Guarded::accepting(&[]), "ExternalCommand").await;
    for (command, said) in [
        (json!(["sh", "-c", "echo not logged in >&2; exit 3", "to-ken"]), "failed with exit status: 3: not logged in"),
        (json!(["false"]), "failed with exit status: 1"),
        (json!(["sh", "-c", "yes failing | head -c 1000000 >&2; exit 1"]), "failed with exit status: 1: failing"),
        (json!(["true"]), "printed no token"),
        (json!(["/nowhere/login"]), "cannot be started: No such file"),
    ] {
        settings["command"] = command.clone();
        let error = client(home.path(), &settings).version().await.unwrap_err().to_string();
        let expected = format!("the command `{}` (`admin.command`) {said}", command[0].as_str().unwrap());
        assert!(error.starts_with(&expected) && !error.contains("to-ken") && !error.ends_with(": "), "{error}");
        assert!(error.len() < 2000, "{} bytes", error.len());
    }
}

/// A person who does what is asked with a browser, and remembers it.
fn person() -> (Prompt, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let remembered = asked.clone();
    let prompt: Prompt = Arc::new(move |login| match login {
        Login::Browser { url } => {
            remembered.lock().unwrap().push("browser".to_owned());
            tokio::spawn(browse(url.to_owned()));
        }
        Login::Device { url, code } => remembered.lock().unwrap().push(format!("{} {code}", url.rsplit('/').next().unwrap())),
        other => panic!("{other:?}"),
    });
    (prompt, asked)
}

/// Opens a page, follows its redirect, and some links that lead to the same place without knowing the login.
async fn browse(page: String) {
    let browser = HttpClient::new(ClientOptions::default(), Protocol::Http1).unwrap();
    let get = async |url: &str| {
        let request = http::Request::get(url).body(Bytes::new()).unwrap();
        browser.send(request).await.unwrap()
    };
    let answer = get(&page).await;
    let callback = answer.headers()["location"].to_str().unwrap().to_owned();
    let (place, _) = callback.split_once('?').unwrap();
    let place = place.replace("localhost", "127.0.0.1");
    let _silent = tokio::net::TcpStream::connect(place.trim_start_matches("http://").split('/').next().unwrap()).await.unwrap();
    assert_eq!(get(&format!("{place}?code=forged&state=guessed")).await.status(), 404);
    assert_eq!(get(&place.replace("callback", "favicon.ico")).await.status(), 404);
    assert_eq!(get(&callback.replace("localhost", "127.0.0.1")).await.status(), 200);
}

#[tokio::test]
async fn a_person_logs_in_in_the_browser() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let settings = settings(&Guarded::by(&authority), "Pkce").await;
    let (prompt, asked) = person();
    let client = prompted(home.path(), &settings, prompt).unwrap();
    assert_eq!(client.version().await.unwrap(), "v1.16.8");
    assert_eq!(authority.grants(), ["authorization_code"]);
    assert_eq!(*asked.lock().unwrap(), ["browser"]);
}

#[tokio::test]
async fn a_login_that_is_refused_in_the_browser_ends() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    authority.refuse();
    let settings = settings(&Guarded::by(&authority), "Pkce").await;
    let error = prompted(home.path(), &settings, person().0).unwrap().version().await.unwrap_err();
    assert_eq!(error.to_string(), "the login was refused: access_denied: not today");
}

#[tokio::test]
async fn nobody_in_front_of_the_browser_ends_the_login() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let mut settings = settings(&Guarded::by(&authority), "Pkce").await;
    settings["pkceConfig"] = json!({ "timeout": "50ms" });
    let error = prompted(home.path(), &settings, Arc::new(|_| {})).unwrap().version().await.unwrap_err();
    assert!(error.to_string().starts_with("nobody logged in in the browser within 50ms\nhint: "), "{error}");
}

#[tokio::test]
async fn a_person_logs_in_on_another_device_and_the_next_process_is_spared() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    authority.pend(2);
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let (prompt, asked) = person();
    prompted(home.path(), &settings, prompt).unwrap().version().await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["enter ABCD-EFGH"]);
    assert_eq!(authority.grants(), ["device_code"; 3]);

    let tokens = home.path().join(".nebulakit/tokens");
    let files: Vec<_> = std::fs::read_dir(&tokens).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(&tokens).unwrap().permissions().mode() & 0o777, 0o700);

    client(home.path(), &settings).version().await.unwrap();
    assert_eq!(authority.grants().len(), 3, "the second process has the token of the first");
}

#[tokio::test]
async fn a_login_that_is_refused_on_the_device_ends() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    authority.refuse();
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let error = prompted(home.path(), &settings, person().0).unwrap().version().await.unwrap_err();
    assert!(error.to_string().ends_with("refused the login: access_denied: not today"), "{error}");
}

#[tokio::test]
async fn a_refresh_token_spares_the_login_until_it_is_revoked_too() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let (prompt, asked) = person();
    let client = prompted(home.path(), &settings, prompt).unwrap();
    client.version().await.unwrap();
    authority.revoke();
    client.version().await.unwrap();
    assert_eq!(authority.grants(), ["device_code", "refresh_token"]);
    authority.revoke_all();
    client.version().await.unwrap();
    assert_eq!(authority.grants(), ["device_code", "refresh_token", "refresh_token", "device_code"]);
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_that_another_process_got_is_used() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let first = prompted(home.path(), &settings, person().0).unwrap();
    first.version().await.unwrap();
    let second = client(home.path(), &settings);
    second.version().await.unwrap();
    authority.revoke();
    second.version().await.unwrap();
    let grants = authority.grants();
    first.version().await.unwrap();
    assert_eq!(authority.grants(), grants, "the refresh token was used up by the second, whose token the first takes");
}

#[tokio::test]
async fn a_first_login_that_another_process_has_just_made_is_used() {
    let home = tempdir().unwrap();
    let authority = Authority::serve().await;
    let admin = Guarded::by(&authority);
    let settings = settings(&admin, "DeviceFlow").await;
    let (prompt, asked) = person();
    let (first, other) = (prompted(home.path(), &settings, prompt.clone()).unwrap(), prompted(home.path(), &settings, prompt).unwrap());
    // Both have looked for a token before there is one.
    authority.fail(1);
    first.version().await.unwrap_err();
    other.version().await.unwrap();
    first.version().await.unwrap();
    assert_eq!(asked.lock().unwrap().len(), 1, "the token of the other is good");
    assert_eq!(authority.grants(), ["device_code"]);
}

#[tokio::test]
async fn a_login_that_fails_leaves_the_right_to_a_new_token() {
    let home = tempdir().unwrap();
    // Nothing can be kept there.
    std::fs::write(home.path().join(".nebulakit"), "").unwrap();
    let authority = Authority::serve().await;
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let (prompt, asked) = person();
    let client = prompted(home.path(), &settings, prompt).unwrap();
    client.version().await.unwrap();
    authority.revoke();
    authority.fail(1);
    client.version().await.unwrap_err();
    client.version().await.unwrap();
    assert_eq!(authority.grants(), ["device_code", "refresh_token"]);
    assert_eq!(asked.lock().unwrap().len(), 1, "nobody has to log in again");
}

#[tokio::test]
async fn a_proxy_command_that_failed_once_is_run_again() {
    let home = tempdir().unwrap();
    let admin = Guarded::accepting(&["right"]);
    let mark = home.path().join("mark");
    let mut settings = settings(&admin, "ExternalCommand").await;
    settings["command"] = json!(["echo", "right"]);
    settings["proxyCommand"] = json!(["sh", "-c", "test -e \"$0\" && echo passed; test -e \"$0\" || { touch \"$0\"; exit 1; }", mark]);
    let client = client(home.path(), &settings);
    client.version().await.unwrap_err();
    client.version().await.unwrap();
    assert_eq!(admin.proxied(), ["Bearer passed"], "no call goes without it");
}

/// The command of the keyring, which keeps entries in a folder.
const SECRET_TOOL: &str = r#"#!/bin/sh
folder=$(dirname "$0")/entries
case $1 in
store) mkdir -p "$folder"; cat > "$folder/$6" ;;
lookup) cat "$folder/$5" 2> /dev/null ;;
esac
"#;

#[tokio::test]
async fn the_keyring_keeps_tokens_where_there_is_one() {
    let home = tempdir().unwrap();
    let program = home.path().join("secret-tool");
    std::fs::write(&program, SECRET_TOOL).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let authority = Authority::serve().await;
    let settings = settings(&Guarded::by(&authority), "DeviceFlow").await;
    let (config, environment) = crate::double::config(home.path(), &settings);
    let path = std::env::join_paths([home.path(), Path::new("/bin"), Path::new("/usr/bin")]).unwrap();
    let environment = environment.with("PATH", path);
    let client = || nebulakit::backend::flyte::FlyteClient::prompting(&config, &environment, person().0).unwrap();
    client().version().await.unwrap();
    assert!(!home.path().join(".nebulakit").exists());
    client().version().await.unwrap();
    assert_eq!(authority.grants(), ["device_code"], "the second client has the token from the keyring");
}
