
# Names that change are asked of cockpit. Targets alone are asked of the servers that are watched.
complete -c cockpit -l context -x -a "(cockpit __names context 2>/dev/null)"
complete -c cockpit -l cluster -x -a "(cockpit __names cluster 2>/dev/null)"
complete -c cockpit -l host -x -a "(cockpit __names host 2>/dev/null)"
complete -c cockpit -l theme -x -a "(cockpit __names theme 2>/dev/null)"
complete -c cockpit -n "__fish_seen_subcommand_from explain" -f -a "(cockpit __names rule 2>/dev/null)"
complete -c cockpit -n "__fish_seen_subcommand_from wait restart scale undo set pause resume promote abort cordon uncordon drain stop start kill recreate trigger unblock prune" -f -a "(cockpit __names target 2>/dev/null)"
