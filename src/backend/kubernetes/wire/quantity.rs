//! Quantities: `500m`, `1.5Gi`, `1e3`, `128974848` (apimachinery: pkg/api/resource/quantity.go).

/// A quantity, exact to the billionth. Never below 0: nothing that is read here can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u128);

const UNIT: u128 = 1_000_000_000;

impl Quantity {
    /// In whole pieces (bytes, pods), rounded up as the API server does.
    pub fn whole(self) -> u64 {
        u64::try_from(self.0.div_ceil(UNIT)).unwrap_or(u64::MAX)
    }

    /// In thousandths (of a core), rounded up.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.div_ceil(UNIT / 1000)).unwrap_or(u64::MAX)
    }
}

/// Reads a quantity; none of what is none.
pub fn quantity(raw: &str) -> Option<Quantity> {
    let raw = raw.trim();
    let raw = raw.strip_prefix('+').unwrap_or(raw);
    if let Some(negative) = raw.strip_prefix('-') {
        return quantity(negative).map(|_| Quantity(0));
    }
    let end = raw.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(raw.len());
    let (number, suffix) = raw.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let (times, per) = factor(suffix)?;
    // What is finer than this is below a billionth of anything.
    let part = &part[..part.len().min(15)];
    let digits: u128 = format!("0{whole}{part}").parse().ok()?;
    let scale = 10_u128.checked_pow(u32::try_from(part.len()).ok()?)?;
    let amount = digits.checked_mul(UNIT)?.checked_mul(times)?;
    Some(Quantity(amount.div_ceil(scale.checked_mul(per)?)))
}

/// What a suffix multiplies by, and what it divides by.
fn factor(suffix: &str) -> Option<(u128, u128)> {
    let binary = |power: u32| Some((1024_u128.pow(power), 1));
    let decimal = |power: u32| Some((10_u128.pow(power), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        _ => {
            let power: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let ten = 10_u128.checked_pow(power.unsigned_abs().min(24))?;
            Some(if power < 0 { (1, ten) } else { (ten, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_server_means_them() {
        for (raw, whole, millis) in [
            ("0", 0, 0),
            ("2", 2, 2000),
            ("500m", 1, 500),
            ("0.1", 1, 100),
            (".5", 1, 500),
            ("1.5Gi", 1_610_612_736, 1_610_612_736_000),
            ("128Mi", 134_217_728, 134_217_728_000),
            ("128M", 128_000_000, 128_000_000_000),
            ("1k", 1000, 1_000_000),
            ("1e3", 1000, 1_000_000),
            ("12E-1", 2, 1200),
            ("1Ki", 1024, 1_024_000),
            ("100n", 1, 1),
            ("250u", 1, 1),
            ("+3", 3, 3000),
            ("-3", 0, 0),
        ] {
            let read = quantity(raw).map(|it| (it.whole(), it.millis()));
            assert_eq!(read, Some((whole, millis)), "{raw}");
        }
        assert_eq!(quantity("9E").map(Quantity::whole), Some(9_000_000_000_000_000_000));
    }

    #[test]
    fn what_is_no_quantity_is_none() {
        for raw in ["", "Mi", "1X", "one", "1 Gi", "e3", ".", "1e"] {
            assert_eq!(quantity(raw), None, "{raw}");
        }
    }
}
