#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_secretsmanager::Client;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::fake_aws::FakeAws;
use super::*;
use crate::clock::Clock;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::redacted::Secret;

/// One secret of the pretended Secrets Manager: its versions, and which stage is at which.
#[derive(Default)]
struct Held {
    versions: BTreeMap<String, String>,
    stages: BTreeMap<String, String>,
    deleted: bool,
}

type State = Arc<Mutex<BTreeMap<String, Held>>>;

fn refuse(code: &str, message: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": message}))
}

/// Secrets Manager as its reference describes it, as far as we use it.
fn answer(state: &State, operation: &str, body: &Value) -> (u16, Value) {
    let mut secrets = state.lock().unwrap();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let name = if operation == "CreateSecret" {
        text("Name")
    } else {
        text("SecretId")
    };
    let known = secrets.contains_key(&name);
    if known && operation == "CreateSecret" && !secrets[&name].deleted {
        return refuse("ResourceExistsException", "it exists");
    }
    if !known && operation != "CreateSecret" {
        return refuse(
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        );
    }
    let held = secrets.entry(name).or_default();
    if held.deleted && operation != "RestoreSecret" {
        let message = "You can't perform this operation on the secret because it was marked for deletion.";
        return refuse("InvalidRequestException", message);
    }
    let token = text("ClientRequestToken");
    match operation {
        "GetSecretValue" => {
            let Some(version) = held.stages.get(&text("VersionStage")) else {
                return refuse("ResourceNotFoundException", "no such stage");
            };
            return (
                200,
                json!({"VersionId": version, "SecretString": held.versions[version]}),
            );
        }
        "CreateSecret" | "PutSecretValue" => {
            held.versions.insert(token.clone(), text("SecretString"));
            let stage = body["VersionStages"][0].as_str().unwrap_or("AWSCURRENT");
            if let Some(before) = held.stages.insert(stage.to_owned(), token.clone())
                && stage == "AWSCURRENT"
            {
                held.stages.insert("AWSPREVIOUS".to_owned(), before);
            }
        }
        "UpdateSecretVersionStage" => {
            let (stage, from, to) = (
                text("VersionStage"),
                text("RemoveFromVersionId"),
                text("MoveToVersionId"),
            );
            if held.stages.get(&stage) != Some(&from) {
                return refuse("InvalidParameterException", "the stage is at another version");
            }
            held.stages.remove(&stage);
            if !to.is_empty() {
                held.stages.insert(stage, to);
                held.stages.insert("AWSPREVIOUS".to_owned(), from);
            }
        }
        "DeleteSecret" => held.deleted = true,
        "RestoreSecret" => held.deleted = false,
        other => panic!("unexpected operation {other}"),
    }
    (200, json!({"VersionId": token}))
}

struct World {
    aws: FakeAws,
    clock: Clock,
    secrets: Secrets,
}

impl World {
    fn new() -> Self {
        let state = State::default();
        Self::answering(move |operation, body| answer(&state, operation, body))
    }

