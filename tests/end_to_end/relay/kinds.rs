//! Everything that expires has a deadline from the moment that it is there; what renews it moves the deadline, and what
//! ends it takes it away. One row for each kind.

use chrono::{DateTime, TimeDelta, Utc};
use gatehouse::app::connection_upkeep::Upkeep;
use gatehouse::domain::deadline::{Deadline, DeadlineKind};
use gatehouse::domain::ids::TenantId;
use gatehouse::saml::certificate::Certificate;
use gatehouse::secrets::SecretName;
use gatehouse_local::dns::Zone;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::{Api, Caller, Idp, Provider, Visitor, scheduled};
use http::Method;
use serde_json::{Value, json};

struct Radar {
    api: Api,
    tenant: MadeTenant,
    owner: Caller,
}

impl Radar {
    async fn new() -> Self {
        let api = Api::start().await;
        let tenant = api.tenant("Acme", json!({})).await;
        let owner = api.owner(&tenant);
        Self { api, tenant, owner }
    }

    fn now(&self) -> DateTime<Utc> {
        self.api.gatehouse.clock.now()
    }

    /// Gives a connection an identity provider; its certificate.
    async fn set_idp(&self, path: &str, idp: &Idp) -> Certificate {
        let certificate = Certificate::from_der(idp.key.certificate_der()).unwrap();
        let input = json!({
            "source": "by_hand", "issuer": idp.entity_id, "sign_in_url": "https://idp.acme.com/sso",
            "certificates": certificate.pem(),
        });
        let set = self.owner.set_idp(path, &input).await;
        assert_eq!(set.status, 200, "{}", set.body);
        certificate
    }

    /// The owner's test sign-in, which passes.
    async fn try_out(&self, path: &str, idp: &Idp) {
        let visitor = Visitor::new("ada@acme.com");
        let (_, page) = self.api.try_out(&self.owner, path, (idp, &visitor)).await;
        assert_eq!(page.status, 200, "{}", page.body);
    }

    /// The deadlines of a kind, of the tenant or of the deployment.
    async fn of(&self, kind: DeadlineKind) -> Vec<Deadline> {
        let id = match kind {
            DeadlineKind::OpKey | DeadlineKind::AppClientSecret => TenantId::of_deployment(),
            _ => TenantId::parse(&self.tenant.id).unwrap(),
        };
        let all = self.api.gatehouse.store.tenant(&id).deadlines().await.unwrap();
        all.into_iter().filter(|deadline| deadline.kind == kind).collect()
    }

    /// The ends of a kind's deadlines.
    async fn ends(&self, kind: DeadlineKind) -> Vec<DateTime<Utc>> {
        let mut ends: Vec<_> = self
            .of(kind)
            .await
            .into_iter()
            .map(|deadline| deadline.expires_at)
            .collect();
        ends.sort();
        ends
    }

    async fn upkeep(&self) -> Upkeep {
        scheduled::upkeep(&self.api.gatehouse).await.unwrap()
    }

    async fn put_secret(&self, path: &str, end: Option<DateTime<Utc>>) {
        let etag = self.owner.get(path).await.etag();
        let body = json!({ "client_secret": "the-client-secret", "expires_at": end });
        let path = format!("{path}/client-secret");
        let set = self
            .owner
            .send(Method::PUT, &path, Some(&etag), Some(&body))
            .await;
        assert_eq!(set.status, 200, "{}", set.body);
    }

    async fn made(&self, asked: Value) -> (String, Value) {
        let made = self.owner.post("/owner/v1/connections", &asked).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let record = made.json();
        (
            format!("/owner/v1/connections/{}", record["id"].as_str().unwrap()),
            record,
        )
    }
}

fn whole_seconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(at.timestamp(), 0).unwrap()
}

fn not_after(certificate: &Value) -> DateTime<Utc> {
    certificate["not_after"].as_str().unwrap().parse().unwrap()
}

