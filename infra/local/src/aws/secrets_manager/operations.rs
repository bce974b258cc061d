//! The operations, each as AWS documents it.

use std::collections::BTreeSet;

use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::super::wire::{self, ServiceError, epoch_seconds};
use super::super::{ACCOUNT, REGION};
use super::requests::{
    CreateSecret, DeleteSecret, Filter, GetSecretValue, ListSecrets, Named, PutSecretValue, TagResource,
    UntagResource, UpdateSecretVersionStage,
};
use super::vault::{CURRENT, Deletion, Payload, Secret, Tag, Vault, Version};

/// The greatest size of a secret's content, in bytes.
const MAX_PAYLOAD_BYTES: usize = 65_536;
/// `DeleteSecret` without a window.
const DEFAULT_RECOVERY_DAYS: i64 = 30;

type Outcome = Result<Value, ServiceError>;

/// Runs one operation on the vault.
///
/// # Errors
/// The service's own exceptions.
pub fn run(
    vault: &mut Vault,
    operation: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<Response, ServiceError> {
    let answer = match operation {
        "CreateSecret" => create(vault, wire::parse(body)?, now),
        "GetSecretValue" => get_value(vault, &wire::parse(body)?),
        "PutSecretValue" => put_value(vault, wire::parse(body)?, now),
        "DescribeSecret" => describe(vault, &wire::parse(body)?),
        "ListSecrets" => list(vault, &wire::parse(body)?),
        "UpdateSecretVersionStage" => update_stage(vault, &wire::parse(body)?, now),
        "DeleteSecret" => delete(vault, &wire::parse(body)?, now),
        "RestoreSecret" => restore(vault, &wire::parse(body)?),
        "TagResource" => tag(vault, wire::parse(body)?),
        "UntagResource" => untag(vault, &wire::parse(body)?),
        other => {
            let message = format!("Secrets Manager operation {other:?} is not served here");
            Err(ServiceError::client("UnknownOperationException", message))
        }
    };
    answer.map(|answer| wire::ok(&answer))
}

fn invalid_parameter(message: impl Into<String>) -> ServiceError {
    ServiceError::client("InvalidParameterException", message)
}

fn invalid_request(message: impl Into<String>) -> ServiceError {
    ServiceError::client("InvalidRequestException", message)
}

fn create(vault: &mut Vault, request: CreateSecret, now: DateTime<Utc>) -> Outcome {
    check_name(&request.name)?;
    let version_id = version_id(request.client_request_token)?;
    let payload = match checked(request.payload) {
        Ok(payload) => Some(payload),
        Err(None) => None,
        Err(Some(error)) => return Err(error),
    };
    if let Ok((name, existing)) = vault.find_mut(&request.name) {
        if existing.deletion.is_some() {
            return Err(invalid_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        // The retry of a request whose answer was lost.
        if existing
            .versions
            .get(&version_id)
            .is_some_and(|known| Some(&known.payload) == payload.as_ref())
        {
            return Ok(json!({ "ARN": existing.arn, "Name": name, "VersionId": version_id }));
        }
        let message = format!("The operation failed because the secret {name} already exists.");
        return Err(ServiceError::client("ResourceExistsException", message));
    }
    let mut secret = Secret {
        arn: arn(&request.name)?,
        description: request.description,
        kms_key_id: request.kms_key_id,
        created_at: now,
        changed_at: now,
        deletion: None,
        tags: request.tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        versions: Default::default(),
    };
    let mut answer = json!({ "ARN": secret.arn, "Name": request.name });
    if let Some(payload) = payload {
        secret.put(&version_id, payload, &BTreeSet::new(), now)?;
        insert(&mut answer, "VersionId", json!(version_id));
    }
    vault.insert(request.name, secret);
    Ok(answer)
}

fn get_value(vault: &Vault, request: &GetSecretValue) -> Outcome {
    let (name, secret) = vault.find(&request.secret_id)?;
    secret.must_live()?;
    let stage = request.version_stage.as_deref();
    let found = match (&request.version_id, stage) {
        (None, stage) => secret.version_with(stage.unwrap_or(CURRENT)),
        (Some(id), stage) => {
            let found = secret.versions.get_key_value(id);
            if let (Some((_, version)), Some(stage)) = (found, stage)
                && !version.stages.contains(stage)
            {
                return Err(invalid_request(
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                ));
            }
            found
        }
    };
    let (id, version) = found.ok_or_else(|| {
        let wanted = match &request.version_id {
            Some(id) => format!("VersionId: {id}"),
            None => format!("staging label: {}", stage.unwrap_or(CURRENT)),
        };
        let message = format!("Secrets Manager can't find the specified secret value for {wanted}");
        ServiceError::client("ResourceNotFoundException", message)
    })?;
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": name,
        "VersionId": id,
        "VersionStages": version.stages,
        "CreatedDate": epoch_seconds(version.created_at),
    });
    if let Some(text) = &version.payload.secret_string {
        insert(&mut answer, "SecretString", json!(text));
    }
    if let Some(bytes) = &version.payload.secret_binary {
        insert(&mut answer, "SecretBinary", json!(bytes));
    }
    Ok(answer)
}

fn put_value(vault: &mut Vault, request: PutSecretValue, now: DateTime<Utc>) -> Outcome {
    let version_id = version_id(request.client_request_token)?;
    let payload = checked(request.payload).map_err(|error| {
        error.unwrap_or_else(|| invalid_request("You must provide either SecretString or SecretBinary."))
    })?;
    let stages: BTreeSet<String> = match request.version_stages {
        None => [CURRENT.to_owned()].into(),
        Some(stages) if stages.is_empty() => {
            return Err(invalid_parameter("VersionStages must hold at least one label."));
        }
        Some(stages) => stages.into_iter().collect(),
    };
    let (name, secret) = vault.find_living(&request.secret_id)?;
    let name = name.to_owned();
    secret.put(&version_id, payload, &stages, now)?;
    let stages = secret
        .versions
        .get(&version_id)
        .map(|version| version.stages.clone());
    Ok(json!({ "ARN": secret.arn, "Name": name, "VersionId": version_id, "VersionStages": stages }))
}

fn describe(vault: &Vault, request: &Named) -> Outcome {
    let (name, secret) = vault.find(&request.secret_id)?;
    let mut answer = entry(name, secret);
    insert(&mut answer, "VersionIdsToStages", versions_to_stages(secret));
    Ok(answer)
}

/// What ListSecrets and DescribeSecret both tell.
fn entry(name: &str, secret: &Secret) -> Value {
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": name,
        "CreatedDate": epoch_seconds(secret.created_at),
        "LastChangedDate": epoch_seconds(secret.changed_at),
        "Tags": secret.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>(),
    });
    if let Some(description) = &secret.description {
        insert(&mut answer, "Description", json!(description));
    }
    if let Some(key) = &secret.kms_key_id {
        insert(&mut answer, "KmsKeyId", json!(key));
    }
    if let Some(deletion) = secret.deletion {
        insert(
            &mut answer,
            "DeletedDate",
            json!(epoch_seconds(deletion.asked_at)),
        );
    }
    answer
}

