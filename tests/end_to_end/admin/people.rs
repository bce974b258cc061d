//! A tenant that is set up by the APIs and signs people in: what tests of members stand on.

use gatehouse_tests::admin::{Caller, MadeTenant, events_of};
use gatehouse_tests::{Answer, Api, Browser, Tokens, Visitor, World};
use serde_json::{Value, json};

pub(super) struct People {
    pub world: World,
    pub acme: MadeTenant,
    pub owner: Caller,
    pub operator: Caller,
}

impl People {
    pub async fn start() -> Self {
        let api = Api::start().await;
        let operator = api.operator();
        let (world, acme) = super::whole::world(api).await;
        let base = world.gatehouse.config.base_url.as_str().to_owned();
        let owner = Caller::on(&world.router, &base, Some(&acme.key));
        Self {
            world,
            acme,
            owner,
            operator,
        }
    }

    /// Adds a member by hand; gives its record.
    pub async fn add(&self, email: &str, role: &str) -> Value {
        let asked = json!({ "email": email, "role": role });
        let made = self.owner.post("/owner/v1/members", &asked).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()
    }

    /// The member's path in the owner's API.
    pub fn path(member: &Value) -> String {
        format!("/owner/v1/members/{}", member["id"].as_str().unwrap())
    }

    /// The member's path in the operator's API.
    pub fn support(&self, member: &Value) -> String {
        format!("{}/members/{}", self.acme.path, member["id"].as_str().unwrap())
    }

    pub async fn sign_in(&self, browser: &Browser, email: &str) -> Tokens {
        self.world.tokens(browser, &Visitor::new(email)).await
    }

    /// The code of the refusal that a sign-in ends with.
    pub async fn refused(&self, email: &str) -> String {
        let browser = self.world.browser();
        self.world.sign_in(&browser, &Visitor::new(email)).await.code()
    }

    /// What the app is told of a member's link.
    pub async fn linking(&self, email: &str) -> Value {
        let answer = self
            .world
            .app_json("/sign-in/linking", &json!({ "email": email }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Whether what a sign-in gave opens anything still.
    pub async fn is_in(&self, browser: &Browser, tokens: &Tokens) -> bool {
        let silent = [("prompt", "none"), ("organization", self.acme.id.as_str())];
        let silent = browser.get(&self.world.authorize_path(&silent)).await;
        let by_session = silent.parameter("code").is_some();
        let by_access = self.world.userinfo(tokens.text("access_token")).await.status == 200;
        let by_refresh = self.refresh(tokens).await.status == 200;
        assert_eq!(
            (by_session, by_access),
            (by_refresh, by_refresh),
            "one write ends all"
        );
        by_refresh
    }

    async fn refresh(&self, tokens: &Tokens) -> Answer {
        self.world.refresh(tokens.text("refresh_token")).await
    }

    pub fn events(&self, kind: &str) -> Vec<Value> {
        events_of(&self.world.local, kind)
    }
}
