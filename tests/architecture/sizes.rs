//! Small files, small functions.

use super::none;
use super::source;

/// 95 of 100 files are at most this long.
const FILE_P95: usize = 400;
/// 95 of 100 functions are at most this long.
const FUNCTION_P95: usize = 40;
/// No function is longer.
const FUNCTION_MAX: usize = 80;
/// No function in a Lambda's package is longer: a handler only translates.
const HANDLER_MAX: usize = 40;

/// The value below which `percent` of all lie.
fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[test]
fn files_are_short() {
    let mut files: Vec<(usize, &str)> = source::production()
        .map(|file| (file.text.lines().count(), file.path.as_str()))
        .collect();
    files.sort();
    let lengths: Vec<usize> = files.iter().map(|(lines, _)| *lines).collect();
    let (p50, p95) = (percentile(&lengths, 50), percentile(&lengths, 95));
    println!(
        "{} production files, {} lines; p50 {p50}, p95 {p95}",
        files.len(),
        lengths.iter().sum::<usize>()
    );
    let longest: Vec<String> = files
        .iter()
        .rev()
        .take(8)
        .map(|(lines, path)| format!("{lines} {path}"))
        .collect();
    println!("longest:\n  {}", longest.join("\n  "));
    assert!(
        p95 <= FILE_P95,
        "p95 of file lengths is {p95}, wanted {FILE_P95}:\n  {}",
        longest.join("\n  ")
    );
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for file in source::production() {
        for function in &file.facts.functions {
            found.push((
                function.lines,
                format!("{}:{} {}", file.path, function.line, function.name),
            ));
        }
    }
    found.sort();
    let lengths: Vec<usize> = found.iter().map(|(lines, _)| *lines).collect();
    let (p50, p95) = (percentile(&lengths, 50), percentile(&lengths, 95));
    println!(
        "{} production functions; p50 {p50}, p95 {p95}, max {:?}",
        found.len(),
        found.last()
    );
    let long: Vec<String> = found
        .iter()
        .filter(|(lines, _)| *lines > FUNCTION_MAX)
        .map(|(lines, name)| format!("{lines} {name}"))
        .collect();
    none("functions over 80 lines", &long);
    assert!(
        p95 <= FUNCTION_P95,
        "p95 of function lengths is {p95}, wanted {FUNCTION_P95}"
    );
}

#[test]
fn handlers_are_short() {
    let mut long = Vec::new();
    for file in source::production() {
        if !file.package.starts_with("functions/") {
            continue;
        }
        for function in &file.facts.functions {
            if function.lines > HANDLER_MAX {
                long.push(format!(
                    "{} {}:{} {}",
                    function.lines, file.path, function.line, function.name
                ));
            }
        }
    }
    none("functions over 40 lines in a Lambda's package", &long);
}

#[test]
fn the_percentile_is_the_nearest_rank() {
    let hundred: Vec<usize> = (1..=100).collect();
    assert_eq!(
        (
            percentile(&hundred, 95),
            percentile(&[7], 95),
            percentile(&[], 95)
        ),
        (95, 7, 0)
    );
}
