//! Why a sign-in was refused after the protocol's own checks: a stable code, and who can mend it.

use crate::domain::fixer::Fixer;

/// A refused sign-in. Neither address nor subject is part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// No connection has this id.
    #[error("wanted the id of a connection; none has the one that came")]
    ConnectionUnknown,
    /// The connection is not switched on.
    #[error("wanted an active connection; this one is not active")]
    ConnectionNotActive,
    /// The connection has no identity provider yet.
    #[error("wanted a connection whose identity provider is set up; this one has none")]
    ConnectionIncomplete,
    /// The connection speaks another protocol than the one that was used.
    #[error("wanted an answer by the connection's protocol; another protocol's came")]
    OtherProtocol,
    /// AQ-08: a third party names another identity provider than the connection's.
    #[error("wanted the issuer of the connection in iss; another came")]
    IssuerMismatch,
    /// AQ-01: single sign-on is not included.
    #[error("wanted an organization that includes single sign-on; this one does not")]
    NotEntitled,
    /// No attempt is open under what came back.
    #[error("wanted the answer to an open sign-in; it is over, was used already, or never began")]
    AttemptUnknown,
    /// The response names a request that is not the attempt's current one, and unsolicited ones are switched off.
    #[error("wanted the answer to the request of this sign-in; it names another or none")]
    Unsolicited,
    /// The attempt was started in another browser.
    #[error("wanted the browser that started this sign-in; this is another, or its cookie is gone")]
    BrowserMismatch,
    /// The browser sent no cookie, so nothing is known of its attempt.
    #[error("wanted the browser's cookie; none came")]
    CookieMissing,
    /// The attempt belongs to another connection.
    #[error("wanted the answer of the connection that was asked; another one's came")]
    ConnectionMismatch,
    /// The assertion was used before.
    #[error("wanted an assertion that was not used before; this one was")]
    Replayed,
    /// The app asked for a fresh sign-in.
    #[error("wanted a fresh sign-in; the identity provider answered with an older one")]
    NotFresh,
    /// A transient NameID names nobody.
    #[error("wanted a lasting subject; a transient NameID came and no unique-id attribute is mapped")]
    SubjectTransient,
    /// Nothing identifies the person.
    #[error("wanted exactly one value of the subject; {found} came")]
    SubjectMissing {
        /// How many values came.
        found: usize,
    },
    /// No usable address.
    #[error("wanted an e-mail address in the mapped attribute or the NameID; none came")]
    EmailMissing,
    /// GH-05: the address is outside the proven domains.
    #[error("wanted an address in a proven domain of the organization; another domain's came")]
    ForeignAddress,
    /// The person is no owner of the organization, or has not signed in to the app before.
    #[error("wanted an owner of the organization who has signed in before; this person is none")]
    NotAnOwner,
    /// Several active users have the address.
    #[error("wanted one user with this address; several have it")]
    AddressAmbiguous,
    /// The user of the address is linked to another subject at this connection.
    #[error("wanted the subject that is linked to this user; another one came with the same address")]
    AnotherSubjectLinked,
    /// The user was switched off.
    #[error("wanted an active user; this one is deactivated")]
    UserInactive,
    /// The user was deleted.
    #[error("wanted an existing user; this one was deleted")]
    UserDeleted,
    /// CH-08: nobody is known, none is made, and the app takes no registrations.
    #[error("wanted a known user; this person is unknown and users are not made at sign-in")]
    UserUnknown,
    /// IL-35: the attribute that allows making a user is absent.
    #[error("wanted the attribute {attribute} for a user to be made; it is absent")]
    ProvisionAttributeMissing {
        /// The attribute's name, as set by the owner.
        attribute: String,
    },
    /// IL-06: every booked seat is taken.
    #[error("wanted a free seat; all {seats} booked seats are taken")]
    SeatsUsedUp {
        /// Booked seats.
        seats: u32,
    },
    /// The user name is another user's.
    #[error("wanted a free user name; another user has the one of this person")]
    UserNameTaken,
    /// AskToLink: the code is wrong.
    #[error("wanted the code that was mailed; another came")]
    LinkCodeWrong {
        /// How many tries are left.
        left: u8,
    },
    /// AskToLink: five wrong codes.
    #[error("wanted the code that was mailed; five wrong ones came")]
    LinkTriesUsedUp,
}

impl SignInRefusal {
    /// Stable code of this refusal.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectionUnknown => "connection_unknown",
            Self::ConnectionNotActive => "connection_not_active",
            Self::ConnectionIncomplete => "connection_incomplete",
            Self::OtherProtocol => "connection_of_another_protocol",
            Self::IssuerMismatch => "login_issuer_mismatch",
            Self::NotEntitled => "not_entitled",
            Self::AttemptUnknown => "attempt_unknown",
            Self::Unsolicited => "unsolicited_response",
            Self::BrowserMismatch => "browser_mismatch",
            Self::CookieMissing => "cookie_missing",
            Self::ConnectionMismatch => "connection_mismatch",
            Self::Replayed => "assertion_replayed",
            Self::NotFresh => "sign_in_not_fresh",
            Self::SubjectTransient => "subject_transient",
            Self::SubjectMissing { .. } => "subject_missing",
            Self::EmailMissing => "email_missing",
            Self::ForeignAddress => "foreign_address",
            Self::NotAnOwner => "not_an_owner",
            Self::AddressAmbiguous => "address_ambiguous",
            Self::AnotherSubjectLinked => "another_subject_linked",
            Self::UserInactive => "user_inactive",
            Self::UserDeleted => "user_deleted",
            Self::UserUnknown => "user_unknown",
            Self::ProvisionAttributeMissing { .. } => "provision_attribute_missing",
            Self::SeatsUsedUp { .. } => "seats_used_up",
            Self::UserNameTaken => "user_name_taken",
            Self::LinkCodeWrong { .. } => "link_code_wrong",
            Self::LinkTriesUsedUp => "link_tries_used_up",
        }
    }

    /// Who can mend it.
    #[must_use]
    pub fn fixer(&self) -> Fixer {
        match self {
            Self::AttemptUnknown
            | Self::BrowserMismatch
            | Self::CookieMissing
            | Self::Replayed
            | Self::ConnectionUnknown
            | Self::LinkCodeWrong { .. }
            | Self::LinkTriesUsedUp => Fixer::Person,
            Self::NotFresh
            | Self::SubjectTransient
            | Self::SubjectMissing { .. }
            | Self::EmailMissing
            | Self::ConnectionMismatch => Fixer::IdpAdmin,
            Self::ConnectionNotActive
            | Self::ConnectionIncomplete
            | Self::OtherProtocol
            | Self::IssuerMismatch
            | Self::NotEntitled
            | Self::Unsolicited
            | Self::ForeignAddress
            | Self::NotAnOwner
            | Self::AddressAmbiguous
            | Self::AnotherSubjectLinked
            | Self::UserInactive
            | Self::UserDeleted
            | Self::UserUnknown
            | Self::ProvisionAttributeMissing { .. }
            | Self::SeatsUsedUp { .. }
            | Self::UserNameTaken => Fixer::Owner,
        }
    }
}