    fn answering(answer: impl Fn(&str, &Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let aws = FakeAws::new(answer);
        let clock = Clock::system();
        let secrets = Secrets::new(Client::new(&aws.sdk()), "gatehouse/test", clock.clone());
        Self { aws, clock, secrets }
    }

    /// Another process: same service and clock, a memory of its own.
    fn elsewhere(&self) -> Secrets {
        Secrets::new(Client::new(&self.aws.sdk()), "gatehouse/test", self.clock.clone())
    }
}

const KEYS: SecretName = SecretName::OpSigningKeys;

fn secret(value: &str) -> Secret {
    Secret::new(value)
}

#[test]
fn names_are_those_that_the_roles_policies_match() {
    let connection = ConnectionId::generate().unwrap();
    let tenant = TenantId::generate().unwrap();
    for (name, full) in [
        (
            SecretName::SpSigning(connection.clone()),
            format!("p/connection/{connection}/sp-signing"),
        ),
        (
            SecretName::SpDecryption(connection.clone()),
            format!("p/connection/{connection}/sp-decryption"),
        ),
        (
            SecretName::ClientSecret(connection.clone()),
            format!("p/connection/{connection}/client-secret"),
        ),
        (SecretName::OpSigningKeys, "p/op/signing-keys".to_owned()),
        (
            SecretName::TenantDataKey(tenant.clone()),
            format!("p/tenant/{tenant}/data-key"),
        ),
    ] {
        assert_eq!(name.full("p"), full);
    }
}

#[tokio::test]
async fn a_read_is_remembered_for_five_minutes_of_the_injected_clock() {
    let world = World::new();
    world.elsewhere().put(&KEYS, &secret("one")).await.unwrap();
    assert_eq!(world.secrets.get(&KEYS).await.unwrap().value, secret("one"));
    world.elsewhere().put(&KEYS, &secret("two")).await.unwrap();
    world.clock.advance(TimeDelta::seconds(299));
    assert_eq!(world.secrets.get(&KEYS).await.unwrap().value, secret("one"));
    world.clock.advance(TimeDelta::seconds(2));
    assert_eq!(world.secrets.get(&KEYS).await.unwrap().value, secret("two"));
}

#[tokio::test]
async fn a_clock_that_goes_back_makes_the_memory_stale() {
    let world = World::new();
    world.secrets.put(&KEYS, &secret("one")).await.unwrap();
    world.elsewhere().put(&KEYS, &secret("two")).await.unwrap();
    world.clock.advance(TimeDelta::seconds(-10));
    assert_eq!(world.secrets.get(&KEYS).await.unwrap().value, secret("two"));
}

#[tokio::test]
async fn fifty_readers_at_once_are_one_request() {
    let world = World::new();
    world.elsewhere().put(&KEYS, &secret("one")).await.unwrap();
    let before = world.aws.calls().len();
    let reads = (0..50).map(|_| world.secrets.get(&KEYS));
    let all = futures_util::future::join_all(reads).await;
    assert!(all.into_iter().all(|read| read.unwrap().value == secret("one")));
    assert_eq!(world.aws.calls().len() - before, 1);
}

#[tokio::test]
async fn a_forced_read_asks_again_and_many_at_once_share_it() {
    let world = World::new();
    world.secrets.put(&KEYS, &secret("one")).await.unwrap();
    world.elsewhere().put(&KEYS, &secret("two")).await.unwrap();
    let before = world.aws.calls().len();
    let all = futures_util::future::join_all((0..50).map(|_| world.secrets.get_fresh(&KEYS))).await;
    assert!(all.into_iter().all(|read| read.unwrap().value == secret("two")));
    let asked = world.aws.calls().len() - before;
    assert!((1..=2).contains(&asked), "{asked}");
    assert_eq!(world.secrets.get(&KEYS).await.unwrap().value, secret("two"));
}

#[tokio::test]
async fn different_secrets_do_not_wait_for_each_other() {
    let world = World::new();
    let other = SecretName::TenantDataKey(TenantId::generate().unwrap());
    world.elsewhere().put(&KEYS, &secret("one")).await.unwrap();
    world.elsewhere().put(&other, &secret("two")).await.unwrap();
    let (one, two) = tokio::join!(world.secrets.get(&KEYS), world.secrets.get(&other));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(world.aws.most_at_once(), 2);
}

#[tokio::test]
async fn of_many_creators_at_once_one_wins_and_all_see_its_value() {
    let world = World::new();
    let processes: Vec<(Secrets, Secret)> = (0..20)
        .map(|n| (world.elsewhere(), secret(&format!("value-{n}"))))
        .collect();
    let creations = processes
        .iter()
        .map(|(process, value)| process.create_if_absent(&KEYS, value));
    let created = futures_util::future::join_all(creations).await;
    let created: Vec<Created> = created.into_iter().map(Result::unwrap).collect();
    let won = created
        .iter()
        .filter(|one| matches!(one, Created::New(_)))
        .count();
    assert_eq!(won, 1);
    let values: Vec<_> = created.into_iter().map(|one| one.into_version().value).collect();
    assert!(values.iter().all(|value| *value == values[0]));
    for (process, _) in &processes {
        assert_eq!(process.get(&KEYS).await.unwrap().value, values[0]);
    }
}

#[tokio::test]
async fn put_makes_replaces_and_restores() {
    let world = World::new();
    for value in ["one", "two"] {
        world.secrets.put(&KEYS, &secret(value)).await.unwrap();
        assert_eq!(world.elsewhere().get(&KEYS).await.unwrap().value, secret(value));
    }
    world.secrets.delete(&KEYS).await.unwrap();
    let error = world.secrets.get(&KEYS).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("secret_deleted", false));
    assert_eq!(
        world
            .secrets
            .create_if_absent(&KEYS, &secret("x"))
            .await
            .unwrap_err()
            .code(),
        "secret_deleted"
    );
    world.secrets.put(&KEYS, &secret("three")).await.unwrap();
    assert_eq!(world.elsewhere().get(&KEYS).await.unwrap().value, secret("three"));
}

