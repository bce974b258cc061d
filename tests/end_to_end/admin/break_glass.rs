//! Owners who sign in, set-up links, break-glass, and enforcement that cannot lock out.

use chrono::TimeDelta;
use gatehouse::openid_provider::pkce::CodeChallenge;
use gatehouse_tests::admin::{Caller, MadeTenant};
use gatehouse_tests::app::VERIFIER;
use gatehouse_tests::{Answer, Api, Idp, Visitor, World, problem};
use serde_json::{Value, json};

/// What the operator and the owner see of a world, and the connection's identity provider.
fn into_api(world: World) -> (Api, Idp) {
    let api = Api {
        local: world.local,
        event_check: world.event_check,
        gatehouse: world.gatehouse,
        router: world.router,
    };
    (api, world.idp)
}

/// A tenant that signs in by SAML, with an owner who has signed in to the app.
struct Setup {
    world: World,
    acme: MadeTenant,
    key: Caller,
}

impl Setup {
    async fn new() -> Self {
        let (world, acme) = super::whole::world(Api::start().await).await;
        let base = world.gatehouse.config.base_url.as_str().to_owned();
        let key = Caller::on(&world.router, &base, Some(&acme.key));
        let ada = json!({ "email": "ada@acme.com", "role": "ADMIN" });
        assert_eq!(key.post("/owner/v1/members", &ada).await.status, 201);
        world
            .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
            .await;
        Self { world, acme, key }
    }

    fn caller(&self, token: Option<&str>) -> Caller {
        Caller::on(
            &self.world.router,
            self.world.gatehouse.config.base_url.as_str(),
            token,
        )
    }

    /// Signs in to the owner's API as far as the page that carries the code.
    async fn sign_in(&self, email: &str) -> Answer {
        let browser = self.world.browser();
        let challenge = CodeChallenge::of(VERIFIER);
        let path = format!(
            "/sign-in/owner?organization={}&code_challenge={}",
            self.acme.id,
            challenge.as_str()
        );
        let begun = browser.get(&path).await;
        assert_eq!(begun.status, 303, "{}", begun.body);
        let sent = browser.get(&begun.raw_location()).await;
        let asked = self.world.idp.asked(&sent);
        assert!(
            asked.xml.contains("ForceAuthn=\"true\""),
            "an owner signs in anew"
        );
        let issue = self
            .world
            .idp
            .response(&self.world, &Visitor::new(email), Some(&asked.id));
        self.world
            .deliver(&browser, &issue, Some(&asked.relay_state))
            .await
    }

    /// An owner who has just signed in.
    async fn owner(&self) -> Caller {
        let page = self.sign_in("ada@acme.com").await;
        assert_eq!(page.status, 303, "{} {}", page.code(), page.body);
        let code = page.parameter("code").unwrap();
        let redeemed = self.redeem(&code, VERIFIER).await;
        assert_eq!(redeemed.status, 201, "{}", redeemed.body);
        self.caller(redeemed.json()["token"].as_str())
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Answer {
        let body = json!({ "code": code, "code_verifier": verifier });
        self.caller(None).post("/owner/v1/session", &body).await
    }

    async fn bypass(&self, email: &str, request: &str) -> Answer {
        let body = json!({ "email": email, "request_id": request });
        self.world.app_json("/sign-in/bypass", &body).await
    }
}

/// AQ-02: an owner comes in by signing in; the code is good once and for whoever began; a member who is no owner does
/// not come in, and neither does an owner whose role or access was taken away since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_02_an_owner_comes_in_by_signing_in() {
    let setup = Setup::new().await;
    let page = setup.sign_in("ada@acme.com").await;
    assert!(
        page.raw_location().contains("/portal?code="),
        "{}",
        page.raw_location()
    );
    let session_cookie = page
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|c| c.to_str().unwrap().contains("session"));
    assert!(!session_cookie, "no session of the app's");
    let code = page.parameter("code").unwrap();
    let stolen = setup.redeem(&code, &"x".repeat(43)).await;
    assert_eq!(stolen.problem(), problem(404, "sign_in_code_not_found"));
    let spent = setup.redeem(&code, VERIFIER).await;
    assert_eq!(
        spent.problem(),
        problem(404, "sign_in_code_not_found"),
        "a try spends it"
    );

    let owner = setup.owner().await;
    assert_eq!(owner.get("/owner/v1/connections").await.status, 200);
    let stranger = setup.sign_in("bob@acme.com").await;
    assert_eq!(
        (stranger.status.as_u16(), stranger.code().as_str()),
        (403, "not_an_owner")
    );
    let members = setup.key.get("/owner/v1/members").await.json();
    let ada = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["email"] == "ada@acme.com")
        .unwrap()
        .clone();
    let path = format!("/owner/v1/members/{}", ada["id"].as_str().unwrap());
    assert_eq!(
        setup.key.patch(&path, &json!({ "role": "USER" })).await.status,
        200
    );
    assert_eq!(
        owner.get("/owner/v1/connections").await.problem(),
        problem(401, "token_invalid")
    );
    assert_eq!(
        setup.key.patch(&path, &json!({ "role": "ADMIN" })).await.status,
        200
    );
    assert_eq!(owner.get("/owner/v1/connections").await.status, 200);
    assert_eq!(owner.delete("/owner/v1/session").await.status, 204);
    assert_eq!(
        owner.get("/owner/v1/connections").await.problem(),
        problem(401, "token_invalid")
    );
}

