//! A refused sign-in as the person sees it: short, with a reference; the owner's record says more (GH-04).

use axum::body::Body;
use axum::http::{Response, StatusCode};

use super::Front;
use crate::app::finish_sign_in::FinishError;
use crate::app::finish_sign_in::refusal::SignInRefusal;
use crate::app::start_sign_in::StartError;
use crate::domain::ids::ConnectionId;
use crate::http::pages::{DeniedPage, DenyReason, ErrorPage};
use crate::http::reference::Reference;
use crate::oidc::refusal::{OidcRefusal, ProviderError};

/// What the person is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A page with this status and text.
    Page(StatusCode, &'static str),
    /// Somebody in the organization can lift it.
    Denied(DenyReason),
}

const FAILED: &str = "Sign-in failed";
const NOT_ACCEPTED: &str = "The answer of your organization's sign-in service was not accepted. \
    Ask your administrator, and give the reference.";
const START_AGAIN: &str = "This sign-in is over, was used already, or was begun in another browser. \
    Go back to the application and start again.";
const NO_COOKIE: &str = "Your browser did not send the cookie of this sign-in. \
    Allow cookies for this site, go back to the application and start again.";
const OURS: &str = "Something failed on our side. Try again in a moment.";
const NO_ANSWER: &str = "Your organization's sign-in service does not answer at the moment. \
    Try again in a moment, or tell your administrator, and give the reference.";
const ASK_ADMIN: &str = "Your organization's settings do not let this sign-in through. \
    Ask your administrator, and give the reference.";

pub(super) fn of_finish(error: &FinishError) -> Told {
    match error {
        FinishError::Saml(_) => Told::Page(StatusCode::BAD_REQUEST, NOT_ACCEPTED),
        FinishError::Oidc(refusal) => of_oidc(refusal),
        FinishError::Refused(refusal) => of_refusal(refusal),
        FinishError::Store(_) | FinishError::Secrets(_) => Told::Page(StatusCode::SERVICE_UNAVAILABLE, OURS),
        FinishError::Random(_) => Told::Page(StatusCode::INTERNAL_SERVER_ERROR, OURS),
    }
}

pub(super) fn of_start(error: &StartError) -> Told {
    match error {
        StartError::Refused(refusal) => of_refusal(refusal),
        StartError::NoConnection => Told::Page(
            StatusCode::NOT_FOUND,
            "No organization signs in here with this address. Check it, or sign in to the application another way.",
        ),
        StartError::RelayState(_) => Told::Page(StatusCode::BAD_REQUEST, START_AGAIN),
        StartError::Address(_) => Told::Page(StatusCode::UNPROCESSABLE_ENTITY, "That is no e-mail address."),
        StartError::KeyMissing | StartError::Store(_) | StartError::Secrets(_) => {
            Told::Page(StatusCode::SERVICE_UNAVAILABLE, OURS)
        }
        StartError::Oidc(refusal) => of_oidc(refusal),
        StartError::Request(_) | StartError::Signing(_) | StartError::Random(_) => {
            Told::Page(StatusCode::INTERNAL_SERVER_ERROR, OURS)
        }
    }
}

fn of_refusal(refusal: &SignInRefusal) -> Told {
    match refusal {
        SignInRefusal::ConnectionUnknown => Told::Page(
            StatusCode::NOT_FOUND,
            "There is no such connection. Check the address with your administrator.",
        ),
        SignInRefusal::AttemptUnknown
        | SignInRefusal::BrowserMismatch
        | SignInRefusal::Replayed
        | SignInRefusal::LinkTriesUsedUp => Told::Page(StatusCode::BAD_REQUEST, START_AGAIN),
        SignInRefusal::CookieMissing => Told::Page(StatusCode::BAD_REQUEST, NO_COOKIE),
        SignInRefusal::Unsolicited => Told::Page(
            StatusCode::BAD_REQUEST,
            "This sign-in was not begun here. Go to the application and sign in from there.",
        ),
        SignInRefusal::LinkCodeWrong { .. } => Told::Page(
            StatusCode::UNPROCESSABLE_ENTITY,
            "That is not the code that was mailed to you.",
        ),
        SignInRefusal::ConnectionMismatch
        | SignInRefusal::NotFresh
        | SignInRefusal::SubjectTransient
        | SignInRefusal::SubjectMissing { .. }
        | SignInRefusal::EmailMissing => Told::Page(StatusCode::BAD_REQUEST, NOT_ACCEPTED),
        SignInRefusal::ConnectionNotActive
        | SignInRefusal::ConnectionIncomplete
        | SignInRefusal::OtherProtocol
        | SignInRefusal::IssuerMismatch
        | SignInRefusal::NotEntitled
        | SignInRefusal::NotAnOwner
        | SignInRefusal::AddressAmbiguous
        | SignInRefusal::AnotherSubjectLinked
        | SignInRefusal::UserNameTaken => Told::Page(StatusCode::FORBIDDEN, ASK_ADMIN),
        SignInRefusal::ForeignAddress => Told::Denied(DenyReason::ForeignAddress),
        SignInRefusal::UserInactive | SignInRefusal::UserDeleted => Told::Denied(DenyReason::Deactivated),
        SignInRefusal::UserUnknown => Told::Denied(DenyReason::NotRegistered),
        SignInRefusal::ProvisionAttributeMissing { .. } => {
            Told::Denied(DenyReason::ProvisionAttributeMissing)
        }
        SignInRefusal::SeatsUsedUp { .. } => Told::Denied(DenyReason::SeatsUsed),
    }
}

