//! OpenID Connect connections to a [`Provider`] of the tests.

use gatehouse::app::onboarding::Administration;
use gatehouse::app::onboarding::connections::state::{self, Step};
use gatehouse::app::onboarding::connections::{self, ConnectionEdit, secret};
use gatehouse::domain::connection::{Connection, OidcPreset, OidcSettings};
use gatehouse::redacted::Secret;

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
