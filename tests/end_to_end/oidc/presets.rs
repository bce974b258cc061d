//! Each preset with what its provider really sends, and how the same fares under `generic` where the two differ.

use gatehouse::app::onboarding::connections;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::test_sign_in;
use gatehouse::domain::connection::{ClientAuthentication, Connection, OidcPreset, OidcSettings, Protocol};
use gatehouse_tests::{Answer, Provider, World};
use serde_json::{Value, json};

const DIRECTORY: &str = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";

async fn signs_in(world: &World, of: (&Connection, &Provider), person: &Value) -> Answer {
    world.by_code(&world.browser(), of, person).await
}

/// The claims of an Entra ID v2.0 token for one app; `sub` differs from app to app.
fn entra(app: &str) -> Value {
    json!({
        "aio": "AWQAm/8", "rh": "0.AXoA", "uti": "abc", "ver": "2.0",
        "tid": DIRECTORY, "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "sub": format!("pairwise-{app}"),
        "name": "Ada Lovelace", "preferred_username": "ada@acme.com", "email": "ada@acme.com",
        "auth_time": null,
    })
}

/// Entra ID: people are known by tid and oid, so that a second app registration finds the same person; the directory is
/// pinned; `email` and never `preferred_username` is the address, and `xms_edov` false is believed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_e_30_e_34_e_35_e_36_entra_id_as_it_answers() {
    let world = World::start().await;
    let provider = Provider::at(&world.gatehouse.clock, &format!("/{DIRECTORY}/v2.0")).await;
    provider.set(|b| b.sends_iss = false);
    let connection = world.connect(&provider, OidcPreset::EntraId, |_| {}).await;
    let of = (&connection, &provider);
    let first = world.tokens_by_code(&world.browser(), of, &entra("one")).await;
    let second = world.tokens_by_code(&world.browser(), of, &entra("two")).await;
    assert_eq!(first.claims["sub"], second.claims["sub"], "tid and oid, not sub");
    let generic = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    assert_eq!(
        signs_in(&world, (&generic, &provider), &entra("one"))
            .await
            .status,
        303
    );
    let refused = signs_in(&world, (&generic, &provider), &entra("two")).await;
    assert_eq!(
        refused.code(),
        "another_subject_linked",
        "under generic the second app is somebody else"
    );
    for (patch, code) in [
        (
            json!({ "tid": "00000000-0000-0000-0000-000000000001" }),
            "directory_mismatch",
        ),
        (json!({ "tid": null }), "directory_mismatch"),
        (json!({ "oid": null }), "subject_claims_missing"),
        (json!({ "xms_edov": false, "oid": "another" }), "email_unverified"),
        (json!({ "xms_edov": "0", "oid": "another" }), "email_unverified"),
        (json!({ "email": null, "oid": "another" }), "email_missing"),
    ] {
        provider.set(|b| {
            b.claims_patch = patch.clone();
            b.only_in_userinfo = Vec::new();
            b.userinfo_patch = patch.clone();
        });
        let refused = signs_in(&world, of, &entra("one")).await;
        assert_eq!(refused.code(), code, "{patch}");
    }
    provider.set(|b| b.claims_patch = json!({ "xms_edov": true }));
    assert_eq!(signs_in(&world, of, &entra("one")).await.status, 303);
}

