//! From nothing to a person who is signed in, by the APIs alone.

use gatehouse::domain::ids::{ClientId, ConnectionId, TenantId};
use gatehouse::openid_provider::clients::AppClient;
use gatehouse::redacted::Secret;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::world::REDIRECT_URI;
use gatehouse_tests::{Api, Idp, Visitor, World};
use serde_json::json;

/// Sets everything up by the APIs, and hands it to the sign-in tests' world.
pub(super) async fn world(api: Api) -> (World, MadeTenant) {
    let operator = api.operator();
    let acme = api.tenant("Acme", json!({})).await;
    let owner = api.owner(&acme);
    let etag = owner.get("/owner/v1/tenant").await.etag();
    let jit = json!({ "provision_on_sign_in": true, "default_role": "GUEST" });
    assert_eq!(
        owner
            .patch_at("/owner/v1/tenant/settings", &etag, &jit)
            .await
            .status,
        200
    );
    assert_eq!(
        owner
            .post("/owner/v1/domains", &json!({ "domain": "acme.com" }))
            .await
            .status,
        201
    );
    assert_eq!(
        operator
            .act(&format!("{}/domains/acme.com/approve", acme.path))
            .await
            .status,
        200
    );
    let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
    let idp = Idp::new("https://idp.acme.com/metadata");
    let pasted = json!({ "source": "metadata_xml", "xml": super::idp::metadata(&idp) });
    assert_eq!(owner.set_idp(&path, &pasted).await.status, 200);
    let (_, page) = api
        .try_out(&owner, &path, (&idp, &Visitor::new("owner@acme.com")))
        .await;
    assert_eq!(page.status, 200, "{} {}", page.code(), page.body);
    assert_eq!(
        owner.act(&format!("{path}/submit")).await.json()["state"],
        "in_review"
    );
    let id = record["id"].as_str().unwrap();
    let approve = format!("{}/connections/{id}/approve", acme.path);
    assert_eq!(operator.act(&approve).await.json()["state"], "active");
    let app =
        json!({ "name": "App", "kind": "confidential", "redirect_uris": [REDIRECT_URI], "default": true });
    let app = operator.post("/operator/v1/clients", &app).await.json();
    let client = app["client_id"].as_str().unwrap().to_owned();
    let secret = operator
        .post(&format!("/operator/v1/clients/{client}/secrets"), &json!({}))
        .await
        .json();

    let store = api.gatehouse.store.clone();
    let handle = store.tenant(&TenantId::parse(&acme.id).unwrap());
    let client = store
        .front_door()
        .client::<AppClient>(&ClientId::parse(&client).unwrap())
        .await;
    let world = World {
        tenant: handle.record().await.unwrap().unwrap(),
        connection: handle
            .connection(&ConnectionId::parse(id).unwrap())
            .await
            .unwrap()
            .unwrap(),
        idp,
        client: client.unwrap().unwrap(),
        client_secret: Secret::new(secret["secret"].as_str().unwrap()),
        local: api.local,
        gatehouse: api.gatehouse,
        router: api.router,
        event_check: api.event_check,
    };
    (world, acme)
}

/// CH-01, AQ-16: a fresh tenant is set up by the APIs alone, and a person signs in: the AuthnRequest is signed by the
/// key that the metadata shows, and the app's ID token carries the tenant's default role.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_01_a_tenant_is_set_up_by_the_apis_and_a_person_signs_in() {
    let (world, _) = world(Api::start().await).await;
    let tokens = world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(tokens.claims["organization"], world.tenant.id.as_str());
    assert_eq!(tokens.claims["role"], "GUEST");
    assert_eq!(tokens.claims["email_verified"], true);
}

/// CH-10, CH-05: a member made by hand is linked by address at the first sign-in; switching the member off ends every
/// access at once, and a suspended connection signs nobody in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ch_10_switching_a_member_off_ends_every_access_at_once() {
    let (world, acme) = world(Api::start().await).await;
    let again = Api {
        local: world.local,
        gatehouse: world.gatehouse,
        router: world.router,
        event_check: world.event_check,
    };
    let owner = again.owner(&acme);
    let ada = json!({ "email": "ada@acme.com", "role": "ADMIN" });
    let ada = owner.post("/owner/v1/members", &ada).await.json();
    let world = World {
        local: again.local,
        gatehouse: again.gatehouse,
        router: again.router,
        event_check: again.event_check,
        ..world
    };
    let browser = world.browser();
    let tokens = world.tokens(&browser, &Visitor::new("ada@acme.com")).await;
    assert_eq!(
        (&tokens.claims["sub"], &tokens.claims["role"]),
        (&ada["id"], &json!("ADMIN"))
    );
    let access = tokens.text("access_token").to_owned();
    assert_eq!(world.userinfo(&access).await.status, 200);

    let path = format!("/owner/v1/members/{}", ada["id"].as_str().unwrap());
    assert_eq!(owner.act(&format!("{path}/revoke-sessions")).await.status, 200);
    assert_eq!(world.userinfo(&access).await.status, 401);
    let tokens = world.tokens(&browser, &Visitor::new("ada@acme.com")).await;
    assert_eq!(owner.act(&format!("{path}/deactivate")).await.status, 200);
    assert_eq!(world.userinfo(tokens.text("access_token")).await.status, 401);
    let refused = world
        .sign_in(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    assert_eq!(refused.code(), "user_inactive", "{}", refused.body);
}
