
# Names that change are asked of cockpit. Targets alone are asked of the servers that are watched.
_cockpit_names() {
    local -a names
    names=(${(f)"$(cockpit __names $1 2>/dev/null)"})
    compadd -a names
}
