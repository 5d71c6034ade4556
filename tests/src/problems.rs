//! Refusals in the form of RFC 9457.

use clawstead_sandbox::Answer;

/// Asserts that an answer is a problem response with this status and code, about this field.
#[track_caller]
pub fn assert_problem(answer: &Answer, status: u16, code: &str, field: Option<&str>) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.content_type, "application/problem+json", "{}", answer.text);
    assert_eq!(answer.json["status"], status, "{}", answer.text);
    assert_eq!(answer.json["code"], code, "{}", answer.text);
    assert_eq!(answer.json["field"].as_str(), field, "{}", answer.text);
    for member in ["type", "title", "detail"] {
        assert!(answer.json[member].is_string(), "no {member}: {}", answer.text);
    }
}
