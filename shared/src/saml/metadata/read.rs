//! The tree of metadata, read.

use chrono::{DateTime, Utc};
use uppsala::{Document, NodeId, Parser};

use super::error::{MetadataError, MetadataFinding};
use super::idp::{self, IdpMetadata, LogoutEndpoint, ReadMetadata, ReadOptions};
use super::{Binding, EndpointPolicy, EndpointUrl, MAX_DEPTH, MD, PROTOCOL, duration, text};
use crate::saml::certificate::{Certificate, CertificateError, MAX_CERTIFICATES, parse_pasted};
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::signing::DS;

/// Most entity ids that a refusal lists.
const LISTED: usize = 20;

/// An EntityDescriptor, with what the groups around it say.
#[derive(Clone, Copy)]
struct Entity {
    node: NodeId,
    life: Life,
}

/// How long an element may be used: the shortest of what it and the elements around it say (saml-metadata 2.3).
#[derive(Clone, Copy, Default)]
struct Life {
    valid_until: Option<DateTime<Utc>>,
    cache_seconds: Option<u64>,
    cache_unreadable: bool,
}

/// Reads a document that has passed the limits.
pub(super) fn read(xml: &str, options: ReadOptions<'_>) -> Result<ReadMetadata, MetadataError> {
    let document = Parser::new()
        .with_max_depth(u32::try_from(MAX_DEPTH + 1).unwrap_or(u32::MAX))
        .with_forbid_dtd(true)
        .with_forbid_entities(true)
        .parse(xml)
        .map_err(|error| text::malformed(&error.to_string()))?;
    let tree = Tree { document: &document };
    let entities = tree.entities()?;
    let (entity, role) = tree.choose(&entities, options.entity_id)?;
    Reader {
        tree,
        endpoints: options.endpoints,
        findings: Vec::new(),
    }
    .idp(entity, role)
}

/// A document with the few steps we take in it. Copies of it are one document.
#[derive(Clone, Copy)]
struct Tree<'d, 'x> {
    document: &'d Document<'x>,
}

impl<'d> Tree<'d, '_> {
    /// The child elements of `parent` with this name.
    fn children(self, parent: NodeId, namespace: &'d str, name: &'d str) -> impl Iterator<Item = NodeId> + 'd
    where
        Self: 'd,
    {
        let document = self.document;
        document.children(parent).into_iter().filter(move |node| {
            document
                .element(*node)
                .is_some_and(|element| element.matches_name_ns(namespace, name))
        })
    }

    /// An attribute without a namespace.
    fn attribute(self, node: NodeId, name: &str) -> Option<&'d str> {
        self.document
            .element(node)?
            .attributes
            .iter()
            .find(|attribute| attribute.name.namespace_uri.is_none() && attribute.name.local_name == name)
            .map(|attribute| attribute.value.as_ref())
    }

    /// Every EntityDescriptor, in document order.
    fn entities(self) -> Result<Vec<Entity>, MetadataError> {
        let root = self.document.document_element().ok_or(MetadataError::Empty)?;
        let mut found = Vec::new();
        let mut open = vec![Entity {
            node: root,
            life: Life::default(),
        }];
        while let Some(Entity { node, life }) = open.pop() {
            let element = self.document.element(node);
            let life = self.life(node, life)?;
            if element.is_some_and(|element| element.matches_name_ns(MD, "EntityDescriptor")) {
                found.push(Entity { node, life });
            } else if element.is_some_and(|element| element.matches_name_ns(MD, "EntitiesDescriptor")) {
                let mut children: Vec<Entity> = self
                    .document
                    .children(node)
                    .into_iter()
                    .filter(|child| {
                        self.document.element(*child).is_some_and(|element| {
                            element.matches_name_ns(MD, "EntityDescriptor")
                                || element.matches_name_ns(MD, "EntitiesDescriptor")
                        })
                    })
                    .map(|child| Entity { node: child, life })
                    .collect();
                children.reverse();
                open.append(&mut children);
            } else {
                let name = element.map(|element| element.name.local_name.chars().take(60).collect());
                return Err(MetadataError::NotMetadata {
                    root: name.unwrap_or_default(),
                });
            }
        }
        Ok(found)
    }

    /// The life of an element inside one of `outer` life.
    fn life(self, node: NodeId, outer: Life) -> Result<Life, MetadataError> {
        let own = match self.attribute(node, "validUntil") {
            None => None,
            Some(text) => {
                let what = "validUntil as a date and time (xs:dateTime)";
                Some(duration::date_time(text).ok_or(MetadataError::Value { what })?)
            }
        };
        let cache = self.attribute(node, "cacheDuration").map(duration::seconds);
        Ok(Life {
            valid_until: own.into_iter().chain(outer.valid_until).min(),
            cache_seconds: cache.flatten().into_iter().chain(outer.cache_seconds).min(),
            cache_unreadable: outer.cache_unreadable || cache == Some(None),
        })
    }

    /// The IDPSSODescriptor of an entity that speaks SAML 2.0.
    fn idp_role(self, entity: Entity) -> Option<NodeId> {
        self.children(entity.node, MD, "IDPSSODescriptor").find(|role| {
            self.attribute(*role, "protocolSupportEnumeration")
                .is_none_or(|protocols| {
                    protocols
                        .split_ascii_whitespace()
                        .any(|protocol| protocol == PROTOCOL)
                })
        })
    }

    /// The entity id as it stands, for lists.
    fn shown_id(self, entity: Entity) -> String {
        self.attribute(entity.node, "entityID")
            .unwrap_or_default()
            .chars()
            .take(200)
            .collect()
    }

    /// The one identity provider, or the chosen one.
    fn choose(self, entities: &[Entity], wanted: Option<&str>) -> Result<(Entity, NodeId), MetadataError> {
        let idps: Vec<(Entity, NodeId)> = entities
            .iter()
            .filter_map(|entity| Some((*entity, self.idp_role(*entity)?)))
            .collect();
        let list =
            |some: &mut dyn Iterator<Item = Entity>| some.take(LISTED).map(|e| self.shown_id(e)).collect();
        if let Some(wanted) = wanted.map(str::trim) {
            let matching =
                |entity: Entity| self.attribute(entity.node, "entityID").map(str::trim) == Some(wanted);
            let mut chosen = idps.iter().filter(|(entity, _)| matching(*entity));
            return match (chosen.next(), chosen.next()) {
                (Some(found), None) => Ok(*found),
                (Some((entity, _)), Some(_)) => Err(MetadataError::DuplicateEntity {
                    entity_id: self.shown_id(*entity),
                }),
                (None, _) => Err(MetadataError::NotFound {
                    wanted: wanted.chars().take(200).collect(),
                    entity_ids: list(&mut idps.iter().map(|(entity, _)| *entity)),
                }),
            };
        }
        match (idps.as_slice(), entities) {
            ([found], _) => Ok(*found),
            ([], [only]) if self.children(only.node, MD, "SPSSODescriptor").next().is_some() => {
                Err(MetadataError::ServiceProvider {
                    entity_id: self.shown_id(*only),
                })
            }
            ([], _) => Err(MetadataError::NoIdp {
                entity_ids: list(&mut entities.iter().copied()),
            }),
            (several, _) => Err(MetadataError::SeveralIdps {
                count: several.len(),
                entity_ids: list(&mut several.iter().map(|(entity, _)| *entity)),
            }),
        }
    }
}

