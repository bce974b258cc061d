//! The real SDK against the local SES.

use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{self, EmailContent, MessageTag, RawMessage};

use crate::control::ReadMail;
use crate::{Local, Options};

const RAW: &str = "From: Gatehouse <gatehouse@acme.example>\r\nTo: ada@acme.example\r\nSubject: =?utf-8?Q?Caf=C3=A9?=\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <p>1 =3D 1</p>\r\n";

async fn send_raw(local: &Local, raw: &str, tag: Option<&str>) -> Result<String, String> {
    let client = aws_sdk_sesv2::Client::new(local.sdk_config());
    let raw = RawMessage::builder().data(Blob::new(raw)).build().unwrap();
    let tags = tag.map(|value| {
        vec![
            MessageTag::builder()
                .name(crate::aws::ses::IDEMPOTENCY_TAG)
                .value(value)
                .build()
                .unwrap(),
        ]
    });
    let sent = client
        .send_email()
        .content(EmailContent::builder().raw(raw).build())
        .set_email_tags(tags)
        .send()
        .await;
    match sent {
        Ok(sent) => Ok(sent.message_id.unwrap()),
        Err(error) => Err(error.into_service_error().meta().code().unwrap_or("?").to_owned()),
    }
}

#[tokio::test]
async fn a_raw_mail_becomes_an_eml_file_as_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    let id = send_raw(&local, RAW, None).await.unwrap();
    assert_eq!(
        std::fs::read_to_string(folder.path().join(format!("mail/{id}.eml"))).unwrap(),
        RAW
    );
    let mail = ReadMail::find(local.mailbox(), &id).unwrap();
    assert_eq!(
        (mail.subject.as_str(), mail.to.as_str()),
        ("Café", "ada@acme.example")
    );
    assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>1 = 1</p>"));
    assert_eq!(mail.text, None);
    local.stop().await;
    let again = Local::start(&Options::in_folder(folder.path())).unwrap();
    assert_eq!(ReadMail::all(again.mailbox()).len(), 1);
}

#[tokio::test]
async fn a_simple_mail_has_both_parts_and_its_recipients_are_those_of_the_envelope() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let client = aws_sdk_sesv2::Client::new(local.sdk_config());
    let text = |data: &str| types::Content::builder().data(data).build().unwrap();
    let body = types::Body::builder()
        .text(text("plain"))
        .html(text("<b>rich</b>"))
        .build();
    let message = types::Message::builder()
        .subject(text("Hello"))
        .body(body)
        .build();
    client
        .send_email()
        .from_email_address("Gatehouse <gatehouse@acme.example>")
        .destination(
            types::Destination::builder()
                .to_addresses("ada@acme.example")
                .bcc_addresses("audit@acme.example")
                .build(),
        )
        .content(EmailContent::builder().simple(message).build())
        .send()
        .await
        .unwrap();
    let mails = ReadMail::all(local.mailbox());
    assert_eq!(mails[0].to, "ada@acme.example, audit@acme.example");
    assert_eq!(mails[0].text.as_deref().map(str::trim), Some("plain"));
    assert_eq!(mails[0].html.as_deref().map(str::trim), Some("<b>rich</b>"));
    let raw = String::from_utf8(local.mailbox().raw(&mails[0].id).unwrap()).unwrap();
    assert!(!raw.contains("audit@acme.example"), "a blind copy stays blind");
}

#[tokio::test]
async fn the_same_tag_is_the_same_mail_and_every_delivery_counts() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    let first = send_raw(&local, RAW, Some("deadline/1/stage/14")).await.unwrap();
    let second = send_raw(&local, RAW, Some("deadline/1/stage/14")).await.unwrap();
    let other = send_raw(&local, RAW, Some("deadline/1/stage/7")).await.unwrap();
    assert_eq!(first, second);
    assert_ne!(first, other);
    local.stop().await;
    let again = Local::start(&Options::in_folder(folder.path())).unwrap();
    let deliveries: Vec<u32> = again
        .mailbox()
        .mails()
        .iter()
        .map(|mail| mail.deliveries)
        .collect();
    assert_eq!(deliveries, [2, 1]);
}

#[tokio::test]
async fn a_mail_to_nobody_is_refused() {
    let local = Local::start(&Options::in_memory()).unwrap();
    let refused = send_raw(&local, "From: a@acme.example\r\nSubject: x\r\n\r\nx", None).await;
    assert_eq!(refused, Err("BadRequestException".to_owned()));
    assert!(local.mailbox().mails().is_empty());
}
