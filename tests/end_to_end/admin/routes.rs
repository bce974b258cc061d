//! Every route with every kind of caller.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::browser::encoded;
use gatehouse_tests::{Api, Browser, Visitor};
use http::Method;
use serde_json::{Value, json};

/// Statuses by caller: nobody, a wrong key, a key that is over, an app by its secret, a member by an access token, a SCIM
/// key, another tenant's owner, the owner, the operator.
type Expected = [u16; 9];

/// The owner's API: whoever has a key of some tenant's owner reaches that tenant alone.
const fn owners(other: u16, own: u16) -> Expected {
    [401, 401, 401, 401, 401, 403, other, own, 401]
}

/// The operator's API opens to the operator alone.
const fn operators(operator: u16) -> Expected {
    [401, 401, 401, 401, 401, 401, 401, 401, operator]
}

/// What stands in for an id that is there.
struct Made {
    tenant: MadeTenant,
    connection: String,
    member: String,
    key: String,
    domain: String,
    client: String,
    secret: String,
    /// The client's secret itself.
    client_secret: String,
    import: String,
    /// A removal of many that was announced.
    hold: String,
    /// A key that is over, and one for SCIM.
    tokens: (String, String),
}

/// The routes of one tenant's resources: method, path below the tenant, body, status for the owner of another tenant
/// (who must not learn whether the thing is there) and for who may.
fn shared() -> Vec<(Method, &'static str, Option<Value>, u16, u16)> {
    let text = Some(json!({ "source": "metadata_xml", "xml": "" }));
    vec![
        (Method::GET, "/saml-presets", None, 200, 200),
        (Method::GET, "/member-imports", None, 200, 200),
        (
            Method::POST,
            "/member-imports",
            Some(json!({ "parts": 0 })),
            422,
            422,
        ),
        (Method::GET, "/member-imports/{import}", None, 404, 200),
        (
            Method::PUT,
            "/member-imports/{import}/parts/{part}",
            Some(json!({ "members": [] })),
            404,
            200,
        ),
        (
            Method::GET,
            "/member-imports/{import}/parts/{part}",
            None,
            404,
            200,
        ),
        (Method::GET, "/connections", None, 200, 200),
        (
            Method::POST,
            "/connections",
            Some(json!({ "protocol": "saml" })),
            422,
            422,
        ),
        (Method::GET, "/connections/{connection}", None, 404, 200),
        (
            Method::PATCH,
            "/connections/{connection}",
            Some(json!({})),
            404,
            200,
        ),
        (
            Method::POST,
            "/connections/{connection}/dry-run",
            Some(json!({ "change": { "attributes": { "role": "function" } } })),
            404,
            200,
        ),
        (Method::PUT, "/connections/{connection}/idp", text, 404, 422),
        (
            Method::PUT,
            "/connections/{connection}/client-secret",
            Some(json!({ "client_secret": "a-secret" })),
            404,
            422,
        ),
        (
            Method::POST,
            "/connections/{connection}/client-keys",
            None,
            404,
            422,
        ),
        (
            Method::POST,
            "/connections/{connection}/client-keys/activate",
            None,
            404,
            422,
        ),
        (
            Method::POST,
            "/connections/{connection}/sp-keys",
            Some(json!({ "use": "signing" })),
            404,
            201,
        ),
        (
            Method::POST,
            "/connections/{connection}/sp-keys/activate",
            Some(json!({ "use": "encryption" })),
            404,
            409,
        ),
        (
            Method::POST,
            "/connections/{connection}/sp-keys/retire",
            Some(json!({ "use": "encryption" })),
            404,
            409,
        ),
        (Method::POST, "/connections/{connection}/submit", None, 404, 409),
        (Method::POST, "/connections/{connection}/validate", None, 404, 409),
        (Method::POST, "/connections/{connection}/withdraw", None, 404, 200),
        (Method::POST, "/connections/{connection}/suspend", None, 404, 409),
        (Method::POST, "/connections/{connection}/resume", None, 404, 409),
        (Method::POST, "/connections/{connection}/tests", None, 404, 409),
        (
            Method::GET,
            "/connections/{connection}/tests/{test}",
            None,
            404,
            404,
        ),
        (Method::GET, "/domains", None, 200, 200),
        (
            Method::POST,
            "/domains",
            Some(json!({ "domain": "co.uk" })),
            422,
            422,
        ),
        (Method::POST, "/domains/{domain}/check", None, 404, 200),
        (Method::DELETE, "/domains/{domain}", None, 404, 204),
        (Method::GET, "/break-glass", None, 200, 200),
        (Method::GET, "/members", None, 200, 200),
        (
            Method::POST,
            "/members",
            Some(json!({ "email": "no address" })),
            422,
            422,
        ),
        (
            Method::POST,
            "/members/import",
            Some(json!({ "members": [] })),
            200,
            200,
        ),
        (
            Method::POST,
            "/members/scim-takeover",
            Some(json!({ "members": [] })),
            200,
            200,
        ),
        (Method::GET, "/members/{member}", None, 404, 200),
        (Method::PATCH, "/members/{member}", Some(json!({})), 404, 200),
        (Method::DELETE, "/members/{member}", None, 404, 204),
        (Method::POST, "/members/{member}/erasure", None, 404, 202),
        (Method::GET, "/members/{member}/erasure", None, 404, 404),
        (Method::GET, "/erasures", None, 200, 200),
        (Method::GET, "/export", None, 200, 200),
        (Method::GET, "/holds", None, 200, 200),
        (Method::POST, "/holds", None, 201, 201),
        (Method::GET, "/holds/{hold}", None, 404, 200),
        (Method::POST, "/holds/{hold}/dismiss", None, 404, 409),
        (Method::POST, "/holds/{hold}/release", None, 404, 200),
        (Method::GET, "/members/{member}/sessions", None, 404, 200),
        (
            Method::DELETE,
            "/members/{member}/sessions/{session}",
            None,
            404,
            404,
        ),
        (Method::GET, "/members/{member}/identities", None, 404, 200),
        (Method::POST, "/members/{member}/invite", None, 404, 200),
        (Method::POST, "/members/{member}/deactivate", None, 404, 200),
        (Method::POST, "/members/{member}/reactivate", None, 404, 200),
        (Method::POST, "/members/{member}/revoke-sessions", None, 404, 200),
        (Method::GET, "/api-keys", None, 200, 200),
        (
            Method::POST,
            "/api-keys",
            Some(json!({ "kind": "owner", "name": "" })),
            422,
            422,
        ),
        (Method::DELETE, "/api-keys/{key}", None, 404, 204),
        (Method::GET, "/sign-in-failures", None, 200, 200),
        (Method::GET, "/audit", None, 200, 200),
    ]
}

