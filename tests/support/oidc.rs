//! OpenID Connect connections to a [`Provider`] of the tests.

use gatehouse::app::onboarding::Administration;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::connections::{self, ConnectionEdit, secret};
use gatehouse::domain::connection::{Connection, OidcPreset, OidcSettings};
use gatehouse::redacted::Secret;
use serde_json::Value;
use url::Url;

use crate::app::Tokens;
use crate::browser::{Answer, Browser};
use crate::provider::Provider;
use crate::world::World;

impl World {
    /// The operator's hand on the tenant.
    pub async fn admin(&self) -> Administration {
        let principal = "tests".to_owned();
        Administration::by_operator(self.gatehouse.clone(), &self.tenant.id, principal)
            .await
            .unwrap()
    }

    /// An active connection to `provider`, set up as an owner would: discovery, client secret, activation.
    pub async fn connect(
        &self,
        provider: &Provider,
        preset: OidcPreset,
        change: impl FnOnce(&mut OidcSettings),
    ) -> Connection {
        let admin = self.admin().await;
        let mut edit = ConnectionEdit::oidc(preset);
        edit.name = format!("Acme {}", preset.name());
        let mut settings = edit.oidc.take().unwrap();
        settings.authority = Some(provider.issuer());
        settings.client_id = Some("gatehouse-client".to_owned());
        change(&mut settings);
        edit.oidc = Some(settings);
        let made = connections::create(&admin, None, edit).await.unwrap();
        let with_secret = secret::set(&admin, &made, &Secret::new("the-client-secret")).await;
        let made = with_secret.unwrap_or(made);
        let without_test = Some("an end-to-end test".to_owned());
        state::take(&admin, &made.id, &Step::Activate { without_test })
            .await
            .unwrap()
    }
}

/// The path and query of a URL of ours.
fn local(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

impl World {
    /// Starts a sign-in by a connection: where the browser is sent.
    pub async fn sent(&self, browser: &Browser, connection: &Connection, more: &[(&str, &str)]) -> Url {
        let mut asked = vec![("connection", connection.id.as_str())];
        asked.extend_from_slice(more);
        let answer = self.begin(browser, &asked).await;
        assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
        answer.location()
    }

    /// The browser comes back to a redirect URI.
    pub async fn back(&self, browser: &Browser, url: &Url) -> Answer {
        browser.get(&local(url)).await
    }

    /// A whole sign-in up to the answer that carries the code.
    pub async fn by_code(
        &self,
        browser: &Browser,
        (connection, provider): (&Connection, &Provider),
        person: &Value,
    ) -> Answer {
        let sent = self.sent(browser, connection, &[]).await;
        self.back(browser, &provider.authorize(&sent, person)).await
    }

    /// A whole sign-in up to the app's tokens.
    pub async fn tokens_by_code(
        &self,
        browser: &Browser,
        of: (&Connection, &Provider),
        person: &Value,
    ) -> Tokens {
        let answer = self.by_code(browser, of, person).await;
        self.tokens_of(&answer).await
    }

    /// The app's tokens, for the code in an answer.
    pub async fn tokens_of(&self, answer: &Answer) -> Tokens {
        assert_eq!(answer.status, 303, "{} {}", answer.code(), answer.body);
        let code = answer
            .parameter("code")
            .unwrap_or_else(|| panic!("{}", answer.raw_location()));
        let redeemed = self.redeem(&code).await;
        assert_eq!(redeemed.status, 200, "{}", redeemed.body);
        crate::app::tokens(&redeemed)
    }
}
