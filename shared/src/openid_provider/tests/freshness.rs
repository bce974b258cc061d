//! SE-07, SE-08 and the app's own wishes.

use chrono::TimeDelta;

use super::support::{after, now};
use crate::openid_provider::authorize::Prompt;
use crate::openid_provider::freshness::{
    Asked, Freshness, SessionFacts, access_ends_at, check_answer, needs_reauthentication,
};

fn session() -> SessionFacts {
    SessionFacts {
        auth_time: after(-3600),
        access_ends_at: after(3600),
        session_ends_at: after(7200),
    }
}

fn asked(prompt: &str, max_age: Option<u32>) -> Asked {
    let prompt = Prompt {
        none: prompt.contains("none"),
        login: prompt.contains("login"),
        select_account: prompt.contains("select_account"),
    };
    Asked { prompt, max_age }
}

const QUIET: Freshness = Freshness::SignIn {
    force: false,
    choose_account: false,
};
const FORCED: Freshness = Freshness::SignIn {
    force: true,
    choose_account: false,
};
const CHOOSE: Freshness = Freshness::SignIn {
    force: false,
    choose_account: true,
};

#[test]
fn se_08_access_ends_at_the_earlier_of_the_tenants_limit_and_the_idps() {
    let limit = TimeDelta::hours(20);
    assert_eq!(access_ends_at(now(), limit, None), now() + limit);
    assert_eq!(access_ends_at(now(), limit, Some(after(60))), after(60));
    assert_eq!(
        access_ends_at(now(), limit, Some(now() + TimeDelta::days(9))),
        now() + limit
    );
}

#[test]
fn se_07_se_08_a_session_answers_until_either_end() {
    let decide = |at| needs_reauthentication(Some(&session()), asked("", None), at);
    assert_eq!(decide(now()), Freshness::Fresh);
    assert_eq!(decide(after(3599)), Freshness::Fresh);
    assert_eq!(
        decide(after(3600)),
        QUIET,
        "access ended: the IdP is asked again, silently"
    );
    let short = SessionFacts {
        session_ends_at: now(),
        ..session()
    };
    assert_eq!(
        needs_reauthentication(Some(&short), asked("", None), now()),
        QUIET
    );
    assert_eq!(needs_reauthentication(None, asked("", None), now()), QUIET);
}

#[test]
fn prompt_and_max_age_decide() {
    let decide =
        |prompt: &str, max_age| needs_reauthentication(Some(&session()), asked(prompt, max_age), now());
    assert_eq!(decide("", Some(3600)), Freshness::Fresh);
    assert_eq!(decide("", Some(3599)), FORCED);
    assert_eq!(decide("", Some(0)), FORCED);
    assert_eq!(decide("", Some(u32::MAX)), Freshness::Fresh);
    assert_eq!(decide("login", None), FORCED);
    assert_eq!(decide("select_account", None), CHOOSE);
    assert_eq!(decide("none", None), Freshness::Fresh);
    assert_eq!(
        decide("none", Some(60)),
        Freshness::LoginRequired,
        "prompt=none never shows a page"
    );
    assert_eq!(
        needs_reauthentication(None, asked("none", None), now()),
        Freshness::LoginRequired
    );
    assert_eq!(needs_reauthentication(None, asked("", Some(3600)), now()), FORCED);
}

#[test]
fn the_idps_answer_must_be_as_fresh_as_the_app_asked() {
    let started = after(-120);
    let check = |prompt: &str, max_age, auth_time| {
        check_answer(asked(prompt, max_age), started, auth_time, now()).map_err(|error| error.code())
    };
    assert_eq!(check("", None, None), Ok(()));
    assert_eq!(check("", None, Some(after(-999_999))), Ok(()));
    assert_eq!(check("login", None, Some(after(-10))), Ok(()));
    assert_eq!(
        check("login", None, Some(after(-299))),
        Ok(()),
        "within the clock skew"
    );
    assert_eq!(
        check("login", None, Some(after(-301))),
        Err("freshness_auth_time_old")
    );
    assert_eq!(check("login", None, None), Err("freshness_auth_time_missing"));
    assert_eq!(
        check("", Some(600), Some(after(-700))),
        Ok(()),
        "within the clock skew"
    );
    assert_eq!(
        check("", Some(600), Some(after(-800))),
        Err("freshness_auth_time_old")
    );
    assert_eq!(check("", Some(600), None), Err("freshness_auth_time_missing"));
    assert_eq!(
        check("", None, Some(after(3600))),
        Err("freshness_auth_time_future")
    );
    assert_eq!(
        check("login", Some(99_999), Some(after(-4000))),
        Err("freshness_auth_time_old"),
        "the stricter counts"
    );
}