/// AQ-02: a set-up link is good once, by its time, for that tenant alone; what is stored of it is a hash.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_02_a_set_up_link_is_good_once() {
    let api = Api::start().await;
    let acme = api.tenant("Acme", json!({})).await;
    let links = format!("{}/setup-links", acme.path);
    let link = api.operator().act(&links).await.json();
    let token = link["setup_link"].as_str().unwrap().to_owned();
    assert!(!serde_json::to_string(&api.stream()).unwrap().contains(&token));
    let tries = (0..8).map(|_| {
        let (caller, body) = (api.caller(None), json!({ "setup_link": token }));
        tokio::spawn(async move { caller.post("/owner/v1/session", &body).await })
    });
    let mut made = Vec::new();
    for answer in futures_util::future::join_all(tries).await {
        let answer = answer.unwrap();
        match answer.status.as_u16() {
            201 => made.push(answer.json()),
            _ => assert_eq!(answer.problem(), problem(404, "setup_link_not_found")),
        }
    }
    assert_eq!(made.len(), 1, "of many at once one gets it");
    let owner = api.caller(made[0]["token"].as_str());
    assert_eq!(owner.get("/owner/v1/tenant").await.json()["id"], acme.id.as_str());
    let fresh = owner
        .post("/owner/v1/break-glass", &json!({ "email": "a@acme.com" }))
        .await;
    assert_eq!(fresh.problem(), problem(403, "fresh_sign_in_required"));
    api.pass(TimeDelta::hours(25));
    assert_eq!(
        owner.get("/owner/v1/tenant").await.problem(),
        problem(401, "token_invalid")
    );

    let late = api.operator().act(&links).await.json();
    api.pass(TimeDelta::days(4));
    let over = api
        .caller(None)
        .post("/owner/v1/session", &json!({ "setup_link": late["setup_link"] }))
        .await;
    assert_eq!(over.problem(), problem(404, "setup_link_not_found"));
    let past = json!({ "expires_at": "2020-01-01T00:00:00Z" });
    assert_eq!(
        api.operator().post(&links, &past).await.problem(),
        problem(422, "expiry_past")
    );
}

