//! Amounts of processor and memory, as Kubernetes writes them: `250m`, `64Mi`, `1e3`.

use serde_json::Value;

use crate::domain::words::bytes;

use super::dig;

/// An amount in its base unit: cores, or bytes.
pub(super) fn amount(raw: &str) -> Option<f64> {
    const SUFFIXES: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    if let Ok(plain) = raw.parse::<f64>() {
        return plain.is_finite().then_some(plain);
    }
    let (suffix, factor) = SUFFIXES.iter().find(|(suffix, _)| raw.ends_with(suffix))?;
    let number: f64 = raw.strip_suffix(suffix)?.parse().ok()?;
    Some(number * factor)
}

/// What is set aside or allowed, of processor and memory.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Need {
    pub(super) cores: f64,
    pub(super) bytes: f64,
}

impl Need {
    fn of(resources: &Value, what: &str) -> Self {
        let of = |name: &str| amount(&dig::scalar(resources, &format!("/{what}/{name}"))).unwrap_or_default();
        Self { cores: of("cpu"), bytes: of("memory") }
    }

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self { cores: self.cores + other.cores, bytes: self.bytes + other.bytes }
    }

    fn most(self, other: Self) -> Self {
        Self { cores: self.cores.max(other.cores), bytes: self.bytes.max(other.bytes) }
    }

    /// What a whole pod has of `requests` or `limits` (kubernetes `component-helpers/resource/helpers.go`): init
    /// containers run before the others, so that only the largest counts, together with the sidecars begun before it.
    pub(super) fn of_pod(pod: &Value, what: &str) -> Self {
        let of = |container: &Value| Self::of(container.get("resources").unwrap_or(&Value::Null), what);
        let main = dig::list(pod, "/spec/containers").iter().map(of).fold(Self::default(), Self::plus);
        let (mut sidecars, mut largest) = (Self::default(), Self::default());
        for init in dig::list(pod, "/spec/initContainers") {
            if dig::text(init, "/restartPolicy") == "Always" {
                sidecars = sidecars.plus(of(init));
                largest = largest.most(sidecars);
            } else {
                largest = largest.most(of(init).plus(sidecars));
            }
        }
        let mut all = main.plus(sidecars).most(largest);
        let whole = pod.pointer("/spec/resources").unwrap_or(&Value::Null);
        let set = |name: &str| whole.pointer(&format!("/{what}/{name}")).is_some();
        let own = Self::of(whole, what);
        if set("cpu") {
            all.cores = own.cores;
        }
        if set("memory") {
            all.bytes = own.bytes;
        }
        let overhead = pod.pointer("/spec").map_or_else(Self::default, |spec| Self::of(spec, "overhead"));
        if what == "requests" || all.cores > 0.0 {
            all.cores += overhead.cores;
        }
        if what == "requests" || all.bytes > 0.0 {
            all.bytes += overhead.bytes;
        }
        all
    }

    /// The processor in words; `-` for nothing.
    pub(super) fn cores_said(self) -> String {
        cores(self.cores)
    }

    /// The memory in words; `-` for nothing.
    pub(super) fn bytes_said(self) -> String {
        if self.bytes > 0.0 { bytes(self.bytes as u64) } else { "-".to_owned() }
    }
}

/// `250 m`, or `2` cores.
pub(super) fn cores(cores: f64) -> String {
    match (cores * 1000.0).round() {
        0.0 => "-".to_owned(),
        millis if millis % 1000.0 == 0.0 => format!("{}", millis / 1000.0),
        millis => format!("{millis} m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn amounts_are_read_as_kubernetes_writes_them() {
        for (raw, read) in [("250m", 0.25), ("2", 2.0), ("64Mi", 67_108_864.0), ("1e3", 1000.0), ("1.5G", 1.5e9)] {
            assert_eq!(amount(raw), Some(read), "{raw}");
        }
        assert_eq!([amount(""), amount("x"), amount("Mi"), amount("inf")], [None; 4]);
        assert_eq!([cores(0.25), cores(2.0), cores(0.0)], ["250 m", "2", "-"]);
    }

    #[test]
    fn a_pod_needs_what_runs_at_once_at_most() {
        let needs = |cpu: &str| json!({ "requests": { "cpu": cpu, "memory": "1Mi" } });
        let pod = json!({ "spec": {
            "initContainers": [
                { "resources": needs("1") },
                { "restartPolicy": "Always", "resources": needs("100m") },
                { "resources": needs("2") },
            ],
            "containers": [{ "resources": needs("500m") }, {}],
            "overhead": { "cpu": "10m" },
        } });
        assert_eq!(Need::of_pod(&pod, "requests").cores_said(), "2110 m");
        assert_eq!(Need::of_pod(&pod, "limits"), Need::default(), "overhead adds to no limit that is not set");
        let mut whole = pod;
        whole["spec"]["resources"] = json!({ "requests": { "cpu": "3" } });
        assert_eq!(Need::of_pod(&whole, "requests").cores_said(), "3010 m");
    }
}
