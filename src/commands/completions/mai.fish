# Completions of mai for fish. Save this file as ~/.config/fish/completions/mai.fish

function __mai_complete
    set -l word (commandline --current-token --cut-at-cursor)
    set -l before (commandline --current-process --tokenize --cut-at-cursor)
    set -e before[1]
    for line in (command mai completions --complete="$word" -- $before 2>/dev/null)
        switch $line
            case :files :folders
                set -l option (string match --regex -- '^--[^=]*=' "$word")
                set -l typed (string replace --regex -- '^--[^=]*=' '' "$word")
                if test $line = :folders
                    printf "$option%s\n" (__fish_complete_directories "$typed")
                else
                    printf "$option%s\n" (__fish_complete_path "$typed")
                end
            case '*'
                printf '%s\n' $line
        end
    end
end

complete --command mai --no-files --keep-order --arguments '(__mai_complete)'
