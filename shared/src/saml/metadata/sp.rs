//! Our own metadata, one document per connection (CH-02, SE-15): entity id and ACS URL to give to the IdP (IL-01).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use uppsala::XmlWriter;

use super::{Binding, HTTP_POST, MD, PROTOCOL};
use crate::saml::certificate::Certificate;
use crate::saml::name_id_format::NameIdFormat;
use crate::saml::signing::{DS, Signer, SigningError, Unsigned, write_key_info};

/// What we decrypt (XML Encryption 1.1), best first, so that an IdP that reads this chooses no CBC.
const ENCRYPTION_METHODS: [&str; 3] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
];

/// What a connection publishes about us.
#[derive(Clone, Debug)]
pub struct SpMetadata<'a> {
    /// Our entity id at this connection: the audience of its assertions.
    pub entity_id: &'a str,
    /// Where responses go by HTTP-POST; the first is the default, indexes count from 0.
    pub assertion_consumer_urls: &'a [&'a str],
    /// Where logout messages go.
    pub logout_urls: &'a [(Binding, &'a str)],
    /// The name identifier formats we ask for.
    pub name_id_formats: &'a [NameIdFormat],
    /// Whether our AuthnRequests are signed.
    pub authn_requests_signed: bool,
    /// Whether assertions must be signed themselves.
    pub want_assertions_signed: bool,
    /// The keys we sign with; peers that read only one read the first.
    pub signing_certificates: &'a [Certificate],
    /// The keys to encrypt to; none where encryption is not wanted.
    pub encryption_certificates: &'a [Certificate],
    /// Until when it may be used.
    pub valid_until: Option<DateTime<Utc>>,
    /// After how long it should be read again.
    pub cache_duration: Option<TimeDelta>,
}

impl SpMetadata<'_> {
    /// The document, not signed.
    #[must_use]
    pub fn to_xml(&self) -> String {
        self.unsigned("_metadata").into_xml()
    }

    /// The document, signed under the ID `id`.
    ///
    /// # Errors
    /// [`SigningError`] when it cannot be signed.
    pub fn to_signed_xml(&self, id: &str, signer: &Signer) -> Result<String, SigningError> {
        signer.sign_enveloped(&self.unsigned(id))
    }

    /// The descriptor, open where its signature belongs: at the very start.
    fn unsigned(&self, id: &str) -> Unsigned {
        let valid_until = self
            .valid_until
            .map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
        let cache_duration = self
            .cache_duration
            .map(|length| format!("PT{}S", length.num_seconds().max(0)));
        let mut attributes = vec![
            ("xmlns:md", MD),
            ("xmlns:ds", DS),
            ("ID", id),
            ("entityID", self.entity_id),
        ];
        attributes.extend(valid_until.as_deref().map(|text| ("validUntil", text)));
        attributes.extend(cache_duration.as_deref().map(|text| ("cacheDuration", text)));
        let mut head = XmlWriter::new();
        head.start_element("md:EntityDescriptor", &attributes);
        let mut w = XmlWriter::with_capacity(8192);
        w.start_element(
            "md:SPSSODescriptor",
            &[
                ("AuthnRequestsSigned", flag(self.authn_requests_signed)),
                ("WantAssertionsSigned", flag(self.want_assertions_signed)),
                ("protocolSupportEnumeration", PROTOCOL),
            ],
        );
        for certificate in self.signing_certificates {
            write_key_descriptor(&mut w, "signing", certificate, &[]);
        }
        for certificate in self.encryption_certificates {
            write_key_descriptor(&mut w, "encryption", certificate, &ENCRYPTION_METHODS);
        }
        self.write_endpoints(&mut w);
        w.end_element("md:SPSSODescriptor");
        w.end_element("md:EntityDescriptor");
        Unsigned {
            id: id.to_owned(),
            head: head.into_string(),
            tail: w.into_string(),
        }
    }

    /// Logout, formats and consumers, in the order of the schema.
    fn write_endpoints(&self, w: &mut XmlWriter) {
        for (binding, url) in self.logout_urls {
            w.empty_element(
                "md:SingleLogoutService",
                &[("Binding", binding.uri()), ("Location", url)],
            );
        }
        for format in self.name_id_formats {
            w.start_element("md:NameIDFormat", &[]);
            w.text(format.uri());
            w.end_element("md:NameIDFormat");
        }
        for (index, url) in self.assertion_consumer_urls.iter().enumerate() {
            let index_text = index.to_string();
            let mut attributes = vec![
                ("Binding", HTTP_POST),
                ("Location", *url),
                ("index", index_text.as_str()),
            ];
            if index == 0 {
                attributes.push(("isDefault", "true"));
            }
            w.empty_element("md:AssertionConsumerService", &attributes);
        }
    }
}

/// `md:KeyDescriptor` with one certificate. The `ds` prefix must be bound.
pub(super) fn write_key_descriptor(
    w: &mut XmlWriter,
    usage: &str,
    certificate: &Certificate,
    methods: &[&str],
) {
    w.start_element("md:KeyDescriptor", &[("use", usage)]);
    write_key_info(w, certificate);
    for method in methods {
        w.empty_element("md:EncryptionMethod", &[("Algorithm", method)]);
    }
    w.end_element("md:KeyDescriptor");
}

/// An `xs:boolean`.
fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
