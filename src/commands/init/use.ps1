# `mai use PROFILE` sets AWS_PROFILE in this shell; `mai use` and `mai use -` unset it.
function global:mai {
    $program = Get-Command -Name mai -CommandType Application | Select-Object -First 1
    $name = "$($args[1])"
    if ("$($args[0])" -cne 'use' -or $args.Count -gt 2 -or $name -match '^-.') {
        if ($MyInvocation.ExpectingInput) { $input | & $program @args } else { & $program @args }
        return
    }
    $section = ''
    if ($name -ne '' -and $name -ne '-') {
        $section = "$(& $program use --section '--' $name)"
        if ($LASTEXITCODE -ne 0) { return }
    }
    foreach ($variable in '@shadows@' -split ' ') {
        Remove-Item -Path "Env:$variable" -ErrorAction Ignore
    }
    if ($section -ne '') {
        $env:AWS_PROFILE = $section
        $env:AWS_DEFAULT_PROFILE = $section
    }
}
