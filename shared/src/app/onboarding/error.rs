//! Why something was not set up.

use std::fmt;

use crate::domain::connection::ConnectionState;
use crate::domain::domain_name::DomainNameError;
use crate::domain::email::InvalidEmail;
use crate::domain::endpoint::EndpointError;
use crate::oidc::discovery::DiscoveryError;
use crate::openid_provider::client_settings::ClientError;
use crate::outbound::{OutboundError, TxtError};
use crate::random::RandomError;
use crate::saml::keys::KeyError;
use crate::saml::metadata::MetadataError;
use crate::saml::name_id_format::UnknownNameIdFormat;
use crate::secrets::SecretsError;
use crate::store::{CommitError, StoreError};

/// What was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A tenant.
    Tenant,
    /// A domain of the tenant.
    Domain,
    /// A connection of the tenant.
    Connection,
    /// A member of the tenant.
    Member,
    /// An app client.
    Client,
    /// A secret of an app client.
    ClientSecret,
    /// An API key of the tenant.
    ApiKey,
    /// A test sign-in.
    TestSignIn,
    /// A set-up link.
    SetupLink,
    /// The code of an owner's sign-in.
    SignInCode,
    /// A break-glass address.
    BreakGlass,
    /// An identity of a member.
    Identity,
    /// A session of a member.
    Session,
    /// An import of members.
    Import,
    /// A part of an import.
    ImportPart,
    /// A person's erasure.
    Erasure,
    /// A tenant's offboarding.
    Offboarding,
    /// A directory sync that was held.
    SyncHold,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tenant => "tenant",
            Self::Domain => "domain",
            Self::Connection => "connection",
            Self::Member => "member",
            Self::Client => "app client",
            Self::ClientSecret => "secret",
            Self::ApiKey => "API key",
            Self::TestSignIn => "test sign-in",
            Self::SetupLink => "set-up link",
            Self::SignInCode => "sign-in code",
            Self::BreakGlass => "break-glass address",
            Self::Identity => "identity",
            Self::Session => "session",
            Self::Import => "import",
            Self::ImportPart => "part",
            Self::Erasure => "erasure",
            Self::Offboarding => "offboarding",
            Self::SyncHold => "hold",
        })
    }
}

