# `mai use PROFILE` sets AWS_PROFILE in this shell; `mai use` and `mai use -` unset it.
if status is-interactive
    function mai --description 'Sign in to AWS, or use a profile in this shell'
        # Behind a letter: `test` takes words such as `-h` and `!` for its own.
        if test "x$argv[1]" != xuse; or test (count $argv) -gt 2; or string match --quiet --regex '^-.' -- "$argv[2]"
            command mai $argv
            return
        end
        set -l section ''
        if test -n "$argv[2]"; and test "x$argv[2]" != x-
            set section (command mai use --section -- $argv[2]); or return
        end
        for name in @shadows@
            set --erase --global $name
            # A universal variable is that of all shells: an empty one hides it here. Of profiles it is the usual one.
            if set --query --universal $name; and not contains $name AWS_PROFILE AWS_DEFAULT_PROFILE
                set --global --export $name ''
            end
        end
        if test -n "$section"
            set --global --export AWS_PROFILE $section
            set --global --export AWS_DEFAULT_PROFILE $section
        end
    end
end
