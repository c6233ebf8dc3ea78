# Shows in bash's prompt which AWS keys apply and how long they last. At the end of ~/.bashrc: eval "$(mai init bash)"
# Drawing it starts no process: bash reads one small file by itself. Before bash 4.2, and where the variables that lead
# to the file have changed since, it asks `mai prompt`.

if [[ $- == *i* ]]; then
__mai_file=@file@ __mai_home=@home@
__mai_state_home=@state_home@ __mai_keys_file=@keys_file@
__mai_warn=@warn@ __mai_alert=@alert@ __mai_color=@color@ __mai_place=@place@
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 402)); then __mai_file=''; fi

# Sets MAI_PROMPT, and without colours MAI_PROMPT_TEXT; both are empty where nothing is known about the keys.
# MAI_PROMPT_STATE is good, warn, alert, expired or foreign.
__mai_segment() {
    \builtin local IFS=$' \t\n' state='' text='' mark='' color=''
    if [[ -n $__mai_file && ${HOME-} == "$__mai_home" && ${XDG_STATE_HOME-} == "$__mai_state_home" &&
        ${AWS_SHARED_CREDENTIALS_FILE-} == "$__mai_keys_file" ]]; then
        __mai_read
    else
        text=$(\command mai prompt --color never --format '{state} {mark}{profile} {left}' \
            --warn "${__mai_warn}s" --alert "${__mai_alert}s" 2>/dev/null) || text=''
        state=${text%% *} text=${text#* }
        case $text in \**) mark='*' ;; esac
    fi
    MAI_PROMPT=$text MAI_PROMPT_TEXT=$text MAI_PROMPT_STATE=$state
    if [[ -z $text || $__mai_color == never ]]; then \builtin return 0; fi
    if [[ $__mai_color == auto ]] && [[ -n ${NO_COLOR-} || ${TERM-} == dumb ]]; then \builtin return 0; fi
    case $state$mark in
    expired*) color=31 ;;
    *\*) color='1;37;41' ;;
    good) color=32 ;;
    warn) color=33 ;;
    alert) color='1;31' ;;
    *) color='1;35' ;;
    esac
    # Readline counts what stands between these two bytes as nothing; without Readline they would be shown.
    if [[ -o emacs || -o vi ]]; then
        MAI_PROMPT=$'\001\e['${color}m$'\002'$text$'\001\e[0m\002'
    else
        MAI_PROMPT=$'\e['${color}m$text$'\e[0m'
    fi
}

