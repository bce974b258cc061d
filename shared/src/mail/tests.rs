#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use aws_sdk_sesv2::Client;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::*;
use crate::secrets::fake_aws::FakeAws;

fn mailer(answer: impl Fn() -> (u16, Value) + Send + Sync + 'static) -> (FakeAws, Mailer) {
    let aws = FakeAws::new(move |_, _| answer());
    let sender = "Acme Sign-in <sign-in@example.com>";
    let mailer = Mailer::new(Client::new(&aws.sdk()), sender, Clock::system()).unwrap();
    (aws, mailer)
}

fn mail<'a>() -> Mail<'a> {
    Mail {
        to: "jane@acme.com",
        subject: "Your code \u{2013} Gr\u{fc}\u{df}e",
        text: "Your code is 4711.",
        html: "<p>Your code is <b>4711</b>.</p>",
        reference: "expiry-7-abc_1",
    }
}

#[tokio::test]
async fn a_mail_reaches_ses_as_mime_with_its_reference() {
    let (aws, mailer) = mailer(|| (200, json!({"MessageId": "m-1"})));
    assert_eq!(mailer.send(&mail()).await.unwrap(), "m-1");
    let (operation, body) = aws.calls().remove(0);
    assert_eq!(operation, "POST /v2/email/outbound-emails");
    assert_eq!(body["Destination"]["ToAddresses"], json!(["jane@acme.com"]));
    let tag = json!([{"Name": "Gatehouse-Reference", "Value": "expiry-7-abc_1"}]);
    assert_eq!(body["EmailTags"], tag);
    let raw = STANDARD
        .decode(body["Content"]["Raw"]["Data"].as_str().unwrap())
        .unwrap();
    let raw = String::from_utf8(raw).unwrap();
    for part in [
        "From: \"Acme Sign-in\" <sign-in@example.com>\r\n",
        "To: jane@acme.com\r\n",
        "X-Gatehouse-Reference: expiry-7-abc_1\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "Your code is 4711.",
        "<b>4711</b>",
    ] {
        assert!(raw.contains(part), "{part:?} in {raw}");
    }
    assert!(raw.is_ascii(), "headers and bodies are encoded: {raw}");
}

#[tokio::test]
async fn nothing_breaks_out_of_its_line() {
    let (aws, mailer) = mailer(|| (200, json!({"MessageId": "m-1"})));
    for (changed, code) in [
        (
            Mail {
                to: "jane@acme.com\r\nBcc: eve@evil.example",
                ..mail()
            },
            "mail_recipient_invalid",
        ),
        (
            Mail {
                to: "jane@acme.com, eve@evil.example",
                ..mail()
            },
            "mail_recipient_invalid",
        ),
        (
            Mail {
                to: "nobody",
                ..mail()
            },
            "mail_recipient_invalid",
        ),
        (
            Mail {
                subject: "Hello\r\nBcc: eve@evil.example",
                ..mail()
            },
            "mail_subject_invalid",
        ),
        (
            Mail {
                subject: &"x".repeat(201),
                ..mail()
            },
            "mail_subject_invalid",
        ),
        (
            Mail {
                reference: "a b",
                ..mail()
            },
            "mail_reference_invalid",
        ),
        (
            Mail {
                reference: "",
                ..mail()
            },
            "mail_reference_invalid",
        ),
    ] {
        let error = mailer.send(&changed).await.unwrap_err();
        assert_eq!((error.code(), error.is_permanent()), (code, true));
    }
    assert!(aws.calls().is_empty());
}

#[tokio::test]
async fn only_what_ses_says_of_this_mail_is_permanent() {
    for (status, aws, permanent) in [
        (400, "MessageRejected", true),
        (400, "BadRequestException", true),
        (400, "AccountSuspendedException", false),
        (400, "SendingPausedException", false),
        (400, "MailFromDomainNotVerifiedException", false),
        (429, "TooManyRequestsException", false),
        (403, "AccessDeniedException", false),
        (500, "InternalServerError", false),
    ] {
        let (_, mailer) = mailer(move || (status, json!({"__type": aws, "message": "jane@acme.com"})));
        let error = mailer.send(&mail()).await.unwrap_err();
        assert_eq!(error.is_permanent(), permanent, "{aws}");
        assert!(!format!("{error} {error:?}").contains("jane"), "{error}");
    }
}

#[test]
fn a_sender_that_is_no_mailbox_is_refused() {
    let aws = FakeAws::new(|_, _| (200, json!({})));
    let error = Mailer::new(Client::new(&aws.sdk()), "nobody", Clock::system()).unwrap_err();
    assert_eq!(error.code(), "mail_sender_invalid");
}
