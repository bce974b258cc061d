//! What bootstrap makes, and what it leaves alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use gatehouse::secrets::SecretName;
use gatehouse_cli::bootstrap::{BootstrapError, Wanted};
use gatehouse_cli::stack::{Stack, StackError};
use gatehouse_local::functions;
use gatehouse_tests::Api;
use gatehouse_tests::event_schemas::EventCheck;
use http::Method;
use serde_json::json;

use super::{Fresh, fresh, operator, serve, wanted};

/// What it gives works: the client's secret at the token endpoint, the owner's key at the owner's API.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_client_and_tenant_are_made_and_work() {
    let fresh = fresh();
    let (made, end) = fresh.bootstrap(&wanted()).await;
    end.unwrap();
    let (client, tenant) = (made.client.unwrap(), made.tenant.unwrap());
    let router = gatehouse_local::gateway::router(functions::routers(&fresh.gatehouse));
    let api = Api {
        event_check: EventCheck::of(&fresh.local),
        local: fresh.local,
        gatehouse: fresh.gatehouse,
        router,
    };
    let owner = api.caller(Some(tenant.owner_key.expose()));
    let record = owner.get("/owner/v1/tenant").await;
    assert_eq!(
        (record.status.as_u16(), &record.json()["id"]),
        (200, &json!(tenant.id))
    );
    let app = api.app((&client.id, client.secret.expose()));
    let asked = app
        .post("/sign-in/discover", &json!({ "email": "ada@acme.example" }))
        .await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    let wrong = api.app((&client.id, "ghcs_wrong"));
    let refused = wrong
        .post("/sign-in/discover", &json!({ "email": "ada@acme.example" }))
        .await;
    assert_eq!(refused.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_makes_nothing_twice() {
    let fresh = fresh();
    fresh.bootstrap(&wanted()).await.1.unwrap();
    let keys = fresh.signing_keys().await;
    let (again, end) = fresh.bootstrap(&wanted()).await;
    end.unwrap();
    assert!(again.client.is_none() && again.tenant.is_none(), "{again:?}");
    assert_eq!(fresh.signing_keys().await, keys, "the signing keys are the same");
    let clients = fresh.list("/clients").await;
    assert_eq!(
        (clients.len(), clients[0]["secrets"].as_array().unwrap().len()),
        (1, 1)
    );
    let tenants = fresh.list("/tenants").await;
    assert_eq!(tenants.len(), 1);
    let path = format!("/tenants/{}/api-keys", tenants[0]["id"].as_str().unwrap());
    assert_eq!(fresh.list(&path).await.len(), 1);

    // Another app beside it does not take the first one's place as the default.
    let another = Wanted {
        client_name: "Another".to_owned(),
        tenant: None,
        ..wanted()
    };
    fresh.bootstrap(&another).await.1.unwrap();
    let clients = fresh.list("/clients").await;
    let default: Vec<_> = clients
        .iter()
        .filter(|client| client["default"] == true)
        .collect();
    assert_eq!((clients.len(), default.len()), (2, 1));
    assert_eq!(default[0]["name"], "App");
}

/// A run that was killed between a client and its secret, or a tenant and its key, is gone on with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_cut_off_is_gone_on_with() {
    let fresh = fresh();
    let at = |path: &str| format!("{}/operator/v1{path}", fresh.stack.operator_url);
    let client = json!({ "name": "App", "kind": "confidential", "redirect_uris": wanted().redirect_uris });
    let tenant = json!({ "name": "Acme", "entitlements": Api::everything() });
    for (path, body) in [("/clients", client), ("/tenants", tenant)] {
        let made = operator().operator_post(&at(path), &body).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.json());
    }
    let (made, end) = fresh.bootstrap(&wanted()).await;
    end.unwrap();
    assert_eq!(
        json!(made.client.unwrap().id),
        fresh.list("/clients").await[0]["client_id"]
    );
    assert_eq!(
        json!(made.tenant.unwrap().id),
        fresh.list("/tenants").await[0]["id"]
    );
    assert_eq!(
        (
            fresh.list("/clients").await.len(),
            fresh.list("/tenants").await.len()
        ),
        (1, 1)
    );
}

/// What is shown once is shown, whatever fails after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_does_not_swallow_what_was_made() {
    let fresh = fresh();
    let bad = Wanted {
        tenant: Some(String::new()),
        ..wanted()
    };
    let (made, end) = fresh.bootstrap(&bad).await;
    let Err(BootstrapError::Refused {
        path,
        status,
        problem,
    }) = end
    else {
        panic!("{end:?}");
    };
    assert_eq!((path.as_str(), status.as_u16()), ("/tenants", 422));
    assert!(problem.starts_with("text_length: "), "{problem}");
    assert!(made.client.is_some());
    assert!(!format!("{made:?}").contains("ghcs_"), "{made:?}");
}

/// The answer to each change is lost once; the same change is asked for again, and made once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_makes_nothing_twice() {
    let mut fresh = fresh();
    let posts = Arc::new(AtomicUsize::new(0));
    let router = gatehouse_local::gateway::router(functions::routers(&fresh.gatehouse));
    let router: Router = router.layer(from_fn_with_state(posts.clone(), lose_every_other));
    fresh.stack.operator_url = serve(router).await;
    let (made, end) = fresh.bootstrap(&wanted()).await;
    end.unwrap();
    assert!(made.client.is_some() && made.tenant.is_some());
    assert_eq!(posts.load(Ordering::SeqCst), 8, "four changes, each twice");
    let clients = fresh.list("/clients").await;
    assert_eq!(
        (clients.len(), clients[0]["secrets"].as_array().unwrap().len()),
        (1, 1)
    );
    assert_eq!(fresh.list("/tenants").await.len(), 1);
}

async fn lose_every_other(State(posts): State<Arc<AtomicUsize>>, request: Request, next: Next) -> Response {
    let counts = request.method() == Method::POST;
    let answer = next.run(request).await;
    let lost = counts && posts.fetch_add(1, Ordering::SeqCst) % 2 == 0;
    assert!(!lost, "the connection breaks here");
    answer
}

#[test]
fn outputs_of_another_stack_are_named() {
    let error = Stack::from_outputs(r#"[{"OutputKey":"BaseUrl","OutputValue":"https://a.example"}]"#);
    assert!(
        matches!(error, Err(StackError::Missing("OperatorApiUrl"))),
        "{error:?}"
    );
    let error = Stack::from_outputs("{}").unwrap_err();
    assert_eq!(error.code(), "outputs_malformed");
    assert!(error.to_string().contains("describe-stacks"), "{error}");
}

impl Fresh {
    /// As Secrets Manager has them.
    async fn signing_keys(&self) -> String {
        let found = self.gatehouse.secrets.get_fresh(&SecretName::OpSigningKeys).await;
        found.unwrap().value.expose().to_owned()
    }
}
