//! The identity provider's side of a SAML connection: metadata as text or by URL (SE-21), or by hand (IL-02).

use serde::{Deserialize, Deserializer};

use super::super::{Administration, error::OnboardingError};
use crate::app::deadlines::Calendar;
use crate::domain::connection::{Connection, Protocol, RequestBinding, SamlIdp};
use crate::saml::certificate::Certificate;
use crate::saml::metadata::idp::{self, ByHand, IdpMetadata, ReadMetadata, ReadOptions};
use crate::saml::metadata::{Binding, MetadataError, MetadataFinding};

/// What the owner has of the identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case", deny_unknown_fields)]
pub enum IdpInput {
    /// Its metadata, pasted.
    MetadataXml {
        /// The document.
        xml: String,
        /// Which entity to take from a document of several.
        #[serde(default)]
        entity_id: Option<String>,
    },
    /// Where its metadata is.
    MetadataUrl {
        /// Absolute https URL.
        url: String,
        /// Which entity to take from a document of several.
        #[serde(default)]
        entity_id: Option<String>,
    },
    /// The facts themselves.
    ByHand {
        /// Its entity id.
        issuer: String,
        /// Where AuthnRequests go.
        sign_in_url: String,
        /// By which binding they go there.
        #[serde(default)]
        sign_in_binding: RequestBinding,
        /// Where LogoutRequests go.
        #[serde(default)]
        sign_out_url: Option<String>,
        /// One or more X.509 certificates, with or without PEM armour: a text of all, or a list of texts.
        #[serde(deserialize_with = "pasted")]
        certificates: String,
    },
}

/// A list becomes the text that it would have been pasted as.
fn pasted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        List(Vec<String>),
    }
    let list = match Given::deserialize(deserializer)? {
        Given::Text(text) => return Ok(text),
        Given::List(list) => list,
    };
    if let [only] = list.as_slice() {
        return Ok(only.clone());
    }
    let armoured = list.iter().map(|one| match one.contains("-----BEGIN ") {
        true => one.clone(),
        false => format!("-----BEGIN CERTIFICATE-----\n{one}\n-----END CERTIFICATE-----"),
    });
    Ok(armoured.collect::<Vec<_>>().join("\n"))
}

/// Sets the identity provider over the version that was read; also says what was mended or left out of its metadata.
///
/// # Errors
/// [`OnboardingError`]: `Metadata`, `Fetch`, `NotEntitled` (AQ-01), `OtherProtocol` or `Changed`.
pub async fn set(
    admin: &Administration,
    read: &Connection,
    input: &IdpInput,
) -> Result<(Connection, Vec<MetadataFinding>), OnboardingError> {
    super::entitled(admin).await?;
    if read.protocol.saml().is_none() {
        return Err(OnboardingError::OtherProtocol { field: "/source" });
    }
    let (found, metadata_url) = taken(admin, input).await?;
    if let Some(valid_until) = found.metadata.valid_until
        && found.metadata.is_expired(admin.now())
    {
        return Err(MetadataError::Expired { valid_until }.into());
    }
    let mut connection = read.clone();
    let Protocol::Saml(saml) = &mut connection.protocol else {
        return Err(OnboardingError::OtherProtocol { field: "/source" });
    };
    saml.idp = Some(side(found.metadata, metadata_url));
    let written = super::write(
        admin,
        read,
        connection,
        super::Change::quiet("connection.idp_set"),
    )
    .await?;
    Ok((written, found.findings))
}

/// Whether the identity provider's metadata is fetched by URL.
#[must_use]
pub fn has_metadata_url(connection: &Connection) -> bool {
    let idp = connection.protocol.saml().and_then(|saml| saml.idp.as_ref());
    idp.is_some_and(|idp| idp.metadata_url.is_some())
}

