# Completions of mai for bash. Source this file, or save it as
# ~/.local/share/bash-completion/completions/mai

_mai() {
    local IFS=$' \t\n' line=${COMP_LINE:0:COMP_POINT} word='' kept='' candidate path
    local -a words
    COMPREPLY=()
    read -ra words <<<"$line"
    case $line in
    *[[:space:]]) ;;
    *)
        word=${words[${#words[@]} - 1]}
        unset "words[${#words[@]} - 1]"
        ;;
    esac
    # Bash ends words at = and : too, and keeps what stands before the last of them.
    local breaks=${COMP_WORDBREAKS//[!=:@]/}
    if [[ -n $breaks && $word == *["$breaks"]* ]]; then
        kept=${word%"${word##*["$breaks"]}"}
    fi
    while IFS=$'\t' read -r candidate _; do
        case $candidate in
        :files | :folders)
            local kind=-f
            [[ $candidate == :folders ]] && kind=-d
            compopt -o filenames 2>/dev/null
            [[ $word == --*=* ]] && word=${word#*=}
            while IFS= read -r path; do
                COMPREPLY+=("$path")
            done < <(compgen "$kind" -- "$word")
            ;;
        *) COMPREPLY+=("${candidate#"$kept"}") ;;
        esac
    done < <(command mai completions --complete="$word" -- "${words[@]:1}" 2>/dev/null)
}

complete -F _mai mai
