# `mai use PROFILE` sets AWS_PROFILE in this shell; `mai use` and `mai use -` unset it.
def --env 'mai use' [profile: string = '-'] {
    let section = if $profile in ['', '-'] { '' } else { ^mai use --section -- $profile | str trim }
    hide-env --ignore-errors @shadows@
    if $section != '' {
        $env.AWS_PROFILE = $section
        $env.AWS_DEFAULT_PROFILE = $section
    }
}