#[tokio::test]
async fn deleting_what_is_not_there_is_fine() {
    let world = World::new();
    world.secrets.delete(&KEYS).await.unwrap();
    world.secrets.put(&KEYS, &secret("one")).await.unwrap();
    world.secrets.delete(&KEYS).await.unwrap();
    world.secrets.delete(&KEYS).await.unwrap();
}

#[tokio::test]
async fn gh_08_a_pending_key_is_published_then_promoted() {
    let world = World::new();
    let old = world.secrets.put(&KEYS, &secret("old")).await.unwrap();
    assert_eq!(
        world.secrets.get_stage(&KEYS, Stage::Pending).await.unwrap(),
        None
    );
    let next = world.secrets.put_pending(&KEYS, &secret("next")).await.unwrap();
    assert_eq!(world.secrets.get_fresh(&KEYS).await.unwrap(), old);
    assert_eq!(
        world
            .secrets
            .get_stage(&KEYS, Stage::Pending)
            .await
            .unwrap()
            .as_ref(),
        Some(&next)
    );
    // Repeated, as after a crash in between.
    for _ in 0..2 {
        world.secrets.promote(&KEYS, &next.id).await.unwrap();
        assert_eq!(world.secrets.get(&KEYS).await.unwrap(), next);
        assert_eq!(
            world
                .secrets
                .get_stage(&KEYS, Stage::Previous)
                .await
                .unwrap()
                .as_ref(),
            Some(&old)
        );
        assert_eq!(
            world.secrets.get_stage(&KEYS, Stage::Pending).await.unwrap(),
            None
        );
    }
    assert_eq!(
        world
            .secrets
            .put_pending(&KEYS, &secret("third"))
            .await
            .unwrap()
            .value,
        secret("third")
    );
}

#[tokio::test]
async fn nothing_stale_is_served_when_the_service_fails() {
    let state = State::default();
    let broken = Arc::new(Mutex::new(false));
    let switch = Arc::clone(&broken);
    let world = World::answering(move |operation, body| {
        if *switch.lock().unwrap() {
            return (
                500,
                json!({"__type": "InternalServiceError", "message": "secret-value"}),
            );
        }
        answer(&state, operation, body)
    });
    world.secrets.put(&KEYS, &secret("one")).await.unwrap();
    *broken.lock().unwrap() = true;
    assert!(world.secrets.get(&KEYS).await.is_ok());
    let error = world.secrets.get_fresh(&KEYS).await.unwrap_err();
    assert_eq!(
        (error.code(), error.is_transient()),
        ("secrets_unavailable", true)
    );
    assert_eq!(
        world.secrets.get(&KEYS).await.unwrap_err().code(),
        "secrets_unavailable"
    );
    *broken.lock().unwrap() = false;
    assert!(world.secrets.get(&KEYS).await.is_ok());
}

#[tokio::test]
async fn errors_have_codes_and_hold_no_value() {
    for (status, aws, code, transient) in [
        (400, "ResourceNotFoundException", "secret_not_found", false),
        (400, "AccessDeniedException", "secret_denied", false),
        (400, "DecryptionFailure", "secret_refused", false),
        (400, "ThrottlingException", "secrets_unavailable", true),
        (503, "SomethingNew", "secrets_unavailable", true),
    ] {
        let world = World::answering(move |_, _| (status, json!({"__type": aws, "message": "hunter2"})));
        let error = world.secrets.get(&KEYS).await.unwrap_err();
        assert_eq!((error.code(), error.is_transient()), (code, transient), "{aws}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let world = World::answering(|_, _| (200, json!({"VersionId": "v", "SecretBinary": "aHVudGVyMg=="})));
    assert_eq!(
        world.secrets.get(&KEYS).await.unwrap_err().code(),
        "secret_malformed"
    );
    let world = World::answering(|_, _| (200, json!({"VersionId": "v", "SecretString": "{\"hunter2\":1}"})));
    let error = world
        .secrets
        .get_json::<Vec<String>>(&KEYS, "a list of keys")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "secret gatehouse/test/op/signing-keys: wanted a list of keys, found something else"
    );
    let version = world.secrets.get(&KEYS).await.unwrap();
    assert!(!format!("{version:?} {:?}", world.secrets).contains("hunter2"));
}
