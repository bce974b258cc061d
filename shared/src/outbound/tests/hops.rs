//! Redirects.

use axum::http::header::{AUTHORIZATION, COOKIE, HeaderName};
use openidconnect::AsyncHttpClient;

use super::server::{NAME, TestServer, answer, redirect};
use super::{PUBLIC, deployed, refused};
use crate::outbound::OutboundError;

fn start() -> String {
    format!("https://{NAME}/start")
}

#[tokio::test]
async fn follows_up_to_three_redirects_and_resolves_each_hop() {
    let server = TestServer::tls(vec![
        redirect("301 Moved Permanently", "/one"),
        redirect("302 Found", &format!("https://{NAME}/two")),
        redirect("307 Temporary Redirect", "three?x=1#fragment"),
        answer("200 OK", "", "there"),
    ]);
    let (client, script) = deployed(&server, &[&[PUBLIC], &[PUBLIC], &[PUBLIC], &[PUBLIC]]);
    let fetched = client.get(&start()).await.unwrap();
    assert_eq!(fetched.body.as_ref(), b"there");
    assert_eq!(fetched.url.as_str(), format!("https://{NAME}/three?x=1"));
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test]
async fn refuses_the_fourth_redirect() {
    let server = TestServer::tls(vec![redirect("302 Found", "/again")]);
    let (client, _) = deployed(&server, &[&[PUBLIC][..]; 6]);
    assert_eq!(
        refused(client.get(&start()).await),
        OutboundError::TooManyRedirects { limit: 3 }
    );
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn refuses_a_redirect_to_a_metadata_address() {
    for location in [
        "https://169.254.169.254/latest/meta-data/iam/security-credentials/",
        "https://[fd00:ec2::254]/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "//10.0.0.1/",
    ] {
        let server = TestServer::tls(vec![redirect("302 Found", location)]);
        let (client, script) = deployed(&server, &[&[PUBLIC], &[PUBLIC]]);
        assert_eq!(
            refused(client.get(&start()).await).code(),
            "outbound_address_refused",
            "{location}"
        );
        assert_eq!(script.dialled().len(), 1, "{location}");
    }
}

#[tokio::test]
async fn refuses_a_redirect_whose_name_resolves_inside() {
    let server = TestServer::tls(vec![redirect("302 Found", "https://inside.example.test/")]);
    let (client, script) = deployed(&server, &[&[PUBLIC], &["169.254.169.254"]]);
    assert_eq!(
        refused(client.get(&start()).await).code(),
        "outbound_address_refused"
    );
    assert_eq!(script.asked(), [NAME, "inside.example.test"]);
    assert_eq!(script.dialled().len(), 1);
}

#[tokio::test]
async fn a_rebinding_name_is_checked_again_on_the_second_hop() {
    let server = TestServer::tls(vec![redirect("302 Found", "/second")]);
    let (client, script) = deployed(&server, &[&[PUBLIC], &["127.0.0.1"]]);
    assert_eq!(
        refused(client.get(&start()).await).code(),
        "outbound_address_refused"
    );
    assert_eq!(script.dialled().len(), 1);
}

#[tokio::test]
async fn never_goes_from_https_to_http_nor_to_this_machine() {
    let down = TestServer::tls(vec![redirect("302 Found", "http://idp.example.test/")]);
    let (client, _) = deployed(&down, &[&[PUBLIC]]);
    assert_eq!(
        refused(client.get(&start()).await).code(),
        "outbound_redirect_refused"
    );
    let home = TestServer::tls(vec![redirect("302 Found", "https://localhost/")]);
    let (mut client, script) = deployed(&home, &[&[PUBLIC], &["127.0.0.1"]]);
    client.reach = crate::outbound::Reach::PublicAndLoopback;
    assert_eq!(
        refused(client.get(&start()).await).code(),
        "outbound_redirect_refused"
    );
    assert_eq!(script.dialled().len(), 1);
}

#[tokio::test]
async fn follows_no_redirect_of_a_request_with_credentials_or_a_body() {
    let server = TestServer::tls(vec![redirect(
        "307 Temporary Redirect",
        "https://thief.example.test/",
    )]);
    let (client, script) = deployed(&server, &[&[PUBLIC][..]; 8]);
    let posted = client
        .post_form(&start(), "client_secret=s".to_owned(), &[])
        .await;
    assert_eq!(refused(posted).code(), "outbound_redirect_refused");
    for name in [AUTHORIZATION, COOKIE] {
        let got = client.get_with(&start(), &[(name, "Bearer secret")]).await;
        assert_eq!(refused(got).code(), "outbound_redirect_refused");
    }
    assert!(script.asked().iter().all(|host| host == NAME));
}

#[tokio::test]
async fn a_redirect_without_a_usable_location_is_refused() {
    for response in [
        answer("302 Found", "", ""),
        redirect("302 Found", "https://"),
        redirect("302 Found", "http://["),
    ] {
        let server = TestServer::tls(vec![response]);
        let (client, _) = deployed(&server, &[&[PUBLIC], &[PUBLIC]]);
        let code = refused(client.get(&start()).await).code();
        assert_eq!(code, "outbound_redirect_refused");
    }
}

#[tokio::test]
async fn posts_a_form_with_our_framing_and_the_callers_headers() {
    let server = TestServer::tls(vec![answer("400 Bad Request", "", "{}")]);
    let (client, _) = deployed(&server, &[&[PUBLIC]]);
    let headers = [
        (AUTHORIZATION, "Basic eA=="),
        (HeaderName::from_static("accept"), "application/json"),
    ];
    let fetched = client
        .post_form(&start(), "grant_type=x".to_owned(), &headers)
        .await
        .unwrap();
    assert_eq!(fetched.status.as_u16(), 400);
    assert_eq!(refused(fetched.success().cloned()).code(), "outbound_status");
    let request = server.requests().remove(0).to_ascii_lowercase();
    for part in [
        "post /start http/1.1",
        "content-type: application/x-www-form-urlencoded",
        "authorization: basic ea==",
        "accept: application/json",
        "content-length: 12",
        "\r\n\r\ngrant_type=x",
    ] {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn serves_openidconnect_as_its_http_client() {
    let server = TestServer::tls(vec![answer("200 OK", "Content-Type: application/json\r\n", "{}")]);
    let (client, _) = deployed(&server, &[&[PUBLIC], &["10.0.0.1"]]);
    let request = || {
        openidconnect::http::Request::get(start())
            .body(Vec::new())
            .unwrap()
    };
    let response = client.call(request()).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.body().as_slice()),
        (200, b"{}".as_slice())
    );
    assert_eq!(
        refused(client.call(request()).await).code(),
        "outbound_address_refused"
    );
}

#[test]
fn a_header_value_that_would_split_the_request_is_refused() {
    let value = super::super::header_map(&[(AUTHORIZATION, "Bearer x\r\nHost: inside")]);
    assert_eq!(value.unwrap_err(), OutboundError::Header);
}
