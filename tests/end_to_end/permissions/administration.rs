//! All that owners and the operator have in common, done once by each: `owner_portal` and `operator_api` share the use
//! cases and have roles of their own.

use gatehouse_local::dns::Zone;
use gatehouse_tests::admin::MadeTenant;
use gatehouse_tests::{Answer, Api, Browser, Caller, Idp, Provider, Visitor};
use http::{Method, Request, header};
use serde_json::{Value, json};

use super::super::admin::idp::by_hand;

/// Somebody who administers one tenant, below this path.
struct Admin<'a> {
    api: &'a Api,
    caller: Caller,
    token: String,
    base: String,
}

#[track_caller]
fn good(answer: Answer) -> Value {
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.body);
    if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    }
}

impl Admin<'_> {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn get(&self, path: &str) -> Value {
        good(self.caller.get(&self.at(path)).await)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        good(self.caller.post(&self.at(path), &body).await)
    }

    async fn act(&self, path: &str) -> Value {
        good(self.caller.act(&self.at(path)).await)
    }

    async fn delete(&self, path: &str) {
        good(self.caller.delete(&self.at(path)).await);
    }

    /// Changes what `path` shows, at `path` and `end`, over its ETag.
    async fn change(&self, method: Method, path: &str, end: &str, body: Option<Value>) -> Value {
        let etag = self.caller.get(&self.at(path)).await.etag();
        let path = self.at(&format!("{path}{end}"));
        good(self.caller.send(method, &path, Some(&etag), body.as_ref()).await)
    }

    async fn members(&self) {
        let ada = self.post("/members", json!({ "email": "ada@acme.com" })).await;
        let path = format!("/members/{}", ada["id"].as_str().unwrap());
        let change = json!({ "email": "lovelace@acme.com", "role": "GUEST" });
        self.change(Method::PATCH, &path, "", Some(change)).await;
        self.act(&format!("{path}/deactivate")).await;
        self.act(&format!("{path}/reactivate")).await;
        self.act(&format!("{path}/revoke-sessions")).await;
        let list =
            json!({ "members": [{ "email": "bob@acme.com" }, { "email": "cy@acme.com", "role": "GUEST" }] });
        self.post("/members/import", list).await;
        let listed = self.get("/members").await;
        assert_eq!(listed["items"].as_array().unwrap().len(), 3);
        self.get(&format!("{path}/sessions")).await;
        self.get(&format!("{path}/identities")).await;
        let import = self.post("/member-imports", json!({ "parts": 1 })).await;
        let import = format!("/member-imports/{}", import["id"].as_str().unwrap());
        let (part, lines) = (
            self.at(&format!("{import}/parts/1")),
            "email,given_name\r\ndan@acme.com,Dan\r\n",
        );
        let done = good(self.caller.put_as(&part, "text/csv", lines).await);
        assert_eq!(done["made"], 1, "{done}");
        self.get(&import).await;
        let listed = self.get("/members").await;
        let members = listed["items"].as_array().unwrap().iter();
        let dan = members
            .into_iter()
            .find(|member| member["email"] == "dan@acme.com")
            .unwrap();
        self.delete(&format!("/members/{}", dan["id"].as_str().unwrap()))
            .await;
    }

    async fn domains(&self, owner: &Caller) {
        for (name, proven) in [("acme.com", true), ("acme.org", false)] {
            let submitted = {
                let asked = json!({ "domain": name, "include_subdomains": true });
                good(owner.post("/owner/v1/domains", &asked).await)
            };
            let record = submitted["proof"]["value"].as_str().unwrap().to_owned();
            if proven {
                let place = submitted["proof"]["name"].as_str().unwrap();
                self.api.local.dns().set(place, Zone::Records(vec![record]));
            }
            self.act(&format!("/domains/{name}/check")).await;
        }
        self.delete("/domains/acme.org").await;
        assert_eq!(self.get("/domains").await["items"].as_array().unwrap().len(), 1);
    }

    async fn saml(&self, operator: &Caller, tenant: &MadeTenant) {
        let (path, made) = self.caller.connection(&self.base, "Acme IdP").await;
        let path = path.strip_prefix(&self.base).unwrap();
        self.change(Method::PATCH, path, "", Some(json!({ "name": "Acme" })))
            .await;
        self.change(Method::PUT, path, "/idp", Some(by_hand())).await;
        let idp = Idp::new("https://idp.acme.com/metadata");
        let pasted = json!({ "source": "metadata_xml", "xml": super::super::admin::idp::metadata(&idp) });
        self.change(Method::PUT, path, "/idp", Some(pasted)).await;
        self.act(&format!("{path}/validate")).await;
        let visitor = Visitor::new("lovelace@acme.com");
        let (test, page) = self
            .api
            .try_out(&self.caller, &self.at(path), (&idp, &visitor))
            .await;
        assert_eq!(page.status, 200, "{}", page.body);
        good(self.caller.get(&test).await);
        let change = json!({ "change": { "subject": { "attribute": "employee" } } });
        let run = self.post(&format!("{path}/dry-run"), change).await;
        assert!(
            run["newcomer"].is_object() && run["unrecognized"].is_object(),
            "{run}"
        );
        for step in ["submit", "withdraw", "submit"] {
            self.act(&format!("{path}/{step}")).await;
        }
        let of_operator = format!("{}/connections/{}", tenant.path, made["id"].as_str().unwrap());
        let why = json!({ "reason": "the contract is not signed" });
        good(operator.post(&format!("{of_operator}/reject"), &why).await);
        self.act(&format!("{path}/submit")).await;
        good(operator.act(&format!("{of_operator}/approve")).await);
        for of in ["signing", "encryption"] {
            for step in ["", "/activate", "/retire"] {
                let of = json!({ "use": of });
                self.change(Method::POST, path, &format!("/sp-keys{step}"), Some(of))
                    .await;
            }
        }
        self.act(&format!("{path}/suspend")).await;
        self.act(&format!("{path}/resume")).await;
        assert_eq!(
            self.get("/connections").await["items"].as_array().unwrap().len(),
            1
        );
    }

    async fn oidc(&self) {
        let provider = Provider::start(&self.api.gatehouse.clock).await;
        let settings = json!({ "authority": provider.issuer(), "client_id": "gatehouse-client" });
        let asked = json!({ "protocol": "oidc", "name": "Acme OP", "oidc": settings });
        let made = self.post("/connections", asked).await;
        let path = format!("/connections/{}", made["id"].as_str().unwrap());
        for secret in ["the first secret", "the second secret"] {
            let body = json!({ "client_secret": secret });
            self.change(Method::PUT, &path, "/client-secret", Some(body))
                .await;
        }
        let keys = json!({ "oidc": { "client_authentication": "private_key_jwt" } });
        self.change(Method::PATCH, &path, "", Some(keys)).await;
        for _ in 0..2 {
            self.change(Method::POST, &path, "/client-keys", None).await;
            let etag = self.caller.get(&self.at(&path)).await.etag();
            let path = self.at(&format!("{path}/client-keys/activate"));
            // The first key is in use at once: there is nothing to activate then.
            let activated = self.caller.send(Method::POST, &path, Some(&etag), None).await;
            assert!(
                [200, 422].contains(&activated.status.as_u16()),
                "{}",
                activated.body
            );
        }
    }

    async fn keys_and_lists(&self) {
        for kind in ["owner", "scim"] {
            let end = "2030-01-01T00:00:00Z";
            let asked = json!({ "kind": kind, "name": "robot", "expires_at": end });
            let made = self.post("/api-keys", asked).await;
            self.delete(&format!("/api-keys/{}", made["id"].as_str().unwrap()))
                .await;
        }
        let asked = json!({ "kind": "owner", "name": "once" });
        let request = || {
            let request = Request::post(self.at("/api-keys"))
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header(header::CONTENT_TYPE, "application/json")
                .header("idempotency-key", "one-key-for-one-thing");
            request.body(axum::body::Body::from(asked.to_string())).unwrap()
        };
        let base = self.api.gatehouse.config.base_url.as_str();
        let browser = Browser::new(self.api.router.clone(), base);
        let first = good(browser.send_request(request()).await);
        assert_eq!(good(browser.send_request(request()).await), first);
        for list in ["/api-keys", "/audit", "/sign-in-failures"] {
            self.get(list).await;
        }
    }

    /// GH-06: removals of many are announced, and syncs that are held released and dismissed.
    async fn holds(&self, tenant: &MadeTenant) {
        let scim = self.api.scim(tenant).await;
        let mut users = Vec::new();
        for number in 0..14 {
            let user = scim.user(&format!("pushed{number}@acme.com"), json!({})).await;
            users.push(format!("/Users/{}", user["id"].as_str().unwrap()));
        }
        let off = async |path: &str| {
            let off = json!([{ "op": "replace", "path": "active", "value": false }]);
            scim.patch(path, off).await.status
        };
        for path in &users[..10] {
            assert_eq!(off(path).await, 200);
        }
        for (step, path) in ["dismiss", "release"].into_iter().zip(&users[10..]) {
            assert_eq!(off(path).await, 503);
            let held = self.get("/holds").await["items"][0].clone();
            let path = format!("/holds/{}", held["id"].as_str().unwrap());
            assert_eq!(self.get(&path).await["state"], "open");
            self.act(&format!("{path}/{step}")).await;
        }
        self.act("/holds").await;
        assert_eq!(off(&users[10]).await, 200);
    }

    /// An owner's key may not: it takes an owner who has signed in just now (`break_glass.rs`).
    async fn break_glass(&self) {
        self.post("/break-glass", json!({ "email": "lovelace@acme.com" }))
            .await;
        self.get("/break-glass").await;
        self.delete("/break-glass/lovelace@acme.com").await;
    }
}

/// The same work by the owner and by the operator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aq_02_owner_and_operator_do_the_same_work() {
    for by_operator in [false, true] {
        let api = Api::start().await;
        let tenant = api.tenant("Acme", json!({})).await;
        let (owner, operator) = (api.owner(&tenant), api.operator());
        let admin = if by_operator {
            Admin {
                api: &api,
                caller: api.operator(),
                token: gatehouse_tests::admin::OPERATOR_KEY.to_owned(),
                base: tenant.path.clone(),
            }
        } else {
            Admin {
                api: &api,
                caller: api.owner(&tenant),
                token: tenant.key.clone(),
                base: "/owner/v1".to_owned(),
            }
        };
        admin.members().await;
        admin.domains(&owner).await;
        admin.saml(&operator, &tenant).await;
        admin.oidc().await;
        admin.keys_and_lists().await;
        admin.holds(&tenant).await;
        if by_operator {
            admin.break_glass().await;
        }
    }
}
