//! Nothing in the repository names the machine that it was written on, or where packages were fetched from.

use std::fs;
use std::path::Path;

use super::none;
use super::source::root;

/// Folders that git ignores.
pub(crate) const UNTRACKED: &[&str] = &["target", "node_modules", ".git", ".gatehouse", ".peers", ".out"];

/// Written in two parts, so that this file holds none of them.
fn banned() -> Vec<String> {
    [
        ("/wo", "rk/"),
        ("/ro", "ot/"),
        ("/ho", "me/"),
        ("registry.npm", "js.org"),
        ("pypi", ".org"),
        ("pythonhosted", ".org"),
        ("static.crates", ".io"),
        ("index.crates", ".io"),
        ("deb.debian", ".org"),
        ("proxy.golang", ".org"),
    ]
    .map(|(a, b)| format!("{a}{b}"))
    .to_vec()
}

fn visit(folder: &Path, check: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if UNTRACKED.contains(&name) {
            continue;
        }
        if path.is_dir() {
            visit(&path, check);
        } else if let Ok(text) = fs::read_to_string(&path) {
            check(&path, &text);
        }
    }
}

#[test]
fn no_file_names_a_machine_or_a_registry_host() {
    let banned = banned();
    let (mut wrong, mut files) = (Vec::new(), 0);
    visit(&root(), &mut |path, text| {
        files += 1;
        for (index, line) in text.lines().enumerate() {
            if let Some(word) = banned.iter().find(|word| line.contains(word.as_str())) {
                let path = path.strip_prefix(root()).unwrap().display();
                wrong.push(format!("{path}:{}: {word}", index + 1));
            }
        }
    });
    none("machine paths and registry hosts", &wrong);
    assert!(files > 100, "only {files} files were read");
}

/// A link in a Markdown file leads to a file that is there.
#[test]
fn links_in_the_documentation_lead_somewhere() {
    let mut wrong = Vec::new();
    visit(&root(), &mut |path, text| {
        if path.extension().is_none_or(|extension| extension != "md") {
            return;
        }
        for target in links(text) {
            let file = target.split('#').next().unwrap();
            if !file.is_empty() && !path.parent().unwrap().join(file).exists() {
                wrong.push(format!(
                    "{}: {target}",
                    path.strip_prefix(root()).unwrap().display()
                ));
            }
        }
    });
    none("links that lead nowhere", &wrong);
}

/// `docs/decisions/0002` anywhere in the repository is a record that is there, and numbers are not given twice.
#[test]
fn decisions_that_are_named_are_recorded() {
    let names: Vec<String> = fs::read_dir(root().join("docs/decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut wrong = Vec::new();
    for name in &names {
        let number = name.split('-').next().unwrap();
        if names.iter().filter(|other| other.starts_with(number)).count() > 1 {
            wrong.push(format!("docs/decisions/{name}: the number is given twice"));
        }
    }
    visit(&root(), &mut |path, text| {
        for rest in text.split("decisions/").skip(1) {
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if number.len() == 4 && !names.iter().any(|name| name.starts_with(&number)) {
                wrong.push(format!(
                    "{}: decision {number}",
                    path.strip_prefix(root()).unwrap().display()
                ));
            }
        }
    });
    none("decisions", &wrong);
}

/// The targets of `[text](target)`, without those on the web.
fn links(text: &str) -> Vec<&str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

#[test]
fn links_are_found() {
    assert_eq!(
        links("a [b](c.md#d) e [f](https://g.example) [h](i/j.md)."),
        ["c.md#d", "i/j.md"]
    );
}