/// Versions that carry a label, by id.
fn versions_to_stages(secret: &Secret) -> Value {
    let labelled = |(_, version): &(&String, &Version)| !version.stages.is_empty();
    let stages = secret
        .versions
        .iter()
        .filter(labelled)
        .map(|(id, version)| (id.clone(), json!(version.stages)));
    Value::Object(stages.collect::<Map<_, _>>())
}

fn list(vault: &Vault, request: &ListSecrets) -> Outcome {
    let limit = request.max_results.unwrap_or(100);
    if !(1..=100).contains(&limit) {
        return Err(invalid_parameter(format!(
            "MaxResults must be 1 to 100, got {limit}."
        )));
    }
    for filter in &request.filters {
        if !["name", "description", "tag-key", "tag-value", "all"].contains(&filter.key.as_str()) {
            return Err(invalid_parameter(format!(
                "Filter key {:?} is not served here.",
                filter.key
            )));
        }
    }
    let mut found: Vec<_> = vault
        .iter()
        .filter(|(_, secret)| request.include_planned_deletion || secret.deletion.is_none())
        .filter(|(name, secret)| request.filters.iter().all(|filter| filter.matches(name, secret)))
        .collect();
    if request.sort_order.as_deref() == Some("desc") {
        found.reverse();
    }
    let start = match &request.next_token {
        None => 0,
        Some(token) => match found.iter().position(|(name, _)| *name == token) {
            Some(start) => start,
            None => {
                return Err(ServiceError::client(
                    "InvalidNextTokenException",
                    "The NextToken is not valid.",
                ));
            }
        },
    };
    let secrets: Vec<Value> = found
        .iter()
        .skip(start)
        .take(limit)
        .map(|(name, secret)| {
            let mut answer = entry(name, secret);
            insert(&mut answer, "SecretVersionsToStages", versions_to_stages(secret));
            answer
        })
        .collect();
    let mut answer = json!({ "SecretList": secrets });
    if let Some((next, _)) = found.get(start + limit) {
        insert(&mut answer, "NextToken", json!(next));
    }
    Ok(answer)
}

