//! Test sign-ins of a connection (SE-27).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{Admin, Answer, PathIds, json as answer};
use crate::app::test_sign_in::{self, TestSignIn};

/// `POST …/connections/{connection}/tests`: the address is in this answer and nowhere else.
pub(super) async fn start(Admin(admin): Admin, ids: PathIds) -> Answer {
    let (test, token) = test_sign_in::start(&admin, &ids.connection()?).await?;
    let base = &admin.gatehouse.config.base_url;
    let mut body = shown(&test);
    if let Some(fields) = body.as_object_mut() {
        let url = base.at(&format!("/sign-in/test?ticket={}", token.expose()));
        fields.insert("url".to_owned(), Value::from(url));
    }
    Ok(answer(StatusCode::CREATED, &body))
}

/// `GET …/connections/{connection}/tests/{test}`
pub(super) async fn read(Admin(admin): Admin, ids: PathIds) -> Answer {
    let test = test_sign_in::read(&admin, &ids.connection()?, ids.text("test")).await?;
    Ok(answer(StatusCode::OK, &shown(&test)))
}

fn shown(test: &TestSignIn) -> Value {
    json!({
        "id": test.id,
        "connection": test.connection,
        "state": test.state,
        "started_at": test.started_at,
        "expires_at": test.expires_at,
        "answered_at": test.answered_at,
        "came": test.came,
        "warnings": test.warnings,
        "failure": test.failure,
    })
}