/// Every route: method, path with placeholders, body, and what each caller gets.
fn table() -> Vec<(Method, String, Option<Value>, Expected)> {
    let mut table = Vec::new();
    for (method, path, body, other, own) in shared() {
        table.push((
            method.clone(),
            format!("/owner/v1{path}"),
            body.clone(),
            owners(other, own),
        ));
        table.push((
            method,
            format!("/operator/v1/tenants/{{tenant}}{path}"),
            body,
            operators(own),
        ));
    }
    let nothing = || Some(json!({}));
    // An API key is nobody who has just signed in; the operator is.
    for (method, path, body, operator) in [
        (
            Method::POST,
            "/break-glass",
            Some(json!({ "email": "root@elsewhere.com" })),
            422,
        ),
        (Method::DELETE, "/break-glass/{address}", None, 404),
    ] {
        table.push((
            method.clone(),
            format!("/owner/v1{path}"),
            body.clone(),
            owners(403, 403),
        ));
        let path = format!("/operator/v1/tenants/{{tenant}}{path}");
        table.push((method, path, body, operators(operator)));
    }
    let client = "/operator/v1/clients/{client}";
    let no_link = Some(json!({ "setup_link": "none" }));
    let of_owner = [
        (Method::POST, "/owner/v1/session", no_link, [404; 9]),
        (Method::DELETE, "/owner/v1/session", None, owners(204, 204)),
        (Method::GET, "/owner/v1/tenant", None, owners(200, 200)),
        (
            Method::PATCH,
            "/owner/v1/tenant/settings",
            nothing(),
            owners(200, 200),
        ),
    ];
    let of_operator = [
        (
            Method::GET,
            "/operator/v1/tenants".to_owned(),
            None,
            operators(200),
        ),
        (
            Method::POST,
            "/operator/v1/tenants".to_owned(),
            nothing(),
            operators(422),
        ),
        (
            Method::GET,
            "/operator/v1/tenants/{tenant}".to_owned(),
            None,
            operators(200),
        ),
        (
            Method::PATCH,
            "/operator/v1/tenants/{tenant}".to_owned(),
            nothing(),
            operators(200),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/domains/{domain}/approve".to_owned(),
            None,
            operators(200),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/connections/{connection}/activate".to_owned(),
            None,
            operators(409),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/connections/{connection}/approve".to_owned(),
            None,
            operators(409),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/connections/{connection}/reject".to_owned(),
            Some(json!({ "reason": "no contract" })),
            operators(200),
        ),
        (
            Method::DELETE,
            "/operator/v1/tenants/{tenant}/members/{member}/identities/{identity}".to_owned(),
            None,
            operators(404),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/members/{member}/merge".to_owned(),
            Some(json!({ "from": "nobody" })),
            operators(404),
        ),
        (
            Method::POST,
            "/operator/v1/tenants/{tenant}/setup-links".to_owned(),
            None,
            operators(201),
        ),
        (
            Method::GET,
            "/operator/v1/offboardings".to_owned(),
            None,
            operators(200),
        ),
        (
            Method::POST,
            "/operator/v1/offboardings".to_owned(),
            Some(json!({ "tenant": "nobody", "name": "Nobody" })),
            operators(404),
        ),
        (
            Method::GET,
            "/operator/v1/offboardings/{tenant}".to_owned(),
            None,
            operators(404),
        ),
        (Method::GET, "/operator/v1/audit".to_owned(), None, operators(200)),
        (
            Method::GET,
            "/operator/v1/openapi.json".to_owned(),
            None,
            [200; 9],
        ),
        (Method::GET, "/owner/v1/openapi.json".to_owned(), None, [200; 9]),
        (
            Method::GET,
            "/operator/v1/clients".to_owned(),
            None,
            operators(200),
        ),
        (
            Method::POST,
            "/operator/v1/clients".to_owned(),
            nothing(),
            operators(400),
        ),
        (Method::GET, client.to_owned(), None, operators(200)),
        (Method::PUT, client.to_owned(), nothing(), operators(400)),
        (Method::DELETE, client.to_owned(), None, operators(204)),
        (
            Method::POST,
            format!("{client}/secrets"),
            nothing(),
            operators(201),
        ),
        (
            Method::DELETE,
            format!("{client}/secrets/{{secret}}"),
            None,
            operators(204),
        ),
    ];
    table.extend(of_owner.map(|(method, path, body, expected)| (method, path.to_owned(), body, expected)));
    table.extend(of_operator);
    table
}

