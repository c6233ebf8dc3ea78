# Completions of mai for elvish. Add to rc.elv: eval (mai completions elvish | slurp)

use str

set edit:completion:arg-completer[mai] = {|@words|
    var word = $words[-1]
    var before = $words[1..-1]
    var lines = []
    try {
        set lines = [(e:mai completions --complete=$word -- $@before 2>/dev/null | from-lines)]
    } catch {
        nop
    }
    for line $lines {
        if (or (eq $line ':files') (eq $line ':folders')) {
            edit:complete-filename $word
        } else {
            var value about = (str:split &max=2 "\t" $line)
            if (eq $about '') {
                put $value
            } else {
                edit:complex-candidate $value &display=$value' ('$about')'
            }
        }
    }
}
