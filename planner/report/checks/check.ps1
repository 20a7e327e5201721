# Checks of a port plan, made from one source. Run it on that machine, by anybody: it needs no rights and no module,
# and changes nothing. It tries what the list at its end names, and nothing else. In Windows PowerShell 5.1 and
# PowerShell 7:
#   powershell -ExecutionPolicy Bypass -File NAME.ps1 -Output NAME.json
#
# What comes of an attempt:
#   open        the connection was accepted, or the service answered
#   refused     an answer that nobody listens: the way is open, the service isn't there
#   filtered    no answer in time, or a firewall said no
#   unresolved  the name is not known here
#   unproven    UDP that nobody has to answer: sent, and nothing came back
#   skipped     not tried, and why
#   error       it could not be tried, in the words of the system

param(
    [double] $Timeout = 5,
    [int] $Parallel = 32,
    [Alias('Host')] [string[]] $HostAddress = @(),
    [string] $Output = '',
    [string] $Upload = '',
    [switch] $Help
)
$ErrorActionPreference = 'Stop'
$usage = @'
Options:
  -Timeout SECONDS  how long an attempt waits for an answer (default 5; Windows needs 2 to tell a refusal)
  -Parallel N       how many attempts are made side by side (default 32)
  -Host ADDRESS     a host in a network of the list, to be tried in its place; several with commas between
  -Output FILE      where the results go (default: standard output)
  -Upload URL       an address of the plan that takes results; they are sent there
  -Help             this text
Results are one JSON document. Exit status: 0 if all that was tried is open, refused or unproven and nothing is open
that must be closed, 3 if not or if nothing was tried, 1 if the checks can't be made, 2 for wrong usage.
'@
if ($Help) {
    Write-Output $usage
    exit 0
}
if ($Upload -and $Upload -notmatch '^https?://\S+$') {
    [Console]::Error.WriteLine('-Upload takes an address, https:// or http://.')
    exit 2
}
if ($args.Count -gt 0 -or $Timeout -le 0 -or $Timeout -gt 9999 -or $Parallel -lt 1 -or $Parallel -gt 9999) {
    [Console]::Error.WriteLine($usage)
    exit 2
}
$hosts = @()
foreach ($one in @($HostAddress | ForEach-Object { $_ -split '[, ]+' } | Where-Object { $_ })) {
    $parsed = $null
    if (-not [Net.IPAddress]::TryParse($one, [ref] $parsed)) {
        [Console]::Error.WriteLine('-Host takes IPv4 and IPv6 addresses.')
        exit 2
    }
    $hosts += $parsed.ToString()
}

# What a service answers to over UDP, in hexadecimal, and whether it must: then no answer is filtered.
$questions = @{
#QUESTIONS#
}