/// Every route that the functions serve, from the tables that make them.
fn registered() -> BTreeSet<(String, String)> {
    let all = operator_api::operations()
        .into_iter()
        .chain(owner_portal::operations());
    let mut all: BTreeSet<_> = all
        .map(|operation| (operation.verb.as_str().to_owned(), operation.path))
        .collect();
    for document in ["/operator/v1/openapi.json", "/owner/v1/openapi.json"] {
        all.insert(("GET".to_owned(), document.to_owned()));
    }
    all
}

/// A route that is added without a line in the table fails here.
#[test]
fn every_route_is_in_the_table() {
    let listed: BTreeSet<_> = table()
        .into_iter()
        .map(|(method, path, _, _)| (method.to_string(), path))
        .collect();
    assert_eq!(listed, registered());
}

/// The tables are the only way to a route: nothing else in the two functions or their handlers registers one.
#[test]
fn no_route_is_beside_the_tables() {
    let sources = [
        (
            "operator_api",
            include_str!("../../../functions/operator_api/src/lib.rs"),
        ),
        (
            "owner_portal",
            include_str!("../../../functions/owner_portal/src/lib.rs"),
        ),
        ("routes", include_str!("../../../shared/src/http/api/routes.rs")),
        (
            "routes_of_members",
            include_str!("../../../shared/src/http/api/routes_of_members.rs"),
        ),
    ];
    for (name, source) in sources {
        let routes = source.split(".route(").skip(1).collect::<Vec<_>>();
        let known = ["\"/openapi.json\"", "\"/portal\""];
        let beside = routes
            .iter()
            .filter(|rest| !known.iter().any(|path| rest.trim_start().starts_with(path)));
        assert_eq!(beside.count(), 0, "{name}");
    }
}