/// Entra ID's `common` authority states a template; only the pinned directory comes through, and never under generic. The
/// v1.0 endpoints state another host.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_e_30_e_31_entra_templates_and_v1_issuers() {
    let world = World::start().await;
    let provider = Provider::at(&world.gatehouse.clock, "/common/v2.0").await;
    let template = format!("{}/{{tenantid}}/v2.0", provider.url);
    provider.set(|b| {
        b.sends_iss = false;
        b.discovery_patch = json!({ "issuer": template });
    });
    let pinned = |settings: &mut OidcSettings| settings.tenant_id = Some(DIRECTORY.to_owned());
    let connection = world.connect(&provider, OidcPreset::EntraId, pinned).await;
    let of = (&connection, &provider);
    let issuer = |tid: &str| format!("{}/{tid}/v2.0", provider.url);
    provider.set(|b| b.claims_patch = json!({ "iss": issuer(DIRECTORY) }));
    assert_eq!(signs_in(&world, of, &entra("one")).await.status, 303);
    let other = "00000000-0000-0000-0000-000000000001";
    provider.set(|b| b.claims_patch = json!({ "iss": issuer(other), "tid": other }));
    assert_eq!(
        signs_in(&world, of, &entra("one")).await.code(),
        "id_token_issuer"
    );
    provider.set(|b| b.claims_patch = json!({ "iss": template }));
    assert_eq!(
        signs_in(&world, of, &entra("one")).await.code(),
        "id_token_issuer"
    );

    let v1 = Provider::at(&world.gatehouse.clock, &format!("/{DIRECTORY}")).await;
    let sts = format!("https://sts.windows.net/{DIRECTORY}/");
    v1.set(|b| {
        b.sends_iss = false;
        b.discovery_patch = json!({ "issuer": sts });
        b.claims_patch = json!({ "iss": sts, "ver": "1.0", "upn": "ada@acme.com" });
    });
    let connection = world.connect(&v1, OidcPreset::EntraId, |_| {}).await;
    let answer = signs_in(&world, (&connection, &v1), &entra("one")).await;
    assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
}

/// E-32: when a directory's groups do not fit into the token, the owner's trail says so at the first sign-in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_e_32_groups_that_do_not_fit_are_recorded() {
    let world = World::start().await;
    let provider = Provider::at(&world.gatehouse.clock, &format!("/{DIRECTORY}/v2.0")).await;
    provider.set(|b| {
        b.sends_iss = false;
        b.claims_patch = json!({
            "_claim_names": { "groups": "src1" },
            "_claim_sources": { "src1": { "endpoint": "https://graph.microsoft.com/v1.0/users/x/getMemberObjects" } },
        });
    });
    let connection = world.connect(&provider, OidcPreset::EntraId, |_| {}).await;
    for _ in 0..2 {
        assert_eq!(
            signs_in(&world, (&connection, &provider), &entra("one"))
                .await
                .status,
            303
        );
    }
    let today = world.gatehouse.clock.now().date_naive();
    let handle = world.gatehouse.store.tenant(&world.tenant.id);
    let trail = handle.audit_of(today, None, 1_000).await.unwrap();
    let found = trail
        .iter()
        .filter(|record| record.action == "sign_in.groups_incomplete");
    assert_eq!(found.count(), 1);
}

fn google() -> Value {
    json!({
        "sub": "110169484474386276334", "azp": "gatehouse-client", "hd": "acme.com",
        "email": "ada@acme.com", "email_verified": true,
        "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "locale": "en",
        "auth_time": null,
    })
}

