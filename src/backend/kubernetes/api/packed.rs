//! Answers that come compressed over a slow line.

use std::io::Read;

use bytes::Bytes;

use super::super::failure::Failure;
use crate::domain::Text;

/// What a compressed answer holds, unless it is longer than `longest` bytes.
pub(super) fn unpacked(body: &[u8], longest: usize) -> Result<Bytes, Failure> {
    let mut all = Vec::with_capacity(body.len().saturating_mul(8).min(longest));
    let most = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let read = flate2::read::MultiGzDecoder::new(body).take(most).read_to_end(&mut all);
    read.map_err(|error| Failure::Malformed(Text::from(format!("the answer is not unpacked: {error}"))))?;
    if all.len() > longest {
        return Err(Failure::Malformed(Text::new("the answer has no end")));
    }
    Ok(all.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_packed_has_an_end() {
        let pack = |raw: &[u8]| {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(raw).expect("written");
            packed.finish().expect("packed")
        };
        let packed = pack(&[b'x'; 1000]);
        assert_eq!(unpacked(&packed, 1000).expect("unpacked").len(), 1000);
        assert!(unpacked(&packed, 999).is_err());
        assert!(unpacked(&packed[..packed.len() - 4], 1000).is_err());
        assert!(unpacked(b"{}", 1000).is_err());
    }
}