impl Made {
    /// A tenant with one of everything; `nth` keeps its domain apart from the others'.
    async fn new(api: &Api, nth: usize) -> Self {
        let operator = api.operator();
        let tenant = api.tenant("Acme", json!({})).await;
        let (_, connection) = operator.connection(&tenant.path, "Acme IdP").await;
        let domain = format!("acme{nth}.com");
        let asked = json!({ "domain": domain });
        assert_eq!(
            operator
                .post(&format!("{}/domains", tenant.path), &asked)
                .await
                .status,
            201
        );
        let member = json!({ "email": "ada@acme.com" });
        let member = operator
            .post(&format!("{}/members", tenant.path), &member)
            .await
            .json();
        api.single_sign_on(&tenant).await;
        let key = json!({ "kind": "scim", "name": "spare" });
        let key = operator
            .post(&format!("{}/api-keys", tenant.path), &key)
            .await
            .json();
        let client =
            json!({ "name": "App", "kind": "confidential", "redirect_uris": ["https://app.example.com/cb"] });
        let client = operator.post("/operator/v1/clients", &client).await.json();
        let client = client["client_id"].as_str().unwrap().to_owned();
        let secret = operator
            .post(&format!("/operator/v1/clients/{client}/secrets"), &json!({}))
            .await
            .json();
        let import = json!({ "parts": 1 });
        let import = operator
            .post(&format!("{}/member-imports", tenant.path), &import)
            .await
            .json();
        let hold = operator.act(&format!("{}/holds", tenant.path)).await.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        Self {
            tokens: tokens(api, &tenant).await,
            connection: id(&connection),
            member: id(&member),
            domain,
            key: id(&key),
            secret: id(&secret),
            client_secret: text(&secret["secret"]),
            import: id(&import),
            hold: id(&hold),
            client,
            tenant,
        }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{tenant}", &self.tenant.id)
            .replace("{connection}", &self.connection)
            .replace("{member}", &self.member)
            .replace("{domain}", &self.domain)
            .replace("{key}", &self.key)
            .replace("{client}", &self.client)
            .replace("{secret}", &self.secret)
            .replace("{address}", "root@elsewhere.com")
            .replace("{import}", &self.import)
            .replace("{hold}", &self.hold)
            .replace("{part}", "1")
            .replace("{session}", "0b5c0a53-7a4e-4b3a-9f3f-6f6f1a2b3c4d")
            .replace("{identity}", &format!("{}.none", self.connection))
    }

    /// The ETag of what the route changes, as the operator reads it.
    async fn etag(&self, api: &Api, path: &str) -> String {
        let places = [
            (
                "{connection}",
                format!("{}/connections/{}", self.tenant.path, self.connection),
            ),
            (
                "{member}",
                format!("{}/members/{}", self.tenant.path, self.member),
            ),
            ("{client}", format!("/operator/v1/clients/{}", self.client)),
        ];
        let place = places.into_iter().find(|(name, _)| path.contains(name));
        let place = place.map_or_else(|| self.tenant.path.clone(), |(_, place)| place);
        let read = api.operator().get(&place).await;
        // What a caller before has deleted is asked for by the ETag that it had.
        if read.status == 200 {
            read.etag()
        } else {
            "\"1\"".to_owned()
        }
    }
}

/// A key that is over, and one for SCIM.
async fn tokens(api: &Api, tenant: &MadeTenant) -> (String, String) {
    let soon = (api.gatehouse.clock.now() + TimeDelta::hours(1)).to_rfc3339();
    let over = json!({ "kind": "owner", "name": "over", "expires_at": soon });
    let scim = json!({ "kind": "scim", "name": "scim" });
    let mut made = Vec::new();
    for asked in [over, scim] {
        let answer = api
            .operator()
            .post(&format!("{}/api-keys", tenant.path), &asked)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        made.push(answer.json()["token"].as_str().unwrap().to_owned());
    }
    api.pass(TimeDelta::minutes(61));
    let scim = made.pop().unwrap();
    (made.pop().unwrap(), scim)
}