/// Google: nobody signs in before the Workspace domain is known; the owner's own test sign-in brings it; then that domain
/// alone comes through, and no consumer account; the issuer may come without https, which generic refuses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_09_gw_2_the_workspace_domain_comes_from_the_owners_test_sign_in() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    provider.set(|b| b.sends_iss = false);
    let admin = world.admin().await;
    let mut edit = connections::ConnectionEdit::oidc(OidcPreset::GoogleWorkspace);
    edit.name = "Acme Google".to_owned();
    let settings = edit.oidc.as_mut().unwrap();
    settings.authority = Some(provider.issuer());
    settings.client_id = Some("gatehouse-client".to_owned());
    let made = connections::create(&admin, None, edit).await.unwrap();
    let secret = gatehouse::redacted::Secret::new("the-client-secret");
    let made = connections::secret::set(&admin, &made, &secret).await.unwrap();
    let early = state::take(&admin, &made.id, &Step::Submit).await.unwrap_err();
    assert_eq!(early.code(), "connection_incomplete");

    let try_out = async |person: &Value| {
        let (_, ticket) = test_sign_in::start(&admin, &made.id).await.unwrap();
        let browser = world.browser();
        let sent = browser
            .get(&format!("/sign-in/test?ticket={}", ticket.expose()))
            .await;
        world
            .back(&browser, &provider.authorize(&sent.location(), person))
            .await
    };
    let mut consumer = google();
    consumer["hd"] = Value::Null;
    assert_eq!(try_out(&consumer).await.code(), "hosted_domain_missing");
    let tried = try_out(&google()).await;
    assert_eq!(tried.status, 200, "{} {}", tried.code(), tried.body);
    let read = connections::read(&admin, &made.id).await.unwrap();
    let Protocol::Oidc(learned) = &read.protocol else {
        panic!("{read:?}")
    };
    assert_eq!(learned.settings.hosted_domain.as_deref(), Some("acme.com"));
    let step = Step::Activate { without_test: None };
    let connection = state::take(&admin, &made.id, &step).await.unwrap();
    let of = (&connection, &provider);
    let sent = world.sent(&world.browser(), &connection, &[]).await;
    assert!(
        sent.query_pairs()
            .any(|(name, value)| name == "hd" && value == "acme.com")
    );
    assert_eq!(signs_in(&world, of, &google()).await.status, 303);
    assert_eq!(
        signs_in(&world, of, &consumer).await.code(),
        "hosted_domain_missing"
    );
    let mut other = google();
    other["hd"] = json!("elsewhere.example");
    assert_eq!(
        signs_in(&world, of, &other).await.code(),
        "hosted_domain_mismatch"
    );
    let mut unverified = google();
    unverified["email_verified"] = json!(false);
    assert_eq!(signs_in(&world, of, &unverified).await.code(), "email_unverified");
}

/// GW-3: Google's issuer without `https://` is Google's; another provider's is nobody's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_gw_1_gw_3_google_as_it_answers() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let bare = provider.issuer().strip_prefix("http://").unwrap().to_owned();
    provider.set(|b| b.sends_iss = false);
    let hd = |settings: &mut OidcSettings| settings.hosted_domain = Some("acme.com".to_owned());
    let connection = world.connect(&provider, OidcPreset::GoogleWorkspace, hd).await;
    let generic = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let sent = world.sent(&world.browser(), &connection, &[]).await;
    let scope = sent.query_pairs().find(|(name, _)| name == "scope").unwrap().1;
    assert!(scope.split(' ').any(|one| one == "email"), "GW-1: {scope}");
    assert_eq!(
        signs_in(&world, (&connection, &provider), &google()).await.status,
        303
    );
    provider.set(|b| b.claims_patch = json!({ "iss": bare }));
    assert_eq!(
        signs_in(&world, (&connection, &provider), &google()).await.status,
        303
    );
    assert_eq!(
        signs_in(&world, (&generic, &provider), &google()).await.code(),
        "id_token_issuer"
    );
}