/// AQ-21: an address of a proven domain, or below one, may be put on the list by whoever has just signed in, and every
/// owner hears of it; API keys and older sign-ins may not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_21_the_list_changes_only_after_a_fresh_sign_in() {
    let setup = Setup::new().await;
    let root = json!({ "email": "Root@lab.acme.com" });
    let by_key = setup.key.post("/owner/v1/break-glass", &root).await;
    assert_eq!(by_key.problem(), problem(403, "fresh_sign_in_required"));
    let owner = setup.owner().await;
    let foreign = owner
        .post("/owner/v1/break-glass", &json!({ "email": "root@elsewhere.com" }))
        .await;
    assert_eq!(foreign.problem(), problem(422, "address_outside_domains"));
    assert_eq!(owner.post("/owner/v1/break-glass", &root).await.status, 201);
    let twice = owner
        .post("/owner/v1/break-glass", &json!({ "email": "root@LAB.acme.com" }))
        .await;
    assert_eq!(twice.problem(), problem(409, "break_glass_known"));
    let listed = setup.key.get("/owner/v1/break-glass").await.json();
    assert_eq!(listed["items"][0]["email"], "Root@lab.acme.com");
    setup.world.pass(TimeDelta::minutes(16));
    for answer in [
        owner
            .post("/owner/v1/break-glass", &json!({ "email": "b@acme.com" }))
            .await,
        owner.delete("/owner/v1/break-glass/root@lab.acme.com").await,
    ] {
        assert_eq!(answer.problem(), problem(403, "fresh_sign_in_required"));
    }
    let again = setup.owner().await;
    assert_eq!(
        again
            .delete("/owner/v1/break-glass/root@lab.acme.com")
            .await
            .status,
        204
    );
    let gone = again.delete("/owner/v1/break-glass/root@lab.acme.com").await;
    assert_eq!(gone.problem(), problem(404, "break_glass_not_found"));
    let (api, _) = into_api(setup.world);
    let told = api.letters();
    let told = told
        .iter()
        .filter(|mail| mail["letter"]["name"] == "break_glass_changed")
        .map(|mail| mail["to"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(told, ["ada@acme.com"; 2], "each owner hears of each change");
}

/// AQ-21: the app is told once that exactly this address may pass; it is in the trail and mailed to every owner. Unknown,
/// removed and merely similar addresses are one answer, and nobody but a confidential client asks.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_21_a_break_glass_address_passes_once_per_request() {
    let setup = Setup::new().await;
    let owner = setup.owner().await;
    let root = json!({ "email": "root@lab.acme.com" });
    assert_eq!(owner.post("/owner/v1/break-glass", &root).await.status, 201);
    let anonymous = setup.caller(None).post("/sign-in/bypass", &root).await;
    assert_eq!(anonymous.status, 401);
    let no = |answer: &Answer| {
        let body = answer.json();
        (
            answer.status.as_u16(),
            body["allowed"].clone(),
            body["organization"].clone(),
        )
    };
    for email in [
        "ada@acme.com",
        "root@acme.com",
        "roots@lab.acme.com",
        "root@elsewhere.com",
    ] {
        let answer = setup.bypass(email, "request-0001").await;
        assert_eq!(no(&answer), (200, json!(false), Value::Null), "{email}");
    }
    let tries = (0..6).map(|_| setup.bypass("ROOT@lab.acme.com", "request-0002"));
    let mut statuses = futures_util::future::join_all(tries)
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect::<Vec<_>>();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409], "a yes is good once");
    let discovered = setup.world.app_json("/sign-in/discover", &root).await.json();
    assert_eq!(
        discovered["password_allowed"], true,
        "it wins over the domain's routing"
    );
    assert_eq!(
        owner
            .delete("/owner/v1/break-glass/root@lab.acme.com")
            .await
            .status,
        204
    );
    assert_eq!(
        setup.bypass("root@lab.acme.com", "request-0003").await.json()["allowed"],
        false
    );
    let trail = setup.key.get("/owner/v1/audit").await.json();
    let used = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "break_glass.used");
    assert_eq!(used.count(), 1);
    let (api, _) = into_api(setup.world);
    let mails = api.letters();
    let told = mails
        .iter()
        .filter(|mail| mail["letter"]["name"] == "break_glass_used");
    assert_eq!(told.count(), 1);
}

/// GH-07: passwords are switched off only after a test sign-in of the last days and with a break-glass address that was
/// tried out; the last such address stays while they are off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_07_enforcement_cannot_lock_out() {
    let setup = Setup::new().await;
    let enforce = json!({ "allow_password": false });
    let settings = "/owner/v1/tenant/settings";
    let etag = setup.key.get("/owner/v1/tenant").await.etag();
    let without = setup.key.patch_at(settings, &etag, &enforce).await;
    assert_eq!(without.problem(), problem(409, "enforcement_without_break_glass"));
    let owner = setup.owner().await;
    let root = json!({ "email": "root@acme.com" });
    assert_eq!(owner.post("/owner/v1/break-glass", &root).await.status, 201);
    let untried = setup.key.patch_at(settings, &etag, &enforce).await;
    assert_eq!(untried.problem(), problem(409, "enforcement_without_break_glass"));
    assert_eq!(
        setup.bypass("root@acme.com", "request-0001").await.json()["allowed"],
        true
    );
    setup.world.pass(TimeDelta::days(8));
    let stale = setup.key.patch_at(settings, &etag, &enforce).await;
    assert_eq!(stale.problem(), problem(409, "enforcement_without_test"));
    let path = format!("/owner/v1/connections/{}", setup.world.connection.id);
    let (api, idp) = into_api(setup.world);
    let (_, page) = api
        .try_out(&setup.key, &path, (&idp, &Visitor::new("ada@acme.com")))
        .await;
    assert_eq!(page.status, 200, "{} {}", page.code(), page.body);
    let done = setup.key.patch_at(settings, &etag, &enforce).await;
    assert_eq!(done.json()["settings"]["allow_password"], false, "{}", done.body);
    let last = api
        .operator()
        .delete(&format!("{}/break-glass/root@acme.com", setup.acme.path))
        .await;
    assert_eq!(last.problem(), problem(409, "enforcement_without_break_glass"));
}