/// Why something was not set up. No message holds personal data or a secret.
#[derive(Debug, thiserror::Error)]
pub enum OnboardingError {
    /// Nothing of that id here: unknown, and another tenant's, are one answer.
    #[error("there is no {0} of that id here")]
    NotFound(Thing),
    /// AQ-01.
    #[error("the organization's plan does not include {0}")]
    NotEntitled(&'static str),
    /// The caller read another version.
    #[error("wanted version {wanted}, it is at version {current}: read it again")]
    VersionMismatch {
        /// What the caller read.
        wanted: u64,
        /// What is there.
        current: u64,
    },
    /// Somebody else changed it between our read and our write.
    #[error("it was changed by somebody else meanwhile: read it again")]
    Changed,
    /// A text is too short, too long, or holds control characters.
    #[error("wanted {min} to {max} characters without control characters, got {got}")]
    Text {
        /// The field.
        field: &'static str,
        /// Fewest characters.
        min: usize,
        /// Most characters.
        max: usize,
        /// How many came.
        got: usize,
    },
    /// A role that the operator's catalogue has not.
    #[error("wanted a role of the catalogue ({known}), got another")]
    UnknownRole {
        /// The field.
        field: &'static str,
        /// The catalogue's roles.
        known: String,
    },
    /// IL-05: the defaults exclude each other.
    #[error("the default role {role} and the default team role {team_role} may not stand together")]
    ForbiddenDefaults {
        /// The role.
        role: String,
        /// The team role.
        team_role: String,
    },
    /// A duration out of bounds.
    #[error("wanted {min} to {max} seconds, got {got}")]
    Seconds {
        /// The field.
        field: &'static str,
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
        /// What came.
        got: u32,
    },
    /// An address.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// A domain.
    #[error(transparent)]
    Domain(#[from] DomainNameError),
    /// Another tenant has proven the domain.
    #[error("the domain is held by another organization")]
    DomainTaken,
    /// The tenant has it already.
    #[error("the organization has this domain already, proven")]
    DomainProven,
    /// The resolver failed: nothing is known of the proof.
    #[error(transparent)]
    Dns(#[from] TxtError),
    /// Too many of something.
    #[error("wanted at most {most} {what}: remove one first")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The bound.
        most: usize,
    },
    /// A connection has the id.
    #[error("another connection has this id")]
    ConnectionIdTaken,
    /// Only the operator chooses ids.
    #[error("only the operator may choose the id of a connection")]
    IdReserved,
    /// IdP metadata, or the same by hand.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The metadata URL could not be fetched.
    #[error(transparent)]
    Fetch(#[from] OutboundError),
    /// A NameID format.
    #[error(transparent)]
    NameIdFormat(#[from] UnknownNameIdFormat),
    /// A URL of ours that an imported connection keeps.
    #[error("{error}")]
    Endpoint {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        error: EndpointError,
    },
    /// The connection's own keys.
    #[error("the connection's keys could not be made")]
    Key(#[from] KeyError),
    /// SE-27: nobody has tried it out.
    #[error("wanted a successful test sign-in of the connection as it is now; there was none")]
    Untested,
    /// Something must still be given before people can sign in.
    #[error("wanted a connection that is set up; {missing} is missing")]
    Incomplete {
        /// What.
        missing: &'static str,
    },
    /// The setting is another protocol's.
    #[error("this setting is for connections of another protocol")]
    OtherProtocol {
        /// The field.
        field: &'static str,
    },
    /// A setting has a value that it cannot have.
    #[error("wanted {wanted}, got something else")]
    Setting {
        /// The field.
        field: &'static str,
        /// What it can be.
        wanted: &'static str,
    },
    /// AQ-09, AQ-12: the provider cannot be used as it is set up.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
    /// AQ-09: the authority's discovery document could not be fetched.
    #[error("the authority's discovery document could not be fetched: {0}")]
    Authority(OutboundError),
    /// There is no key that could follow.
    #[error("wanted a key that was made to follow the current one; none was")]
    NoNextClientKey,
    /// No key of ours was announced (GH-08).
    #[error("no key was announced: announce one first")]
    NoNextSpKey,
    /// No key of ours is from before (GH-08).
    #[error("there is no key from before that is still published")]
    NoOldSpKey,
    /// A step that does not lead on from here.
    #[error("a connection in state {from} cannot be {step}")]
    Step {
        /// Where it stands.
        from: &'static str,
        /// What was asked.
        step: &'static str,
    },
    /// A step that is the operator's.
    #[error("only the operator may do this")]
    OperatorOnly,
    /// CH-10: a mail would reach nobody, or nobody who may come in.
    #[error("wanted an active member with an address; this one is switched off or has none")]
    NobodyToInvite,
    /// The organization has sent its mails of the day.
    #[error("wanted at most {most} mails of an organization in a day")]
    MailQuota {
        /// The bound.
        most: u64,
    },
    /// Somebody must have signed in just now.
    #[error("wanted an owner who has signed in within the last 15 minutes")]
    FreshSignIn,
    /// AQ-21: the address lies in no domain of the organization.
    #[error("wanted an address in a domain of the organization, or below one; this one is in none")]
    OutsideDomains,
    /// AQ-21: it is on the list.
    #[error("the address is on the list already")]
    BreakGlassKnown,
    /// GH-07: nobody has signed in by the connection lately.
    #[error("wanted a test sign-in of an active connection within the last 7 days; there was none")]
    EnforcementNeedsTest,
    /// GH-07: nobody could get in if single sign-on failed.
    #[error("wanted a break-glass address that was tried out; there is none")]
    EnforcementNeedsBreakGlass,
    /// GH-07: nobody could sign in.
    #[error("wanted an active connection before passwords are switched off; there is none")]
    NothingToEnforce,
    /// AQ-28: SCIM stands on single sign-on.
    #[error("wanted an active connection before SCIM is used; there is none")]
    ScimNeedsConnection,
    /// AQ-25: the domain is not the organization's.
    #[error("wanted domains that the organization has proven; one of these is not")]
    DomainNotProven,
    /// The user name is another member's.
    #[error("another member has this user name")]
    UserNameTaken,
    /// IL-06.
    #[error("all {seats} booked seats are taken")]
    SeatsUsedUp {
        /// Booked seats.
        seats: u32,
    },
    /// AQ-44: SCIM's record is not changed by hand.
    #[error("the member is provisioned by SCIM: change it at the identity provider")]
    Locked,
    /// AQ-03: the creator of the organization stays.
    #[error("the member is the organization's root user: name another one first")]
    RootUser,
    /// CH-10: somebody must be able to look after the organization.
    #[error("the member is the organization's last owner: make another member an owner first")]
    LastOwner,
    /// AQ-21: the person's address is the way in beside single sign-on.
    #[error("the member's address is on the break-glass list: take it off the list first")]
    BreakGlassHolder,
    /// Two records of one person: the one that stays is switched off.
    #[error("wanted an active member to stay; this one is switched off")]
    MergeInactive,
    /// Two records of one person: which of the two identities is the person's is not ours to say.
    #[error("both members have an identity at the same connection: unlink one of them first")]
    MergeTwice,
    /// A table of members without a header that says what is what.
    #[error(
        "wanted a first line that names the columns, each once: email, and any of given_name, family_name, position, \
         department, role"
    )]
    ImportHeader,
    /// A part of an import that was sent before has other content.
    #[error("another part of this number was sent before: send that one again, or begin another import")]
    ImportPartDiffers,
    /// GH-06: the other decision was made.
    #[error("the hold is decided already, otherwise")]
    HoldDecided,
    /// GH-06: what is announced has begun.
    #[error("a directory sync is held: release that one")]
    HoldOpen,
    /// AQ-03: the root user must be an active member.
    #[error("wanted an active member as root user; this is none")]
    RootUserUnknown,
    /// A key that ends before it begins.
    #[error("wanted an end in the future")]
    ExpiryPast,
    /// An app client's settings.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Another client is the default.
    #[error("another app client is the default: change that one first")]
    DefaultClientTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Secrets Manager failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// What kind of refusal it is: what decides the HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Not there.
    Absent,
    /// Not allowed.
    Forbidden,
    /// Another version than the one read.
    Precondition,
    /// What is there already is in the way.
    Conflict,
    /// What was given is wrong.
    Input,
    /// More than fits in a time.
    TooMany,
    /// Something of ours is busy or away; later may be better.
    Passing,
    /// Something of ours failed.
    Failure,
}

impl OnboardingError {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound(thing) => not_found(*thing),
            Self::NotEntitled(_) => "not_entitled",
            Self::VersionMismatch { .. } => "version_mismatch",
            Self::Changed => "changed_meanwhile",
            Self::Text { .. } => "text_length",
            Self::UnknownRole { .. } => "role_unknown",
            Self::ForbiddenDefaults { .. } => "role_pair_forbidden",
            Self::Seconds { .. } => "duration_out_of_range",
            Self::Email(e) => e.code(),
            Self::Domain(e) => e.code(),
            Self::DomainTaken => "domain_taken",
            Self::DomainProven => "domain_proven_already",
            Self::Dns(e) => e.code(),
            Self::TooMany { .. } => "limit_reached",
            Self::ConnectionIdTaken => "connection_id_taken",
            Self::IdReserved => "connection_id_reserved",
            Self::Metadata(e) => e.code(),
            Self::Fetch(e) => e.code(),
            Self::NameIdFormat(e) => e.code(),
            Self::Endpoint { error, .. } => error.code(),
            Self::Key(e) => e.code(),
            Self::Incomplete { .. } => "connection_incomplete",
            Self::OtherProtocol { .. } => "connection_of_another_protocol",
            Self::Setting { .. } => "setting_invalid",
            Self::Discovery(e) => e.code(),
            Self::Authority(e) => e.code(),
            Self::NoNextClientKey => "client_key_none_next",
            Self::NoNextSpKey => "sp_key_none_next",
            Self::NoOldSpKey => "sp_key_none_before",
            Self::Untested => "connection_untested",
            Self::Step { .. } => "connection_step_impossible",
            Self::OperatorOnly => "operator_only",
            Self::NobodyToInvite => "nobody_to_invite",
            Self::MailQuota { .. } => "mail_quota",
            Self::FreshSignIn => "fresh_sign_in_required",
            Self::OutsideDomains => "address_outside_domains",
            Self::BreakGlassKnown => "break_glass_known",
            Self::EnforcementNeedsTest => "enforcement_without_test",
            Self::EnforcementNeedsBreakGlass => "enforcement_without_break_glass",
            Self::NothingToEnforce => "enforcement_without_connection",
            Self::ScimNeedsConnection => "scim_without_connection",
            Self::DomainNotProven => "domain_not_proven",
            Self::UserNameTaken => "user_name_taken",
            Self::SeatsUsedUp { .. } => "seats_used_up",
            Self::Locked => "member_locked",
            Self::RootUser => "member_is_root_user",
            Self::LastOwner => "member_is_last_owner",
            Self::BreakGlassHolder => "member_is_break_glass",
            Self::MergeInactive => "merge_into_inactive",
            Self::MergeTwice => "merge_connection_twice",
            Self::ImportHeader => "import_header",
            Self::ImportPartDiffers => "import_part_differs",
            Self::HoldDecided => "hold_decided",
            Self::HoldOpen => "hold_open",
            Self::RootUserUnknown => "root_user_unknown",
            Self::ExpiryPast => "expiry_past",
            Self::Client(e) => e.code(),
            Self::DefaultClientTaken => "client_default_taken",
            Self::Store(e) => e.code(),
            Self::Secrets(e) => e.code(),
            Self::Random(e) => e.code(),
        }
    }

    /// What kind of refusal it is.
    #[must_use]
    pub fn cause(&self) -> Cause {
        match self {
            Self::NotFound(_) => Cause::Absent,
            Self::NotEntitled(_) | Self::OperatorOnly | Self::IdReserved | Self::FreshSignIn => {
                Cause::Forbidden
            }
            Self::VersionMismatch { .. } => Cause::Precondition,
            Self::Changed
            | Self::DomainTaken
            | Self::DomainProven
            | Self::TooMany { .. }
            | Self::ConnectionIdTaken
            | Self::Incomplete { .. }
            | Self::NoNextClientKey
            | Self::NoNextSpKey
            | Self::NoOldSpKey
            | Self::Untested
            | Self::Step { .. }
            | Self::NothingToEnforce
            | Self::BreakGlassKnown
            | Self::NobodyToInvite
            | Self::EnforcementNeedsTest
            | Self::EnforcementNeedsBreakGlass
            | Self::ScimNeedsConnection
            | Self::UserNameTaken
            | Self::SeatsUsedUp { .. }
            | Self::Locked
            | Self::RootUser
            | Self::LastOwner
            | Self::BreakGlassHolder
            | Self::MergeInactive
            | Self::MergeTwice
            | Self::ImportPartDiffers
            | Self::HoldDecided
            | Self::HoldOpen
            | Self::DefaultClientTaken => Cause::Conflict,
            Self::Text { .. }
            | Self::UnknownRole { .. }
            | Self::ForbiddenDefaults { .. }
            | Self::Seconds { .. }
            | Self::Email(_)
            | Self::Domain(_)
            | Self::Metadata(_)
            | Self::Fetch(_)
            | Self::NameIdFormat(_)
            | Self::Endpoint { .. }
            | Self::OtherProtocol { .. }
            | Self::Setting { .. }
            | Self::Discovery(_)
            | Self::Authority(_)
            | Self::RootUserUnknown
            | Self::OutsideDomains
            | Self::DomainNotProven
            | Self::ExpiryPast
            | Self::ImportHeader
            | Self::Client(_) => Cause::Input,
            Self::MailQuota { .. } => Cause::TooMany,
            Self::Store(StoreError::Busy { .. }) | Self::Dns(_) => Cause::Passing,
            Self::Secrets(e) if e.is_transient() => Cause::Passing,
            Self::Store(_) | Self::Secrets(_) | Self::Key(_) | Self::Random(_) => Cause::Failure,
        }
    }

    /// The field that is wrong, as a JSON pointer, where it is one field.
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Text { field, .. }
            | Self::UnknownRole { field, .. }
            | Self::Seconds { field, .. }
            | Self::OtherProtocol { field }
            | Self::Setting { field, .. }
            | Self::Endpoint { field, .. } => Some(field),
            Self::Discovery(e) => Some(e.field()),
            Self::Authority(_) => Some("/oidc/authority"),
            Self::Email(_) | Self::OutsideDomains => Some("/email"),
            Self::Domain(_) => Some("/domain"),
            Self::NameIdFormat(_) => Some("/saml/name_id_format"),
            Self::RootUserUnknown => Some("/root_user"),
            Self::ExpiryPast => Some("/expires_at"),
            Self::DomainNotProven => Some("/settings/scim_takeover_domains"),
            Self::Fetch(_) => Some("/url"),
            Self::NotFound(_)
            | Self::NotEntitled(_)
            | Self::VersionMismatch { .. }
            | Self::Changed
            | Self::ForbiddenDefaults { .. }
            | Self::DomainTaken
            | Self::DomainProven
            | Self::Dns(_)
            | Self::TooMany { .. }
            | Self::ConnectionIdTaken
            | Self::IdReserved
            | Self::Metadata(_)
            | Self::Key(_)
            | Self::Incomplete { .. }
            | Self::NoNextClientKey
            | Self::NoNextSpKey
            | Self::NoOldSpKey
            | Self::Untested
            | Self::Step { .. }
            | Self::OperatorOnly
            | Self::FreshSignIn
            | Self::MailQuota { .. }
            | Self::NothingToEnforce
            | Self::BreakGlassKnown
            | Self::NobodyToInvite
            | Self::EnforcementNeedsTest
            | Self::EnforcementNeedsBreakGlass
            | Self::ScimNeedsConnection
            | Self::UserNameTaken
            | Self::SeatsUsedUp { .. }
            | Self::Locked
            | Self::RootUser
            | Self::LastOwner
            | Self::BreakGlassHolder
            | Self::MergeInactive
            | Self::MergeTwice
            | Self::ImportHeader
            | Self::ImportPartDiffers
            | Self::HoldDecided
            | Self::HoldOpen
            | Self::Client(_)
            | Self::DefaultClientTaken
            | Self::Store(_)
            | Self::Secrets(_)
            | Self::Random(_) => None,
        }
    }
}

