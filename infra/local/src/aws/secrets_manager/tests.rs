//! The real SDK against the local Secrets Manager.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};
use chrono::TimeDelta;

use super::*;
use crate::{Local, Options};

const TOKEN_A: &str = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const TOKEN_B: &str = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";
const TOKEN_C: &str = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";

fn start() -> (Local, Client) {
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = Client::new(local.sdk_config());
    (local, client)
}

/// The error's name, of whatever operation.
macro_rules! refusal {
    ($request:expr) => {
        $request.send().await.unwrap_err().code().unwrap().to_owned()
    };
}

async fn stages(client: &Client, name: &str, version: &str) -> Vec<String> {
    let described = client.describe_secret().secret_id(name).send().await.unwrap();
    let mut stages = described
        .version_ids_to_stages()
        .unwrap()
        .get(version)
        .cloned()
        .unwrap_or_default();
    stages.sort();
    stages
}

#[tokio::test]
async fn a_secret_is_made_once_and_a_repeated_request_is_the_same() {
    let (_local, client) = start();
    let create = |token: &str, value: &str| {
        client
            .create_secret()
            .name("T/1/client")
            .client_request_token(token)
            .secret_string(value)
    };
    let first = create(TOKEN_A, "one").send().await.unwrap();
    let again = create(TOKEN_A, "one").send().await.unwrap();
    assert_eq!(first.arn(), again.arn());
    assert_eq!(first.version_id(), Some(TOKEN_A));
    assert_eq!(refusal!(create(TOKEN_A, "two")), "ResourceExistsException");
    assert_eq!(refusal!(create(TOKEN_B, "one")), "ResourceExistsException");
    assert!(
        client
            .create_secret()
            .name("x")
            .secret_string("y")
            .send()
            .await
            .is_ok(),
        "the SDK makes a token itself"
    );
    let by_arn = client
        .get_secret_value()
        .secret_id(first.arn().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(by_arn.secret_string(), Some("one"));
    assert_eq!(by_arn.version_stages(), ["AWSCURRENT"]);
}

#[tokio::test]
async fn a_new_version_becomes_current_and_the_old_one_previous() {
    let (_local, client) = start();
    client
        .create_secret()
        .name("key")
        .client_request_token(TOKEN_A)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    let put = |token: &str, value: &str| {
        client
            .put_secret_value()
            .secret_id("key")
            .client_request_token(token)
            .secret_string(value)
    };
    put(TOKEN_B, "two").send().await.unwrap();
    put(TOKEN_B, "two").send().await.unwrap();
    assert_eq!(refusal!(put(TOKEN_B, "other")), "ResourceExistsException");
    assert_eq!(stages(&client, "key", TOKEN_A).await, ["AWSPREVIOUS"]);
    assert_eq!(stages(&client, "key", TOKEN_B).await, ["AWSCURRENT"]);
    let value = |stage: &str| client.get_secret_value().secret_id("key").version_stage(stage);
    assert_eq!(
        value("AWSCURRENT").send().await.unwrap().secret_string(),
        Some("two")
    );
    assert_eq!(
        value("AWSPREVIOUS").send().await.unwrap().secret_string(),
        Some("one")
    );
    assert_eq!(refusal!(value("AWSPENDING")), "ResourceNotFoundException");
    assert_eq!(
        refusal!(value("AWSCURRENT").version_id(TOKEN_A)),
        "InvalidRequestException"
    );
}

#[tokio::test]
async fn rotation_moves_the_labels_only_when_told_from_where() {
    let (_local, client) = start();
    client
        .create_secret()
        .name("key")
        .client_request_token(TOKEN_A)
        .secret_string("one")
        .send()
        .await
        .unwrap();
    let pending = client
        .put_secret_value()
        .secret_id("key")
        .client_request_token(TOKEN_B)
        .version_stages("AWSPENDING")
        .secret_binary(Blob::new([1u8, 2, 3]));
    pending.send().await.unwrap();
    let current = client.get_secret_value().secret_id("key").send().await.unwrap();
    assert_eq!(
        current.secret_string(),
        Some("one"),
        "a pending version is not in use"
    );
    let promote = || {
        client
            .update_secret_version_stage()
            .secret_id("key")
            .version_stage("AWSCURRENT")
    };
    assert_eq!(
        refusal!(promote().move_to_version_id(TOKEN_B)),
        "InvalidParameterException"
    );
    assert_eq!(
        refusal!(
            promote()
                .move_to_version_id(TOKEN_C)
                .remove_from_version_id(TOKEN_A)
        ),
        "ResourceNotFoundException"
    );
    promote()
        .move_to_version_id(TOKEN_B)
        .remove_from_version_id(TOKEN_A)
        .send()
        .await
        .unwrap();
    assert_eq!(stages(&client, "key", TOKEN_A).await, ["AWSPREVIOUS"]);
    assert_eq!(
        stages(&client, "key", TOKEN_B).await,
        ["AWSCURRENT", "AWSPENDING"]
    );
    let current = client.get_secret_value().secret_id("key").send().await.unwrap();
    assert_eq!(current.secret_binary().unwrap().as_ref(), [1, 2, 3]);
    let drop_pending = client
        .update_secret_version_stage()
        .secret_id("key")
        .version_stage("AWSPENDING")
        .remove_from_version_id(TOKEN_B);
    drop_pending.send().await.unwrap();
    assert_eq!(stages(&client, "key", TOKEN_B).await, ["AWSCURRENT"]);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one life of one secret")]
async fn a_deleted_secret_can_be_restored_until_its_window_ends() {
    let (local, client) = start();
    client
        .create_secret()
        .name("key")
        .secret_string("one")
        .send()
        .await
        .unwrap();
    client
        .delete_secret()
        .secret_id("key")
        .recovery_window_in_days(7)
        .send()
        .await
        .unwrap();
    assert_eq!(
        refusal!(client.get_secret_value().secret_id("key")),
        "InvalidRequestException"
    );
    assert_eq!(
        refusal!(client.create_secret().name("key").secret_string("two")),
        "InvalidRequestException"
    );
    assert!(
        client
            .describe_secret()
            .secret_id("key")
            .send()
            .await
            .unwrap()
            .deleted_date()
            .is_some()
    );
    client.restore_secret().secret_id("key").send().await.unwrap();
    assert_eq!(
        client
            .get_secret_value()
            .secret_id("key")
            .send()
            .await
            .unwrap()
            .secret_string(),
        Some("one")
    );
    client
        .delete_secret()
        .secret_id("key")
        .recovery_window_in_days(7)
        .send()
        .await
        .unwrap();
    local.clock().advance(TimeDelta::days(8));
    assert_eq!(
        refusal!(client.restore_secret().secret_id("key")),
        "ResourceNotFoundException"
    );
    client
        .create_secret()
        .name("key")
        .secret_string("two")
        .send()
        .await
        .unwrap();
    client
        .delete_secret()
        .secret_id("key")
        .force_delete_without_recovery(true)
        .send()
        .await
        .unwrap();
    client
        .delete_secret()
        .secret_id("key")
        .force_delete_without_recovery(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        refusal!(client.get_secret_value().secret_id("key")),
        "ResourceNotFoundException"
    );
    let both = client
        .delete_secret()
        .secret_id("key")
        .force_delete_without_recovery(true)
        .recovery_window_in_days(7);
    assert_eq!(refusal!(both), "InvalidParameterException");
}

#[tokio::test]
async fn lists_go_by_name_filter_and_page() {
    let (_local, client) = start();
    for name in ["T/1/a", "T/1/b", "T/2/a"] {
        let tag = Tag::builder().key("tenant").value(name).build();
        client
            .create_secret()
            .name(name)
            .secret_string("x")
            .tags(tag)
            .send()
            .await
            .unwrap();
    }
    client
        .tag_resource()
        .secret_id("T/2/a")
        .tags(Tag::builder().key("kind").value("saml").build())
        .send()
        .await
        .unwrap();
    let names = |list: &[aws_sdk_secretsmanager::types::SecretListEntry]| -> Vec<String> {
        list.iter()
            .map(|secret| secret.name().unwrap().to_owned())
            .collect()
    };
    let filter = |key: FilterNameStringType, value: &str| Filter::builder().key(key).values(value).build();
    let first = client
        .list_secrets()
        .max_results(1)
        .filters(filter(FilterNameStringType::Name, "T/1/"));
    let first = first.send().await.unwrap();
    assert_eq!(names(first.secret_list()), ["T/1/a"]);
    let second = client
        .list_secrets()
        .max_results(1)
        .filters(filter(FilterNameStringType::Name, "T/1/"))
        .next_token(first.next_token().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(names(second.secret_list()), ["T/1/b"]);
    assert!(second.next_token().is_none());
    let tagged = client
        .list_secrets()
        .filters(filter(FilterNameStringType::TagKey, "kind"))
        .send()
        .await
        .unwrap();
    assert_eq!(names(tagged.secret_list()), ["T/2/a"]);
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_by_name() {
    let (_local, client) = start();
    let create = |name: &str, value: String| client.create_secret().name(name).secret_string(value);
    assert_eq!(refusal!(create("a name", "x".to_owned())), "ValidationException");
    assert_eq!(refusal!(create("big", "x".repeat(65_537))), "ValidationException");
    assert!(create("just-right", "x".repeat(65_536)).send().await.is_ok());
    assert_eq!(
        refusal!(client.put_secret_value().secret_id("none").secret_string("x")),
        "ResourceNotFoundException"
    );
    assert_eq!(
        refusal!(client.get_random_password()),
        "UnknownOperationException"
    );
}

#[tokio::test]
async fn secrets_outlive_the_process_in_a_file_of_mode_0600_and_show_in_no_debug_output() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    let client = Client::new(local.sdk_config());
    client
        .create_secret()
        .name("key")
        .secret_string("swordfish")
        .send()
        .await
        .unwrap();
    assert!(!format!("{local:?}").contains("swordfish"));
    local.stop().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("secrets.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = Local::start(&Options::in_folder(folder.path())).unwrap();
    let value = Client::new(again.sdk_config())
        .get_secret_value()
        .secret_id("key")
        .send()
        .await
        .unwrap();
    assert_eq!(value.secret_string(), Some("swordfish"));
}

#[test]
fn a_damaged_secrets_file_is_refused_without_showing_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.json");
    std::fs::write(&path, "{\"secrets\": {\"key\": swordfish").unwrap();
    let error = SecretsManager::open(Some(path), &Clock::system()).unwrap_err();
    assert_eq!(error.code(), "secrets_damaged");
    assert!(!error.to_string().contains("swordfish") && !error.to_string().contains('\n'));
}

#[test]
fn a_change_that_cannot_be_written_down_has_not_happened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone").join("secrets.json");
    let secrets = SecretsManager {
        file: Some(file),
        clock: Clock::system(),
        vault: Mutex::default(),
    };
    let error = secrets
        .answer("CreateSecret", br#"{"Name":"key","SecretString":"x"}"#)
        .unwrap_err();
    assert_eq!(error.status.as_u16(), 500);
    assert_eq!(secrets.vault.lock().unwrap().iter().count(), 0);
}