impl Filter {
    /// Any of the values; a leading `!` means none of that kind. All match prefixes.
    fn matches(&self, name: &str, secret: &Secret) -> bool {
        let description = secret.description.as_deref().unwrap_or("");
        let has = |value: &str| match self.key.as_str() {
            "name" => name.starts_with(value),
            "description" => description.starts_with(value),
            "tag-key" => secret.tags.keys().any(|key| key.starts_with(value)),
            "tag-value" => secret.tags.values().any(|found| found.starts_with(value)),
            _ => {
                name.starts_with(value)
                    || description.starts_with(value)
                    || secret
                        .tags
                        .iter()
                        .any(|(key, found)| key.starts_with(value) || found.starts_with(value))
            }
        };
        self.values.iter().any(|value| match value.strip_prefix('!') {
            Some(unwanted) => !has(unwanted),
            None => has(value),
        })
    }
}

fn update_stage(vault: &mut Vault, request: &UpdateSecretVersionStage, now: DateTime<Utc>) -> Outcome {
    let (name, secret) = vault.find_living(&request.secret_id)?;
    let name = name.to_owned();
    let stage = request.version_stage.as_str();
    for id in [&request.remove_from_version_id, &request.move_to_version_id]
        .into_iter()
        .flatten()
    {
        if !secret.versions.contains_key(id) {
            let message = format!("Secrets Manager can't find the specified secret version {id}.");
            return Err(ServiceError::client("ResourceNotFoundException", message));
        }
    }
    let holder = secret.version_with(stage).map(|(id, _)| id.clone());
    if let Some(holder) = &holder
        && request.move_to_version_id.as_ref() != Some(holder)
        && request.remove_from_version_id.as_ref() != Some(holder)
    {
        let message = format!(
            "The parameter RemoveFromVersionId can't be empty or another version: staging label {stage} is \
             currently attached to version {holder}, so you must explicitly reference that version in \
             RemoveFromVersionId."
        );
        return Err(invalid_parameter(message));
    }
    match &request.move_to_version_id {
        Some(to) => secret.move_stage(stage, to),
        None if stage == CURRENT => {
            let message = format!("You can't remove {CURRENT}: move it to another version instead.");
            return Err(invalid_parameter(message));
        }
        None => {
            secret.take_stage(stage);
        }
    }
    secret.changed_at = now;
    Ok(json!({ "ARN": secret.arn, "Name": name }))
}

