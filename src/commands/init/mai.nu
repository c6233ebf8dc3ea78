# Shows in nushell's prompt which AWS keys apply and how long they last. Once, and after each new version of mai:
#   mai init nushell | save -f ($nu.user-autoload-dirs.0 | path join mai.nu)

if '@place@' == 'yes' and $nu.is-interactive and ($env.MAI_PROMPT_BEFORE? == null) {
    $env.MAI_PROMPT_BEFORE = ($env.PROMPT_COMMAND? | default {|| $"(pwd)" })
    $env.PROMPT_COMMAND = {||
        let before = $env.MAI_PROMPT_BEFORE
        let shown = if ($before | describe) == 'closure' { do $before } else { $before }
        let segment = try {
            ^mai prompt --shell nushell --color @color@ --warn @warn@s --alert @alert@s | complete | get stdout | str trim
        } catch { '' }
        if $segment == '' { $shown } else { $"($segment) ($shown)" }
    }
}
