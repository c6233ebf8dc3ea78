# Shows in zsh's prompt which AWS keys apply and how long they last. At the end of ~/.zshrc: eval "$(mai init zsh)"
# Drawing it starts no process: zsh reads one small file by itself. Where it has no modules for that, and where the
# variables that lead to the file have changed since, it asks `mai prompt`.

if [[ -o interactive ]]; then
# Unquoted, since with `rc_quotes` two single quotes in a row are one.
'builtin' 'typeset' '-g' __mai_file=@file@ __mai_home=@home@ \
    __mai_state_home=@state_home@ __mai_keys_file=@keys_file@ \
    __mai_warn=@warn@ __mai_alert=@alert@ __mai_color=@color@ __mai_place=@place@

# Read and run with zsh's own options, without aliases, whatever is set in this shell.
'builtin' 'emulate' 'zsh' '-o' 'no_aliases' '-o' 'no_err_exit' '-o' 'no_err_return' '-o' 'no_xtrace' '-c' '
zmodload -F zsh/datetime p:EPOCHSECONDS 2>/dev/null && zmodload -F zsh/system b:sysread 2>/dev/null || __mai_file=""

# Sets MAI_PROMPT, and without colours MAI_PROMPT_TEXT; both are empty where nothing is known about the keys.
# MAI_PROMPT_STATE is good, warn, alert, expired or foreign.
function __mai_segment {
    local state text mark color
    if [[ -n $__mai_file && ${HOME-} == "$__mai_home" && ${XDG_STATE_HOME-} == "$__mai_state_home" &&
        ${AWS_SHARED_CREDENTIALS_FILE-} == "$__mai_keys_file" ]]; then
        __mai_read
    else
        text=$(command mai prompt --color never --format "{state} {mark}{profile} {left}" \
            --warn "${__mai_warn}s" --alert "${__mai_alert}s" 2>/dev/null)
        state=${text%% *} text=${text#* }
        [[ $text == "*"* ]] && mark="*"
    fi
    typeset -g MAI_PROMPT=$text MAI_PROMPT_TEXT=$text MAI_PROMPT_STATE=$state
    if [[ -z $text || $__mai_color == never ]]; then return; fi
    if [[ $__mai_color == auto ]] && [[ -n ${NO_COLOR-} || ${TERM-} == dumb ]]; then return; fi
    case $state$mark in
    (expired*) color="%F{red}" ;;
    (*"*") color="%B%F{white}%K{red}" ;;
    (good) color="%F{green}" ;;
    (warn) color="%F{yellow}" ;;
    (alert) color="%B%F{red}" ;;
    (*) color="%B%F{magenta}" ;;
    esac
    MAI_PROMPT="$color$text%f%k%b"
}

# Finds the row of the keys that apply, by the same rules as `mai prompt`, and sets the variables of __mai_segment.
function __mai_read {
    local plain=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/@:+=,-
    local content line name expiry id flags label words
    local best_name best_expiry best_id best_flags
    local -a lines fields
    local -i rank best left
    local wanted=${AWS_PROFILE:-${AWS_DEFAULT_PROFILE-}} key=${AWS_ACCESS_KEY_ID-}
    wanted=${wanted//[^$plain]/_}
    if [[ ! -f $__mai_file || ! -r $__mai_file || -L $__mai_file ]]; then return; fi
    sysread -s 262145 content 2>/dev/null <$__mai_file || return
    if (( ${#content} > 262144 )); then return; fi
    lines=("${(@ps:\n:)content}")
    if [[ $lines[1] != "mai-sessions 1" ]]; then return; fi
    # The last one is what stands behind the last line feed: no whole line.
    for line in "${(@)lines[2,-2]}"; do
        fields=("${(@ps:\t:)line}")
        if (( $#fields != 7 )); then continue; fi
        # Whatever stands in the file, nothing reaches the prompt that could act there.
        if [[ -n ${(M)fields:#} || ${(j::)fields} == *[^$plain]* ]]; then continue; fi
        name=$fields[1] expiry=$fields[2] id=$fields[3] flags=$fields[5] label=$fields[7]
        if [[ $expiry == *[^0123456789]* ]] || (( $#expiry > 12 )); then continue; fi
        if [[ $label == - ]]; then label=$name; fi
        rank=0
        if [[ -n $wanted && $name == "$wanted" ]]; then
            rank=5
        elif [[ -n $key && $id == "$key" ]]; then
            rank=4
        elif [[ -n $wanted ]]; then
            rank=0
        elif [[ -n $key && $label == "${MAI_PROFILE-}" ]]; then
            rank=3
        elif [[ $name == default ]]; then
            rank=2
        elif [[ $flags == *d* ]]; then
            rank=1
        fi
        if (( rank > best )); then
            best=rank best_name=$label best_expiry=$expiry best_id=$id best_flags=$flags
        fi
    done
    if (( best == 0 )); then return; fi
    left=$(( 10#$best_expiry - EPOCHSECONDS ))
    [[ $best_flags == *c* ]] && mark="*"
    if [[ -n $key && $key != "$best_id" ]]; then
        state=foreign words="other keys exported"
    elif (( left <= 0 )); then
        state=expired words=expired
    else
        state=good
        (( left <= __mai_warn )) && state=warn
        (( left <= __mai_alert )) && state=alert
        words="$(( left / 60 ))m"
        (( left < 60 )) && words="<1m"
        (( left >= 3600 )) && words="$(( left / 3600 ))h${(l:2::0:)$(( left / 60 % 60 ))}m"
    fi
    text="$mark${best_name[1,64]} $words"
}

function __mai_precmd {
    local line_feed="
"
    __mai_segment
    if [[ $__mai_place == yes ]]; then
        # Around the segment, without a width. Who puts something before the prompt and later an old one back, as the
        # activate of Python does, brings old segments along: wherever they stand, they go.
        local edge="%{%}%{%}" lead rest
        rest=${(S)PS1//"$edge"*"$edge"}
        if [[ $rest != *MAI_PROMPT* ]]; then
            # A prompt that begins with an empty line keeps it.
            while [[ $rest == "$line_feed"* ]]; do lead+=$line_feed rest=${rest[2,-1]}; done
            PS1=$lead${MAI_PROMPT:+$edge$MAI_PROMPT $edge}$rest
        fi
    fi
    # Themes write the prompt anew each time: this has to come after them.
    if [[ $precmd_functions[-1] != __mai_precmd ]]; then
        precmd_functions=(${precmd_functions:#__mai_precmd} __mai_precmd)
    fi
}

typeset -ga precmd_functions
precmd_functions=(${precmd_functions:#__mai_precmd} __mai_precmd)
'
fi
