//! Exit codes in words.

/// What an exit code means to whoever reads it at night: `exit 1`, `killed by SIGKILL (137)`, `command not found (127)`.
/// 126, 127 and 128 + n are the shell's and the container runtimes' convention (POSIX, Shell Command Language, 2.8.2).
pub fn exit_words(code: i32) -> String {
    match code {
        0 => "ended by itself (exit 0)".to_owned(),
        126 => "the command cannot be executed (126)".to_owned(),
        127 => "command not found (127)".to_owned(),
        139 => "segmentation fault (139)".to_owned(),
        code => match signal(code) {
            Some(name) => format!("killed by {name} ({code})"),
            None => format!("exit {code}"),
        },
    }
}

/// The same as a verb, for what goes on: `exits with 1`, `is killed by SIGKILL (137)`, `cannot start: command not found (127)`.
pub fn exits_how(code: i32) -> String {
    match code {
        0 => "ends by itself (exit 0)".to_owned(),
        126 | 127 => format!("cannot start: {}", exit_words(code)),
        139 => "dies of a segmentation fault (139)".to_owned(),
        code => match signal(code) {
            Some(name) => format!("is killed by {name} ({code})"),
            None => format!("exits with {code}"),
        },
    }
}

/// The signal that an exit code of 128 + n stands for, of those that end a process on Linux.
fn signal(code: i32) -> Option<&'static str> {
    Some(match code.checked_sub(128)? {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_said_in_words() {
        for (code, said) in [
            (1, "exit 1"),
            (127, "command not found (127)"),
            (137, "killed by SIGKILL (137)"),
            (139, "segmentation fault (139)"),
            (143, "killed by SIGTERM (143)"),
            (255, "exit 255"),
            (-1, "exit -1"),
            (i32::MIN, "exit -2147483648"),
        ] {
            assert_eq!(exit_words(code), said);
        }
        assert_eq!(exits_how(137), "is killed by SIGKILL (137)");
        assert_eq!(exits_how(127), "cannot start: command not found (127)");
    }
}