/// Auth0: a trailing slash on the issuer, self-made accounts whose address counts only when verified, namespaced claims,
/// `updated_at` as a text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_a0_1_a0_3_auth0_as_it_answers() {
    let world = World::start().await;
    let provider = Provider::start(&world.gatehouse.clock).await;
    let slashed = format!("{}/", provider.url);
    provider.set(|b| {
        b.sends_iss = false;
        b.discovery_patch = json!({ "issuer": slashed });
        b.claims_patch = json!({ "iss": slashed });
    });
    let ada = json!({
        "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "nickname": "ada", "name": "ada@acme.com",
        "picture": "https://s.gravatar.com/avatar/x.png", "updated_at": "2026-11-26T10:11:12.345Z",
        "email": "ada@acme.com", "email_verified": true, "sid": "s1",
        "https://acme.com/department": "Engineering",
    });
    let mut connection = world.connect(&provider, OidcPreset::Auth0, |_| {}).await;
    let admin = world.admin().await;
    let mut edit = connections::ConnectionEdit::of(&connection);
    edit.attributes.department = Some("https://acme.com/department".to_owned());
    connection = connections::update(&admin, &connection, edit).await.unwrap();
    assert_eq!(signs_in(&world, (&connection, &provider), &ada).await.status, 303);
    let user = world.users().await.remove(0);
    assert_eq!(user.details.department.as_deref(), Some("Engineering"));
    let mut unverified = ada.clone();
    unverified["email_verified"] = Value::Null;
    unverified["sub"] = json!("auth0|another");
    let refused = signs_in(&world, (&connection, &provider), &unverified).await;
    assert_eq!(refused.code(), "email_verified_missing");
    let generic = world.connect(&provider, OidcPreset::Generic, |_| {}).await;
    let taken = signs_in(&world, (&generic, &provider), &unverified).await;
    assert_eq!(taken.status, 303, "generic believes a silent provider");
}

/// JumpCloud takes the secret in the form alone; Okta, OneLogin, Ping and Keycloak by Basic; each with the claims that it
/// sends. The issuers of Okta's custom authorization servers have a path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_11_j_1_o_14_the_other_presets_as_their_providers_answer() {
    let world = World::start().await;
    let person = |sub: &str, more: Value| {
        let mut person = json!({ "sub": sub, "email": format!("{sub}@acme.com"), "email_verified": true,
            "name": "Ada Lovelace", "preferred_username": format!("{sub}@acme.com") });
        gatehouse::http::api::merge_patch(&mut person, &more);
        person
    };
    let post = ClientAuthentication::ClientSecretPost;
    let basic = ClientAuthentication::ClientSecretBasic;
    let cases = [
        (
            OidcPreset::JumpCloud,
            "",
            post,
            person("jumpcloud", json!({ "auth_time": 1, "amr": "pwd" })),
        ),
        (
            OidcPreset::Okta,
            "/oauth2/default",
            basic,
            person(
                "okta",
                json!({ "amr": ["pwd", "mfa"], "idp": "00o1", "ver": 1, "jti": "ID.x", "zoneinfo": "x" }),
            ),
        ),
        (
            OidcPreset::OneLogin,
            "/oidc/2",
            basic,
            person("onelogin", json!({ "email_verified": null, "sid": "x" })),
        ),
        (
            OidcPreset::Ping,
            "/env/as",
            basic,
            person("ping", json!({ "env": "x", "org": "y", "p1.region": "EU" })),
        ),
        (
            OidcPreset::Keycloak,
            "/realms/acme",
            basic,
            person(
                "keycloak",
                json!({ "azp": "gatehouse-client", "session_state": "x", "acr": "1", "typ": "ID" }),
            ),
        ),
    ];
    for (preset, path, method, person) in cases {
        let provider = Provider::at(&world.gatehouse.clock, path).await;
        provider.set(|b| b.client.methods = vec![method.name()]);
        let connection = world.connect(&provider, preset, |_| {}).await;
        let answer = signs_in(&world, (&connection, &provider), &person).await;
        assert_eq!(
            answer.status,
            303,
            "{preset:?}: {} {}",
            answer.code(),
            answer.body
        );
        let known = world.users().await;
        let email = person["email"].as_str().unwrap();
        assert!(
            known
                .iter()
                .any(|user| user.email.as_ref().is_some_and(|own| own.as_str() == email))
        );
    }
    let mut denied = person("keycloak2", json!({ "email_verified": false }));
    denied["auth_time"] = Value::Null;
    let provider = Provider::at(&world.gatehouse.clock, "/realms/acme").await;
    let connection = world.connect(&provider, OidcPreset::Keycloak, |_| {}).await;
    assert_eq!(
        signs_in(&world, (&connection, &provider), &denied).await.code(),
        "email_unverified"
    );
}