/// Client secrets of OpenID Connect and GitHub connections, and our own keys there: the end that the owner names or the
/// certificate has; a new end moves it, no end takes it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_client_secrets_and_client_keys_have_deadlines() {
    let radar = Radar::new().await;
    let provider = Provider::start(&radar.api.gatehouse.clock).await;
    let (soon, later) = (
        whole_seconds(radar.now() + TimeDelta::days(20)),
        whole_seconds(radar.now() + TimeDelta::days(50)),
    );
    let oidc = json!({ "authority": provider.issuer(), "client_id": "gatehouse-client" });
    for asked in [
        json!({ "protocol": "oidc", "name": "OP", "oidc": oidc }),
        json!({ "protocol": "github", "name": "GitHub" }),
    ] {
        let (path, _) = radar.made(asked).await;
        assert!(radar.ends(DeadlineKind::ClientSecret).await.is_empty());
        radar.put_secret(&path, Some(soon)).await;
        assert_eq!(radar.ends(DeadlineKind::ClientSecret).await, [soon]);
        radar.put_secret(&path, Some(later)).await;
        assert_eq!(radar.ends(DeadlineKind::ClientSecret).await, [later]);
        radar.put_secret(&path, None).await;
        assert!(radar.ends(DeadlineKind::ClientSecret).await.is_empty());
    }
    let mut by_key = oidc;
    by_key["client_authentication"] = json!("private_key_jwt");
    let (path, record) = radar
        .made(json!({ "protocol": "oidc", "name": "OP", "oidc": by_key }))
        .await;
    let first = not_after(&record["client_keys"][0]["certificate"]);
    assert_eq!(radar.ends(DeadlineKind::ClientKey).await, [first]);
    radar.api.pass(TimeDelta::days(100));
    let act = async |end: &str| {
        let etag = radar.owner.get(&path).await.etag();
        let path = format!("{path}/client-keys{end}");
        radar
            .owner
            .send(Method::POST, &path, Some(&etag), None)
            .await
            .json()
    };
    act("").await;
    assert_eq!(
        radar.ends(DeadlineKind::ClientKey).await,
        [first],
        "the next one is of no help yet"
    );
    let activated = act("/activate").await;
    let second = not_after(&activated["client_keys"][0]["certificate"]);
    assert!(second > first);
    assert_eq!(radar.ends(DeadlineKind::ClientKey).await, [second]);
}

/// The identity provider's certificates, and both of ours, from the first hour of a SAML connection; metadata that brings
/// a later one moves the first; the test that activates the connection keeps all three.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_certificates_of_both_sides_have_deadlines() {
    let radar = Radar::new().await;
    let idp = Idp::new("https://idp.acme.com/metadata");
    let (path, record) = radar.owner.connection("/owner/v1", "Acme").await;
    let ours = |side: &str| not_after(&record["service_provider"][side][0]);
    let sides = [
        (DeadlineKind::SpSigningCertificate, ours("signing_certificates")),
        (
            DeadlineKind::SpEncryptionCertificate,
            ours("encryption_certificates"),
        ),
    ];
    for (kind, end) in sides {
        assert_eq!(radar.ends(kind).await, [end], "{kind:?}");
    }
    assert!(radar.ends(DeadlineKind::IdpCertificate).await.is_empty());
    let certificate = radar.set_idp(&path, &idp).await;
    assert_eq!(
        radar.ends(DeadlineKind::IdpCertificate).await,
        [certificate.not_after()]
    );
    radar.try_out(&path, &idp).await;
    assert_eq!(
        radar.ends(DeadlineKind::IdpCertificate).await,
        [certificate.not_after()]
    );
}

/// A connection that a test sign-in activates has its deadlines as they are then, also where they were lost before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_test_sign_in_puts_deadlines_right() {
    let radar = Radar::new().await;
    let idp = Idp::new("https://idp.acme.com/metadata");
    let (path, record) = radar.owner.connection("/owner/v1", "Acme").await;
    let certificate = radar.set_idp(&path, &idp).await;
    let store = radar
        .api
        .gatehouse
        .store
        .tenant(&TenantId::parse(&radar.tenant.id).unwrap());
    let mut tx = store.begin();
    tx.end_deadline(DeadlineKind::IdpCertificate, record["id"].as_str().unwrap());
    tx.commit().await.unwrap();
    assert!(radar.ends(DeadlineKind::IdpCertificate).await.is_empty());
    radar.try_out(&path, &idp).await;
    assert_eq!(
        radar.ends(DeadlineKind::IdpCertificate).await,
        [certificate.not_after()]
    );
}

/// SCIM keys, owners' keys and secrets of app clients: the end that they were given; without one there is no deadline, and
/// who takes them away takes it along.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_keys_and_app_client_secrets_have_deadlines() {
    let radar = Radar::new().await;
    radar.api.single_sign_on(&radar.tenant).await;
    let end = whole_seconds(radar.now() + TimeDelta::days(40));
    for (name, kind) in [("scim", DeadlineKind::ScimKey), ("owner", DeadlineKind::OwnerKey)] {
        let lasting = json!({ "kind": name, "name": "lasting" });
        assert_eq!(radar.owner.post("/owner/v1/api-keys", &lasting).await.status, 201);
        assert!(radar.ends(kind).await.is_empty(), "{kind:?}");
        let asked = json!({ "kind": name, "name": "Okta", "expires_at": end });
        let key = radar.owner.post("/owner/v1/api-keys", &asked).await;
        assert_eq!(key.status, 201, "{}", key.body);
        assert_eq!(radar.ends(kind).await, [end], "{kind:?}");
        let path = format!("/owner/v1/api-keys/{}", key.json()["id"].as_str().unwrap());
        assert_eq!(radar.owner.delete(&path).await.status, 204);
        assert!(radar.ends(kind).await.is_empty(), "{kind:?}");
    }
    let operator = radar.api.operator();
    let asked =
        json!({ "name": "App", "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"] });
    let client = operator.post("/operator/v1/clients", &asked).await.json();
    let path = format!("/operator/v1/clients/{}", client["client_id"].as_str().unwrap());
    let secrets = format!("{path}/secrets");
    for _ in 0..2 {
        let made = operator.post(&secrets, &json!({ "expires_at": end })).await;
        assert_eq!(made.status, 201, "{}", made.body);
    }
    assert_eq!(radar.ends(DeadlineKind::AppClientSecret).await, [end, end]);
    assert_eq!(operator.delete(&path).await.status, 204);
    assert!(radar.ends(DeadlineKind::AppClientSecret).await.is_empty());
}

