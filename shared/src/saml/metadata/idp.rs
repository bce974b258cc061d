//! What we know of an identity provider: out of its metadata (SE-21), or given by hand (IL-02).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use uppsala::XmlWriter;

use super::sp::write_key_descriptor;
use super::{Binding, EndpointPolicy, EndpointUrl, MD, MetadataError, MetadataFinding, PROTOCOL, read, text};
use crate::saml::certificate::{Certificate, parse_pasted};
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::signing::{DS, Signer, SigningError, Unsigned};

/// Longest entity id in characters (saml-core 8.3.6).
const MAX_ENTITY_ID_CHARS: usize = 1024;

/// Where a logout message goes, and where the answer to one goes (saml-metadata 2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutEndpoint {
    /// For requests, and for responses when there is no other address for them.
    pub location: EndpointUrl,
    /// For responses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_location: Option<EndpointUrl>,
}

impl LogoutEndpoint {
    /// Where responses go.
    #[must_use]
    pub fn for_responses(&self) -> &EndpointUrl {
        self.response_location.as_ref().unwrap_or(&self.location)
    }
}

/// An identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpMetadata {
    /// Its entity id: the Issuer of its messages.
    pub entity_id: String,
    /// Where AuthnRequests go by HTTP-Redirect. This or the next is always there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_redirect_url: Option<EndpointUrl>,
    /// Where AuthnRequests go by HTTP-POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sso_post_url: Option<EndpointUrl>,
    /// Where logout messages go by HTTP-Redirect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo_redirect: Option<LogoutEndpoint>,
    /// Where logout messages go by HTTP-POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo_post: Option<LogoutEndpoint>,
    /// The certificates of the keys it signs with: at least one, in document order, each once.
    pub certificates: Vec<Certificate>,
    /// Whether it wants AuthnRequests signed.
    pub want_authn_requests_signed: bool,
    /// The name identifier formats it offers, as far as we know them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_id_formats: Vec<NameIdFormat>,
    /// Until when this may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<DateTime<Utc>>,
    /// After how many seconds it should be read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u64>,
    /// Where it sends people whose sign-in failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_url: Option<EndpointUrl>,
}

/// How metadata is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions<'a> {
    /// Which entity to take from a file of several.
    pub entity_id: Option<&'a str>,
    /// Which addresses pass.
    pub endpoints: EndpointPolicy,
}

/// Metadata that was read, and what should be told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMetadata {
    /// The identity provider.
    pub metadata: IdpMetadata,
    /// What was mended or left out.
    pub findings: Vec<MetadataFinding>,
}

/// The facts of an identity provider as people type them in.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    /// Its entity id.
    pub issuer: &'a str,
    /// Where AuthnRequests go.
    pub sign_in_url: &'a str,
    /// By which binding they go there.
    pub sign_in_binding: Binding,
    /// Where LogoutRequests go, by HTTP-Redirect; empty or absent for none.
    pub sign_out_url: Option<&'a str>,
    /// One or more certificates, with or without PEM armour.
    pub certificates: &'a str,
    /// Which addresses pass.
    pub endpoints: EndpointPolicy,
}

/// Reads metadata of any identity provider: EntityDescriptor, or EntitiesDescriptor with one identity provider or one
/// chosen.
///
/// # Errors
/// [`MetadataError`] naming what is wrong, and the entity ids when one must be chosen.
pub fn parse(bytes: &[u8], options: ReadOptions<'_>) -> Result<ReadMetadata, MetadataError> {
    let decoded = text::decode(bytes)?;
    let body = text::body(&decoded)?;
    text::check_limits(body)?;
    let (mended, count) = text::mend_ampersands(body)?;
    let mut read = read::read(&mended, options)?;
    if count > 0 {
        read.findings.insert(0, MetadataFinding::BareAmpersand { count });
    }
    Ok(read)
}

/// Takes what was typed in.
///
/// # Errors
/// [`MetadataError`] naming the field that is wrong.
pub fn by_hand(facts: ByHand<'_>) -> Result<IdpMetadata, MetadataError> {
    let entity_id = entity_id(facts.issuer)?;
    let sign_in = endpoint("the sign-in URL", facts.sign_in_url, facts.endpoints)?;
    let sign_out = facts.sign_out_url.map(str::trim).filter(|text| !text.is_empty());
    let slo_redirect = sign_out
        .map(|text| endpoint("the sign-out URL", text, facts.endpoints))
        .transpose()?
        .map(|location| LogoutEndpoint {
            location,
            response_location: None,
        });
    let (sso_redirect_url, sso_post_url) = match facts.sign_in_binding {
        Binding::HttpRedirect => (Some(sign_in), None),
        Binding::HttpPost => (None, Some(sign_in)),
    };
    Ok(IdpMetadata {
        entity_id,
        sso_redirect_url,
        sso_post_url,
        slo_redirect,
        slo_post: None,
        certificates: parse_pasted(facts.certificates).map_err(MetadataError::Certificate)?,
        want_authn_requests_signed: false,
        name_id_formats: Vec::new(),
        valid_until: None,
        cache_seconds: None,
        error_url: None,
    })
}

