//! What is refused before or while the name is resolved.

use super::server::{NAME, TestServer, answer};
use super::{LIMITS, PUBLIC, deployed, local, refused};
use crate::outbound::{AddressClass, Outbound, OutboundError};

#[tokio::test]
async fn refuses_what_is_no_https_url() {
    let client = Outbound::new(false);
    for (url, code) in [
        ("http://idp.example.com/", "outbound_scheme_refused"),
        ("http://localhost:8400/", "outbound_scheme_refused"),
        ("http://127.0.0.1/", "outbound_scheme_refused"),
        ("file:///etc/passwd", "outbound_url_invalid"),
        ("ftp://idp.example.com/", "outbound_scheme_refused"),
        ("gopher://idp.example.com/", "outbound_scheme_refused"),
        ("/metadata", "outbound_url_invalid"),
        ("", "outbound_url_invalid"),
        ("https://user:secret@idp.example.com/", "outbound_url_credentials"),
        ("https://user@idp.example.com/", "outbound_url_credentials"),
    ] {
        assert_eq!(refused(client.get(url).await).code(), code, "{url}");
    }
    let long = format!("https://idp.example.com/{}", "a".repeat(2048));
    assert_eq!(refused(client.get(&long).await), OutboundError::Url);
}

#[tokio::test]
async fn refuses_every_spelling_of_a_private_literal() {
    let client = Outbound::new(false);
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://10.0.0.1:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254./",
        "https://0xa9fea9fe/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[2002:7f00:1::]/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://１２７.0.0.1/",
    ] {
        assert_eq!(
            refused(client.get(url).await).code(),
            "outbound_address_refused",
            "{url}"
        );
        assert_eq!(
            refused(client.check(url)).code(),
            "outbound_address_refused",
            "{url}"
        );
    }
}

#[tokio::test]
async fn refuses_a_name_if_any_of_its_addresses_is_not_public() {
    let server = TestServer::tls(vec![answer("200 OK", "", "never seen")]);
    for other in [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:10.0.0.1",
        "fd00:ec2::254",
        "0.0.0.0",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "fe80::1",
        // NAT64 around private and metadata addresses, for local use, 6to4, Teredo, compatible and translated.
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "2002:a00:1::1",
        "2001::1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "255.255.255.255",
        "ff02::1",
    ] {
        for answers in [[PUBLIC, other], [other, PUBLIC]] {
            let (client, script) = deployed(&server, &[&answers]);
            let error = refused(client.get(&format!("https://{NAME}/")).await);
            assert_eq!(error.code(), "outbound_address_refused", "{other}");
            assert!(script.dialled().is_empty(), "{other}");
        }
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn connects_to_the_address_that_was_checked_and_resolves_once() {
    let server = TestServer::tls(vec![answer("200 OK", "", "metadata")]);
    // The second answer is the rebinding one: it must never be asked for.
    let (client, script) = deployed(&server, &[&[PUBLIC], &["127.0.0.1"]]);
    let fetched = client.get(&format!("https://{NAME}/metadata?x=1")).await.unwrap();
    assert_eq!(fetched.success().unwrap().as_ref(), b"metadata");
    assert_eq!(script.asked(), [NAME]);
    assert_eq!(script.dialled(), [format!("{PUBLIC}:443").parse().unwrap()]);
    let request = server.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /metadata?x=1 http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: {NAME}\r\n")), "{request}");
    assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_or_a_certificate_of_another_name_is_refused() {
    let server = TestServer::tls(vec![answer("200 OK", "", "")]);
    let (client, _) = deployed(&server, &[&[], &[PUBLIC]]);
    assert_eq!(
        refused(client.get(&format!("https://{NAME}/")).await).code(),
        "outbound_unresolved"
    );
    assert_eq!(
        refused(client.get("https://other.example.test/").await).code(),
        "outbound_tls_failed"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_local_setting_reaches_loopback_hosts_alone() {
    let server = TestServer::plain(vec![answer("200 OK", "", "local")]);
    let client = local(LIMITS);
    for host in ["127.0.0.1", "localhost"] {
        let fetched = client
            .get(&format!("http://{host}:{}/", server.address.port()))
            .await
            .unwrap();
        assert_eq!(fetched.body.as_ref(), b"local");
    }
    for url in [
        "http://idp.example.com/",
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "http://0.0.0.0/",
    ] {
        assert_eq!(
            refused(client.get(url).await).code(),
            "outbound_scheme_refused",
            "{url}"
        );
    }
    assert_eq!(
        refused(client.get("https://10.0.0.1/").await).code(),
        "outbound_address_refused"
    );
}

#[tokio::test]
async fn a_localhost_that_resolves_elsewhere_is_refused() {
    let server = TestServer::plain(vec![answer("200 OK", "", "")]);
    let (mut client, script) = deployed(&server, &[&[PUBLIC], &["127.0.0.1", "10.0.0.1"]]);
    client.reach = crate::outbound::Reach::PublicAndLoopback;
    for class in [AddressClass::Reserved, AddressClass::Private] {
        let error = refused(client.get("http://evil.localhost/").await);
        assert_eq!(
            error,
            OutboundError::Address {
                host: "evil.localhost".to_owned(),
                class
            }
        );
    }
    assert!(script.dialled().is_empty());
}

#[tokio::test]
async fn errors_name_neither_path_query_nor_credentials() {
    let client = Outbound::new(false);
    for url in [
        "https://10.0.0.1/secret-path?code=secret-code",
        "https://secret-user:secret-password@10.0.0.1/",
        "http://example.com/secret-path?code=secret-code",
    ] {
        let error = refused(client.get(url).await);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}
