//! What each page shows: the content of `<main>`; the layout is put around it by [`super::Pages`].

use askama::Template;

use crate::config::Sibling;
use crate::http::reference::Reference;

/// A hidden form field: name and value.
pub type Hidden<'a> = (&'a str, &'a str);

/// A refusal for the person: what happened in one or two plain sentences, what to do, and the reference.
#[derive(Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    /// A few words, such as "Sign-in failed".
    pub title: &'a str,
    /// What happened and what to do; no detail that helps an attacker.
    pub message: &'a str,
    /// What the owner looks up.
    pub reference: &'a Reference,
    /// Where "Try again" leads; none means no such link.
    pub again: Option<&'a str>,
}

/// A refusal that somebody in the customer's organization can lift.
#[derive(Clone, Template)]
#[template(path = "denied.html")]
pub struct DeniedPage<'a> {
    /// Why.
    pub reason: DenyReason,
    /// Name of the customer's organization.
    pub organization: &'a str,
    /// Whom to ask, as the organization wants it shown: a name, an address or both. None names its administrators.
    pub contact: Option<&'a str>,
    /// What the owner looks up.
    pub reference: &'a Reference,
}

/// Why a person without an account was not given one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenyReason {
    /// IL-06: the booked seats are used up.
    SeatsUsed,
    /// IL-35: the identity provider did not send the attribute that lets people in.
    ProvisionAttributeMissing,
    /// CH-08: people are not made at sign-in, and the app takes no registrations.
    NotRegistered,
    /// The account exists and was switched off.
    Deactivated,
    /// The address is outside the domains that this organization has proven.
    ForeignAddress,
}

impl DenyReason {
    /// A few words for the heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SeatsUsed => "No seat is free",
            Self::ProvisionAttributeMissing => "You have no access yet",
            Self::NotRegistered => "You have no account yet",
            Self::Deactivated => "Your account is switched off",
            Self::ForeignAddress => "This address cannot be used",
        }
    }

    /// What happened, as the middle of a sentence about the organization.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SeatsUsed => "has used all the seats it has booked, so no account was made for you.",
            Self::ProvisionAttributeMissing => {
                "has not released this application to you, so no account was made."
            }
            Self::NotRegistered => "does not make accounts at sign-in.",
            Self::Deactivated => "has switched your account off.",
            Self::ForeignAddress => "does not accept sign-ins with an address of this domain.",
        }
    }

    /// What whoever is asked should do.
    #[must_use]
    pub fn request(self) -> &'static str {
        match self {
            Self::SeatsUsed => "to free or book a seat",
            Self::ProvisionAttributeMissing => "to give you access",
            Self::NotRegistered => "to invite you",
            Self::Deactivated => "to switch it on again",
            Self::ForeignAddress => "to invite you, or use your work address",
        }
    }
}

/// Asks for the e-mail address.
#[derive(Clone)]
pub struct SignInPage<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// Fields that go with it.
    pub hidden: &'a [Hidden<'a>],
    /// The address to begin with.
    pub email: &'a str,
    /// What was wrong with the last try; answers the same for unknown and for wrong.
    pub problem: Option<&'a str>,
}

/// The sign-in page with links to the other hosting regions (AQ-27).
#[derive(Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInWithSiblings<'a> {
    pub(super) page: &'a SignInPage<'a>,
    pub(super) siblings: &'a [Sibling],
}

/// Lets the person choose among connections.
#[derive(Clone, Template)]
#[template(path = "choice.html")]
pub struct ChoicePage<'a> {
    /// Where the form goes; the choice goes as `connection`.
    pub action: &'a str,
    /// Fields that go with it.
    pub hidden: &'a [Hidden<'a>],
    /// What there is to choose from, in the order shown.
    pub connections: &'a [ConnectionChoice<'a>],
}

/// One button of the chooser.
#[derive(Debug, Clone)]
pub struct ConnectionChoice<'a> {
    /// Id of the connection.
    pub id: &'a str,
    /// What the owner called it, such as "Acme Okta".
    pub name: &'a str,
    /// Name of the organization it belongs to.
    pub organization: &'a str,
}

/// "Continue as a…@acme.com?"
#[derive(Clone, Template)]
#[template(path = "continue_as.html")]
pub struct ContinueAsPage<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// Fields that go with it.
    pub hidden: &'a [Hidden<'a>],
    /// The address, masked by the page.
    pub email: &'a str,
    /// Name of the organization.
    pub organization: &'a str,
}

/// A form that sends itself to an identity provider.
#[derive(Clone, Template)]
#[template(path = "auto_post.html")]
pub struct AutoPostPage<'a> {
    /// The identity provider's endpoint, checked to be http or https.
    pub action: &'a str,
    /// `SAMLRequest` or `SAMLResponse`, and `RelayState`.
    pub fields: &'a [Hidden<'a>],
}

/// Asks for the code that was mailed.
#[derive(Clone, Template)]
#[template(path = "link_code.html")]
pub struct LinkCodePage<'a> {
    /// Where the form goes; the code goes as `code`.
    pub action: &'a str,
    /// Fields that go with it.
    pub hidden: &'a [Hidden<'a>],
    /// The address on record, masked by the page.
    pub email: &'a str,
    /// Name of the organization.
    pub organization: &'a str,
    /// What was wrong with the last try.
    pub problem: Option<&'a str>,
}

/// Asks whether to sign out.
#[derive(Clone, Template)]
#[template(path = "sign_out.html")]
pub struct SignOutPage<'a> {
    /// Where the form goes.
    pub action: &'a str,
    /// Fields that go with it.
    pub hidden: &'a [Hidden<'a>],
}

/// Says something that is not a refusal.
#[derive(Clone, Template)]
#[template(path = "notice.html")]
pub struct NoticePage<'a> {
    /// A few words.
    pub title: &'a str,
    /// One or two sentences.
    pub message: &'a str,
}

impl ContinueAsPage<'_> {
    fn masked(&self) -> String {
        mask(self.email)
    }
}

impl LinkCodePage<'_> {
    fn masked(&self) -> String {
        mask(self.email)
    }
}

/// `a…@acme.com`: enough for its owner to know it, too little for anybody else.
fn mask(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".to_owned(),
    }
}
