//! Plans, read from text: an inventory in, the plan out. Every `===` of `plan/*.txt` is one case; `plan/README.md` says how to
//! write one.

#[path = "plan/fixture.rs"]
mod fixture;

use std::path::Path;

use fixture::Fixture;

#[test]
fn every_inventory_has_its_plan() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for file in &files {
        for fixture in Fixture::all(&std::fs::read_to_string(file).unwrap()) {
            cases += 1;
            let planned = fixture.plan();
            if planned != fixture.expected {
                let name = file.file_name().unwrap().to_string_lossy();
                wrong.push(format!("{name}: {}\n  expected {:#?}\n  planned {planned:#?}", fixture.name, fixture.expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} plans differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 30, "only {cases} cases were read");
}
