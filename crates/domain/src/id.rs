//! Ids that we make.

/// An id of 128 bits that sorts by time: UUID version 7 (RFC 9562), from an instant and 80 random bits.
pub fn time_sorted(now: i64, random: [u8; 10]) -> String {
    let millis = u64::try_from(now).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time() {
        let early = time_sorted(1_700_000_000_000, [255; 10]);
        let late = time_sorted(1_700_000_000_001, [0; 10]);
        assert!(early < late);
        assert_eq!(early.len(), 36);
    }
}