# One attempt. It runs beside others, so it knows nothing but what it is given, and gives back one line.
$attempt = {
    param([string] $Protocol, [string] $Address, [string] $Port, [int] $Milliseconds, [string] $Question)

    $ErrorActionPreference = 'Stop'
    function Get-Cause($Exception) {
        while ($Exception.InnerException) { $Exception = $Exception.InnerException }
        $Exception
    }
    $late = "no answer in $($Milliseconds / 1000) s"
    $ip = [Net.IPAddress]::Parse($Address)
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $noRoute = 'NetworkUnreachable', 'HostUnreachable', 'AddressNotAvailable', 'AddressFamilyNotSupported'
    $open = $null
    $outcome = 'error'
    $words = ''
    try {
        # A UDP socket is connected without sending anything: it fails where this host has no route to the address.
        try {
            $open = New-Object Net.Sockets.Socket($ip.AddressFamily, 'Dgram', 'Udp')
            if ($Protocol -eq 'udp') { $open.Connect($ip, [int] $Port) } else { $open.Connect($ip, 9) }
        } catch {
            $cause = Get-Cause $_.Exception
            if ($noRoute -contains [string] $cause.SocketErrorCode) {
                return "skipped`t`tthis host has no route to such an address"
            }
            # This is UDP's own attempt. What else keeps such a socket from TCP and a ping says nothing of them.
            if ($Protocol -eq 'udp') { throw }
        }
        if ($Protocol -eq 'icmp') {
            $answer = (New-Object Net.NetworkInformation.Ping).Send($ip, $Milliseconds)
            if ($answer.Status -eq 'Success') { $outcome = 'open' }
            elseif ($answer.Status -eq 'TimedOut') { $outcome = 'filtered'; $words = $late }
            else { $outcome = 'filtered'; $words = "the answer was $($answer.Status)" }
        } elseif ($Protocol -eq 'udp') {
            $must, $hex = $Question -split ' '
            $bytes = New-Object byte[] ($hex.Length / 2)
            for ($at = 0; $at -lt $bytes.Length; $at++) {
                $bytes[$at] = [Convert]::ToByte($hex.Substring(2 * $at, 2), 16)
            }
            $open.ReceiveTimeout = $Milliseconds
            [void] $open.Send($bytes)
            try {
                [void] $open.Receive((New-Object byte[] 65536))
                $outcome = 'open'
            } catch {
                $cause = Get-Cause $_.Exception
                if ($cause.SocketErrorCode -ne 'TimedOut') { throw }
                $outcome = if ($must -eq 'must') { 'filtered' } else { 'unproven' }
                $words = $late
            }
        } else {
            $client = New-Object Net.Sockets.TcpClient($ip.AddressFamily)
            try {
                $begun = $client.BeginConnect($ip, [int] $Port, $null, $null)
                if ($begun.AsyncWaitHandle.WaitOne($Milliseconds)) {
                    $client.EndConnect($begun)
                    $outcome = 'open'
                } else {
                    $outcome = 'filtered'
                    $words = $late
                }
            } finally { $client.Close() }
        }
    } catch {
        $cause = Get-Cause $_.Exception
        $words = $cause.Message
        # ConnectionReset is how Windows tells that nobody listens to UDP; AccessDenied is the firewall of this host.
        switch ([string] $cause.SocketErrorCode) {
            'ConnectionRefused' { $outcome = 'refused' }
            'ConnectionReset' { $outcome = if ($Protocol -eq 'udp') { 'refused' } else { 'filtered' } }
            'TimedOut' { $outcome = 'filtered' }
            'HostUnreachable' { $outcome = 'filtered' }
            'NetworkUnreachable' { $outcome = 'filtered' }
            'AccessDenied' { $outcome = 'filtered' }
        }
    } finally { if ($open) { $open.Close() } }
    "$outcome`t$($watch.ElapsedMilliseconds)`t$words"
}

