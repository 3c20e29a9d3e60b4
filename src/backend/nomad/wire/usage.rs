//! What is used (nomad: client/structs/structs.go, client/hoststats/host.go).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::nullable;

/// Of an allocation.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Stats {
    #[serde(rename = "ResourceUsage", deserialize_with = "nullable")]
    pub(in super::super) used: Used,
    #[serde(deserialize_with = "nullable")]
    pub(in super::super) tasks: BTreeMap<String, TaskStats>,
    /// Nanoseconds since 1970; 0 where nothing was measured.
    pub(in super::super) timestamp: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct TaskStats {
    #[serde(rename = "ResourceUsage", deserialize_with = "nullable")]
    pub(in super::super) used: Used,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct Used {
    #[serde(rename = "MemoryStats", deserialize_with = "nullable")]
    memory: UsedMemory,
    #[serde(rename = "CpuStats", deserialize_with = "nullable")]
    cpu: UsedCpu,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct UsedMemory {
    #[serde(rename = "RSS")]
    resident: u64,
    #[serde(rename = "Usage")]
    usage: u64,
    #[serde(rename = "Cache")]
    cache: u64,
    /// Which of them a driver measures.
    #[serde(rename = "Measured", deserialize_with = "nullable")]
    measured: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct UsedCpu {
    /// Of one core.
    percent: f64,
    #[serde(deserialize_with = "nullable")]
    measured: Vec<String>,
}

impl Used {
    /// What cannot be given back: what is resident, else what is in use beside the cache. None where a driver does not measure it.
    pub(in super::super) fn memory_bytes(&self) -> Option<u64> {
        let it = &self.memory;
        let measures = |name: &str| it.measured.iter().any(|one| one == name);
        if measures("RSS") && it.resident > 0 {
            return Some(it.resident);
        }
        measures("Usage").then(|| it.usage.saturating_sub(it.cache)).filter(|bytes| *bytes > 0)
    }

    /// Thousandths of a core.
    pub(in super::super) fn cpu_millis(&self) -> Option<f64> {
        (!self.cpu.measured.is_empty() && self.cpu.percent.is_finite()).then_some(self.cpu.percent * 10.0)
    }
}

/// Of a client's machine.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in super::super) struct HostStats {
    #[serde(deserialize_with = "nullable")]
    memory: HostMemory,
    #[serde(rename = "CPU", deserialize_with = "nullable")]
    cpu: Vec<HostCpu>,
    /// Nanoseconds since 1970.
    pub(in super::super) timestamp: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostMemory {
    total: u64,
    available: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HostCpu {
    idle: f64,
}

impl HostStats {
    /// What is not available to others.
    pub(in super::super) fn memory_bytes(&self) -> Option<u64> {
        self.memory.total.checked_sub(self.memory.available).filter(|_| self.memory.total > 0)
    }

    /// Thousandths of a core, of all cores together.
    pub(in super::super) fn cpu_millis(&self) -> Option<f64> {
        let used = self.cpu.iter().map(|core| (100.0 - core.idle).max(0.0) * 10.0).sum::<f64>();
        (!self.cpu.is_empty() && used.is_finite()).then_some(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_driver_does_not_measure_is_not_zero() {
        let nothing: Stats = serde_json::from_value(serde_json::json!({
            "ResourceUsage": { "CpuStats": { "Measured": null, "Percent": 0 }, "MemoryStats": { "Measured": null, "RSS": 0 } },
            "Tasks": {}, "Timestamp": 0,
        }))
        .expect("stats");
        assert_eq!((nothing.used.memory_bytes(), nothing.used.cpu_millis()), (None, None));
    }

    #[test]
    fn a_core_and_a_half_are_1500_thousandths() {
        let used: Used = serde_json::from_value(serde_json::json!({
            "CpuStats": { "Measured": ["Percent"], "Percent": 150.0 },
            "MemoryStats": { "Measured": ["Cache", "Usage"], "Usage": 100, "Cache": 30 },
        }))
        .expect("stats");
        assert_eq!((used.memory_bytes(), used.cpu_millis()), (Some(70), Some(1500.0)));
        let host: HostStats = serde_json::from_value(serde_json::json!({
            "CPU": [{ "Idle": 97.0 }, { "Idle": 48.0 }], "Memory": { "Total": 100, "Available": 60 },
        }))
        .expect("stats");
        assert_eq!((host.memory_bytes(), host.cpu_millis()), (Some(40), Some(550.0)));
    }
}
