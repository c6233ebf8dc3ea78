# Shows in fish's prompt which AWS keys apply and how long they last. In ~/.config/fish/config.fish:
#   mai init fish | source
# Drawing it starts no process: fish reads one small file by itself. Before fish 3.6, and where the variables that lead
# to the file have changed since, it asks `mai prompt`.

if status is-interactive
    set -g __mai_file @file@
    set -g __mai_home @home@
    set -g __mai_state_home @state_home@
    set -g __mai_keys_file @keys_file@
    set -g __mai_warn @warn@
    set -g __mai_alert @alert@
    set -g __mai_color @color@
    # The age of a file and when it was written give the time; fish has no other clock of its own.
    path mtime -- / >/dev/null 2>&1; or set -g __mai_file ''

    # Sets MAI_PROMPT, and without colours MAI_PROMPT_TEXT; both are empty where nothing is known about the keys.
    # MAI_PROMPT_STATE is good, warn, alert, expired or foreign.
    function __mai_segment --description 'The keys that apply here'
        set -g MAI_PROMPT ''
        set -g MAI_PROMPT_TEXT ''
        set -g MAI_PROMPT_STATE ''
        # One thing at a time, behind a letter: `test` takes words such as `-n` and `!` for its own.
        if test -n "$__mai_file"; and test "x$HOME" = "x$__mai_home"; and test "x$XDG_STATE_HOME" = "x$__mai_state_home"
            and test "x$AWS_SHARED_CREDENTIALS_FILE" = "x$__mai_keys_file"
            __mai_read
        else
            set -l line (command mai prompt --color never --format '{state} {mark}{profile} {left}' \
                --warn "$__mai_warn"s --alert "$__mai_alert"s 2>/dev/null | string split --max 1 ' ')
            set -g MAI_PROMPT_STATE "$line[1]"
            set -g MAI_PROMPT_TEXT "$line[2]"
        end
        set -g MAI_PROMPT $MAI_PROMPT_TEXT
        test -n "$MAI_PROMPT_TEXT"; and test $__mai_color != never; or return 0
        if test $__mai_color = auto
            test -n "$NO_COLOR"; or test "x$TERM" = xdumb; and return 0
        end
        switch "$MAI_PROMPT_STATE$MAI_PROMPT_TEXT"
            case 'expired*'
                set -g MAI_PROMPT (set_color red)
            case '*\**'
                set -g MAI_PROMPT (set_color --bold --background red white)
            case 'good*'
                set -g MAI_PROMPT (set_color green)
            case 'warn*'
                set -g MAI_PROMPT (set_color yellow)
            case 'alert*'
                set -g MAI_PROMPT (set_color --bold red)
            case '*'
                set -g MAI_PROMPT (set_color --bold magenta)
        end
        set -g MAI_PROMPT "$MAI_PROMPT$MAI_PROMPT_TEXT"(set_color normal)
    end

    # Finds the row of the keys that apply, by the same rules as `mai prompt`.
    function __mai_read
        test -f "$__mai_file"; and test -r "$__mai_file"; and not test -L "$__mai_file"; or return 0
        set -l content
        read --null --local content <$__mai_file 2>/dev/null
        # So large a file is none that mai wrote.
        test (string length -- "$content") -lt 262144; or return 0
        set -l lines (string split -- \n "$content")
        test "x$lines[1]" = 'xmai-sessions 1'; or return 0
        # The last one is what stands behind the last line feed: no whole line.
        set -e lines[1] lines[-1]
        set -l wanted $AWS_PROFILE
        test -n "$wanted"; or set wanted $AWS_DEFAULT_PROFILE
        set wanted (string replace --all --regex '[^A-Za-z0-9._/@:+=,-]' _ -- "$wanted")
        set -l key "$AWS_ACCESS_KEY_ID"
        set -l best 0
        set -l row
        # Whatever stands in the file, nothing reaches the prompt that could act there.
        set -l field '[A-Za-z0-9._/@:+=,-]+'
        for line in (string match --regex "^$field\t[0-9]{1,12}(?:\t$field){5}\$" -- $lines)
            set -l fields (string split \t -- $line)
            test "x$fields[7]" = x-; and set fields[7] $fields[1]
            set -l rank 0
            if test -n "$wanted"; and test "x$fields[1]" = "x$wanted"
                set rank 5
            else if test -n "$key"; and test "x$fields[3]" = "x$key"
                set rank 4
            else if test -n "$wanted"
                set rank 0
            else if test -n "$key"; and test "x$fields[7]" = "x$MAI_PROFILE"
                set rank 3
            else if test "x$fields[1]" = xdefault
                set rank 2
            else if string match --quiet '*d*' -- $fields[5]
                set rank 1
            end
            if test $rank -gt $best
                set best $rank
                set row $fields
            end
        end
        test $best -gt 0; or return 0
        set -l left (math "$row[2] - ("(path mtime -- /)" + "(path mtime --relative -- /)")")
        set -l words "$(math --scale 0 "floor($left / 60)")m"
        if test -n "$key"; and test "x$key" != "x$row[3]"
            set -g MAI_PROMPT_STATE foreign
            set words 'other keys exported'
        else if test $left -le 0
            set -g MAI_PROMPT_STATE expired
            set words expired
        else
            set -g MAI_PROMPT_STATE good
            test $left -le $__mai_warn; and set -g MAI_PROMPT_STATE warn
            test $left -le $__mai_alert; and set -g MAI_PROMPT_STATE alert
            if test $left -lt 60
                set words '<1m'
            else if test $left -ge 3600
                set words (printf '%dh%02dm' (math "floor($left / 3600)") (math "floor($left / 60) % 60"))
            end
        end
        set -l mark ''
        string match --quiet '*c*' -- $row[5]; and set mark '*'
        set -g MAI_PROMPT_TEXT "$mark$(string sub --length 64 -- $row[7]) $words"
    end

    function __mai_update --on-event fish_prompt
        __mai_segment
    end

    # Evaluated twice, or with a new fish_prompt since, it takes the prompt that is there.
    if test @place@ = yes; and not functions fish_prompt | string match --quiet '*MAI_PROMPT*'
        functions --query __mai_before; and functions --erase __mai_before
        functions --query fish_prompt; or function fish_prompt; echo -n '> '; end
        functions --copy fish_prompt __mai_before
        function fish_prompt --description 'The keys that apply here, and the prompt from before'
            # First of all, so that it finds $status and $pipestatus as they were.
            set -l shown (__mai_before | string collect --no-trim-newlines)
            test -n "$MAI_PROMPT"; and printf '%s ' "$MAI_PROMPT"
            printf '%s' "$shown"
        end
    end
end
