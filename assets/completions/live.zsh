
# Names that change are asked of cockpit, which asks no server for them.
_cockpit_names() {
    local -a names
    names=(${(f)"$(cockpit __names $1 2>/dev/null)"})
    compadd -a names
}
