//! Linking by mail (AskToLink): a code mailed to the address on record, typed into the starting browser, five tries.

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::decide::{Decision, Facts, Linked, decide};
use super::person::identity_hash;
use super::refusal::SignInRefusal;
use super::{FinishError, Parked, Step, Verified, commit};
use crate::app::attempt::{ATTEMPT_LIFETIME, Attempt, PendingLink};
use crate::app::{Browser, Gatehouse};
use crate::domain::letter::Letter;
use crate::domain::user::User;
use crate::random;
use crate::redacted::Secret;
use crate::store::{MailJob, SignInContext};

/// Wrong codes that are borne.
const MOST_TRIES: u8 = 5;
/// Digits of a code.
const DIGITS: u32 = 8;

/// A code, what is kept of the sign-in, and the mail that carries the code.
pub(super) fn ask(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
    attempt: &Attempt,
    user: &User,
) -> Result<(Step, Parked, (MailJob, Secret)), FinishError> {
    let address = user.email.clone().ok_or(SignInRefusal::EmailMissing)?;
    let token = random::token()?;
    let code = code()?;
    let hint = address.hint();
    let parked = Parked::Link {
        verified: Box::new(verified.clone()),
        attempt: Box::new(attempt.clone()),
        pending: PendingLink {
            user: user.id.clone(),
            code_hash: code_hash(&token, &code),
            tries: 0,
        },
    };
    let mail = MailJob {
        reference: random::uuid()?.to_string(),
        to: address,
        also_to: Vec::new(),
        letter: Letter::LinkCode {
            organization: context.tenant.name.clone(),
            minutes: ATTEMPT_LIFETIME.num_minutes(),
        },
        not_after: gatehouse.clock.now() + ATTEMPT_LIFETIME,
        has_secret: true,
    };
    Ok((
        Step::AskForCode {
            token,
            hint,
            organization: context.tenant.name.clone(),
        },
        parked,
        (mail, Secret::new(code)),
    ))
}

/// A uniform code of [`DIGITS`] digits: 64 random bits leave no bias that matters.
fn code() -> Result<String, FinishError> {
    let number = u64::from_be_bytes(random::bytes::<8>()?) % 10u64.pow(DIGITS);
    Ok(format!(
        "{number:0width$}",
        width = usize::try_from(DIGITS).unwrap_or(8)
    ))
}

/// Bound to the parked sign-in, so that a code is of use there only.
fn code_hash(token: &str, code: &str) -> String {
    identity_hash("link_code", &[token, code])
}

/// The person typed a code.
///
/// # Errors
/// [`SignInRefusal::LinkCodeWrong`] with the tries that are left, [`SignInRefusal::LinkTriesUsedUp`], or what any
/// sign-in is refused for.
pub async fn confirm_link(
    gatehouse: &Gatehouse,
    token: &str,
    typed: &str,
    browser: &Browser,
) -> Result<Step, FinishError> {
    let door = gatehouse.store.front_door();
    let Some(parked) = door.parked::<Parked>(token).await? else {
        return Err(SignInRefusal::AttemptUnknown.into());
    };
    let Parked::Link {
        verified,
        attempt,
        pending,
    } = parked
    else {
        return Err(SignInRefusal::AttemptUnknown.into());
    };
    if !browser.is(&attempt.browser) {
        return Err(SignInRefusal::BrowserMismatch.into());
    }
    if pending.tries >= MOST_TRIES {
        return Err(SignInRefusal::LinkTriesUsedUp.into());
    }
    let digits = typed.chars().filter(char::is_ascii_digit).collect::<String>();
    let right = code_hash(token, &digits);
    if verify_slices_are_equal(right.as_bytes(), pending.code_hash.as_bytes()).is_err() {
        return Err(wrong(gatehouse, token, verified, attempt, pending).await);
    }
    let context = door.sign_in_context(&verified.connection).await?;
    let context = context.ok_or(SignInRefusal::ConnectionUnknown)?;
    still_linkable(gatehouse, &context, &verified, &pending).await?;
    let ticket = commit::Ticket {
        attempt: &attempt,
        token,
        parked: true,
        spends_id: false,
    };
    commit::link(gatehouse, &context, &verified, &ticket, &pending.user).await
}

/// The code proves the address on record; everything else must still be as when it was mailed.
async fn still_linkable(
    gatehouse: &Gatehouse,
    context: &SignInContext,
    verified: &Verified,
    pending: &PendingLink,
) -> Result<(), FinishError> {
    let store = gatehouse.store.tenant(&context.tenant.id);
    let identity = store
        .identity(&context.connection.id, &verified.person.subject)
        .await?;
    let user = store
        .user(&pending.user)
        .await?
        .ok_or(SignInRefusal::UserDeleted)?;
    let identities = store.identities(&user.id).await?;
    let linked_here = identities
        .iter()
        .any(|(connection, _)| *connection == context.connection.id);
    let facts = Facts {
        context,
        person: &verified.person,
        identity: identity.as_ref(),
        linked_user: Linked::Read(None),
        same_address: &[(user, linked_here)],
    };
    match decide(&facts) {
        Decision::AskToLink(_) | Decision::Link(_) => Ok(()),
        Decision::Refuse(refusal) => Err(refusal.into()),
        Decision::SignIn(_) | Decision::Provision | Decision::Register => {
            Err(SignInRefusal::AnotherSubjectLinked.into())
        }
    }
}

/// Counts the wrong code before saying so; a count that could not be written refuses the try.
async fn wrong(
    gatehouse: &Gatehouse,
    token: &str,
    verified: Box<Verified>,
    attempt: Box<Attempt>,
    pending: PendingLink,
) -> FinishError {
    let tries = pending.tries + 1;
    let until = attempt.expires_at;
    let counted = Parked::Link {
        verified,
        attempt,
        pending: PendingLink { tries, ..pending },
    };
    let door = gatehouse.store.front_door();
    match door
        .replace_parked(token, u64::from(tries) - 1, u64::from(tries), &counted, until)
        .await
    {
        Ok(()) if tries >= MOST_TRIES => SignInRefusal::LinkTriesUsedUp.into(),
        Ok(()) => SignInRefusal::LinkCodeWrong {
            left: MOST_TRIES - tries,
        }
        .into(),
        Err(error) => error.into(),
    }
}
