//! What the identity provider knows of a service provider: its metadata, read each time from where its entity id says
//! it is, as an administrator's "import by URL" does. So every connection of a Gatehouse on this machine is known here
//! without a registration, and its AuthnRequests are held against its own keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bergshamra::keys::loader;
use bergshamra::{DsigContext, KeysManager};
use gatehouse::saml::certificate::Certificate;
use gatehouse::saml::redirect_binding::RedirectMessage;
use http::Request;
use uppsala::{Document, NodeId};

use crate::loopback_client;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURES: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The service provider is not known, or its request is not its own.
#[derive(Debug, thiserror::Error)]
pub enum ServiceProviderError {
    /// Its metadata cannot be had.
    #[error("wanted SAML metadata at {entity_id}, got: {reason}")]
    Metadata {
        /// The entity id, which must be a URL on this machine.
        entity_id: String,
        /// What came instead.
        reason: String,
    },
    /// The response would go elsewhere.
    #[error("wanted one of the registered assertion consumer services ({known}), got {got}")]
    ForeignAcs {
        /// From the metadata.
        known: String,
        /// From the request.
        got: String,
    },
    /// The request is not signed by the service provider.
    #[error("wanted a request signed by the service provider, got: {0}")]
    Signature(String),
}

/// From its metadata.
#[derive(Clone, Debug)]
pub struct ServiceProvider {
    acs_urls: Vec<String>,
    signs_requests: bool,
    signing: Vec<Certificate>,
    /// Certificates of the keys that assertions may be encrypted to.
    pub encryption: Vec<Certificate>,
}

impl ServiceProvider {
    /// Fetches the metadata of `entity_id`.
    ///
    /// # Errors
    /// [`ServiceProviderError::Metadata`].
    pub async fn of(entity_id: &str) -> Result<Self, ServiceProviderError> {
        let failed = |reason: String| ServiceProviderError::Metadata {
            entity_id: entity_id.to_owned(),
            reason,
        };
        let request = Request::get(entity_id)
            .body(Vec::new())
            .map_err(|error| failed(error.to_string()))?;
        let answer = loopback_client::send(request)
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !answer.status().is_success() {
            return Err(failed(format!("status {}", answer.status().as_u16())));
        }
        let xml = String::from_utf8(answer.into_body()).map_err(|_| failed("no UTF-8".to_owned()))?;
        Self::from_xml(&xml, entity_id)
            .ok_or_else(|| failed("no SPSSODescriptor of this entity id".to_owned()))
    }

    fn from_xml(xml: &str, entity_id: &str) -> Option<Self> {
        let document = uppsala::parse(xml).ok()?;
        let root = document.document_element()?;
        if document.element(root)?.get_attribute("entityID") != Some(entity_id) {
            return None;
        }
        let role = *children(&document, root, METADATA, "SPSSODescriptor").first()?;
        let acs = children(&document, role, METADATA, "AssertionConsumerService");
        let keys = children(&document, role, METADATA, "KeyDescriptor");
        let for_use = |wanted: &str| -> Vec<Certificate> {
            let keys = keys.iter().filter(|key| {
                // Without `use`, a key is for both (saml-metadata 2.4.1.1).
                attribute(&document, **key, "use").is_none_or(|found| found == wanted)
            });
            keys.filter_map(|key| certificate(&document, *key)).collect()
        };
        Some(Self {
            acs_urls: acs
                .iter()
                .filter_map(|acs| attribute(&document, *acs, "Location"))
                .collect(),
            signs_requests: attribute(&document, role, "AuthnRequestsSigned")
                .is_some_and(|signed| signed == "true"),
            signing: for_use("signing"),
            encryption: for_use("encryption"),
        })
    }

    /// Checks where a response is to go.
    ///
    /// # Errors
    /// [`ServiceProviderError::ForeignAcs`].
    pub fn check_acs(&self, acs_url: &str) -> Result<(), ServiceProviderError> {
        if self.acs_urls.iter().any(|known| known == acs_url) {
            return Ok(());
        }
        Err(ServiceProviderError::ForeignAcs {
            known: self.acs_urls.join(", "),
            got: acs_url.to_owned(),
        })
    }

    /// Checks the signature beside a request that came by HTTP-Redirect.
    ///
    /// # Errors
    /// [`ServiceProviderError::Signature`].
    pub fn check_redirect(&self, message: &RedirectMessage) -> Result<(), ServiceProviderError> {
        if !message.has_signature() && !self.signs_requests {
            return Ok(());
        }
        message
            .verify(&self.signing)
            .map_err(|error| ServiceProviderError::Signature(error.to_string()))?;
        Ok(())
    }

    /// Checks the signature inside a request that came by HTTP-POST.
    ///
    /// # Errors
    /// [`ServiceProviderError::Signature`].
    pub fn check_post(&self, xml: &str) -> Result<(), ServiceProviderError> {
        let refused = |reason: &str| ServiceProviderError::Signature(reason.to_owned());
        let document = uppsala::parse(xml).map_err(|_| refused("no XML"))?;
        let root = document.document_element().ok_or_else(|| refused("no element"))?;
        let signed = match children(&document, root, SIGNATURES, "Signature").as_slice() {
            [] => false,
            [_] => true,
            _ => return Err(refused("several signatures")),
        };
        if !signed && !self.signs_requests {
            return Ok(());
        }
        if !signed {
            return Err(refused("no signature"));
        }
        // A signature over a part would leave the rest open.
        let id = attribute(&document, root, "ID").unwrap_or_default();
        if !xml.contains(&format!("URI=\"#{id}\"")) {
            return Err(refused("a signature over something else"));
        }
        let good = self.signing.iter().any(|certificate| {
            let Ok(key) = loader::load_spki_der(certificate.spki_der()) else {
                return false;
            };
            let mut keys = KeysManager::new();
            keys.add_key(key);
            bergshamra::verify(&DsigContext::new(keys), xml).is_ok_and(|result| result.is_valid())
        });
        if good {
            Ok(())
        } else {
            Err(refused("a signature by another key, or over another text"))
        }
    }
}

fn children(document: &Document<'_>, of: NodeId, namespace: &str, name: &str) -> Vec<NodeId> {
    let named = |node: &NodeId| {
        document.element(*node).is_some_and(|element| {
            element.name.local_name == name && element.name.namespace_uri.as_deref() == Some(namespace)
        })
    };
    document.children(of).into_iter().filter(named).collect()
}

fn attribute(document: &Document<'_>, node: NodeId, name: &str) -> Option<String> {
    document.element(node)?.get_attribute(name).map(str::to_owned)
}

fn certificate(document: &Document<'_>, key: NodeId) -> Option<Certificate> {
    let info = *children(document, key, SIGNATURES, "KeyInfo").first()?;
    let data = *children(document, info, SIGNATURES, "X509Data").first()?;
    let text = document.text_content_deep(*children(document, data, SIGNATURES, "X509Certificate").first()?);
    let der = STANDARD
        .decode(text.split_whitespace().collect::<String>())
        .ok()?;
    Certificate::from_der(&der).ok()
}
