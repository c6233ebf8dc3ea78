# `mai use PROFILE` sets AWS_PROFILE in this shell; `mai use` and `mai use -` unset it.
if [[ -o interactive ]]; then
'builtin' 'unalias' 'mai' 2>/dev/null || :
'builtin' 'emulate' 'zsh' '-o' 'no_aliases' '-o' 'no_err_exit' '-o' 'no_err_return' '-c' '
function mai {
    if [[ ${1-} != use || ${2-} == -?* || $# -gt 2 ]]; then
        command mai "$@"
        return
    fi
    local section=""
    if [[ -n ${2-} && ${2-} != - ]]; then
        section=$(command mai use --section -- "$2") || return
    fi
    unset -v @shadows@
    if [[ -n $section ]]; then
        export AWS_PROFILE="$section" AWS_DEFAULT_PROFILE="$section"
    fi
}
'
fi
