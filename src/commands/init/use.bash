# `mai use PROFILE` sets AWS_PROFILE in this shell; `mai use` and `mai use -` unset it.
if [[ $- == *i* ]]; then
\builtin unalias mai 2>/dev/null || :
function mai {
    if [[ ${1-} != use || ${2-} == -?* || $# -gt 2 ]]; then
        \command mai "$@"
        \builtin return
    fi
    \builtin local section=''
    if [[ -n ${2-} && ${2-} != - ]]; then
        section=$(\command mai use --section -- "$2") || \builtin return
    fi
    \builtin unset -v @shadows@
    if [[ -n $section ]]; then
        \builtin export AWS_PROFILE="$section" AWS_DEFAULT_PROFILE="$section"
    fi
}
fi
