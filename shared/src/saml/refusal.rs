//! Why a SAML response was refused: a stable code, what was wanted, what came and who must fix it (GH-04).
//!
//! Nothing here carries personal data: what came is put through [`shown`] or is a number, an instant or a name out of
//! our own tables. The values of NameID and attributes are never quoted.

use std::fmt;

use crate::domain::fixer::Fixer;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $fixer:ident, $wanted:literal;)+) => {
        /// The stable codes of the response reader, one per check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalCode {
            $($(#[$doc])* $variant,)+
        }

        impl RefusalCode {
            /// Every code, in the order in which the checks run.
            pub const ALL: &'static [RefusalCode] = &[$(Self::$variant,)+];

            /// The code as it is stored and shown; it never changes.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// Who can mend it.
            #[must_use]
            pub fn fixer(self) -> Fixer {
                match self { $(Self::$variant => Fixer::$fixer,)+ }
            }

            /// What the check wants, for a code whose refusal says nothing more exact.
            #[must_use]
            pub fn wanted(self) -> &'static str {
                match self { $(Self::$variant => $wanted,)+ }
            }
        }
    };
}

codes! {
    /// The form field is empty.
    MessageMissing = "message_missing", IdpAdmin, "a SAMLResponse in the form";
    /// The message is over [`crate::saml::prescan::MAX_XML_BYTES`].
    MessageTooLarge = "message_too_large", IdpAdmin, "at most 256 KiB of XML";
    /// The form value is no base64 (saml-bindings 3.5.4).
    NotBase64 = "not_base64", IdpAdmin, "base64";
    /// The decoded bytes are no UTF-8.
    NotUtf8 = "not_utf8", IdpAdmin, "XML in UTF-8";
    /// The XML declaration is not version 1.0 in UTF-8.
    XmlDeclaration = "xml_declaration", IdpAdmin, "no XML declaration, or version 1.0 in UTF-8";
    /// A DTD or another markup declaration (saml-core 1.3.1 allows none; XXE, entity bombs).
    XmlDtd = "xml_dtd", IdpAdmin, "XML without a document type declaration";
    /// A comment: canonicalization drops it, text readers stumble over it (CVE-2017-11427 and its kin).
    XmlComment = "xml_comment", IdpAdmin, "XML without comments";
    /// A processing instruction.
    XmlProcessingInstruction = "xml_processing_instruction", IdpAdmin, "XML without processing instructions";
    /// One tag over 16 KiB.
    XmlTagTooLarge = "xml_tag_too_large", IdpAdmin, "tags of at most 16 KiB";
    /// One tag with over 64 attributes.
    XmlTooManyAttributes = "xml_too_many_attributes", IdpAdmin, "at most 64 attributes in a tag";
    /// A literal line break or tab in an attribute value: the parser does not normalize it, so that the digest of the
    /// genuine sender would not match (XML 1.0, 3.3.3).
    XmlAttributeWhitespace = "xml_attribute_whitespace", IdpAdmin, "attribute values without literal line breaks or tabs";
    /// Over 128 namespace declarations in scope.
    XmlTooManyNamespaces = "xml_too_many_namespaces", IdpAdmin, "at most 128 namespace declarations in scope";
    /// Elements nested over 64 deep.
    XmlTooDeep = "xml_too_deep", IdpAdmin, "elements nested at most 64 deep";
    /// Over 16,384 nodes.
    XmlTooManyNodes = "xml_too_many_nodes", IdpAdmin, "at most 16,384 nodes";
    /// Not well-formed.
    XmlMalformed = "xml_malformed", IdpAdmin, "well-formed XML with namespaces";
    /// A name that is no NCName (`a:b:c`, `:a`).
    XmlBadName = "xml_bad_name", IdpAdmin, "element and attribute names of one prefix and one local part";
    /// `xmlns:p=""` (Namespaces in XML 1.0, section 2.2).
    XmlEmptyPrefix = "xml_empty_prefix", IdpAdmin, "prefixes bound to a namespace name";
    /// The root is no `samlp:Response`.
    RootNotResponse = "root_not_response", IdpAdmin, "a samlp:Response at the root";
    /// `Version` is not 2.0 (saml-core 3.2.2, 2.3.3).
    VersionUnsupported = "version_unsupported", IdpAdmin, "SAML version 2.0";
    /// The IdP reports a failure (saml-core 3.2.2.1).
    StatusNotSuccess = "status_not_success", IdpAdmin, "status Success";
    /// Success, but no assertion.
    AssertionMissing = "assertion_missing", IdpAdmin, "exactly one Assertion or EncryptedAssertion";
    /// More than one assertion.
    AssertionMultiple = "assertion_multiple", IdpAdmin, "exactly one Assertion or EncryptedAssertion";
    /// The assertion is not a direct child of the Response.
    AssertionMisplaced = "assertion_misplaced", IdpAdmin, "the assertion as a direct child of the Response";
    /// The Response has a child that saml-core 3.2.2 and 3.3.3 do not name.
    ResponseElementUnknown = "response_element_unknown", IdpAdmin, "a Response of Issuer, Signature, Extensions, Status and the assertion";
    /// Two elements share an ID.
    IdDuplicate = "id_duplicate", IdpAdmin, "an ID of its own for every element";
    /// The Response or Assertion has no usable ID (saml-core 1.3.4; xs:ID).
    IdInvalid = "id_invalid", IdpAdmin, "an ID of letters, digits, '_', '-' and '.' on Response and Assertion";
    /// A Signature somewhere else than directly inside the Response or the Assertion.
    SignatureMisplaced = "signature_misplaced", IdpAdmin, "signatures only directly inside the Response or the Assertion";
    /// Two Signatures in one element.
    SignatureMultiple = "signature_multiple", IdpAdmin, "at most one Signature in an element";
    /// Neither Response nor Assertion is signed.
    SignatureMissing = "signature_missing", IdpAdmin, "a signed Response or a signed Assertion";
    /// The Signature has not the children of XML-DSig 4.1, in that order.
    SignatureMalformed = "signature_malformed", IdpAdmin, "a Signature of SignedInfo, SignatureValue and KeyInfo";
    /// A prefixed attribute inside the Signature: processors that look up by local name may take it for another.
    SignaturePrefixedAttribute = "signature_prefixed_attribute", IdpAdmin, "no prefixed attributes inside Signature";
    /// Not exactly one Reference.
    ReferenceCount = "reference_count", IdpAdmin, "exactly one Reference in SignedInfo";
    /// The Reference is not `#` and the parent's ID.
    ReferenceTarget = "reference_target", IdpAdmin, "a Reference to the ID of the element that holds the Signature";
    /// Another transform than enveloped-signature and exclusive canonicalization, each once, in that order.
    TransformForbidden = "transform_forbidden", IdpAdmin, "the transforms enveloped-signature and exclusive canonicalization";
    /// `CanonicalizationMethod` is not exclusive canonicalization.
    CanonicalizationForbidden = "canonicalization_forbidden", IdpAdmin, "exclusive canonicalization";
    /// Over 8 prefixes in an InclusiveNamespaces list: its cost is prefixes times nodes.
    InclusivePrefixesTooMany = "inclusive_prefixes_too_many", IdpAdmin, "at most 8 prefixes in an InclusiveNamespaces list";
    /// The digest is not SHA-256, SHA-384 or SHA-512.
    DigestForbidden = "digest_forbidden", IdpAdmin, "the digest SHA-256, SHA-384 or SHA-512";
    /// The signature is not RSA or ECDSA with SHA-2.
    SignatureAlgorithmForbidden = "signature_algorithm_forbidden", IdpAdmin, "RSA or ECDSA with SHA-256, SHA-384 or SHA-512";
    /// The connection has no certificate, so nothing can be verified.
    CertificatesMissing = "certificates_missing", Owner, "at least one certificate of the identity provider";
    /// None of the configured certificates can be used: unreadable, RSA below 2048 bits, another curve.
    CertificateUnusable = "certificate_unusable", Owner, "a certificate with RSA of 2048 to 8192 bits, P-256 or P-384";
    /// What was signed is not what arrived.
    DigestMismatch = "digest_mismatch", IdpAdmin, "the signed element unchanged";
    /// No configured certificate made this signature.
    SignatureInvalid = "signature_invalid", Owner, "a signature by a configured certificate";
    /// The assertion is encrypted, and the connection has no decryption key.
    DecryptionKeyMissing = "decryption_key_missing", Operator, "a decryption key for this connection";
    /// EncryptedAssertion has not the form of XML-Enc 3.1 and saml-core 2.3.4.
    EncryptionMalformed = "encryption_malformed", IdpAdmin, "one EncryptedData and one to four EncryptedKeys with their CipherValues";
    /// Another cipher than AES-128/256 in GCM or CBC (3DES is refused).
    EncryptionAlgorithmForbidden = "encryption_algorithm_forbidden", IdpAdmin, "AES-128-GCM or AES-256-GCM";
    /// AES-CBC without a signed Response and without the connection's switch.
    EncryptionCbcForbidden = "encryption_cbc_forbidden", IdpAdmin, "AES-GCM, or AES-CBC inside a signed Response";
    /// Another key transport than RSA-OAEP (RSA 1.5 is refused), or another digest or mask.
    KeyTransportForbidden = "key_transport_forbidden", IdpAdmin, "RSA-OAEP with SHA-1 or SHA-256";
    /// The assertion could not be decrypted into one assertion. All causes look alike.
    DecryptionFailed = "decryption_failed", IdpAdmin, "an assertion encrypted for a key in our metadata";
    /// `Destination` names another endpoint (saml-bindings 3.5.5.2).
    DestinationMismatch = "destination_mismatch", IdpAdmin, "the assertion consumer service URL of this connection as Destination";
    /// A signed Response without `Destination` (saml-bindings 3.5.5.2).
    DestinationMissing = "destination_missing", IdpAdmin, "a Destination on a signed Response";
    /// Response or Assertion name another issuer.
    IssuerMismatch = "issuer_mismatch", Owner, "the configured entity id as Issuer";
    /// The Assertion names no issuer (saml-core 2.3.3).
    IssuerMissing = "issuer_missing", IdpAdmin, "an Issuer in the Assertion";
    /// An instant that is no xs:dateTime in UTC (saml-core 1.3.3).
    TimestampMalformed = "timestamp_malformed", IdpAdmin, "instants as xs:dateTime in UTC";
    /// No Subject, or one without a bearer SubjectConfirmation (saml-profiles 4.1.4.2).
    BearerConfirmationMissing = "bearer_confirmation_missing", IdpAdmin, "a bearer SubjectConfirmation with its data";
    /// `Recipient` is missing or names another endpoint (saml-profiles 4.1.4.2).
    RecipientMismatch = "recipient_mismatch", IdpAdmin, "the assertion consumer service URL of this connection as Recipient";
    /// The bearer confirmation has no `NotOnOrAfter` (saml-profiles 4.1.4.2).
    ConfirmationUnlimited = "confirmation_unlimited", IdpAdmin, "a NotOnOrAfter in SubjectConfirmationData";
    /// The bearer confirmation is past its `NotOnOrAfter`.
    ConfirmationExpired = "confirmation_expired", Person, "a response within its time";
    /// The bearer confirmation is before its `NotBefore`.
    ConfirmationNotYetValid = "confirmation_not_yet_valid", IdpAdmin, "clocks that agree within 3 minutes";
    /// Response and SubjectConfirmationData name different requests.
    InResponseToMismatch = "in_response_to_mismatch", IdpAdmin, "one InResponseTo in Response and SubjectConfirmationData";
    /// Only the unsigned Response names the request, which anybody could have written there.
    InResponseToUnsigned = "in_response_to_unsigned", IdpAdmin, "InResponseTo in SubjectConfirmationData, or a signed Response";
    /// No Conditions (saml-profiles 4.1.4.2 wants an audience).
    ConditionsMissing = "conditions_missing", IdpAdmin, "Conditions in the Assertion";
    /// A condition that is not understood must not be passed over (saml-core 2.5.1).
    ConditionUnknown = "condition_unknown", IdpAdmin, "only AudienceRestriction, OneTimeUse and ProxyRestriction as conditions";
    /// Before `NotBefore`, over the skew.
    NotYetValid = "assertion_not_yet_valid", IdpAdmin, "clocks that agree within 3 minutes";
    /// At or past `NotOnOrAfter`, over the skew.
    Expired = "assertion_expired", Person, "an assertion within its time";
    /// No AudienceRestriction.
    AudienceMissing = "audience_missing", IdpAdmin, "an AudienceRestriction";
    /// An AudienceRestriction without our entity id.
    AudienceMismatch = "audience_mismatch", IdpAdmin, "the entity id of this connection in every AudienceRestriction";
    /// No AuthnStatement (saml-profiles 4.1.4.2).
    AuthnStatementMissing = "authn_statement_missing", IdpAdmin, "an AuthnStatement";
    /// The person authenticated in the future.
    AuthnInstantInFuture = "authn_instant_in_future", IdpAdmin, "an AuthnInstant that is not ahead of our clock";
    /// `SessionNotOnOrAfter` has passed.
    SessionExpired = "session_expired", Person, "a session at the identity provider that has not ended";
    /// The NameID or an attribute is encrypted on its own, which is not supported.
    EncryptedIdentifier = "encrypted_identifier", IdpAdmin, "an encrypted assertion instead of an encrypted attribute";
    /// The NameID is empty or no plain text.
    NameIdInvalid = "name_id_invalid", IdpAdmin, "a NameID of plain text";
    /// An Attribute without a Name.
    AttributeUnnamed = "attribute_unnamed", IdpAdmin, "a Name on every Attribute";
}