fn delete(vault: &mut Vault, request: &DeleteSecret, now: DateTime<Utc>) -> Outcome {
    let force = request.force_delete_without_recovery.unwrap_or(false);
    if force && request.recovery_window_in_days.is_some() {
        return Err(invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = request.recovery_window_in_days.unwrap_or(DEFAULT_RECOVERY_DAYS);
    if !(7..=30).contains(&days) {
        return Err(invalid_parameter(format!(
            "RecoveryWindowInDays must be 7 to 30, got {days}."
        )));
    }
    if force {
        // Documented to succeed for a secret that is gone, so that a retry does.
        let Ok((name, secret)) = vault.find(&request.secret_id) else {
            let name = &request.secret_id;
            return Ok(json!({ "ARN": arn(name)?, "Name": name, "DeletionDate": epoch_seconds(now) }));
        };
        let (name, arn) = (name.to_owned(), secret.arn.clone());
        vault.remove(&name);
        return Ok(json!({ "ARN": arn, "Name": name, "DeletionDate": epoch_seconds(now) }));
    }
    let (name, secret) = vault.find_living(&request.secret_id)?;
    let due_at = now + TimeDelta::days(days);
    secret.deletion = Some(Deletion {
        asked_at: now,
        due_at,
    });
    Ok(json!({ "ARN": secret.arn, "Name": name, "DeletionDate": epoch_seconds(due_at) }))
}

fn restore(vault: &mut Vault, request: &Named) -> Outcome {
    let (name, secret) = vault.find_mut(&request.secret_id)?;
    secret.deletion = None;
    Ok(json!({ "ARN": secret.arn, "Name": name }))
}

fn tag(vault: &mut Vault, request: TagResource) -> Outcome {
    let (_, secret) = vault.find_living(&request.secret_id)?;
    secret
        .tags
        .extend(request.tags.into_iter().map(|Tag { key, value }| (key, value)));
    Ok(json!({}))
}

fn untag(vault: &mut Vault, request: &UntagResource) -> Outcome {
    let (_, secret) = vault.find_living(&request.secret_id)?;
    secret.tags.retain(|key, _| !request.tag_keys.contains(key));
    Ok(json!({}))
}

fn check_name(name: &str) -> Result<(), ServiceError> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-!".contains(&byte);
    if name.is_empty() || name.len() > 512 || !name.bytes().all(valid) {
        return Err(ServiceError::client(
            "ValidationException",
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: \
             -/_+=.@!",
        ));
    }
    Ok(())
}

/// The request's token (32 to 64 characters), or a new one for a client that sent none.
fn version_id(token: Option<String>) -> Result<String, ServiceError> {
    match token {
        Some(token) if (32..=64).contains(&token.len()) => Ok(token),
        Some(token) => Err(invalid_parameter(format!(
            "ClientRequestToken must be 32-64 characters long, got {}.",
            token.len()
        ))),
        None => gatehouse::random::uuid()
            .map(|id| id.to_string())
            .map_err(|error| ServiceError::server("InternalServiceError", &error)),
    }
}

/// A payload that may be stored; `Err(None)` when there is none.
fn checked(payload: Payload) -> Result<Payload, Option<ServiceError>> {
    let size = match (&payload.secret_string, &payload.secret_binary) {
        (None, None) => return Err(None),
        (Some(_), Some(_)) => {
            return Err(Some(invalid_request(
                "You can't specify both SecretString and SecretBinary.",
            )));
        }
        (Some(text), None) => text.len(),
        (None, Some(base64)) => match STANDARD.decode(base64) {
            Ok(bytes) => bytes.len(),
            Err(_) => {
                let message = "SecretBinary is no base64.";
                return Err(Some(ServiceError::client("SerializationException", message)));
            }
        },
    };
    if size == 0 || size > MAX_PAYLOAD_BYTES {
        let message = format!("The secret must have 1 to {MAX_PAYLOAD_BYTES} bytes, got {size}.");
        return Err(Some(ServiceError::client("ValidationException", message)));
    }
    Ok(payload)
}

fn arn(name: &str) -> Result<String, ServiceError> {
    let random = gatehouse::random::uuid()
        .map_err(|error| ServiceError::server("InternalServiceError", &error))?
        .simple()
        .to_string();
    let suffix: String = random.chars().take(6).collect();
    Ok(format!(
        "arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}"
    ))
}

fn insert(answer: &mut Value, key: &str, value: Value) {
    if let Some(object) = answer.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}
