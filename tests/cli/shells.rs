//! What shells and pagers are given: completions, the manual page, themes, keys.

use super::*;

#[test]
fn every_shell_has_a_completion_script_and_another_is_a_mistake() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = home.cockpit(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0), "{}", stderr(&script));
        assert!(stdout(&script).contains("triage") && !stdout(&script).contains("Not watched"), "{shell}");
    }
    assert_eq!(home.cockpit(&["completions", "tcsh"]).status.code(), Some(2));
}

/// What bash offers at the end of `line`, of which it completes `word`, with the script of this program.
fn offered_by_bash(home: &Home, line: &str, word: &str) -> Vec<String> {
    let program = Path::new(env!("CARGO_BIN_EXE_cockpit")).parent().expect("a directory");
    let ask = "eval \"$(cockpit completions bash)\"; COMP_WORDBREAKS=$' \\t\\n\"\\'@><=;|&(:'; COMP_LINE=\"$1\"; \
               COMP_POINT=${#1}; COMP_WORDS=($1); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cockpit_live cockpit \"$2\" x; \
               printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", ask, "bash", line, word]).env_clear();
    bash.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env("HOME", home.0.path());
    let output = bash.output().expect("bash runs");
    stdout(&output).lines().map(str::to_owned).collect()
}

#[test]
fn names_complete_as_the_files_have_them_and_no_server_is_asked() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "ops@stage", "kind-dev"])).expect("written");
    assert_eq!(offered_by_bash(&home, "cockpit --context ", ""), ["kind-dev", "ops@prod", "ops@stage"]);
    assert_eq!(offered_by_bash(&home, "cockpit triage --context ops@st", "st"), ["stage"], "`@` parts words");
    assert_eq!(offered_by_bash(&home, "cockpit --context=kin", "kin"), ["kind-dev"]);
    assert!(offered_by_bash(&home, "cockpit --theme da", "da").contains(&"dark".to_owned()));
    assert_eq!(offered_by_bash(&home, "cockpit explain oom-k", "oom-k"), ["oom-killed"]);
    assert!(offered_by_bash(&home, "cockpit tri", "tri").contains(&"triage".to_owned()), "what is fixed stays");
}

#[test]
fn targets_complete_by_their_shortest_name_that_says_which_cluster() {
    let home = Home::new();
    let named = stdout(&home.cockpit(&["__names", "target", "--demo=calm"]));
    let names: Vec<&str> = named.lines().collect();
    assert!(names.contains(&"prod/shop/web") && names.contains(&"prod/node-3"), "{named}");
    assert!(!names.iter().any(|name| name.contains("web-")), "instances are too many: {named}");
}

/// What fish offers at the end of a line; none where there is no fish.
fn offered_by_fish(home: &Home, line: &str) -> Option<Vec<String>> {
    let program = Path::new(env!("CARGO_BIN_EXE_cockpit")).parent().expect("a directory");
    let mut fish = Command::new("fish");
    fish.args(["--no-config", "-c", "cockpit completions fish | source; complete -C \"$argv[1]\"", line]).env_clear();
    fish.env("PATH", format!("{}:/usr/bin:/bin", program.display())).env("HOME", home.0.path());
    let said = stdout(&fish.current_dir(home.0.path()).output().ok()?);
    Some(said.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect())
}

#[test]
fn fish_offers_names_and_words() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "kind-dev"])).expect("written");
    let Some(contexts) = offered_by_fish(&home, "cockpit --context ") else {
        return eprintln!("SKIPPED: fish is not installed");
    };
    assert_eq!(contexts, ["kind-dev", "ops@prod"]);
    let offered = |line| offered_by_fish(&home, line).unwrap_or_default();
    assert_eq!(offered("cockpit --theme sla"), ["slate"]);
    assert_eq!(offered("cockpit --colors m"), ["mono"]);
    assert_eq!(offered("cockpit explain oom-k"), ["oom-killed"]);
    assert!(offered("cockpit completions ").contains(&"zsh".to_owned()));
    assert!(offered("cockpit man ").contains(&"triage".to_owned()));
    assert!(offered("cockpit tri").contains(&"triage".to_owned()));
}

#[test]
fn names_of_clusters_are_those_that_would_be_watched_and_broken_files_have_none() {
    let home = Home::new();
    std::fs::create_dir(home.path(".kube")).expect("made");
    std::fs::write(home.path(".kube/config"), kubeconfig(&["ops@prod", "stage"])).expect("written");
    assert_eq!(stdout(&home.cockpit(&["__names", "cluster"])), "local\nprod\n");
    let meta = home.path(".docker/contexts/meta/0");
    std::fs::create_dir_all(&meta).expect("made");
    let edge = r#"{"Name":"edge","Endpoints":{"docker":{"Host":"ssh://ops@edge"}}}"#;
    std::fs::write(meta.join("meta.json"), edge).expect("written");
    assert_eq!(stdout(&home.cockpit(&["__names", "host"])), "ssh://ops@edge\n");
    std::fs::write(home.path(".kube/config"), "{").expect("written");
    let broken = home.cockpit(&["__names", "context"]);
    assert_eq!((broken.status.code(), stdout(&broken).as_str()), (Some(0), ""));
}