/// Fetches the metadata anew (GH-08), and says whether anything changed. Keys and addresses of the same entity follow
/// without a review, since the owner chose that URL; another entity's, or an expired document, changes nothing.
///
/// # Errors
/// [`OnboardingError`]: `Fetch`, `Metadata`, `Changed`.
pub async fn refresh(admin: &Administration, read: &Connection) -> Result<bool, OnboardingError> {
    let Some(known) = read.protocol.saml().and_then(|saml| saml.idp.as_ref()) else {
        return Ok(false);
    };
    let Some(url) = &known.metadata_url else {
        return Ok(false);
    };
    let answer = admin.gatehouse.outbound.get(url).await?;
    let options = ReadOptions {
        entity_id: Some(&known.entity_id),
        endpoints: admin.endpoint_policy(),
    };
    let found = idp::parse(answer.success()?, options)?;
    if found.metadata.is_expired(admin.now()) {
        return Ok(false);
    }
    let fresh = side(found.metadata, Some(url.clone()));
    if fresh == *known || fresh.entity_id != known.entity_id {
        return Ok(false);
    }
    let mut connection = read.clone();
    if let Protocol::Saml(saml) = &mut connection.protocol {
        saml.idp = Some(fresh);
    }
    connection.version += 1;
    let mut tx = admin.store.begin();
    tx.update_connection(&connection);
    Calendar::of(&admin.gatehouse, &admin.store)
        .await?
        .connection(&mut tx, &connection);
    let change = super::Change::quiet("connection.metadata_refreshed");
    super::noted(admin, &mut tx, change, &connection)?;
    tx.commit().await?;
    Ok(true)
}

async fn taken(
    admin: &Administration,
    input: &IdpInput,
) -> Result<(ReadMetadata, Option<String>), OnboardingError> {
    let endpoints = admin.endpoint_policy();
    match input {
        IdpInput::MetadataXml { xml, entity_id } => {
            let options = ReadOptions {
                entity_id: entity_id.as_deref(),
                endpoints,
            };
            Ok((idp::parse(xml.as_bytes(), options)?, None))
        }
        IdpInput::MetadataUrl { url, entity_id } => {
            let answer = admin.gatehouse.outbound.get(url).await?;
            let options = ReadOptions {
                entity_id: entity_id.as_deref(),
                endpoints,
            };
            Ok((idp::parse(answer.success()?, options)?, Some(url.clone())))
        }
        IdpInput::ByHand {
            issuer,
            sign_in_url,
            sign_in_binding,
            sign_out_url,
            certificates,
        } => {
            let metadata = idp::by_hand(ByHand {
                issuer,
                sign_in_url,
                sign_in_binding: match sign_in_binding {
                    RequestBinding::Redirect => Binding::HttpRedirect,
                    RequestBinding::Post => Binding::HttpPost,
                },
                sign_out_url: sign_out_url.as_deref(),
                certificates,
                endpoints,
            })?;
            Ok((
                ReadMetadata {
                    metadata,
                    findings: Vec::new(),
                },
                None,
            ))
        }
    }
}

fn side(metadata: IdpMetadata, metadata_url: Option<String>) -> SamlIdp {
    let (logout, slo_binding) = match (metadata.slo_redirect, metadata.slo_post) {
        (None, Some(post)) => (Some(post), RequestBinding::Post),
        (redirect, _) => (redirect, RequestBinding::Redirect),
    };
    let slo_response_url = logout
        .as_ref()
        .and_then(|endpoint| endpoint.response_location.clone());
    SamlIdp {
        entity_id: metadata.entity_id,
        sso_redirect_url: metadata.sso_redirect_url.map(String::from),
        sso_post_url: metadata.sso_post_url.map(String::from),
        slo_url: logout.map(|endpoint| endpoint.location.into()),
        slo_binding,
        slo_response_url: slo_response_url.map(String::from),
        certificates: metadata.certificates.iter().map(Certificate::base64).collect(),
        metadata_url,
    }
}
