
# Names that change are asked of cockpit. Targets alone are asked of the servers that are watched.
_cockpit_live() {
    local line="${COMP_LINE:0:$COMP_POINT}" word before kind name
    word="${line##*[[:space:]]}"
    before="${line%"$word"}"
    before="${before%"${before##*[![:space:]]}"}"
    before="${before##*[[:space:]]}"
    case "$word" in
        --context=*|--cluster=*|--host=*|--theme=*) before="${word%%=*}" word="${word#*=}" ;;
    esac
    case "$before" in
        --context|--cluster|--host|--theme) kind="${before#--}" ;;
        explain) kind=rule ;;
        wait|restart|scale|undo|set|pause|resume|promote|abort|cordon|uncordon|drain|stop|start|kill|recreate|trigger|unblock|prune) kind=target ;;
        *) _cockpit "$@"; return ;;
    esac
    # Readline puts in only what follows the last of its word breaks, such as `@` and `:`.
    local lead="${word%"${word##*["$COMP_WORDBREAKS"]}"}"
    COMPREPLY=()
    while IFS= read -r name; do
        [[ "$name" == "$word"* ]] && COMPREPLY+=("$(printf '%q' "${name#"$lead"}")")
    done < <(cockpit __names "$kind" 2>/dev/null)
    return 0
}

complete -F _cockpit_live -o bashdefault -o default cockpit
