//! Hashes, compared with what other programs make of the same input: a Node.js program that does what the existing system does
//! (queue-worker.md section 15), and a Python program that follows the description of the digest.

use super::*;

const VERSION: &str = "1.2.3-rc.1+build.5";

fn bundle() -> Bundle {
    let files = [
        ("scripts/index.mjs", "export default () => \"città 🦀\";\n"),
        ("SKILL.md", "# Greets\n"),
        ("scripts/Util_a.mjs", ""),
        ("scripts/util-b.mjs", "1"),
        ("a-b/c.txt", "---\n"),
        ("a_b.txt", "x\0\u{1f}"),
    ];
    let files = files.iter().map(|(path, content)| file(path, content)).collect();
    Bundle::check(ModuleFormat::Esm, files).unwrap()
}

fn handed(slug: &str) -> manifest::Handed {
    manifest::Handed::new(slug.to_owned(), VERSION.to_owned(), ModuleFormat::Esm, "default".to_owned(), bundle())
}

#[test]
fn files_stand_in_the_order_of_the_existing_system() {
    let paths: Vec<_> = bundle().into_files().into_iter().map(|file| file.path).collect();
    let expected = ["a_b.txt", "a-b/c.txt", "scripts/index.mjs", "scripts/Util_a.mjs", "scripts/util-b.mjs", "SKILL.md"];
    assert_eq!(paths, expected);
}

#[test]
fn paths_sort_as_the_root_locale_sorts_them() {
    // As `sort` with `localeCompare` gives them, ICU 78.
    let sorted = [
        "_",
        "-",
        "10",
        "9",
        "a",
        "A",
        "a_b",
        "a-1",
        "a-b",
        "a.b",
        "a/b",
        "a/B",
        "A/b",
        "a/b.md",
        "a/B.md",
        "a/b/c",
        "a/c",
        "a1",
        "aa/b",
        "ab",
        "aB",
        "Ab",
        "scripts/index.mjs",
        "skill.md",
        "SKILL.md",
    ];
    let mut again = sorted;
    again.reverse();
    again.sort_by(|one, other| digest::in_order(one, other));
    assert_eq!(again, sorted);
}

#[test]
fn the_bundle_has_the_hash_that_it_has_in_the_existing_system() {
    assert_eq!(bundle().sha256(), "fb87377a3fe2ee720f638b28e48d9876316c0eba3594215d7899ae1ef08cca91");
}

#[test]
fn the_marker_is_byte_for_byte_that_of_the_existing_system() {
    let marker = handed("greet_er").files.pop().unwrap();
    assert_eq!(marker.path, path::MARKER);
    assert_eq!(marker.sha256, "363950e4079b1c7585b287ad76ce822fdf94d86b2998e7c5916d229ee1f82559", "{}", marker.content);
}

#[test]
fn the_version_of_a_manifest_is_that_of_the_existing_system() {
    assert_eq!(manifest::version(&[]), "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d");
    let one = manifest::version(&[handed("greet_er")]);
    assert_eq!(one, "144892b33a0045f12a67730546b04eae0c4d9c850d9fd26d5812ece9e9ed609c");
    let mut two = [handed("greet-er"), handed("greet_er")];
    manifest::sort(&mut two);
    assert_eq!(manifest::version(&two), "56cacd02cf22ba2129f40a5420afcf7df341c49071ef10b239847b4b83919bb6");
}

#[test]
fn the_digest_is_what_its_description_says() {
    let digest = release_digest("greet_er", VERSION, ModuleFormat::Esm, "default", bundle().files());
    assert_eq!(digest, "cc973777640d66e43602c0b753b0df5429362fd5cd914d05a14924d2871a7b23");
    assert_eq!(signed_message(&digest), format!("clawstead skill release 1 {digest}"));
}

#[test]
fn whatever_a_release_is_is_in_its_digest() {
    let digest = |change: &dyn Fn(&mut Deploy)| {
        let mut deploy = deploy_of("1.0.0", with(&[("a", "bc"), ("d", "")]));
        change(&mut deploy);
        Release::check(deploy).unwrap().digest
    };
    let mut digests = vec![
        digest(&|_| {}),
        digest(&|deploy| deploy.slug.push('x')),
        digest(&|deploy| deploy.version.push_str("-1")),
        digest(&|deploy| deploy.entry_point = Some("main".into())),
        digest(&|deploy| deploy.files[2].content.push('x')),
        digest(&|deploy| deploy.files[2].path.push('x')),
        digest(&|deploy| deploy.files.push(file("e", ""))),
        digest(&|deploy| {
            // The same bytes one after the other, cut elsewhere.
            (deploy.files[2].path, deploy.files[2].content) = ("ab".into(), "c".into());
        }),
        digest(&|deploy| {
            deploy.files.push(file("scripts/index.cjs", ""));
            deploy.module_format = ModuleFormat::Cjs;
        }),
        digest(&|deploy| deploy.files.push(file("scripts/index.cjs", ""))),
    ];
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
    assert_eq!(digest(&|deploy| deploy.files.reverse()), digest(&|deploy| deploy.channel = Channel::Canary));
}