/// An answer of an OpenID Provider or of GitHub that was not accepted.
fn of_oidc(refusal: &OidcRefusal) -> Told {
    match refusal {
        OidcRefusal::CallbackMalformed
        | OidcRefusal::ParameterRepeated(_)
        | OidcRefusal::CallbackAmbiguous
        | OidcRefusal::StateMismatch
        | OidcRefusal::TokenRefused(_) => Told::Page(StatusCode::BAD_REQUEST, START_AGAIN),
        OidcRefusal::Provider { meaning, .. } => of_provider(*meaning),
        OidcRefusal::Unreachable { .. } => Told::Page(StatusCode::BAD_GATEWAY, NO_ANSWER),
        OidcRefusal::AuthorizationEndpoint(_) | OidcRefusal::ClientRefused => {
            Told::Page(StatusCode::BAD_REQUEST, ASK_ADMIN)
        }
        OidcRefusal::EmailUnverified | OidcRefusal::EmailProofMissing | OidcRefusal::GitHubEmail => {
            Told::Page(
                StatusCode::FORBIDDEN,
                "Your organization's sign-in service has not verified your e-mail address. \
                Verify it there, or ask your administrator, and give the reference.",
            )
        }
        OidcRefusal::DirectoryMismatch
        | OidcRefusal::HostedDomainMismatch
        | OidcRefusal::HostedDomainMissing
        | OidcRefusal::GitHubNotAMember => Told::Page(
            StatusCode::FORBIDDEN,
            "This account does not belong to the organization. \
                Sign in with your work account, or ask your administrator, and give the reference.",
        ),
        OidcRefusal::CallbackIssuer
        | OidcRefusal::CallbackIssuerMissing
        | OidcRefusal::TokenMalformed
        | OidcRefusal::IdTokenMissing
        | OidcRefusal::KeysMalformed
        | OidcRefusal::TooManyKeys { .. }
        | OidcRefusal::IdTokenMalformed
        | OidcRefusal::IdTokenUnsigned
        | OidcRefusal::IdTokenAlgorithm(_)
        | OidcRefusal::IdTokenCritical
        | OidcRefusal::IdTokenEmbeddedKey
        | OidcRefusal::IdTokenUnknownKey
        | OidcRefusal::IdTokenSignature
        | OidcRefusal::IdTokenIssuer
        | OidcRefusal::IdTokenAudience
        | OidcRefusal::IdTokenAuthorizedParty
        | OidcRefusal::IdTokenNonce
        | OidcRefusal::IdTokenExpired
        | OidcRefusal::IdTokenFuture
        | OidcRefusal::IdTokenAccessHash
        | OidcRefusal::IdTokenSubject
        | OidcRefusal::UserinfoMalformed
        | OidcRefusal::UserinfoSubject
        | OidcRefusal::SubjectClaims { .. }
        | OidcRefusal::GitHubMalformed
        | OidcRefusal::GitHubRefused(_) => Told::Page(StatusCode::BAD_REQUEST, NOT_ACCEPTED),
    }
}

/// What the provider's own error means.
fn of_provider(meaning: ProviderError) -> Told {
    match meaning {
        ProviderError::Denied => Told::Page(
            StatusCode::FORBIDDEN,
            "Your organization's sign-in service did not let you in, or you cancelled. \
                Start again, or ask your administrator for access to this application, and give the reference.",
        ),
        ProviderError::InteractionNeeded => Told::Page(
            StatusCode::BAD_REQUEST,
            "Your organization's sign-in service needs you to sign in there first. \
                Go back to the application and start again.",
        ),
        ProviderError::Unavailable => Told::Page(StatusCode::SERVICE_UNAVAILABLE, NO_ANSWER),
        ProviderError::Scope | ProviderError::Misconfigured | ProviderError::Other => {
            Told::Page(StatusCode::BAD_REQUEST, ASK_ADMIN)
        }
    }
}

pub(super) async fn page(
    front: &Front,
    told: Told,
    code: &'static str,
    connection: Option<&ConnectionId>,
    reference: &Reference,
) -> Response<Body> {
    let mut answer = match told {
        Told::Page(status, message) => {
            if status.is_server_error() {
                tracing::error!(error.code = code, reference = %reference, "a sign-in failed on our side");
            }
            front.pages.error(
                status,
                &ErrorPage {
                    title: FAILED,
                    message,
                    reference,
                    again: None,
                },
            )
        }
        Told::Denied(reason) => {
            let context = match connection {
                Some(id) => front
                    .gatehouse
                    .store
                    .front_door()
                    .sign_in_context(id)
                    .await
                    .ok()
                    .flatten(),
                None => None,
            };
            let tenant = context.as_ref().map(|context| &context.tenant);
            front.pages.denied(&DeniedPage {
                reason,
                organization: tenant.map_or("Your organization", |tenant| tenant.name.as_str()),
                contact: tenant.and_then(|tenant| tenant.settings.admin_contact.as_deref()),
                reference,
            })
        }
    };
    mark(&mut answer, code);
    answer
}

/// Names the refusal, for programs and support; the page itself stays short.
pub fn mark(answer: &mut Response<Body>, code: &str) {
    if let Ok(value) = axum::http::HeaderValue::from_str(code) {
        answer.headers_mut().insert("x-gatehouse-code", value);
    }
}
