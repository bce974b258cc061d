use super::*;

#[tokio::test]
async fn many_instances_live_side_by_side() {
    let locals: Vec<Local> = (0..3)
        .map(|_| Local::start(&Options::in_memory()).unwrap())
        .collect();
    let mut urls: Vec<&str> = locals
        .iter()
        .flat_map(|local| {
            [
                local.base_url(),
                local.demo_idp_url(),
                local.demo_app_url(),
                local.control_url(),
            ]
        })
        .collect();
    let count = urls.len();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), count);
}

#[tokio::test]
async fn gatehouse_is_another_site_than_the_demo_parts() {
    let local = Local::start(&Options::in_memory()).unwrap();
    assert!(local.base_url().starts_with("http://localhost:"));
    assert!(local.demo_idp_url().starts_with("http://127.0.0.1:"));
    assert!(local.demo_app_url().starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn a_taken_port_is_named_and_nothing_is_cleared_for_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secrets.json"), "{\"secrets\":{}}").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    // As the demo app's port, two after the first.
    let options = Options {
        data: Data::Folder {
            path: folder.path().to_owned(),
            fresh: true,
        },
        ports: Ports::From(port.saturating_sub(2)),
    };
    let refused = Local::start(&options).unwrap_err();
    assert_eq!(refused.code(), "port_taken");
    assert!(folder.path().join("secrets.json").exists());
    let too_high = Options {
        data: Data::Memory,
        ports: Ports::From(65_534),
    };
    assert_eq!(Local::start(&too_high).unwrap_err().code(), "port_too_high");
}

#[tokio::test]
async fn stopping_frees_ports_and_folder_and_ends_open_connections() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(&Options::in_folder(folder.path())).unwrap();
    local.serve_functions([Router::new().route("/", axum::routing::get(|| async { "here" }))]);
    let port = local.base_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let idle = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let begun = std::time::Instant::now();
    local.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(idle);
    let again = Options {
        data: Data::Folder {
            path: folder.path().to_owned(),
            fresh: false,
        },
        ports: Ports::From(port),
    };
    // The two ports after it may belong to another test by now; the first one and the folder must be free.
    match Local::start(&again) {
        Ok(_) => {}
        Err(StartError::PortTaken { port: taken }) => assert_ne!(taken, port),
        Err(other) => panic!("{other}"),
    }
}
