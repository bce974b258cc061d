//! Size, encoding and time.

use std::time::{Duration, Instant};

use super::server::{Step, TestServer, answer};
use super::{LIMITS, local, refused};
use crate::outbound::{Fetched, Limits, OutboundError};

/// Short enough for a test, long enough for a machine under load.
const SHORT: Limits = Limits {
    time: Duration::from_millis(400),
    ..LIMITS
};

async fn get(server: &TestServer, limits: Limits) -> Result<Fetched, OutboundError> {
    local(limits).get(&format!("http://{}/", server.address)).await
}

fn head(headers: &str) -> Step {
    Step::Send(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes())
}

#[test]
fn the_limits_are_one_mebibyte_five_seconds_and_three_redirects() {
    assert_eq!(
        (LIMITS.body, LIMITS.time, LIMITS.redirects),
        (1_048_576, Duration::from_secs(5), 3)
    );
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not() {
    let full = TestServer::plain(vec![answer("200 OK", "", &"x".repeat(1_048_576))]);
    assert_eq!(get(&full, LIMITS).await.unwrap().body.len(), 1_048_576);
    let over = TestServer::plain(vec![answer("200 OK", "", &"x".repeat(1_048_577))]);
    assert_eq!(refused(get(&over, LIMITS).await).code(), "outbound_too_large");
}

#[tokio::test]
async fn ten_megabytes_without_a_length_are_cut_off_while_streaming() {
    let chunk = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
    let mut chunked = vec![head("Transfer-Encoding: chunked\r\n")];
    chunked.extend((0..160).map(|_| Step::Send(chunk.clone())));
    let mut until_close = vec![head("")];
    until_close.extend((0..160).map(|_| Step::Send(vec![b'x'; 0x10000])));
    for script in [chunked, until_close] {
        let server = TestServer::plain(vec![script]);
        assert_eq!(refused(get(&server, LIMITS).await).code(), "outbound_too_large");
    }
}

#[tokio::test]
async fn a_declared_ten_megabytes_are_refused_before_they_are_sent() {
    let script = vec![
        head("Content-Length: 10485760\r\n"),
        Step::Wait(Duration::from_secs(20)),
    ];
    let server = TestServer::plain(vec![script]);
    let started = Instant::now();
    assert_eq!(refused(get(&server, LIMITS).await).code(), "outbound_too_large");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn every_encoding_but_identity_is_refused() {
    for encoding in [
        "gzip",
        "br",
        "deflate",
        "zstd",
        "identity, gzip",
        "gzip\r\nContent-Encoding: identity",
    ] {
        let server = TestServer::plain(vec![answer(
            "200 OK",
            &format!("Content-Encoding: {encoding}\r\n"),
            "xx",
        )]);
        assert_eq!(
            refused(get(&server, LIMITS).await).code(),
            "outbound_encoding_refused",
            "{encoding}"
        );
    }
    let server = TestServer::plain(vec![answer("200 OK", "Content-Encoding: Identity\r\n", "xx")]);
    assert_eq!(get(&server, LIMITS).await.unwrap().body.as_ref(), b"xx");
}

#[tokio::test]
async fn a_hundred_megabytes_behind_gzip_are_never_unpacked() {
    // The beginning of a gzip stream (RFC 1952), then as much as anybody wants to read.
    let magic = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".to_vec();
    let flood = Step::Repeat(vec![0; 0x10000], Duration::ZERO);
    let said = vec![
        head("Content-Encoding: gzip\r\nContent-Type: application/json\r\n"),
        Step::Send(magic.clone()),
        flood.clone(),
    ];
    let started = Instant::now();
    let error = refused(get(&TestServer::plain(vec![said]), LIMITS).await);
    assert_eq!(error.code(), "outbound_encoding_refused");
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "the body was not waited for"
    );
    // Unsaid, it is octets like any others, and counted as they come.
    let unsaid = vec![head(""), Step::Send(magic), flood];
    let error = refused(get(&TestServer::plain(vec![unsaid]), LIMITS).await);
    assert_eq!(error.code(), "outbound_too_large");
}

#[tokio::test]
async fn a_slow_drip_ends_with_the_deadline_although_every_read_succeeds() {
    let drip = Step::Repeat(b"1\r\nx\r\n".to_vec(), Duration::from_millis(20));
    let in_body = TestServer::plain(vec![vec![head("Transfer-Encoding: chunked\r\n"), drip]]);
    let in_head = TestServer::plain(vec![vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
        Step::Repeat(b"y".to_vec(), Duration::from_millis(20)),
    ]]);
    for server in [in_body, in_head] {
        let started = Instant::now();
        assert_eq!(refused(get(&server, SHORT).await).code(), "outbound_timeout");
        assert!(started.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_stall_anywhere_ends_with_the_deadline() {
    let stall = || Step::Wait(Duration::from_secs(30));
    let before_head = TestServer::plain(vec![vec![stall()]]);
    let in_body = TestServer::plain(vec![vec![
        head("Content-Length: 10\r\n"),
        Step::Send(b"12".to_vec()),
        stall(),
    ]]);
    for server in [before_head, in_body] {
        assert_eq!(refused(get(&server, SHORT).await).code(), "outbound_timeout");
    }
}

#[tokio::test]
async fn redirects_do_not_restart_the_deadline() {
    let slow = vec![
        Step::Wait(Duration::from_millis(250)),
        Step::Send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n".to_vec()),
    ];
    let server = TestServer::plain(vec![slow]);
    assert_eq!(refused(get(&server, SHORT).await).code(), "outbound_timeout");
    assert!(server.requests().len() < 3);
}

#[tokio::test]
async fn an_answer_that_is_no_http_or_breaks_off_is_refused() {
    for script in [
        vec![Step::Send(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())],
        vec![head("Content-Length: 10\r\n"), Step::Send(b"123".to_vec())],
        vec![],
        vec![head(&format!("X-Long: {}\r\n", "y".repeat(100_000)))],
    ] {
        let server = TestServer::plain(vec![script]);
        assert_eq!(
            refused(get(&server, LIMITS).await).code(),
            "outbound_response_invalid"
        );
    }
}

#[tokio::test]
async fn a_closed_port_is_a_failed_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = refused(local(LIMITS).get(&format!("http://{address}/")).await);
    assert_eq!(error.code(), "outbound_connect_failed");
    assert!(error.is_transient());
}