fn not_found(thing: Thing) -> &'static str {
    match thing {
        Thing::Tenant => "tenant_not_found",
        Thing::Domain => "domain_not_found",
        Thing::Connection => "connection_not_found",
        Thing::Member => "member_not_found",
        Thing::Client => "client_not_found",
        Thing::ClientSecret => "client_secret_not_found",
        Thing::ApiKey => "api_key_not_found",
        Thing::TestSignIn => "test_sign_in_not_found",
        Thing::SetupLink => "setup_link_not_found",
        Thing::SignInCode => "sign_in_code_not_found",
        Thing::BreakGlass => "break_glass_not_found",
        Thing::Identity => "identity_not_found",
        Thing::Session => "session_not_found",
        Thing::Import => "import_not_found",
        Thing::ImportPart => "import_part_not_found",
        Thing::Erasure => "erasure_not_found",
        Thing::Offboarding => "offboarding_not_found",
        Thing::SyncHold => "hold_not_found",
    }
}

/// The state's name, as the API has it.
pub(super) fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Draft => "draft",
        ConnectionState::Validating => "validating",
        ConnectionState::InReview => "in_review",
        ConnectionState::Active => "active",
        ConnectionState::Suspended => "suspended",
    }
}

impl From<CommitError> for OnboardingError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Refused(_) => Self::Changed,
            CommitError::Store(error) => Self::Store(error),
        }
    }
}
