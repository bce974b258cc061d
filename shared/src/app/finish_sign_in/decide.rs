//! The one decision of a sign-in, as a pure function of what is known (DESIGN section 3).

use crate::domain::connection::ConnectionState;
use crate::domain::ids::UserId;
use crate::domain::team::Source;
use crate::domain::tenant::ForeignAddresses;
use crate::domain::user::User;
use crate::store::{KnownIdentity, SignInContext};

use super::person::Person;
use super::refusal::SignInRefusal;

/// What is known when an identity provider has vouched for a person.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Connection, tenant and its proven domains.
    pub context: &'a SignInContext,
    /// Whom the identity provider vouched for.
    pub person: &'a Person,
    /// The identity, if this connection has vouched for that subject before.
    pub identity: Option<&'a KnownIdentity>,
    /// With an identity: its user.
    pub linked_user: Linked<'a>,
    /// Without an identity: the users with the address, each with whether it has another identity here.
    pub same_address: &'a [(User, bool)],
}

/// What is known of the user behind an identity.
#[derive(Debug, Clone, Copy)]
pub enum Linked<'a> {
    /// Not read: the transaction holds only while the user is active, at the epoch of the last sign-in.
    Trusted,
    /// Read; `None` when the record is gone.
    Read(Option<&'a User>),
}

/// What a sign-in does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is refused, by name.
    Refuse(SignInRefusal),
    /// The known user signs in.
    SignIn(UserId),
    /// The identity is linked to the user of the same believed address, who signs in.
    Link(UserId),
    /// The person must first type the code that is mailed to the user's address on record.
    AskToLink(UserId),
    /// A user is made.
    Provision,
    /// Nobody is known, and none is made: to the app's registration, if it has one (CH-08).
    Register,
}

/// Decides what the sign-in does.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    if facts.context.connection.state != ConnectionState::Active {
        return Decision::Refuse(SignInRefusal::ConnectionNotActive);
    }
    if let Some(identity) = facts.identity {
        return known(identity, facts.linked_user);
    }
    if !facts.context.tenant.entitlements.sso {
        return Decision::Refuse(SignInRefusal::NotEntitled);
    }
    let Some(address) = &facts.person.email else {
        return Decision::Refuse(SignInRefusal::EmailMissing);
    };
    if facts.context.domains.believes(address) {
        believed(facts)
    } else {
        foreign(facts)
    }
}

/// Somebody who has signed in here before.
fn known(identity: &KnownIdentity, user: Linked<'_>) -> Decision {
    match user {
        Linked::Read(None) => Decision::Refuse(SignInRefusal::UserDeleted),
        Linked::Read(Some(user)) if user.tombstone => Decision::Refuse(SignInRefusal::UserDeleted),
        Linked::Read(Some(user)) if !user.active => Decision::Refuse(SignInRefusal::UserInactive),
        Linked::Read(Some(_)) | Linked::Trusted => Decision::SignIn(identity.user.clone()),
    }
}

/// A first sign-in with an address in a proven domain (GH-05).
fn believed(facts: &Facts<'_>) -> Decision {
    let (user, linked_here) = match sole_active(facts.same_address) {
        Sole::Nobody => return nobody(facts),
        Sole::Refused(refusal) => return Decision::Refuse(refusal),
        Sole::One(user, linked_here) => (user, linked_here),
    };
    if linked_here {
        return Decision::Refuse(SignInRefusal::AnotherSubjectLinked);
    }
    if facts.context.tenant.settings.confirm_linking && user.source == Source::Manual {
        return Decision::AskToLink(user.id.clone());
    }
    Decision::Link(user.id.clone())
}

/// A first sign-in with an address outside the proven domains: it never links or merges by itself.
fn foreign(facts: &Facts<'_>) -> Decision {
    let policy = facts.context.tenant.settings.foreign_addresses;
    if policy == ForeignAddresses::Refuse {
        return Decision::Refuse(SignInRefusal::ForeignAddress);
    }
    match (sole_active(facts.same_address), policy) {
        (Sole::Refused(refusal), _) => Decision::Refuse(refusal),
        (Sole::One(_, true), _) => Decision::Refuse(SignInRefusal::AnotherSubjectLinked),
        // The address selects whom to mail; what links is the code that only its holder can read.
        (Sole::One(user, false), ForeignAddresses::Known | ForeignAddresses::Admit) => {
            Decision::AskToLink(user.id.clone())
        }
        (Sole::Nobody, ForeignAddresses::Admit) => nobody(facts),
        (Sole::Nobody, ForeignAddresses::Known) | (_, ForeignAddresses::Refuse) => {
            Decision::Refuse(SignInRefusal::ForeignAddress)
        }
    }
}

/// The one active user among those of an address.
enum Sole<'a> {
    Nobody,
    One(&'a User, bool),
    Refused(SignInRefusal),
}

fn sole_active(users: &[(User, bool)]) -> Sole<'_> {
    let mut active = users.iter().filter(|(user, _)| user.active && !user.tombstone);
    match (active.next(), active.next()) {
        (Some((user, linked_here)), None) => Sole::One(user, *linked_here),
        (Some(_), Some(_)) => Sole::Refused(SignInRefusal::AddressAmbiguous),
        // Whom SCIM or the owner switched off is not made anew by signing in.
        (None, _) if !users.is_empty() => Sole::Refused(SignInRefusal::UserInactive),
        (None, _) => Sole::Nobody,
    }
}

/// Nobody has the address: make the user, if that is switched on and the person carries what is asked for (IL-35).
fn nobody(facts: &Facts<'_>) -> Decision {
    let tenant = &facts.context.tenant;
    if !tenant.provisions_at_sign_in() {
        return Decision::Register;
    }
    let present = |name: &String| facts.person.attributes.0.contains_key(name);
    match &tenant.settings.check_provision_attribute {
        Some(name) if !present(name) => Decision::Refuse(SignInRefusal::ProvisionAttributeMissing {
            attribute: name.clone(),
        }),
        Some(_) | None => Decision::Provision,
    }
}