/// Reads one identity provider.
struct Reader<'d, 'x> {
    tree: Tree<'d, 'x>,
    endpoints: EndpointPolicy,
    findings: Vec<MetadataFinding>,
}

impl Reader<'_, '_> {
    /// The identity provider of `entity` in its role `role`.
    fn idp(mut self, entity: Entity, role: NodeId) -> Result<ReadMetadata, MetadataError> {
        let tree = self.tree;
        let entity_id = idp::entity_id(tree.attribute(entity.node, "entityID").unwrap_or_default())?;
        let life = tree.life(role, entity.life)?;
        if life.cache_unreadable {
            self.findings.push(MetadataFinding::CacheDurationSkipped);
        }
        let (sso_redirect_url, sso_post_url) = self.sign_in(role)?;
        let metadata = IdpMetadata {
            entity_id,
            sso_redirect_url,
            sso_post_url,
            slo_redirect: self.logout(role, Binding::HttpRedirect),
            slo_post: self.logout(role, Binding::HttpPost),
            certificates: self.certificates(role)?,
            want_authn_requests_signed: self.flag(role, "WantAuthnRequestsSigned")?,
            name_id_formats: self.name_id_formats(role),
            valid_until: life.valid_until,
            cache_seconds: life.cache_seconds,
            error_url: self.optional_endpoint(tree.attribute(role, "errorURL"), "errorURL"),
        };
        Ok(ReadMetadata {
            metadata,
            findings: self.findings,
        })
    }

    /// The first SingleSignOnService of each binding.
    fn sign_in(&self, role: NodeId) -> Result<(Option<EndpointUrl>, Option<EndpointUrl>), MetadataError> {
        let (mut redirect, mut post, mut bindings) = (None, None, Vec::new());
        for node in self.tree.children(role, MD, "SingleSignOnService") {
            let uri = self.tree.attribute(node, "Binding").unwrap_or_default();
            let location = self.tree.attribute(node, "Location").unwrap_or_default();
            let slot = match Binding::from_uri(uri) {
                Some(Binding::HttpRedirect) => &mut redirect,
                Some(Binding::HttpPost) => &mut post,
                None => {
                    bindings.push(uri.chars().take(100).collect());
                    continue;
                }
            };
            if slot.is_none() {
                *slot = Some(idp::endpoint(
                    "SingleSignOnService Location",
                    location,
                    self.endpoints,
                )?);
            }
        }
        if redirect.is_none() && post.is_none() {
            bindings.truncate(LISTED);
            return Err(MetadataError::NoSignInEndpoint { bindings });
        }
        Ok((redirect, post))
    }