#[test]
fn the_manual_page_is_of_the_program_or_of_a_command() {
    let home = Home::new();
    let page = stdout(&home.cockpit(&["man"]));
    assert!(page.contains(".TH cockpit 1") && page.contains("cockpit\\-triage(1)"), "{page}");
    let page = stdout(&home.cockpit(&["man", "triage"]));
    assert!(page.contains(".TH cockpit\\-triage 1") || page.contains(".TH cockpit-triage 1"), "{page}");
    assert!(page.contains("\\-\\-fail\\-on"), "{page}");
    let slip = home.cockpit(&["man", "traige"]);
    assert_eq!(slip.status.code(), Some(2));
    assert!(stderr(&slip).contains("did you mean `triage`?"), "{}", stderr(&slip));
}

#[test]
fn themes_are_listed_with_what_chooses_one() {
    let home = Home::new();
    let said = stdout(&home.cockpit(&["themes"]));
    assert!(said.contains("* dark            in use: it is the default; dark background"), "{said}");
    assert!(said.contains("  contrast-light  high contrast on white") && !said.contains('\u{1b}'), "{said}");
    let config = home.path("cockpit.toml");
    std::fs::write(&config, "theme = \"light\"\ncolors = 256\n").expect("written");
    let said = stdout(&home.cockpit(&["themes", "--config", &config.to_string_lossy()]));
    assert!(said.contains("* light           in use: the settings say so (`theme`); "), "{said}");
    assert!(said.contains("drawn in 256 colours: the settings say so (`colors`)\n"), "{said}");
    let said = stdout(&home.cockpit(&["themes", "--config", &config.to_string_lossy(), "--theme", "slate"]));
    assert!(said.contains("* slate           in use: --theme says so; "), "{said}");
    let mono = home.command(&["themes"]).env("NO_COLOR", "1").output().expect("the program runs");
    assert!(stdout(&mono).contains("drawn without colours: NO_COLOR is set"), "{}", stdout(&mono));
    let asked = home.command(&["themes", "--colors=16"]).env("NO_COLOR", "1").output().expect("the program runs");
    assert!(stdout(&asked).contains("drawn in 16 colours: --colors says so"), "{}", stdout(&asked));
    let light = home.command(&["themes"]).env("COLORFGBG", "0;15").output().expect("the program runs");
    assert!(stdout(&light).contains("* light           in use: COLORFGBG says"), "{}", stdout(&light));
}

#[test]
fn a_theme_of_ones_own_is_a_file_beside_the_settings() {
    let home = Home::new();
    let config = home.path("cockpit.toml");
    std::fs::create_dir(home.path("themes")).expect("a folder");
    std::fs::write(home.path("themes/mine.toml"), "like = \"slate\"\n[ink]\ncritical = \"208 bold\"\n")
        .expect("written");
    std::fs::write(home.path("themes/odd.toml"), "like = \"slate\"\n[ink]\ncritical = \"mauve\"\n").expect("written");
    std::fs::write(&config, "theme = \"mine\"\n").expect("written");
    let config = config.to_string_lossy();
    let said = stdout(&home.cockpit(&["themes", "--config", &config]));
    assert!(said.contains("* mine            in use: the settings say so (`theme`); "), "{said}");
    assert!(said.contains("  odd             cannot be used:\n"), "{said}");
    let odd = home.cockpit(&["themes", "--config", &config, "--theme", "odd"]);
    let said = String::from_utf8_lossy(&odd.stderr);
    assert_eq!(odd.status.code(), Some(2), "{said}");
    assert!(
        said.contains("themes/odd.toml:3: `ink.critical`: `mauve` is no colour and no modifier; expected a colour"),
        "{said}"
    );
    let near = home.cockpit(&["themes", "--config", &config, "--theme", "mien"]);
    assert!(String::from_utf8_lossy(&near.stderr).contains("did you mean `mine`?"));
}

#[test]
fn keys_are_listed_as_the_settings_have_them() {
    let home = Home::new();
    let config = home.path("cockpit.toml");
    std::fs::write(&config, "[keys]\nrestart = [\"ctrl-t\"]\n").expect("written");
    let config = config.to_string_lossy();
    let said = stdout(&home.cockpit(&["keys", "--config", &config]));
    let restart = said.lines().find(|line| line.contains(" restart ")).expect("a line");
    assert!(restart.trim_start().starts_with("ctrl-t "), "{restart}");
    assert!(said.starts_with("Acting (a preview comes first)\n"), "{said}");
    let said = home.cockpit(&["keys", "--json", "--config", &config]);
    let all: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let all = all.as_array().expect("a list");
    let restart = all.iter().find(|it| it["command"] == "restart").expect("restart");
    assert_eq!(restart["keys"], serde_json::json!(["ctrl-t"]));
    assert_eq!(restart["changes"], true);
    assert_eq!(all.len(), cockpit::app::TABLE.len());
}
