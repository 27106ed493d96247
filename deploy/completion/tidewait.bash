# Bash completion of tidewait; commands and flags are asked of the command itself.

_tidewait_flags()
{
    "$1" help "$2" 2>/dev/null | sed -n \
        -e 's/^  --\[no-\]\([a-z.-]*\).*/--\1\n--no-\1/p' \
        -e 's/^  \(--[a-z][a-z.-]*\).*/\1/p' -e 's/^  \(-v\) .*/\1/p'
}

_tidewait()
{
    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} choices
    if [ "$COMP_CWORD" -eq 1 ] || [ "${COMP_WORDS[1]}" = help ]; then
        choices=$("$1" help 2>/dev/null | sed -n 's/^  tidewait \([a-z]*\).*/\1/p')
    else
        case $previous in
            --for) choices='free listening' ;;
            --probe) choices='gentle off' ;;
            --log.level) choices='debug info warn error' ;;
            --log.format) choices='logfmt json' ;;
            *) choices=$(_tidewait_flags "$1" "${COMP_WORDS[1]}") ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}

complete -F _tidewait tidewait