    /// The first usable SingleLogoutService of a binding.
    fn logout(&mut self, role: NodeId, binding: Binding) -> Option<LogoutEndpoint> {
        let tree = self.tree;
        let node = tree
            .children(role, MD, "SingleLogoutService")
            .find(|node| tree.attribute(*node, "Binding").and_then(Binding::from_uri) == Some(binding))?;
        let location = tree.attribute(node, "Location").or(Some(""));
        let location = self.optional_endpoint(location, "SingleLogoutService Location")?;
        let response = tree
            .attribute(node, "ResponseLocation")
            .filter(|text| !text.trim().is_empty());
        let response_location = self.optional_endpoint(response, "SingleLogoutService ResponseLocation");
        // A response that went to the address for requests would be lost: without its address there is no logout.
        if response.is_some() && response_location.is_none() {
            return None;
        }
        Some(LogoutEndpoint {
            location,
            response_location,
        })
    }

    /// An address that may be missing; one that may not be used is told and left out.
    fn optional_endpoint(&mut self, text: Option<&str>, what: &'static str) -> Option<EndpointUrl> {
        match EndpointUrl::parse(text?, self.endpoints) {
            Ok(url) => Some(url),
            Err(error) => {
                self.findings
                    .push(MetadataFinding::EndpointSkipped { what, error });
                None
            }
        }
    }

    /// An `xs:boolean` attribute; false when it is absent.
    fn flag(&self, node: NodeId, name: &str) -> Result<bool, MetadataError> {
        match self
            .tree
            .attribute(node, name)
            .map(|text| text.trim().to_ascii_lowercase())
            .as_deref()
        {
            Some("true" | "1") => Ok(true),
            None | Some("false" | "0" | "") => Ok(false),
            Some(_) => Err(MetadataError::Value {
                what: "WantAuthnRequestsSigned as true or false",
            }),
        }
    }

    /// The formats we know, each once.
    fn name_id_formats(&self, role: NodeId) -> Vec<NameIdFormat> {
        let mut formats = Vec::new();
        for node in self.tree.children(role, MD, "NameIDFormat") {
            let known = self.tree.document.text_content_deep(node).parse::<NameIdFormat>();
            formats.extend(known.ok().filter(|format| !formats.contains(format)));
        }
        formats
    }

    /// The certificates of every KeyDescriptor for signing, or for no named use (which means both), each once.
    fn certificates(&mut self, role: NodeId) -> Result<Vec<Certificate>, MetadataError> {
        let tree = self.tree;
        let mut found: Vec<Certificate> = Vec::new();
        let mut first_error = None;
        for descriptor in tree.children(role, MD, "KeyDescriptor") {
            if !matches!(
                tree.attribute(descriptor, "use").map(str::trim),
                None | Some("" | "signing")
            ) {
                continue;
            }
            let key_infos = tree.children(descriptor, DS, "KeyInfo");
            for data in key_infos.flat_map(|info| tree.children(info, DS, "X509Data")) {
                for certificate in self.of_x509_data(data, &mut first_error) {
                    if found.contains(&certificate) {
                        continue;
                    }
                    if found.len() == MAX_CERTIFICATES {
                        return Err(MetadataError::TooManyCertificates);
                    }
                    found.push(certificate);
                }
            }
        }
        match (found.is_empty(), first_error) {
            (false, _) => Ok(found),
            (true, Some(error)) => Err(MetadataError::Certificate(error)),
            (true, None) => Err(MetadataError::NoCertificate),
        }
    }

    /// The certificates of one X509Data, without those that only issued another one of it: such a chain (XML Signature
    /// 4.4.4) names one key, and a CA's key must not sign sign-ins.
    fn of_x509_data(&mut self, data: NodeId, first_error: &mut Option<CertificateError>) -> Vec<Certificate> {
        let mut all = Vec::new();
        for node in self
            .tree
            .children(data, DS, "X509Certificate")
            .take(MAX_CERTIFICATES + 1)
        {
            let text = self.tree.document.text_content_deep(node);
            // Some put the PEM file in, armour and all.
            let read = if text.contains("-----BEGIN ") {
                parse_pasted(&text)
            } else {
                Certificate::from_base64(&text).map(|certificate| vec![certificate])
            };
            match read {
                Ok(certificates) => all.extend(certificates),
                Err(error) => {
                    first_error.get_or_insert_with(|| error.clone());
                    self.findings.push(MetadataFinding::CertificateSkipped { error });
                }
            }
        }
        let issued_another = |issuer: &Certificate| {
            all.iter()
                .any(|other| other.issuer() == issuer.subject() && other.subject() != issuer.subject())
        };
        let (issuers, leaves): (Vec<_>, Vec<_>) = all.iter().cloned().partition(issued_another);
        self.findings.extend(
            issuers
                .iter()
                .map(|issuer| MetadataFinding::IssuerCertificateSkipped {
                    subject: issuer.subject().to_owned(),
                }),
        );
        leaves
    }
}
