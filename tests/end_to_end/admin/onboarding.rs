//! The way of a connection: validated, tried out, reviewed, active, suspended.

use chrono::TimeDelta;
use gatehouse::saml::keys::{KeyMaterial, RsaSize};
use gatehouse_tests::admin::{Caller, MadeTenant};
use gatehouse_tests::{Api, Idp, Visitor, problem};
use serde_json::{Value, json};

/// A tenant with a connection to an identity provider, both paths to it.
struct Setup {
    api: Api,
    acme: MadeTenant,
    owner: Caller,
    idp: Idp,
    path: String,
    operators: String,
}

impl Setup {
    async fn new() -> Self {
        Self::on(Api::start().await).await
    }

    async fn on(api: Api) -> Self {
        let acme = api.tenant("Acme", json!({})).await;
        let owner = api.owner(&acme);
        let (path, record) = owner.connection("/owner/v1", "Acme IdP").await;
        let operators = format!("{}/connections/{}", acme.path, record["id"].as_str().unwrap());
        let idp = Idp::new("https://idp.acme.com/metadata");
        let setup = Self {
            api,
            acme,
            owner,
            idp,
            path,
            operators,
        };
        setup.set_idp(&setup.idp).await;
        setup
    }

    async fn set_idp(&self, idp: &Idp) -> Value {
        let pasted = json!({ "source": "metadata_xml", "xml": super::idp::metadata(idp) });
        let done = self.owner.set_idp(&self.path, &pasted).await;
        assert_eq!(done.status, 200, "{}", done.body);
        done.json()
    }

    async fn step(&self, step: &str) -> Value {
        let answer = self.owner.act(&format!("{}/{step}", self.path)).await;
        assert_eq!(answer.status, 200, "{step}: {}", answer.body);
        answer.json()
    }

    async fn operator(&self, step: &str) -> gatehouse_tests::Answer {
        self.api
            .operator()
            .act(&format!("{}/{step}", self.operators))
            .await
    }

    async fn try_out(&self) -> Value {
        let visitor = Visitor::new("owner@acme.com").with("firstName", "Olivia");
        let (test, page) = self
            .api
            .try_out(&self.owner, &self.path, (&self.idp, &visitor))
            .await;
        assert_eq!(page.status, 200, "{} {}", page.code(), page.body);
        self.owner.get(&test).await.json()
    }

    async fn activate(&self) {
        self.try_out().await;
        assert_eq!(self.step("submit").await["state"], "in_review");
        assert_eq!(self.operator("approve").await.json()["state"], "active");
    }
}

/// AQ-16: draft, validating, in review, active, suspended: the owner hands in and switches off, the operator alone
/// approves, and the owner sees where it stands and what comes next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_16_a_connection_is_validated_and_reviewed_before_it_is_active() {
    let setup = Setup::new().await;
    let shown = setup.owner.get(&setup.path).await.json();
    assert_eq!(
        (&shown["state"], &shown["next_step"]),
        (&json!("draft"), &json!("try it out by a test sign-in"))
    );
    let early = setup.operator("approve").await;
    assert_eq!(early.problem(), problem(409, "connection_step_impossible"));
    let by_owner = setup.owner.act(&format!("{}/approve", setup.path)).await;
    assert_eq!(by_owner.status, 404, "the owner's API has no such route");

    setup.try_out().await;
    assert_eq!(setup.step("submit").await["state"], "in_review");
    assert_eq!(setup.step("withdraw").await["state"], "draft");
    assert_eq!(setup.step("submit").await["state"], "in_review");
    assert_eq!(setup.step("submit").await["state"], "in_review");
    assert_eq!(setup.operator("approve").await.json()["state"], "active");
    let back = setup.owner.act(&format!("{}/withdraw", setup.path)).await;
    assert_eq!(back.problem(), problem(409, "connection_step_impossible"));
    assert_eq!(setup.step("suspend").await["state"], "suspended");
    assert_eq!(setup.step("resume").await["state"], "active");

    let states = setup.api.events("connection.state_changed");
    let states = states
        .iter()
        .map(|event| event["data"]["state"].as_str().unwrap())
        .collect::<Vec<_>>();
    let wanted = [
        "validating",
        "in_review",
        "draft",
        "validating",
        "in_review",
        "active",
        "suspended",
        "active",
    ];
    assert_eq!(states, wanted, "taking a step twice is taking it once");
}

