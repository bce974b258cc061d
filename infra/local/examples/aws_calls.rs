//! The calls to Secrets Manager, SES v2 and EventBridge, by the same code as deployed, configured as a function is: by
//! the environment. `tests/interop/run moto` points it at moto and checks there what has arrived.
//!
//! Prints one JSON object: what each call answered.

use std::io::Write;

use gatehouse::app::Gatehouse;
use gatehouse::domain::ids::ConnectionId;
use gatehouse::domain::letter::Letter;
use gatehouse::events::BusEvent;
use gatehouse::mail::{Mail, letters};
use gatehouse::redacted::Secret;
use gatehouse::secrets::{SecretName, Stage};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let gatehouse = Gatehouse::from_environment()?;
    let told = json!({
        "secrets": secrets(&gatehouse).await?,
        "mail": mail(&gatehouse).await?,
        "events": events(&gatehouse).await?,
    });
    writeln!(std::io::stdout(), "{told}")?;
    Ok(())
}

/// Made once, written over, a following version laid aside and promoted, read back.
async fn secrets(gatehouse: &Gatehouse) -> Result<Value, Failure> {
    let name = SecretName::ClientSecret(ConnectionId::generate()?);
    let first = gatehouse
        .secrets
        .create_if_absent(&name, &Secret::new("first"))
        .await?;
    let again = gatehouse
        .secrets
        .create_if_absent(&name, &Secret::new("again"))
        .await?;
    let second = gatehouse.secrets.put(&name, &Secret::new("second")).await?;
    let third = gatehouse
        .secrets
        .put_pending(&name, &Secret::new("third"))
        .await?;
    let before = gatehouse.secrets.get_fresh(&name).await?;
    let pending = gatehouse.secrets.get_stage(&name, Stage::Pending).await?;
    gatehouse.secrets.promote(&name, &third.id).await?;
    let after = gatehouse.secrets.get_fresh(&name).await?;
    let absent = SecretName::ClientSecret(ConnectionId::generate()?);
    let absent = gatehouse.secrets.find(&absent).await?.is_none();
    Ok(json!({
        "created": format!("{first:?}"),
        "created_again": format!("{again:?}"),
        "before": before.value.expose(),
        "before_is_second": before.id == second.id,
        "pending": pending.map(|version| version.value.expose().to_owned()),
        "after": after.value.expose(),
        "absent": absent,
    }))
}

/// The first letter, with a code.
async fn mail(gatehouse: &Gatehouse) -> Result<Value, Failure> {
    let mailer = gatehouse
        .mailer
        .as_ref()
        .ok_or("GATEHOUSE_MAIL_SENDER is not set")?;
    let letter = Letter::LinkCode {
        organization: "Acme".to_owned(),
        minutes: 10,
    };
    let written = letters::render(&letter, Some(&Secret::new("12345678")), "Gatehouse")?;
    let id = mailer
        .send(&Mail {
            to: "ada@acme.example",
            subject: &written.subject,
            text: &written.text,
            html: &written.html,
            reference: "interop-1",
        })
        .await?;
    Ok(json!({ "id": id }))
}

/// More events than one request takes.
async fn events(gatehouse: &Gatehouse) -> Result<Value, Failure> {
    let bus = gatehouse
        .event_bus
        .as_ref()
        .ok_or("GATEHOUSE_EVENT_BUS is not set")?;
    let events: Vec<BusEvent> = (0..23)
        .map(|number| BusEvent {
            kind: "user.updated".to_owned(),
            detail: json!({ "type": "user.updated", "sequence": number }).to_string(),
            at: gatehouse.clock.now(),
        })
        .collect();
    bus.put_all(&events).await?;
    Ok(json!({ "put": events.len() }))
}
