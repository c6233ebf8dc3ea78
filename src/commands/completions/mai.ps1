# Completions of mai for PowerShell. Add to $PROFILE: mai completions powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName mai -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $word = "$wordToComplete"
    $before = @($commandAst.CommandElements |
        Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($null -ne $_.Value) { "$($_.Value)" } else { $_.Extent.Text } } |
        Where-Object { $_ -ne '' })
    $program = Get-Command -Name mai -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
    if ($null -eq $program) { return }

    & $program completions "--complete=$word" '--' @before 2>$null | ForEach-Object {
        $value, $about = $_ -split "`t", 2
        if ($value -ne ':files' -and $value -ne ':folders') {
            if (-not $about) { $about = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
        }
    }
}
