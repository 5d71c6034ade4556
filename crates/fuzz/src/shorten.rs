//! The least that still breaks a property.

/// Most tries: each asks the property.
const TRIES_MAX: usize = 2_000;

/// Leaves out of an input whatever is not needed for it to break the property, large pieces first.
pub fn shorten(bytes: &[u8], mut breaks: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut least = bytes.to_vec();
    let mut piece = least.len().div_ceil(2);
    let mut tries = 0;
    while piece > 0 {
        let mut at = 0;
        let mut lost = false;
        while at < least.len() && tries < TRIES_MAX {
            let end = (at + piece).min(least.len());
            let shorter = [&least[..at], &least[end..]].concat();
            tries += 1;
            if breaks(&shorter) {
                least = shorter;
                lost = true;
            } else {
                at = end;
            }
        }
        // With single bytes, until none can go any more.
        if piece > 1 || !lost {
            piece /= 2;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_goes() {
        let breaks = |bytes: &[u8]| bytes.contains(&b'x') && bytes.ends_with(b"y");
        assert_eq!(shorten(b"some x and more of it, then y", breaks), b"xy");
        assert_eq!(shorten(b"", |_| true), b"");
    }
}
