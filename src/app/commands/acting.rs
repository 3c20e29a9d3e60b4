//! What changes a system.

use crate::app::command::{Command, Section};
use crate::app::update::{acting, asking, entering, forwarding, silencing, undoing};

use super::{ACT, HOME, LOOK};

pub(super) const ALL: &[Command] = &[
    Command {
        id: "undo",
        also: &["rollback"],
        keys: &["u"],
        does: "take back what was done here, or roll back to the revision before",
        footer: Some(1),
        now: undoing::undo_now,
        run: undoing::undo,
        ..ACT
    },
    Command {
        id: "scale-or-shell",
        keys: &["s"],
        does: "set the number of instances of a workload; open a shell in an instance",
        palette: false,
        footer: Some(2),
        now: entering::scale_or_shell_now,
        run: entering::scale_or_shell,
        ..ACT
    },
    Command {
        id: "scale",
        does: "set the number of instances; asks for it",
        now: asking::scale_now,
        run: asking::scale,
        ..ACT
    },
    Command {
        id: "shell",
        also: &["exec", "sh"],
        does: "open a shell in an instance, on this terminal; of a workload in one that fails, else in its first",
        now: entering::shell_now,
        run: entering::shell,
        ..ACT
    },
    Command {
        id: "debug",
        also: &["ephemeral"],
        does: "add a container with tools to a pod, and open a shell in it, on this terminal",
        now: entering::debug_now,
        run: entering::debug,
        ..ACT
    },
    Command {
        id: "restart",
        keys: &["r"],
        does: "start it anew: an instance by itself where its orchestrator has that, else all that its workload runs",
        footer: Some(3),
        now: acting::restart_now,
        run: acting::restart,
        ..ACT
    },
    Command {
        id: "restart-workload",
        does: "start all instances of the workload anew that the selected one belongs to",
        now: acting::restart_all_now,
        run: acting::restart_all,
        ..ACT
    },
    Command {
        id: "set-image",
        also: &["image"],
        does: "give it another image: `set image nginx:1.27`, or asks for it; NAME=IMAGE names a container",
        now: asking::set_image_now,
        run: asking::set_image,
        ..ACT
    },
    Command {
        id: "set-memory",
        also: &["memory"],
        does: "give it another memory limit: `set memory 512Mi`, or asks for it; none takes the limit away",
        now: asking::set_memory_now,
        run: asking::set_memory,
        ..ACT
    },
    Command {
        id: "set-cpu",
        also: &["cpu"],
        does: "give it another CPU limit: `set cpu 500m`, or asks for it; none takes the limit away",
        now: asking::set_cpu_now,
        run: asking::set_cpu,
        ..ACT
    },
    Command {
        id: "pause-or-resume",
        keys: &["P"],
        does: "hold its rollout, suspend it, switch its automatic sync off; where that is so, lift it",
        palette: false,
        now: acting::pause_or_resume_now,
        run: acting::pause_or_resume,
        ..ACT
    },
    Command {
        id: "pause",
        also: &["suspend", "hold"],
        does: "hold its rollout; suspend a job; switch the automatic sync of an application off",
        now: acting::pause_now,
        run: acting::pause,
        ..ACT
    },
    Command {
        id: "resume",
        also: &["unsuspend"],
        does: "go on with its rollout; let a job run again; switch automatic sync on",
        now: acting::resume_now,
        run: acting::resume,
        ..ACT
    },
    Command { id: "promote", does: "let a canary take over", now: acting::promote_now, run: acting::promote, ..ACT },
    Command {
        id: "abort",
        also: &["fail-deployment"],
        does: "give a canary up",
        now: acting::abort_now,
        run: acting::abort,
        ..ACT
    },
    Command {
        id: "stop",
        does: "end an instance, with the time that it is given to end; what wants it may make another",
        now: acting::stop_now,
        run: acting::stop,
        ..ACT
    },
    Command {
        id: "start",
        does: "start a container that was stopped",
        now: acting::start_now,
        run: acting::start,
        ..ACT
    },
    Command {
        id: "kill",
        keys: &["ctrl-k"],
        does: "end an instance at once, without time to finish",
        footer: Some(9),
        now: acting::kill_now,
        run: acting::kill,
        ..ACT
    },
    Command {
        id: "recreate",
        also: &["pull"],
        does: "pull the image of a Compose service and make it anew from its definition",
        now: acting::recreate_now,
        run: acting::recreate,
        ..ACT
    },
    Command {
        id: "trigger",
        also: &["run-now"],
        does: "run a scheduled job once now",
        now: acting::trigger_now,
        run: acting::trigger,
        ..ACT
    },
    Command {
        id: "unblock",
        also: &["retry-job"],
        does: "take away what holds a StatefulSet up; try a failed Job again",
        now: acting::unblock_now,
        run: acting::unblock,
        ..ACT
    },
    Command {
        id: "forward",
        also: &["port-forward", "pf"],
        keys: &["shift-f"],
        does: "lead a port of this machine's loopback to a pod: `forward 8080:80`, or asks for it",
        now: forwarding::forward_now,
        run: forwarding::forward,
        ..ACT
    },
    Command {
        id: "end-forward",
        keys: &["x"],
        does: "end the selected port forward",
        section: Section::Acting,
        places: HOME,
        now: forwarding::end_now,
        run: forwarding::end,
        ..LOOK
    },
    Command {
        id: "silence",
        also: &["mute", "unsilence"],
        keys: &["S"],
        does: "keep an alert quiet for a while: `silence 2h the import runs`, or asks for it; where it is silenced, end that",
        footer: Some(4),
        now: silencing::silence_now,
        run: silencing::silence,
        ..ACT
    },
    Command {
        id: "prune",
        also: &["gc"],
        does: "remove what nobody uses: stopped containers, dangling images, build cache; never volumes",
        now: acting::prune_now,
        run: acting::prune,
        ..ACT
    },
    Command {
        id: "uncordon",
        keys: &["U"],
        does: "let a node take new instances again",
        footer: Some(1),
        now: acting::uncordon_now,
        run: acting::uncordon,
        ..ACT
    },
    Command {
        id: "cordon",
        keys: &["C"],
        does: "let a node take no new instances",
        footer: Some(2),
        now: acting::cordon_now,
        run: acting::cordon,
        ..ACT
    },
    Command {
        id: "drain",
        keys: &["D"],
        does: "move everything away from a node, and let it take nothing new",
        footer: Some(3),
        now: acting::drain_now,
        run: acting::drain,
        ..ACT
    },
];
