//! What an allocation takes of its client, and where a task is killed (nomad: nomad/structs, `AllocatedResources.Comparable`).

use super::scribe::MEBI;
use super::wire::{Allocated, AllocatedTask};

/// What is set aside, MB and MHz.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    memory: u64,
    mhz: u64,
}

impl Share {
    fn of(task: &AllocatedTask) -> Self {
        Self { memory: task.memory.memory, mhz: task.cpu.cpu_shares }
    }

    fn add(&mut self, more: Self) {
        self.memory = self.memory.saturating_add(more.memory);
        self.mhz = self.mhz.saturating_add(more.mhz);
    }

    fn most(self, other: Self) -> Self {
        Self { memory: self.memory.max(other.memory), mhz: self.mhz.max(other.mhz) }
    }
}

/// What is set aside on its client for an allocation, bytes and MHz: tasks that do not run side by side share it.
pub(super) fn set_aside(it: &Allocated) -> (u64, u64) {
    let (mut before, mut main, mut after) = (Share::default(), Share::default(), Share::default());
    for (name, task) in &it.tasks {
        let share = Share::of(task);
        let lifecycle = it.task_lifecycles.get(name).and_then(Option::as_ref);
        match lifecycle.map(|it| (it.hook.as_str(), it.sidecar)) {
            Some(("prestart", true)) => {
                before.add(share);
                main.add(share);
            }
            Some(("prestart", false)) => before.add(share),
            Some(("poststop", _)) => after.add(share),
            _ => main.add(share),
        }
    }
    let all = main.most(before).most(after);
    (all.memory.saturating_mul(MEBI), all.mhz)
}

/// At how many bytes a task is killed: at what is set aside for it, or at more where that is lent. Below 0 nothing bounds it.
pub(super) fn killed_at(memory: u64, most: i64) -> Option<u64> {
    let most = match most {
        ..0 => return None,
        most => u64::try_from(most).unwrap_or(0),
    };
    Some(most.max(memory).saturating_mul(MEBI)).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_run_one_after_the_other_share_what_is_set_aside() {
        let task = |memory: u64, mhz: u64| serde_json::json!({ "Cpu": { "CpuShares": mhz }, "Memory": { "MemoryMB": memory } });
        let it: Allocated = serde_json::from_value(serde_json::json!({
            "Tasks": { "migrate": task(512, 100), "proxy": task(64, 50), "web": task(256, 400), "tidy": task(32, 10) },
            "TaskLifecycles": {
                "migrate": { "Hook": "prestart", "Sidecar": false },
                "proxy": { "Hook": "prestart", "Sidecar": true },
                "tidy": { "Hook": "poststop", "Sidecar": false },
                "web": null,
            },
        }))
        .expect("resources");
        assert_eq!(set_aside(&it), ((512 + 64) * MEBI, 400 + 50));
    }

    #[test]
    fn memory_that_is_lent_bounds_it_and_below_zero_nothing_does() {
        assert_eq!(killed_at(32, 0), Some(32 * MEBI));
        assert_eq!(killed_at(32, 64), Some(64 * MEBI));
        assert_eq!((killed_at(32, -1), killed_at(0, 0)), (None, None));
    }
}