/// AQ-16: the operator sends back with a reason, which the owner reads; handing in again clears it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_16_a_rejected_connection_says_why() {
    let setup = Setup::new().await;
    assert_eq!(setup.step("submit").await["state"], "in_review");
    let reject = format!("{}/reject", setup.operators);
    let empty = setup.api.operator().post(&reject, &json!({ "reason": "" })).await;
    assert_eq!(empty.problem(), problem(422, "text_length"));
    let why = json!({ "reason": "the contract is not signed" });
    assert_eq!(
        setup.api.operator().post(&reject, &why).await.json()["state"],
        "draft"
    );
    let shown = setup.owner.get(&setup.path).await.json();
    assert_eq!(shown["rejection"]["reason"], "the contract is not signed");
    assert_eq!(setup.step("submit").await["rejection"], Value::Null);
}

/// AQ-16: what would not work is found before a person looks: an expired certificate and metadata that cannot be
/// fetched lead back to draft, each by its code; what is merely worth knowing does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_16_validation_finds_what_would_not_work() {
    let setup = Setup::new().await;
    let codes = |record: &Value| {
        let findings = record["validation"]["findings"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|finding| {
                (
                    finding["code"].as_str().unwrap().to_owned(),
                    finding["severity"] == "error",
                )
            })
            .collect::<Vec<_>>()
    };
    let fine = setup.step("validate").await;
    assert_eq!(fine["state"], "draft");
    let warned = ["subject_is_email", "domain_not_proven"];
    assert_eq!(codes(&fine), warned.map(|code| (code.to_owned(), false)));

    // A month on the certificate of the identity provider is over.
    let now = setup.api.gatehouse.clock.now();
    let short = KeyMaterial::generate("idp", RsaSize::Bits2048, now, TimeDelta::days(10)).unwrap();
    let mut input = super::idp::by_hand();
    input["certificates"] = json!(short.certificate.pem());
    assert_eq!(setup.owner.set_idp(&setup.path, &input).await.status, 200);
    setup.api.pass(TimeDelta::days(30));
    let refused = setup.step("submit").await;
    assert_eq!(refused["state"], "draft");
    assert!(
        codes(&refused).contains(&("certificate_none_valid".to_owned(), true)),
        "{refused}"
    );
}

/// SE-27: a connection that nobody has tried out is not switched on; the operator's waiver wants a reason and is in the
/// audit trail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_an_untested_connection_does_not_become_active() {
    let setup = Setup::new().await;
    assert_eq!(setup.step("submit").await["state"], "in_review");
    for step in ["approve", "activate"] {
        let refused = setup.operator(step).await;
        assert_eq!(refused.problem(), problem(409, "connection_untested"), "{step}");
    }
    let activate = format!("{}/activate", setup.operators);
    let empty = setup
        .api
        .operator()
        .post(&activate, &json!({ "without_test": " " }))
        .await;
    assert_eq!(empty.problem(), problem(422, "text_length"));
    let waived = json!({ "without_test": "imported from elsewhere" });
    let done = setup.api.operator().post(&activate, &waived).await;
    assert_eq!(done.json()["state"], "active", "{}", done.body);
    let trail = setup.owner.get("/owner/v1/audit").await.json();
    assert_eq!(
        trail["items"][0]["data"]["without_test"],
        "imported from elsewhere"
    );
}

