//! What a bundle may be.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn fault(files: Vec<NewFile>) -> &'static str {
    Bundle::check(ModuleFormat::Esm, files).unwrap_err().code
}

#[test]
fn paths_that_mean_something_else_than_they_look_like_are_refused() {
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.",
        "a/..",
        "../a",
        "a/../b",
        "./SKILL.md",
        "a/./b",
        "/a",
        "a/",
        "a//b",
        "a\\b",
        "\\a",
        "C:a",
        "C:/a",
        "a\nb",
        "a\0",
        "\u{7f}",
        "a b",
        " a",
        "ä",
        "e\u{301}",
        "\u{202e}a",
        "a\u{200b}",
        "~",
        "a*",
        "$HOME",
        ".af-global-skill.json",
        "./.af-global-skill.json",
        ".AF-global-skill.json",
        "a/.af-global-skill.json",
        ".af-global-skill.json/a",
    ] {
        assert_eq!(fault(with(&[(bad, "")])), "skill_path_invalid", "{bad:?}");
    }
    let long = format!("a/{}", "b".repeat(path::PATH_BYTES_MAX));
    assert_eq!(fault(with(&[(&long, "")])), "skill_path_invalid");
    for good in ["a", "a.b", ".a", "a-b_c.d/e", "A", "1", "-", "_", ".well-known/x.y.z", &long[..path::PATH_BYTES_MAX]] {
        assert!(Bundle::check(ModuleFormat::Esm, with(&[(good, "")])).is_ok(), "{good:?}");
    }
}

#[test]
fn no_two_paths_mean_one_file() {
    for (one, other) in
        [("a", "a"), ("a", "A"), ("a/b", "A/c"), ("a/B", "a/b"), ("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/B"), ("A", "a/b/c")]
    {
        assert_eq!(fault(with(&[(one, ""), (other, "")])), "skill_path_invalid", "{one} {other}");
    }
    for alias in ["skill.md", "SKILL.md", "Scripts/x", "scripts", "SKILL.md/x", "scripts/INDEX.mjs"] {
        assert_eq!(fault(with(&[(alias, "")])), "skill_path_invalid", "{alias}");
    }
}

