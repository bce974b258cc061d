//! Why the answer of an OpenID Provider or of GitHub was not accepted: a stable code, what was wanted and what came,
//! and who can mend it. Neither address, subject nor token is part of it.

use crate::domain::endpoint::EndpointError;
use crate::domain::fixer::Fixer;

/// A refused answer. `Display` is `wanted …; …`: what was wanted, and what came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcRefusal {
    // The front channel.
    /// The address that people would be sent to, as it is stored, is none that a browser may be sent to.
    #[error("wanted an https address to send people to; {0}")]
    AuthorizationEndpoint(EndpointError),
    /// The redirect's query cannot be read.
    #[error("wanted the parameters of an authorization response; what came is none")]
    CallbackMalformed,
    /// A parameter stands twice: two readers could see two different answers.
    #[error("wanted each parameter of the authorization response once; {0} came twice")]
    ParameterRepeated(&'static str),
    /// Not exactly one of `code` and `error`.
    #[error("wanted either a code or an error; both or neither came")]
    CallbackAmbiguous,
    /// `state` is not of a sign-in of this browser.
    #[error("wanted the state of a sign-in that this browser began; another came")]
    StateMismatch,
    /// RFC 9207: the answer names another issuer.
    #[error("wanted the issuer of the connection in iss; another came")]
    CallbackIssuer,
    /// RFC 9207: the provider says that it sends `iss`, and the answer has none.
    #[error("wanted iss beside the code, as the provider's discovery document says; none came")]
    CallbackIssuerMissing,
    /// The provider answered with an error.
    #[error("wanted a code; the identity provider answered {error}")]
    Provider {
        /// What it means.
        meaning: ProviderError,
        /// The error as it came, and a vendor's own code where one stands in the description.
        error: String,
    },

    // The token endpoint.
    /// Our credentials were refused.
    #[error(
        "wanted the client id and secret (or key) to be accepted; the token endpoint answered invalid_client"
    )]
    ClientRefused,
    /// The code was refused.
    #[error("wanted the code to be redeemed; the token endpoint answered {0}")]
    TokenRefused(String),
    /// The answer is no token response.
    #[error("wanted a token response; the token endpoint sent something else")]
    TokenMalformed,
    /// There is no ID token.
    #[error("wanted an ID token; the token response has none")]
    IdTokenMissing,
    /// The provider could not be reached, or answered against the rules of our client.
    #[error("wanted an answer of the {endpoint}; {reason}")]
    Unreachable {
        /// Which endpoint.
        endpoint: &'static str,
        /// Stable code of the outbound client.
        reason: &'static str,
        /// Whether the request may have reached it.
        sent: bool,
    },

    // Keys.
    /// The JWK set cannot be read.
    #[error("wanted a JWK set; something else came")]
    KeysMalformed,
    /// The JWK set is too long.
    #[error("wanted at most {most} keys in the JWK set; {found} came")]
    TooManyKeys {
        /// The bound.
        most: usize,
        /// How many came.
        found: usize,
    },

    // The ID token.
    /// No compact JWS of a claims object, or too long.
    #[error("wanted an ID token in the compact form; something else came")]
    IdTokenMalformed,
    /// `alg` is `none`.
    #[error("wanted a signed ID token; an unsigned one came")]
    IdTokenUnsigned,
    /// `alg` is not among the connection's.
    #[error("wanted an ID token by an allowed algorithm; it is signed by {0}")]
    IdTokenAlgorithm(String),
    /// `crit` names extensions, and we know none.
    #[error("wanted an ID token without critical extensions; it has some")]
    IdTokenCritical,
    /// The header brings a key, or says where one is.
    #[error("wanted an ID token by a key of the provider's JWK set; its header brings its own")]
    IdTokenEmbeddedKey,
    /// No key of the set has the `kid` and serves the `alg`.
    #[error("wanted an ID token by a key of the provider's JWK set; none has its kid and alg")]
    IdTokenUnknownKey,
    /// The signature is wrong.
    #[error("wanted a good signature on the ID token; it does not match")]
    IdTokenSignature,
    /// `iss` is another one.
    #[error("wanted the connection's issuer in the ID token; another came")]
    IdTokenIssuer,
    /// `aud` does not name us.
    #[error("wanted our client id in the audience of the ID token; it is not there")]
    IdTokenAudience,
    /// `azp` is not ours, or is absent beside several audiences.
    #[error("wanted our client id as the authorized party of the ID token; another or none came")]
    IdTokenAuthorizedParty,
    /// `nonce` is another one or absent.
    #[error("wanted the nonce of this sign-in in the ID token; another or none came")]
    IdTokenNonce,
    /// It is over.
    #[error("wanted an ID token that is valid now; it has expired or has no expiry")]
    IdTokenExpired,
    /// It is from the future, or does not say when it was made.
    #[error("wanted an ID token that was issued by now; it is from the future or has no issue time")]
    IdTokenFuture,
    /// `at_hash` is not of the access token beside it.
    #[error("wanted the hash of the access token in the ID token; another came")]
    IdTokenAccessHash,
    /// `sub` is absent, empty or too long.
    #[error("wanted a subject in the ID token; none or an unusable one came")]
    IdTokenSubject,

    // Userinfo.
    /// The answer is no claims object.
    #[error("wanted a claims object from userinfo; something else came")]
    UserinfoMalformed,
    /// It speaks of somebody else.
    #[error("wanted the subject of the ID token in userinfo; another came")]
    UserinfoSubject,

    // Who it is.
    /// Entra ID: another directory.
    #[error("wanted the pinned directory (tid); another or none came")]
    DirectoryMismatch,
    /// Google: another Workspace domain.
    #[error("wanted the Workspace domain (hd) of the connection; another came")]
    HostedDomainMismatch,
    /// Google: a consumer account.
    #[error("wanted an account of the Workspace domain (hd); an account outside any Workspace came")]
    HostedDomainMissing,
    /// `email_verified` or `xms_edov` is false.
    #[error("wanted an e-mail address that the identity provider has verified; it says that it has not")]
    EmailUnverified,
    /// `email_verified` is absent where the connection asks for it.
    #[error("wanted email_verified beside the address; it is absent")]
    EmailProofMissing,
    /// The claims that identify a person are absent.
    #[error("wanted the claims that identify a person; {found} of {wanted} came")]
    SubjectClaims {
        /// How many are wanted.
        wanted: usize,
        /// How many came.
        found: usize,
    },

    // GitHub.
    /// GitHub's answer cannot be read.
    #[error("wanted an answer as GitHub documents it; something else came")]
    GitHubMalformed,
    /// GitHub refused a request.
    #[error("wanted GitHub to answer; it refused with status {0}")]
    GitHubRefused(u16),
    /// No address is primary and verified.
    #[error("wanted a primary, verified e-mail address at GitHub; there is none")]
    GitHubEmail,
    /// The person is no active member of the chosen organization.
    #[error("wanted an active member of the chosen GitHub organization; this account is none")]
    GitHubNotAMember,
}

