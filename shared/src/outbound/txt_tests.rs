//! The question, what is read of answers, and what is not believed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use simple_dns::ResourceRecord;
use simple_dns::rdata::{CNAME, TXT};

use super::*;

const NAME: &str = "_gatehouse.acme.com";

fn reply(change: impl FnOnce(&mut Packet<'_>)) -> Vec<u8> {
    let query = query(7, NAME).unwrap();
    let mut packet = Packet::parse(&query).unwrap().into_reply();
    change(&mut packet);
    packet.build_bytes_vec().unwrap()
}

fn record<'a>(name: &'a str, rdata: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(Name::new_unchecked(name), CLASS::IN, 60, rdata)
}

fn text<'a>(parts: &[&'a str]) -> RData<'a> {
    let mut text = TXT::new();
    for part in parts {
        text.add_string(part).unwrap();
    }
    RData::TXT(text)
}

fn found(message: &[u8]) -> Vec<String> {
    match read(message, 7, NAME).unwrap() {
        Read::Records(records) => records,
        Read::Cut => panic!("cut"),
    }
}

#[test]
fn a_record_in_several_strings_is_one_text() {
    let message = reply(|packet| {
        packet
            .answers
            .push(record("_GATEHOUSE.acme.com", text(&["gatehouse-", "proof"])));
        packet.answers.push(record(NAME, text(&["another"])));
        packet.answers.push(record("elsewhere.com", text(&["not ours"])));
    });
    assert_eq!(found(&message), ["gatehouse-proof", "another"]);
}

#[test]
fn an_alias_is_followed() {
    let message = reply(|packet| {
        let target = RData::CNAME(CNAME(Name::new_unchecked("proof.example.net")));
        packet.answers.push(record(NAME, target));
        packet.answers.push(record("proof.example.net", text(&["proof"])));
        packet.answers.push(record(NAME, text(&["beside an alias"])));
    });
    assert_eq!(found(&message), ["proof"]);
}

#[test]
fn aliases_in_a_circle_end() {
    let message = reply(|packet| {
        let circle = RData::CNAME(CNAME(Name::new_unchecked(NAME)));
        packet.answers.push(record(NAME, circle));
    });
    assert_eq!(found(&message), [""; 0]);
}

#[test]
fn no_such_name_is_an_answer_and_a_failure_is_none() {
    let absent = reply(|packet| *packet.rcode_mut() = RCODE::NameError);
    assert_eq!(found(&absent), [""; 0]);
    for rcode in [RCODE::ServerFailure, RCODE::Refused, RCODE::NotImplemented] {
        let failed = reply(|packet| *packet.rcode_mut() = rcode);
        assert!(matches!(read(&failed, 7, NAME), Err(TxtError::Failed(_))));
    }
}

#[test]
fn what_answers_another_question_is_not_believed() {
    let message = reply(|packet| packet.answers.push(record(NAME, text(&["proof"]))));
    assert!(matches!(read(&message, 8, NAME), Err(TxtError::NoAnswer)));
    assert!(matches!(read(&message, 7, "other.com"), Err(TxtError::NoAnswer)));
    let query = query(7, NAME).unwrap();
    assert!(
        matches!(read(&query, 7, NAME), Err(TxtError::NoAnswer)),
        "a question is no answer"
    );
    assert!(read(b"rubbish", 7, NAME).is_err());
}

#[test]
fn a_cut_answer_is_asked_for_again() {
    let message = reply(|packet| packet.set_flags(PacketFlag::TRUNCATION));
    assert!(matches!(read(&message, 7, NAME), Ok(Read::Cut)));
}

#[test]
fn names_that_fit_no_question_are_refused() {
    assert_eq!(query(1, &"a.".repeat(140)), Err(TxtError::Name));
    assert_eq!(query(1, &format!("{}.com", "a".repeat(64))), Err(TxtError::Name));
}

#[test]
fn the_machines_resolvers_are_read() {
    let text = "# comment\nsearch example.com\nnameserver 10.0.0.2\n nameserver fd00::1 # here\nnameserver nothing\n";
    let wanted: Vec<SocketAddr> = vec!["10.0.0.2:53".parse().unwrap(), "[fd00::1]:53".parse().unwrap()];
    assert_eq!(configured(text), wanted);
    assert_eq!(configured(""), ["127.0.0.1:53".parse().unwrap()]);
}