/// SE-27: a test sign-in makes neither user nor session; it shows what came and what should be known of it, to that
/// tenant alone, for an hour.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_a_test_sign_in_shows_what_came_and_makes_nobody() {
    let setup = Setup::new().await;
    let visitor = Visitor::new("owner@acme.com").with("firstName", "Olivia");
    let (path, page) = setup
        .api
        .try_out(&setup.owner, &setup.path, (&setup.idp, &visitor))
        .await;
    assert_eq!(page.status, 200, "{}", page.body);
    let cookies = page.headers.get_all("set-cookie").iter().count();
    assert_eq!(cookies, 0, "no session");
    let test = setup.owner.get(&path).await.json();
    assert_eq!(test["state"], "passed", "{test}");
    assert_eq!(test["came"]["email"], "owner@acme.com");
    assert_eq!(test["came"]["email_verified"], false);
    assert_eq!(test["came"]["attributes"]["firstName"], json!(["Olivia"]));
    let warnings = test["warnings"].as_array().unwrap();
    let codes = warnings
        .iter()
        .map(|w| w["code"].as_str().unwrap())
        .collect::<Vec<_>>();
    assert_eq!(codes, ["foreign_address", "subject_is_email"]);
    assert!(setup.owner.get(&setup.path).await.json()["tested_at"].is_string());
    let members = setup.owner.get("/owner/v1/members").await.json();
    assert_eq!(members["items"], json!([]), "nobody was made");
    assert_eq!(setup.api.events("connection.tested").len(), 1);
    let table = serde_json::to_string(&setup.api.stream()).unwrap();
    assert!(
        !table.contains("owner@acme.com"),
        "what came is not in the directory"
    );

    let other = setup.api.tenant("Other", json!({})).await;
    let (theirs, _) = setup.api.owner(&other).connection("/owner/v1", "Other IdP").await;
    let test_id = path.rsplit('/').next().unwrap();
    for foreign in [path.clone(), format!("{theirs}/tests/{test_id}")] {
        let refused = setup.api.owner(&other).get(&foreign).await;
        assert_eq!(refused.problem(), problem(404, "test_sign_in_not_found"));
    }
    setup.api.pass(TimeDelta::hours(2));
    assert_eq!(
        setup.owner.get(&path).await.problem(),
        problem(404, "test_sign_in_not_found")
    );
}

/// SE-27: a test whose answer is refused says what was wanted and what came, and does not count; trying again does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_a_failed_test_sign_in_is_explained() {
    let setup = Setup::new().await;
    let stranger = Idp::new("https://idp.acme.com/metadata");
    let visitor = Visitor::new("owner@acme.com");
    let (path, page) = setup
        .api
        .try_out(&setup.owner, &setup.path, (&stranger, &visitor))
        .await;
    assert_eq!(page.status, 400, "{}", page.body);
    let test = setup.owner.get(&path).await.json();
    assert_eq!(test["state"], "failed", "{test}");
    for field in ["code", "wanted", "got", "who", "reference"] {
        assert!(
            test["failure"][field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{field}: {test}"
        );
    }
    let reference = page.headers["x-gatehouse-reference"].to_str().unwrap();
    assert_eq!(test["failure"]["reference"], reference);
    assert_eq!(
        setup.owner.get(&setup.path).await.json()["tested_at"],
        Value::Null
    );
    assert_eq!(setup.try_out().await["state"], "passed");
}

/// SE-27: a made-up, foreign or stale address of a test leads nowhere, and a test's answer opens no app.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_27_the_address_of_a_test_is_a_secret_with_an_end() {
    let setup = Setup::new().await;
    let browser = gatehouse_tests::Browser::new(
        setup.api.router.clone(),
        setup.api.gatehouse.config.base_url.as_str(),
    );
    for wrong in ["", "nothing", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let page = browser.get(&format!("/sign-in/test?ticket={wrong}")).await;
        assert_eq!(
            (page.status.as_u16(), page.code().as_str()),
            (400, "attempt_unknown")
        );
    }
    let test = setup.owner.act(&format!("{}/tests", setup.path)).await.json();
    setup.api.pass(TimeDelta::minutes(61));
    let url = url::Url::parse(test["url"].as_str().unwrap()).unwrap();
    let page = browser
        .get(&format!("/sign-in/test?{}", url.query().unwrap()))
        .await;
    assert_eq!(page.code(), "attempt_unknown");
}

