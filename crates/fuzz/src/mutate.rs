//! Changes of bytes that know nothing of what they mean.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Longest input that is made, bytes.
const BYTES_MAX: usize = 128 << 10;

/// Most changes of one input.
const CHANGES_MAX: usize = 5;

/// What stands at the edges of numbers, texts and formats, whatever is read.
const EDGES: &[&[u8]] = &[
    b"0",
    b"-1",
    b"+1",
    b"00",
    b"1e999",
    b"255",
    b"65536",
    b"2147483648",
    b"4294967295",
    b"9007199254740993",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"NaN",
    b"null",
    b"\0",
    b"\r\n",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"../",
    b"%2e%2e%2f",
    b"' OR 1=1 --",
    b"\xff",
    b"\xc0\xaf",
    b"\xe2\x80\xae",
    b"\xf0\x9f\xa6\x9e",
    b"\xef\xbb\xbf",
];

/// Makes inputs of others. The same seed makes the same ones.
#[derive(Debug)]
pub struct Mutator {
    dice: StdRng,
    words: Vec<Vec<u8>>,
}

impl Mutator {
    /// With these words beside those that are good everywhere.
    pub fn new(seed: u64, words: &[&str]) -> Self {
        let words = words.iter().map(|word| word.as_bytes()).chain(EDGES.iter().copied()).map(<[u8]>::to_vec).collect();
        Self { dice: StdRng::seed_from_u64(seed), words }
    }

    /// One of these, changed in some places.
    pub fn next(&mut self, inputs: &[(String, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = self.any(inputs).to_vec();
        for _ in 0..self.dice.random_range(1..=CHANGES_MAX) {
            let other = self.any(inputs);
            self.change(&mut bytes, other);
            bytes.truncate(BYTES_MAX);
        }
        bytes
    }

    fn any<'a>(&mut self, inputs: &'a [(String, Vec<u8>)]) -> &'a [u8] {
        inputs.choose(&mut self.dice).map_or(&[], |(_, bytes)| bytes.as_slice())
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let (from, until) = self.piece(bytes.len());
        match self.dice.random_range(0..9) {
            // A bit.
            0 if !bytes.is_empty() => {
                let at = from.min(bytes.len() - 1);
                bytes[at] ^= 1 << self.dice.random_range(0..8);
            }
            // Any byte in a byte's place.
            1 if !bytes.is_empty() => {
                let at = from.min(bytes.len() - 1);
                bytes[at] = self.dice.random();
            }
            // A piece is lost, or the rest.
            2 => drop(bytes.drain(from..until)),
            3 => bytes.truncate(from),
            // A piece comes more than once, and seldom so often that it is long.
            4 => {
                let times =
                    if self.dice.random_ratio(1, 12) { self.dice.random_range(100..5_000) } else { self.dice.random_range(1..6) };
                let most = BYTES_MAX / (until - from).max(1);
                let again = bytes[from..until].repeat(times.min(most));
                bytes.splice(from..from, again);
            }
            // The beginning of one, the end of another.
            5 => {
                let (cut, _) = self.piece(other.len());
                bytes.truncate(from);
                bytes.extend_from_slice(&other[cut..]);
            }
            // A word, in between or in the place of what is there.
            6 | 7 => {
                let word = self.words.choose(&mut self.dice).cloned().unwrap_or_default();
                let until = if self.dice.random() { from } else { until };
                bytes.splice(from..until, word);
            }
            // Another number.
            _ => self.renumber(bytes, from),
        }
    }

    /// Two places, mostly near each other.
    fn piece(&mut self, length: usize) -> (usize, usize) {
        let from = self.dice.random_range(0..=length);
        let reach = if self.dice.random_ratio(1, 4) { length - from } else { (length - from).min(12) };
        (from, from + self.dice.random_range(0..=reach))
    }

    /// The digits at or behind a place make way for one of the words.
    fn renumber(&mut self, bytes: &mut Vec<u8>, from: usize) {
        let Some(first) = bytes[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
        let end = bytes[first..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |at| first + at);
        let word = EDGES[self.dice.random_range(0..13)];
        bytes.splice(first..end, word.iter().copied());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn made(seed: u64, count: usize) -> Vec<Vec<u8>> {
        let inputs = [("a".to_owned(), b"{\"limit\": 10}".to_vec()), ("b".to_owned(), Vec::new())];
        let mut mutator = Mutator::new(seed, &["agent_key"]);
        (0..count).map(|_| mutator.next(&inputs)).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_makes_others() {
        assert_eq!(made(1, 200), made(1, 200));
        assert_ne!(made(1, 200), made(2, 200));
    }

    #[test]
    fn inputs_differ_hold_words_and_are_bounded() {
        let made = made(7, 5_000);
        assert!(made.iter().collect::<BTreeSet<_>>().len() > 2_000);
        assert!(made.iter().any(|bytes| bytes.windows(9).any(|part| part == b"agent_key")));
        assert!(made.iter().any(|bytes| bytes.len() > 1_000));
        assert!(made.iter().all(|bytes| bytes.len() <= BYTES_MAX));
    }
}