/// A member of some tenant who is signed in to the app: client and secret, and the grant that lives on.
struct SignedIn {
    client: (String, String),
    refresh_token: String,
}

impl SignedIn {
    /// Sets a tenant up and signs somebody in.
    async fn start() -> (Api, Self) {
        let (world, _) = super::whole::world(Api::start().await).await;
        let tokens = world
            .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
            .await;
        let signed_in = Self {
            client: (
                world.client.id.to_string(),
                world.client_secret.expose().to_owned(),
            ),
            refresh_token: tokens.text("refresh_token").to_owned(),
        };
        let api = Api {
            local: world.local,
            gatehouse: world.gatehouse,
            router: world.router,
            event_check: world.event_check,
        };
        (api, signed_in)
    }

    /// An access token that is good now.
    async fn access_token(&mut self, api: &Api) -> String {
        let browser = Browser::new(api.router.clone(), api.gatehouse.config.base_url.as_str());
        let (id, secret) = &self.client;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.as_str()),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ];
        let request = http::Request::post("/oauth2/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(&form))
            .unwrap();
        let answer = browser.send_request(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let tokens = answer.json();
        tokens["refresh_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.refresh_token);
        tokens["access_token"].as_str().unwrap().to_owned()
    }
}

/// AQ-02: a route opens to whom it is for, and to nobody else: no key, a wrong one, one that is over, an app, a member, a
/// SCIM key, another tenant's owner, the owner, the operator. Another tenant's thing is as absent as one that never was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_02_every_route_opens_to_whom_it_is_for() {
    let (api, mut signed_in) = SignedIn::start().await;
    let other = api.tenant("Other", json!({})).await;
    // As far as the tenant whose ETags are used: its record was changed by the first SCIM key.
    api.scim(&other).await;
    let mut made = Made::new(&api, 0).await;
    let mut member = signed_in.access_token(&api).await;
    for (nth, (method, path, body, expected)) in table().into_iter().enumerate() {
        let wrong = "ghok_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let callers = [
            ("nobody", api.caller(None)),
            ("a wrong key", api.caller(Some(wrong))),
            ("a key that is over", api.caller(Some(&made.tokens.0))),
            ("an app", api.app((&made.client, &made.client_secret))),
            ("a member", api.caller(Some(&member))),
            ("a SCIM key", api.caller(Some(&made.tokens.1))),
            ("another owner", api.owner(&other)),
            ("the owner", api.owner(&made.tenant)),
            ("the operator", api.operator()),
        ];
        for ((who, caller), wanted) in callers.into_iter().zip(expected) {
            let etag = made.etag(&api, &path).await;
            let answer = caller
                .send(method.clone(), &made.fill(&path), Some(&etag), body.as_ref())
                .await;
            assert_eq!(
                answer.status.as_u16(),
                wanted,
                "{who}: {method} {path}: {}",
                answer.body
            );
            if !answer.status.is_success() {
                let _ = answer.problem();
            }
            let asks = answer.headers.contains_key("www-authenticate");
            assert!(wanted != 401 || asks, "{who}: {method} {path}");
        }
        // What is gone is made anew.
        let erases = method == Method::POST && path.ends_with("/erasure");
        if method == Method::DELETE || erases {
            made = Made::new(&api, nth + 1).await;
            member = signed_in.access_token(&api).await;
        }
    }
}

/// What is another tenant's is answered word for word like what never was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_02_another_tenants_thing_is_answered_like_one_that_never_was() {
    let api = Api::start().await;
    let other = api.tenant("Other", json!({})).await;
    let made = Made::new(&api, 0).await;
    let owner = api.owner(&other);
    for path in ["/connections/{connection}", "/members/{member}"] {
        let theirs = owner.get(&made.fill(&format!("/owner/v1{path}"))).await;
        let never = owner
            .get(&format!("/owner/v1{}", path.replace(['{', '}'], "")))
            .await;
        let without_reference = |answer: &gatehouse_tests::Answer| {
            let mut body = answer.json();
            body.as_object_mut().unwrap().remove("reference");
            (answer.status, body)
        };
        assert_eq!(without_reference(&theirs), without_reference(&never), "{path}");
    }
}
