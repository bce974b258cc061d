//! The app's own sessions, by cookie.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::response::Response;
use gatehouse::random::RandomError;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;

const COOKIE: &str = "demo_app_session";
/// Takes the cookie away.
pub(super) const NO_COOKIE: &str = "demo_app_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
/// A browser may have this many sign-ins under way.
const MAX_PENDING: usize = 20;

/// A browser.
#[derive(Clone, Default)]
pub(super) struct Session {
    pending: Vec<Pending>,
    pub(super) login: Option<Login>,
}

/// A sign-in under way.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) pkce_verifier: String,
    /// Where to go afterwards.
    pub(super) target: Option<String>,
}

/// Someone is signed in.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) id_token: String,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// Of the ID token, verified.
    pub(super) claims: Value,
    /// What userinfo adds.
    pub(super) userinfo: Value,
}

#[derive(Default)]
pub(super) struct Sessions {
    by_id: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Session> {
        self.by_id
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id(headers)?)
            .cloned()
    }

    /// Notes a sign-in under way; returns the cookie.
    pub(super) fn begin(&self, headers: &HeaderMap, pending: Pending) -> Result<String, RandomError> {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let id = match id(headers) {
            Some(id) if sessions.contains_key(id) => id.to_owned(),
            _ => gatehouse::random::token()?,
        };
        let session = sessions.entry(id.clone()).or_default();
        if session.pending.len() >= MAX_PENDING {
            session.pending.remove(0);
        }
        session.pending.push(pending);
        Ok(cookie(&id))
    }

    pub(super) fn take_pending(&self, headers: &HeaderMap, state: &str) -> Option<Pending> {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.get_mut(id(headers)?)?;
        let index = session
            .pending
            .iter()
            .position(|pending| pending.state == state)?;
        Some(session.pending.remove(index))
    }

    /// Signs in under a new session id, so that one known before is worth nothing; returns the cookie.
    pub(super) fn log_in(&self, headers: &HeaderMap, login: Login) -> Result<String, RandomError> {
        let new = gatehouse::random::token()?;
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let mut session = id(headers)
            .and_then(|old| sessions.remove(old))
            .unwrap_or_default();
        session.login = Some(login);
        sessions.insert(new.clone(), session);
        Ok(cookie(&new))
    }

    pub(super) fn renew(&self, headers: &HeaderMap, login: Login) {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = id(headers).and_then(|id| sessions.get_mut(id)) {
            session.login = Some(login);
        }
    }

    pub(super) fn end(&self, headers: &HeaderMap) {
        if let Some(id) = id(headers) {
            self.by_id
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(id);
        }
    }
}

fn cookie(id: &str) -> String {
    format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax")
}

fn id(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

pub(super) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}