/// AQ-16, SE-27: an owner who replaces the identity provider of an active connection switches it off until it is
/// validated, tried out and reviewed anew; a new name does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_16_se_27_another_identity_provider_is_reviewed_anew() {
    let setup = Setup::new().await;
    setup.activate().await;
    let renamed = setup
        .owner
        .patch(&setup.path, &json!({ "name": "Renamed" }))
        .await
        .json();
    assert_eq!(renamed["state"], "active");
    let other = Idp::new("https://evil.example.com/metadata");
    let replaced = setup.set_idp(&other).await;
    assert_eq!(replaced["state"], "draft");
    assert_eq!(
        (&replaced["tested_at"], &replaced["validation"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(setup.step("submit").await["state"], "in_review");
    let early = setup.operator("approve").await;
    assert_eq!(early.problem(), problem(409, "connection_untested"));

    // The same holds for what is read of its answers.
    let fresh = Setup::new().await;
    fresh.activate().await;
    for change in [
        json!({ "subject": { "attribute": "uid" } }),
        json!({ "attributes": { "email": "mail" } }),
        json!({ "saml": { "sp_entity_id": "urn:other" } }),
    ] {
        let waived = json!({ "without_test": "the next round" });
        let changed = fresh.owner.patch(&fresh.path, &change).await.json();
        assert_eq!(changed["state"], "draft", "{change}");
        let activate = format!("{}/activate", fresh.operators);
        assert_eq!(fresh.api.operator().post(&activate, &waived).await.status, 200);
    }
}

/// AQ-16: a suspension of the operator's is lifted by the operator alone; not by handing in anew either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_16_the_operators_suspension_is_the_operators_to_lift() {
    let setup = Setup::new().await;
    setup.activate().await;
    assert_eq!(setup.operator("suspend").await.json()["state"], "suspended");
    for step in ["resume", "submit"] {
        let refused = setup.owner.act(&format!("{}/{step}", setup.path)).await;
        assert_eq!(refused.problem(), problem(403, "operator_only"), "{step}");
    }
    assert_eq!(setup.operator("resume").await.json()["state"], "active");
}

/// AQ-16: two steps at once leave one state, and each is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn aq_16_steps_at_once_end_in_one_state() {
    let setup = Setup::new().await;
    setup.activate().await;
    let steps = (0..8).map(|nth| {
        let step = if nth % 2 == 0 { "suspend" } else { "resume" };
        let (owner, path) = (setup.owner.clone(), format!("{}/{step}", setup.path));
        tokio::spawn(async move { owner.act(&path).await })
    });
    for answer in futures_util::future::join_all(steps).await {
        let answer = answer.unwrap();
        assert!([200, 409].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    let state = setup.owner.get(&setup.path).await.json()["state"].clone();
    let last = setup.api.events("connection.state_changed").pop().unwrap()["data"]["state"].clone();
    assert_eq!(state, last);
    assert!(!setup.acme.id.is_empty());
}

/// App clients: every change has its event and its entry in the deployment's trail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_app_clients_are_in_the_trail() {
    let api = Api::start().await;
    let operator = api.operator();
    let app =
        json!({ "name": "App", "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"] });
    let made = operator.post("/operator/v1/clients", &app).await.json();
    let path = format!("/operator/v1/clients/{}", made["client_id"].as_str().unwrap());
    let secret = operator.post(&format!("{path}/secrets"), &json!({})).await.json();
    let id = secret["id"].as_str().unwrap();
    assert_eq!(operator.delete(&format!("{path}/secrets/{id}")).await.status, 204);
    assert_eq!(operator.delete(&path).await.status, 204);
    assert_eq!(
        operator.delete(&path).await.problem(),
        problem(404, "client_not_found")
    );
    let wanted =
        ["created", "secret_added", "secret_revoked", "deleted"].map(|what| format!("app_client.{what}"));
    let trail = operator.get("/operator/v1/audit").await.json();
    let mut actions = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    actions.reverse();
    assert_eq!(actions, wanted);
    for kind in wanted {
        assert_eq!(api.events(&kind).len(), 1, "{kind}");
    }
}
