//! A logout that the identity provider begins is answered by `saml_logout` alone.

use gatehouse::domain::connection::Protocol;
use gatehouse::saml::keys::KeyRing;
use gatehouse::secrets::SecretName;
use gatehouse_tests::{Logout, Visitor, World};

/// SE-13: the answer is signed and an encrypted name is opened with keys that `saml_logout` reads itself: nobody has read them
/// in its process before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_13_a_cold_logout_reads_its_keys() {
    let mut world = World::deployed().await;
    world
        .set_connection(|connection| {
            let Protocol::Saml(saml) = &mut connection.protocol else {
                panic!("no SAML connection")
            };
            saml.idp.as_mut().unwrap().slo_url = Some("https://idp.acme.com/slo".to_owned());
        })
        .await;
    let reads = |secret: &str| {
        let secret = format!("secret/connection/*/{secret}");
        super::asked(&world, "saml_logout", "secretsmanager:GetSecretValue", &secret)
    };
    let tokens = world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let name = SecretName::SpDecryption(world.connection.id.clone());
    let ring = world.gatehouse.secrets.get(&name).await.unwrap();
    let certificate = KeyRing::from_secret(&ring.value)
        .unwrap()
        .current()
        .certificate()
        .der()
        .to_vec();
    assert!(!reads("sp-signing") && !reads("sp-decryption"));

    let plain = world.log_out(&Logout::new(&world, "ada@acme.com"), None).await;
    assert_eq!(plain.status, 303, "{} {}", plain.code(), plain.body);
    assert!(
        plain
            .raw_location()
            .starts_with("https://idp.acme.com/slo?SAMLResponse=")
    );
    assert!(reads("sp-signing") && !reads("sp-decryption"));
    assert_ne!(world.userinfo(tokens.text("access_token")).await.status, 200);

    let tokens = world
        .tokens(&world.browser(), &Visitor::new("ada@acme.com"))
        .await;
    let hidden = Logout::new(&world, "ada@acme.com").hidden(certificate);
    let hidden = world.log_out_by_post(&hidden, None).await;
    assert_eq!(hidden.status, 303, "{} {}", hidden.code(), hidden.body);
    assert!(reads("sp-decryption"));
    assert_ne!(world.userinfo(tokens.text("access_token")).await.status, 200);
}