/// A refused response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: wanted {wanted}, got {got}", code.as_str())]
pub struct Refusal {
    code: RefusalCode,
    wanted: String,
    got: String,
}

impl Refusal {
    /// A refusal that wants what its code says.
    pub(crate) fn new(code: RefusalCode, got: impl Into<String>) -> Self {
        Self::wanting(code, code.wanted(), got)
    }

    /// A refusal that says more exactly what was wanted.
    pub(crate) fn wanting(code: RefusalCode, wanted: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            code,
            wanted: wanted.into(),
            got: got.into(),
        }
    }

    /// The stable code, for records, tests and pages.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code.as_str()
    }

    /// The check that refused.
    #[must_use]
    pub fn reason(&self) -> RefusalCode {
        self.code
    }

    /// What was wanted, for the owner's record; free of personal data.
    #[must_use]
    pub fn wanted(&self) -> &str {
        &self.wanted
    }

    /// What came, for the owner's record; free of personal data.
    #[must_use]
    pub fn got(&self) -> &str {
        &self.got
    }

    /// Who must fix it.
    #[must_use]
    pub fn fixer(&self) -> Fixer {
        self.code.fixer()
    }
}

/// Shows a foreign identifier (entity id, URL, algorithm, element name): at most 160 printable ASCII characters, no
/// query or fragment, and nothing with an `@` in it.
pub(crate) fn shown(value: &str) -> Shown<'_> {
    Shown(value)
}

/// See [`shown`].
pub(crate) struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX: usize = 160;
        let value = self.0.trim();
        if value.is_empty() {
            return f.write_str("an empty value");
        }
        let lower = value.to_ascii_lowercase();
        if lower.contains('@') || lower.contains("%40") {
            return f.write_str("[redacted: looks like an address]");
        }
        let bare = value.split(['?', '#']).next().unwrap_or_default();
        f.write_str("'")?;
        for c in bare.chars().take(MAX) {
            let printable = c.is_ascii_graphic() || c == ' ';
            write!(f, "{}", if printable && c != '\'' { c } else { '?' })?;
        }
        f.write_str(if bare.chars().nth(MAX).is_some() {
            "…'"
        } else {
            "'"
        })?;
        if bare.len() < value.len() {
            f.write_str(" (and more)")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
