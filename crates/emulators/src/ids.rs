//! Random ids in the alphabets of the outside APIs.

use crate::simulation;

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn random(alphabet: &[u8], length: usize) -> String {
    (0..length).map(|_| char::from(alphabet[simulation::below(alphabet.len())])).collect()
}

/// Lower-case letters and digits.
pub(crate) fn lower(length: usize) -> String {
    random(LOWER, length)
}

/// Hexadecimal digits, as in machine ids.
pub(crate) fn hex(length: usize) -> String {
    random(HEX, length)
}

/// The 26 characters of a ULID, as in machine versions and event ids.
pub(crate) fn ulid() -> String {
    format!("01{}", random(CROCKFORD, 24))
}
