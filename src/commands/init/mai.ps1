# Shows in PowerShell's prompt which AWS keys apply and how long they last. In $PROFILE:
#   Invoke-Expression (& mai init powershell | Out-String)

function global:__mai_segment {
    $program = Get-Command -Name mai -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    $global:MAI_PROMPT = ''
    if ($null -eq $program) { return }
    $code = $global:LASTEXITCODE
    try {
        $line = & $program prompt --shell powershell --color @color@ --warn @warn@s --alert @alert@s 2>$null
        $global:MAI_PROMPT = "$line"
    } catch { }
    $global:LASTEXITCODE = $code
}

if ('@place@' -eq 'yes' -and "$function:prompt" -notlike '*MAI_PROMPT*') {
    Set-Item -Path Function:\global:__mai_before -Value $function:prompt
    function global:prompt {
        # First of all, so that it finds $? as it was.
        $shown = __mai_before
        __mai_segment
        $place = if ($global:MAI_PROMPT) { "$global:MAI_PROMPT " } else { '' }
        $place + (@($shown) -join '')
    }
}
