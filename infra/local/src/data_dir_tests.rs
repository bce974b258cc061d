use super::*;

#[test]
fn a_second_open_is_refused_while_the_first_lives() {
    let folder = tempfile::tempdir().unwrap();
    let first = DataDir::open(folder.path(), false).unwrap();
    let refused = DataDir::open(folder.path(), false).unwrap_err();
    assert_eq!(refused.code(), "data_dir_in_use");
    assert!(refused.to_string().contains(&std::process::id().to_string()));
    drop(first);
    DataDir::open(folder.path(), false).unwrap();
}

#[test]
fn fresh_removes_what_is_ours_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "ten years of work").unwrap();
    std::fs::create_dir(folder.path().join("mail")).unwrap();
    std::fs::write(folder.path().join("mail/a.eml"), "x").unwrap();
    std::fs::write(folder.path().join("gatehouse.db"), "x").unwrap();
    let dir = DataDir::open(folder.path(), true).unwrap();
    assert!(!dir.database().exists());
    assert!(!dir.mail().join("a.eml").exists());
    assert!(folder.path().join("thesis.txt").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_not_writable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "x").unwrap();
    let refused = DataDir::open(&folder.path().join("file/sub"), false).unwrap_err();
    assert_eq!(refused.code(), "data_dir_not_writable");
}

#[cfg(unix)]
#[test]
fn private_files_are_replaced_whole_and_readable_by_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secrets.json");
    std::fs::write(path.with_extension("tmp"), "left by a killed process").unwrap();
    write_private(&path, b"one").unwrap();
    write_private(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!path.with_extension("tmp").exists());
}

#[test]
fn a_first_start_that_was_killed_is_begun_anew_and_a_finished_one_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let dir = DataDir::open(folder.path(), false).unwrap();
    dir.begin_first_start().unwrap();
    std::fs::write(dir.database(), "half a seed").unwrap();
    drop(dir);
    let dir = DataDir::open(folder.path(), false).unwrap();
    assert!(!dir.database().exists());
    dir.begin_first_start().unwrap();
    std::fs::write(dir.database(), "all of it").unwrap();
    dir.end_first_start().unwrap();
    drop(dir);
    assert!(DataDir::open(folder.path(), false).unwrap().database().exists());
}