/// What an error of the provider means for the person (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderError {
    /// The person, or a policy there, said no.
    Denied,
    /// The provider would have to show a page, and was not allowed to.
    InteractionNeeded,
    /// It is busy or out of order.
    Unavailable,
    /// It does not know a scope that was asked for.
    Scope,
    /// It does not know us, or not with these settings.
    Misconfigured,
    /// Anything else.
    Other,
}

impl ProviderError {
    /// Stable code of a sign-in that failed so.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Denied => "idp_access_denied",
            Self::InteractionNeeded => "idp_interaction_needed",
            Self::Unavailable => "idp_unavailable",
            Self::Scope => "idp_scope_refused",
            Self::Misconfigured => "idp_refused_client",
            Self::Other => "idp_error",
        }
    }
}

impl OidcRefusal {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuthorizationEndpoint(_) => "authorization_endpoint_refused",
            Self::CallbackMalformed => "callback_malformed",
            Self::ParameterRepeated(_) => "callback_parameter_repeated",
            Self::CallbackAmbiguous => "callback_ambiguous",
            Self::StateMismatch => "state_mismatch",
            Self::CallbackIssuer => "callback_issuer_mismatch",
            Self::CallbackIssuerMissing => "callback_issuer_missing",
            Self::Provider { meaning, .. } => meaning.code(),
            Self::ClientRefused => "idp_client_refused",
            Self::TokenRefused(_) => "idp_code_refused",
            Self::TokenMalformed => "token_response_malformed",
            Self::IdTokenMissing => "id_token_missing",
            Self::Unreachable { .. } => "idp_unreachable",
            Self::KeysMalformed => "jwks_malformed",
            Self::TooManyKeys { .. } => "jwks_too_many_keys",
            Self::IdTokenMalformed => "id_token_malformed",
            Self::IdTokenUnsigned => "id_token_unsigned",
            Self::IdTokenAlgorithm(_) => "id_token_algorithm",
            Self::IdTokenCritical => "id_token_critical",
            Self::IdTokenEmbeddedKey => "id_token_embedded_key",
            Self::IdTokenUnknownKey => "id_token_unknown_key",
            Self::IdTokenSignature => "id_token_signature",
            Self::IdTokenIssuer => "id_token_issuer",
            Self::IdTokenAudience => "id_token_audience",
            Self::IdTokenAuthorizedParty => "id_token_authorized_party",
            Self::IdTokenNonce => "id_token_nonce",
            Self::IdTokenExpired => "id_token_expired",
            Self::IdTokenFuture => "id_token_future",
            Self::IdTokenAccessHash => "id_token_access_hash",
            Self::IdTokenSubject => "id_token_subject",
            Self::UserinfoMalformed => "userinfo_malformed",
            Self::UserinfoSubject => "userinfo_subject_mismatch",
            Self::DirectoryMismatch => "directory_mismatch",
            Self::HostedDomainMismatch => "hosted_domain_mismatch",
            Self::HostedDomainMissing => "hosted_domain_missing",
            Self::EmailUnverified => "email_unverified",
            Self::EmailProofMissing => "email_verified_missing",
            Self::SubjectClaims { .. } => "subject_claims_missing",
            Self::GitHubMalformed => "github_malformed",
            Self::GitHubRefused(_) => "github_refused",
            Self::GitHubEmail => "github_email_unverified",
            Self::GitHubNotAMember => "github_not_a_member",
        }
    }

    /// Who can mend it.
    #[must_use]
    pub fn fixer(&self) -> Fixer {
        match self {
            Self::CallbackMalformed
            | Self::ParameterRepeated(_)
            | Self::CallbackAmbiguous
            | Self::StateMismatch
            | Self::TokenRefused(_)
            | Self::Unreachable { .. } => Fixer::Person,
            Self::Provider { meaning, .. } => match meaning {
                ProviderError::InteractionNeeded | ProviderError::Unavailable => Fixer::Person,
                ProviderError::Denied | ProviderError::Other => Fixer::IdpAdmin,
                ProviderError::Scope | ProviderError::Misconfigured => Fixer::Owner,
            },
            Self::AuthorizationEndpoint(_)
            | Self::ClientRefused
            | Self::IdTokenAlgorithm(_)
            | Self::DirectoryMismatch
            | Self::HostedDomainMismatch
            | Self::HostedDomainMissing
            | Self::EmailProofMissing
            | Self::SubjectClaims { .. }
            | Self::GitHubNotAMember => Fixer::Owner,
            Self::CallbackIssuer
            | Self::CallbackIssuerMissing
            | Self::TokenMalformed
            | Self::IdTokenMissing
            | Self::KeysMalformed
            | Self::TooManyKeys { .. }
            | Self::IdTokenMalformed
            | Self::IdTokenUnsigned
            | Self::IdTokenCritical
            | Self::IdTokenEmbeddedKey
            | Self::IdTokenUnknownKey
            | Self::IdTokenSignature
            | Self::IdTokenIssuer
            | Self::IdTokenAudience
            | Self::IdTokenAuthorizedParty
            | Self::IdTokenNonce
            | Self::IdTokenExpired
            | Self::IdTokenFuture
            | Self::IdTokenAccessHash
            | Self::IdTokenSubject
            | Self::UserinfoMalformed
            | Self::UserinfoSubject
            | Self::EmailUnverified
            | Self::GitHubMalformed
            | Self::GitHubRefused(_)
            | Self::GitHubEmail => Fixer::IdpAdmin,
        }
    }
}