/// A proof that goes missing has a deadline at the day on which the domain lapses; the record that is back ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_02_a_proof_that_is_missing_has_a_deadline() {
    let radar = Radar::new().await;
    let claim = radar
        .owner
        .post("/owner/v1/domains", &json!({ "domain": "acme.com" }))
        .await
        .json();
    let proof = Zone::Records(vec![claim["proof"]["value"].as_str().unwrap().to_owned()]);
    let name = claim["proof"]["name"].as_str().unwrap();
    radar.api.local.dns().set(name, proof.clone());
    assert_eq!(
        radar.owner.act("/owner/v1/domains/acme.com/check").await.status,
        200
    );
    assert!(radar.ends(DeadlineKind::DomainProof).await.is_empty());
    radar.api.local.dns().set(name, Zone::Records(Vec::new()));
    let missing = radar.now();
    for _ in 0..5 {
        radar.api.pass(TimeDelta::days(1));
        radar.upkeep().await;
    }
    let ends = radar.ends(DeadlineKind::DomainProof).await;
    assert_eq!(ends.len(), 1);
    assert!(
        (missing + TimeDelta::days(29)..missing + TimeDelta::days(33)).contains(&ends[0]),
        "{ends:?}"
    );
    radar.api.local.dns().set(name, proof);
    radar.api.pass(TimeDelta::days(1));
    radar.upkeep().await;
    assert!(radar.ends(DeadlineKind::DomainProof).await.is_empty());
}

/// The provider's own keys are rotated by the upkeep after 90 days, published before and after; their deadlines move with
/// them, so that nobody is reminded of what is done by itself, and the operator is when it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gh_01_gh_02_the_providers_keys_are_rotated_and_watched() {
    let radar = Radar::new().await;
    let published = async || {
        let listed = radar.api.caller(None).get("/oauth2/jwks").await.json();
        let keys = listed["keys"].as_array().unwrap().clone();
        let kids = keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned());
        kids.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(radar.upkeep().await.keys_rotated, 0);
    let first = published().await;
    assert_eq!(first.len(), 4, "a current and a next one of each kind");
    let ends = radar.ends(DeadlineKind::OpKey).await;
    assert_eq!(ends.len(), 2);
    radar.api.pass(TimeDelta::days(91));
    assert_eq!(radar.upkeep().await.keys_rotated, 1);
    assert_eq!(radar.upkeep().await.keys_rotated, 0, "once");
    // Other processes believe their keys for some minutes.
    radar.api.pass(TimeDelta::minutes(10));
    let second = published().await;
    assert!(
        second.is_superset(&first) && second.len() == 6,
        "old, current and next"
    );
    let moved = radar.ends(DeadlineKind::OpKey).await;
    assert!(
        moved.iter().all(|end| *end > ends[1] + TimeDelta::days(80)),
        "{moved:?}"
    );
    radar.api.remind().await;
    assert!(
        radar.api.mails().is_empty(),
        "nobody is told of what is done by itself"
    );
    radar.api.pass(TimeDelta::days(16));
    radar.upkeep().await;
    radar.api.pass(TimeDelta::minutes(10));
    let third = published().await;
    assert!(third.len() == 4 && third.is_disjoint(&first.difference(&third).cloned().collect()));
    // Nobody runs the upkeep any more.
    radar.api.pass(TimeDelta::days(77));
    radar.api.remind().await;
    radar.api.pass(TimeDelta::days(1));
    radar.api.remind().await;
    let told = radar.api.mails();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].to, "operator@gatehouse.example");
    assert!(told[0].text.as_ref().unwrap().contains("RS256"), "{told:?}");
    let ring = radar
        .api
        .gatehouse
        .secrets
        .get(&SecretName::OpSigningKeys)
        .await
        .unwrap();
    assert!(
        !told[0]
            .text
            .as_ref()
            .unwrap()
            .contains(&ring.value.expose()[..40])
    );
}