/// An entity id without white space around it.
pub(super) fn entity_id(text: &str) -> Result<String, MetadataError> {
    let text = text.trim();
    let good = (1..=MAX_ENTITY_ID_CHARS).contains(&text.chars().count())
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'));
    if good {
        Ok(text.to_owned())
    } else {
        Err(MetadataError::EntityId)
    }
}

/// An address, or the refusal that names it.
pub(super) fn endpoint(
    what: &'static str,
    text: &str,
    policy: EndpointPolicy,
) -> Result<EndpointUrl, MetadataError> {
    EndpointUrl::parse(text, policy).map_err(|error| MetadataError::Endpoint { what, error })
}

impl IdpMetadata {
    /// The binding and address to send an AuthnRequest by: HTTP-Redirect when there is one, unless POST is preferred.
    #[must_use]
    pub fn sign_in_endpoint(&self, preferred: Binding) -> Option<(Binding, &EndpointUrl)> {
        let redirect = self
            .sso_redirect_url
            .as_ref()
            .map(|url| (Binding::HttpRedirect, url));
        let post = self.sso_post_url.as_ref().map(|url| (Binding::HttpPost, url));
        match preferred {
            Binding::HttpRedirect => redirect.or(post),
            Binding::HttpPost => post.or(redirect),
        }
    }

    /// Whether validUntil has passed (saml-metadata 2.3.2). Skew is the caller's business.
    #[must_use]
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.valid_until.is_some_and(|valid_until| valid_until <= now)
    }

    /// Writes this as metadata: what an identity provider of ours (the demo's) publishes.
    #[must_use]
    pub fn to_xml(&self) -> String {
        self.unsigned("_idp").into_xml()
    }

    /// Writes this as signed metadata under the ID `id`.
    ///
    /// # Errors
    /// [`SigningError`] when it cannot be signed.
    pub fn to_signed_xml(&self, id: &str, signer: &Signer) -> Result<String, SigningError> {
        signer.sign_enveloped(&self.unsigned(id))
    }

    /// The descriptor, open where its signature belongs: at the very start.
    fn unsigned(&self, id: &str) -> Unsigned {
        let mut attributes = vec![
            ("xmlns:md", MD.to_owned()),
            ("xmlns:ds", DS.to_owned()),
            ("ID", id.to_owned()),
            ("entityID", self.entity_id.clone()),
        ];
        if let Some(valid_until) = self.valid_until {
            attributes.push((
                "validUntil",
                valid_until.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            ));
        }
        if let Some(seconds) = self.cache_seconds {
            attributes.push(("cacheDuration", format!("PT{seconds}S")));
        }
        let mut head = XmlWriter::new();
        head.start_element_with(
            "md:EntityDescriptor",
            attributes.iter().map(|(key, value)| (*key, value.as_str())),
        );
        let mut w = XmlWriter::new();
        let signed = if self.want_authn_requests_signed {
            "true"
        } else {
            "false"
        };
        let mut role = vec![
            ("WantAuthnRequestsSigned", signed),
            ("protocolSupportEnumeration", PROTOCOL),
        ];
        if let Some(url) = &self.error_url {
            role.push(("errorURL", url.as_str()));
        }
        w.start_element("md:IDPSSODescriptor", &role);
        for certificate in &self.certificates {
            write_key_descriptor(&mut w, "signing", certificate, &[]);
        }
        self.write_endpoints(&mut w);
        w.end_element("md:IDPSSODescriptor");
        w.end_element("md:EntityDescriptor");
        Unsigned {
            id: id.to_owned(),
            head: head.into_string(),
            tail: w.into_string(),
        }
    }

    /// Logout, formats and sign-in, in the order of the schema.
    fn write_endpoints(&self, w: &mut XmlWriter) {
        let logout = [
            (Binding::HttpRedirect, &self.slo_redirect),
            (Binding::HttpPost, &self.slo_post),
        ];
        for (binding, endpoint) in logout {
            let Some(endpoint) = endpoint else { continue };
            let mut attributes = vec![
                ("Binding", binding.uri()),
                ("Location", endpoint.location.as_str()),
            ];
            if let Some(response) = &endpoint.response_location {
                attributes.push(("ResponseLocation", response.as_str()));
            }
            w.empty_element("md:SingleLogoutService", &attributes);
        }
        for format in &self.name_id_formats {
            w.start_element("md:NameIDFormat", &[]);
            w.text(format.uri());
            w.end_element("md:NameIDFormat");
        }
        let sign_in = [
            (Binding::HttpRedirect, &self.sso_redirect_url),
            (Binding::HttpPost, &self.sso_post_url),
        ];
        for (binding, url) in sign_in {
            if let Some(url) = url {
                let attributes = [("Binding", binding.uri()), ("Location", url.as_str())];
                w.empty_element("md:SingleSignOnService", &attributes);
            }
        }
    }
}