# Finds the row of the keys that apply, by the same rules as `mai prompt`, and sets the variables of __mai_segment.
__mai_read() {
    \builtin local plain=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/@:+=,-
    \builtin local first='' name='' expiry='' id='' hash='' flags='' arn='' label='' rest='' row=''
    \builtin local size=0 rank=0 best=0 now=0 left=0 words=''
    \builtin local best_name='' best_expiry='' best_id='' best_flags=''
    # Behind a backslash `local` splits what is not quoted.
    \builtin local wanted="${AWS_PROFILE:-${AWS_DEFAULT_PROFILE-}}" key="${AWS_ACCESS_KEY_ID-}"
    wanted=${wanted//[!$plain]/_}
    if [[ ! -f $__mai_file || ! -r $__mai_file || -L $__mai_file ]]; then \builtin return 0; fi
    {
        if IFS='' \builtin read -r first && [[ $first == 'mai-sessions 1' ]]; then
            while ((size < 262144)) && IFS=$'\t' \builtin read -r name expiry id hash flags arn label rest; do
                row=$name$expiry$id$hash$flags$arn$label
                size=$((size + ${#row} + ${#rest} + 7))
                # Whatever stands in the file, nothing reaches the prompt that could act there.
                case $row in *[!$plain]*) continue ;; esac
                case $expiry in '' | *[!0123456789]* | ?????????????*) continue ;; esac
                if [[ -z $label || -n $rest ]]; then continue; fi
                if [[ $label == - ]]; then label=$name; fi
                # With `nocasematch` the double brackets would take `PROD` for `prod`.
                if [[ -n $wanted ]] && \builtin test "$name" = "$wanted"; then
                    rank=5
                elif [[ -n $key ]] && \builtin test "$id" = "$key"; then
                    rank=4
                elif [[ -n $wanted ]]; then
                    rank=0
                elif [[ -n $key ]] && \builtin test "$label" = "${MAI_PROFILE-}"; then
                    rank=3
                elif \builtin test "$name" = default; then
                    rank=2
                elif [[ $flags == *d* ]]; then
                    rank=1
                else
                    rank=0
                fi
                if ((rank > best)); then
                    best=$rank best_name=$label best_expiry=$expiry best_id=$id best_flags=$flags
                fi
            done
            # So large a file is none that mai wrote.
            if ((size + ${#name} >= 262144)); then best=0; fi
        fi
    } 2>/dev/null <"$__mai_file" || \builtin return 0
    if ((best == 0)); then \builtin return 0; fi
    \builtin printf -v now '%(%s)T' -1
    left=$((10#$best_expiry - now))
    if [[ $best_flags == *c* ]]; then mark='*'; fi
    if [[ -n $key ]] && \builtin test "$key" != "$best_id"; then
        state=foreign words='other keys exported'
    elif ((left <= 0)); then
        state=expired words=expired
    else
        state=good
        if ((left <= __mai_warn)); then state=warn; fi
        if ((left <= __mai_alert)); then state=alert; fi
        words="$((left / 60))m"
        if ((left < 60)); then words='<1m'; fi
        if ((left >= 3600)); then \builtin printf -v words '%dh%02dm' $((left / 3600)) $((left / 60 % 60)); fi
    fi
    text="$mark${best_name:0:64} $words"
}

# Runs last before each prompt, and hands on the exit status it has met.
__mai_hook() {
    \builtin set -- "$?"
    __mai_segment
    # A shell that is started from here would show them for ever.
    if [[ $- == *a* ]]; then \builtin export -n MAI_PROMPT MAI_PROMPT_TEXT MAI_PROMPT_STATE; fi
    if [[ $__mai_place == yes && ${PS1-} != *MAI_PROMPT* ]] && \builtin shopt -q promptvars; then
        \builtin local lead='' rest="${PS1-}"
        # A prompt that begins with an empty line keeps it.
        while [[ $rest == '\n'* || $rest == $'\n'* ]]; do
            if [[ $rest == '\n'* ]]; then lead+='\n' rest=${rest:2}; else lead+=$'\n' rest=${rest:1}; fi
        done
        PS1=$lead'${MAI_PROMPT:+$MAI_PROMPT }'$rest
    fi
    # With `set -e` the shell would leave at the next prompt.
    if [[ $- == *e* ]]; then \builtin return 0; fi
    \builtin return "$1"
}

# Where PROMPT_COMMAND is exported, shells get it that have no __mai_hook. There the variable is not set, and the line
# comes to nothing. It leaves $? as it is, for the hook.
\builtin export -n __mai_place
__mai_line='${__mai_place+"__mai_hook"}'

case " ${PROMPT_COMMAND[*]-} " in
*__mai_hook*) ;;
*)
    __mai_flags=$(\builtin declare -p PROMPT_COMMAND 2>/dev/null) || __mai_flags=''
    __mai_flags=${__mai_flags#declare -} __mai_flags=${__mai_flags%% *}
    case $__mai_flags in
    *r*) \builtin echo 'mai: PROMPT_COMMAND is read-only here, so the prompt cannot show when keys expire' >&2 ;;
    *a*)
        if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
            PROMPT_COMMAND+=("$__mai_line")
        else
            PROMPT_COMMAND+=$'\n'$__mai_line
        fi
        ;;
    *) PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}$__mai_line ;;
    esac
    \builtin unset __mai_flags
    ;;
esac
\builtin unset __mai_line
fi