#[test]
fn a_bundle_has_what_makes_it_a_skill_and_no_more_than_may_be() {
    assert_eq!(fault(Vec::new()), "invalid_field");
    assert_eq!(fault(vec![file("SKILL.md", "")]), "skill_file_missing");
    assert_eq!(fault(vec![file("scripts/index.mjs", "")]), "skill_file_missing");
    let as_cjs = vec![file("SKILL.md", ""), file("scripts/index.cjs", "")];
    assert_eq!(fault(as_cjs.clone()), "skill_file_missing");
    assert!(Bundle::check(ModuleFormat::Cjs, as_cjs).is_ok());
    let names: Vec<String> = (0..FILES_MAX - 2).map(|n| format!("f{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert!(Bundle::check(ModuleFormat::Esm, with(&many)).is_ok());
    let more: Vec<(&str, &str)> = many.iter().copied().chain([("one-more", "")]).collect();
    assert_eq!(fault(with(&more)), "invalid_field");
    // Characters have up to four bytes, and bytes count.
    let rest = BUNDLE_BYTES_MAX - with(&[]).iter().map(|file| file.content.len()).sum::<usize>();
    let full = "ä".repeat(rest / 2);
    let bundle = Bundle::check(ModuleFormat::Esm, with(&[("a", &full)])).unwrap();
    assert_eq!(bundle.size_bytes(), BUNDLE_BYTES_MAX);
    assert_eq!(fault(with(&[("a", &full), ("b", "b")])), "skill_too_large");
}

#[test]
fn a_checksum_that_is_given_must_be_true_in_either_case() {
    let given = |sha256: &str| {
        let file = NewFile { sha256: Some(sha256.to_owned()), ..file("a", "abc") };
        Bundle::check(ModuleFormat::Esm, with(&[]).into_iter().chain([file]).collect())
    };
    let lower = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for good in [lower.to_owned(), lower.to_uppercase()] {
        assert_eq!(given(&good).unwrap().files()[0].sha256, lower);
    }
    for bad in ["", "ba7816bf", &lower.replace('b', "c"), &format!(" {lower}")] {
        assert_eq!(given(bad).unwrap_err().code, "skill_checksum_mismatch", "{bad}");
    }
}

#[test]
fn slugs_and_entry_points_are_plain() {
    let slug = |slug: &str| Release::check(Deploy { slug: slug.to_owned(), ..deploy_of("1.0.0", with(&[])) });
    for good in ["ab", "0-_", &"a".repeat(128)] {
        assert!(slug(good).is_ok(), "{good}");
    }
    for bad in ["", "a", "-a", "_a", "Ab", "a b", "a/b", "a.b", "a\n", "äa", &"a".repeat(129)] {
        assert_eq!(slug(bad).unwrap_err().code, "skill_slug_invalid", "{bad:?}");
    }
    let entry = |entry: &str| Deploy { entry_point: Some(entry.to_owned()), ..deploy_of("1.0.0", with(&[])) };
    assert!(Release::check(entry(" main ")).is_ok());
    for bad in ["", " ", "a b", "a\nb", &"a".repeat(129)] {
        assert_eq!(refused(entry(bad)), ("skill_entry_point_invalid", Some("entry_point")), "{bad:?}");
    }
}

/// Pieces of paths that are good, and of paths that are not.
fn any_path() -> impl Strategy<Value = String> {
    let pieces = ["a", "A", "b", "a.", ".", "..", "", "scripts", "SKILL.md", "c:", "x\ny", "é", path::MARKER, "AUX", "\u{2024}"];
    prop_oneof![
        6 => vec(select(pieces.to_vec()), 1..5).prop_map(|pieces| pieces.join("/")),
        2 => "[a-zA-Z0-9._/-]{0,12}",
        1 => any::<String>(),
        1 => vec(any::<u8>(), 0..20).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
    ]
}

/// A disk that does not tell upper from lower case: what a program makes of it that joins paths with a folder's and writes.
#[derive(Default)]
struct Disk(BTreeMap<String, Option<String>>);

impl Disk {
    fn write(&mut self, path: &str, content: &str) {
        let mut at: Vec<&str> = vec!["root", "skills", "greeter"];
        for step in path.split(['/', '\\']) {
            match step {
                ".." => drop(at.pop()),
                "" | "." => {}
                name => at.push(name),
            }
        }
        assert!(at.starts_with(&["root", "skills", "greeter"]) && at.len() > 3, "{path:?} leaves its folder");
        for depth in 4..at.len() {
            let folder = self.0.entry(at[..depth].join("/").to_lowercase()).or_insert(None);
            assert!(folder.is_none(), "{path:?} goes through a file");
        }
        let taken = self.0.insert(at.join("/").to_lowercase(), Some(content.to_owned()));
        assert!(taken.is_none(), "{path:?} is there already");
    }
}

proptest! {
    #[test]
    fn whatever_is_accepted_can_be_written_to_any_disk_and_whatever_comes_is_answered(
        paths in vec((any_path(), any::<String>()), 0..8),
        has_the_rest in prop::bool::weighted(0.9),
    ) {
        let least = if has_the_rest { with(&[]) } else { Vec::new() };
        let files = least.into_iter().chain(paths.iter().map(|(path, content)| file(path, content))).collect();
        if let Ok(release) = Release::check(deploy_of("1.0.0", files)) {
            let handed = manifest::Handed::new(
                "greeter".to_owned(), "1.0.0".to_owned(), ModuleFormat::Esm, "default".to_owned(), release.bundle,
            );
            let mut disk = Disk::default();
            for file in &handed.files {
                disk.write(&file.path, &file.content);
            }
        }
    }

    #[test]
    fn a_bundle_does_not_depend_on_the_order_in_which_its_files_come(
        paths in vec("[a-c]{1,3}(/[a-c]{1,2})?", 0..6), seed in any::<u64>(),
    ) {
        let files: Vec<NewFile> = with(&[]).into_iter().chain(paths.iter().map(|path| file(path, path))).collect();
        let mut shuffled = files.clone();
        let middle = usize::try_from(seed).unwrap_or(1) % shuffled.len();
        shuffled.rotate_left(middle);
        let one = Bundle::check(ModuleFormat::Esm, files);
        let other = Bundle::check(ModuleFormat::Esm, shuffled);
        prop_assert_eq!(one.map_err(|refusal| refusal.code), other.map_err(|refusal| refusal.code));
    }
}