# Text as JSON: what isn't plain ASCII becomes a space; quotes and backslashes are escaped.
function ConvertTo-JsonText([string] $Text) {
    '"' + ($Text -replace '[^ -~]', ' ').Replace('\', '\\').Replace('"', '\"') + '"'
}

# Whether an address is in a network: as many bits are the same as the network has.
function Test-Within([string] $Address, [string] $Network) {
    $base, $length = $Network -split '/'
    $one = [Net.IPAddress]::Parse($Address).GetAddressBytes()
    $other = [Net.IPAddress]::Parse($base).GetAddressBytes()
    if ($one.Length -ne $other.Length) { return $false }
    for ($bit = 0; $bit -lt [int] $length; $bit++) {
        $at = [int] [Math]::Floor($bit / 8)
        $mask = 128 -shr ($bit % 8)
        if (($one[$at] -band $mask) -ne ($other[$at] -band $mask)) { return $false }
    }
    $true
}

# Id, what it must be, protocol, port, address, destination, rule. Nothing here is a command.
$plan = #PLAN#
$report = #REPORT#
$source = #SOURCE#
$list = @'
#LIST#
'@

$began = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ', [Globalization.CultureInfo]::InvariantCulture)
$rows = @($list -split '\r?\n' | Where-Object { $_ } | ForEach-Object { , ($_ -split "`t") })
$networks = @($rows | ForEach-Object { $_[4] } | Where-Object { $_ -like '*/*' })
$pool = [RunspaceFactory]::CreateRunspacePool(1, $Parallel)
$pool.Open()
$tries = New-Object Collections.Generic.List[object]
$known = @{}

# Keeps an attempt, and begins it unless its outcome is known.
function Add-Try($Row, [string] $Address, [string] $Outcome, [string] $Words) {
    $try = @{ Row = $Row; Address = $Address; Outcome = $Outcome; Words = $Words; Took = 'null' }
    if (-not $Outcome) {
        $question = 'may 2e'
        if ($Row[2] -eq 'udp' -and $questions.ContainsKey([int] $Row[3])) { $question = $questions[[int] $Row[3]] }
        $try.Shell = [PowerShell]::Create()
        $try.Shell.RunspacePool = $pool
        [void] $try.Shell.AddScript($attempt.ToString()).AddArgument($Row[2]).AddArgument($Address)
        [void] $try.Shell.AddArgument($Row[3]).AddArgument([int] ($Timeout * 1000)).AddArgument($question)
        $try.Handle = $try.Shell.BeginInvoke()
    }
    $tries.Add($try)
}

foreach ($row in $rows) {
    $target = $row[4]
    if ($target -eq '-') {
        $why = if ($row[2] -eq 'icmp') { 'the plan has no IPv4 address to ping' } else { 'the plan has no address' }
        Add-Try $row 'unknown' 'skipped' $why
    } elseif ($target -eq 'any' -or $target -like '*/*') {
        $found = @($hosts | Where-Object {
            $one = $_
            if ($target -ne 'any') { Test-Within $one $target }
            else { -not @($networks | Where-Object { Test-Within $one $_ }) }
        })
        foreach ($one in $found) { Add-Try $row $one '' '' }
        if (-not $found) { Add-Try $row $target 'skipped' 'a network; -Host names one of its hosts' }
    } elseif ($target -match '^[0-9.]+$' -or $target -like '*:*') {
        Add-Try $row $target '' ''
    } else {
        if (-not $known.ContainsKey($target)) {
            $known[$target] = @()
            try { $known[$target] = @([Net.Dns]::GetHostAddresses($target) | ForEach-Object { "$_" }) } catch { }
        }
        $found = @($known[$target] | Where-Object { $row[2] -ne 'icmp' -or $_ -notlike '*:*' })
        foreach ($one in $found) { Add-Try $row $one '' '' }
        if (-not $known[$target]) { Add-Try $row $target 'unresolved' 'the name is not known here' }
        elseif (-not $found) { Add-Try $row $target 'skipped' 'the name has no IPv4 address to ping' }
    }
}

$lines = @()
$counts = @{}
$status = 0
$tried = $false
foreach ($try in $tries) {
    if ($try.Shell) {
        try {
            $told = ([string] @($try.Shell.EndInvoke($try.Handle))[-1]) -split "`t", 3
            $try.Outcome = $told[0]
            $try.Words = $told[2]
            if ($told[1]) { $try.Took = $told[1] }
            if (-not $try.Outcome) { throw 'The attempt said nothing.' }
        } catch {
            $try.Outcome = 'error'
            $try.Words = $_.Exception.Message
        }
        $try.Shell.Dispose()
    }
    $id, $must, $protocol, $port, $null, $destination, $null = $try.Row
    $port = if ($port -eq '-') { 'null' } else { '"' + $port + '"' }
    $words = if ($try.Words) { ConvertTo-JsonText $try.Words } else { 'null' }
    $lines += '  {"id": "' + $id + '", "destination": ' + $destination + ', "address": "' + $try.Address +
        '", "protocol": "' + $protocol + '", "port": ' + $port + ', "outcome": "' + $try.Outcome +
        '", "milliseconds": ' + $try.Took + ', "error": ' + $words + '}'
    $told = $try.Outcome
    if ($told -ne 'skipped' -and $told -ne 'unresolved') { $tried = $true }
    if ($must -eq 'closed') {
        if ($told -eq 'open' -or $told -eq 'refused') { $told = 'open that must be closed'; $status = 3 }
        elseif ($told -eq 'filtered') { $told = 'closed as it must be' }
        else { $told = "$told, and must be closed" }
    } elseif (@('open', 'refused', 'unproven', 'skipped') -notcontains $told) { $status = 3 }
    $counts[$told] = 1 + [int] $counts[$told]
}
$pool.Close()

$head = '{"format": 1, "plan": ' + $plan + ', "report": "' + $report + '", "source": ' + $source + ', "host": ' +
    (ConvertTo-JsonText ([Net.Dns]::GetHostName())) + ', "started": "' + $began + '",'
$json = $head + "`n" + ' "results": [' + "`n" + ($lines -join ",`n") + "`n" + ' ]}'
if ($Output) {
    $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Output)
    [IO.File]::WriteAllText($path, $json + "`n")
} else {
    Write-Output $json
}
if ($Upload) {
    try {
        if ($PSVersionTable.PSVersion.Major -lt 6) {
            [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
        }
        $bytes = [Text.Encoding]::ASCII.GetBytes($json)
        $sent = @{ Uri = $Upload; Method = 'Post'; Body = $bytes; ContentType = 'application/json' }
        $answer = Invoke-RestMethod @sent -UseBasicParsing
        [Console]::Error.WriteLine(([string] $answer).Trim())
    } catch {
        [Console]::Error.WriteLine("The results were not taken: $($_.Exception.Message)")
        exit 1
    }
}
foreach ($told in @($counts.Keys | Sort-Object)) { [Console]::Error.WriteLine(('{0,6} {1}' -f $counts[$told], $told)) }
if (-not $tried) {
    [Console]::Error.WriteLine('Nothing was tried: the results say of each check why.')
    exit 3
}
exit $status
