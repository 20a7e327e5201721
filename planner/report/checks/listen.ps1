# Stands in for services of a port plan that are not built yet: opens the ports that the plan asks for at one
# destination, says who called, and answers. Run it there, with a number or name of the list that it prints without
# one; Ctrl+C ends it.
#   powershell -ExecutionPolicy Bypass -File listen.ps1 1
# Windows asks whether it may be reached, or drops what calls: the firewall of this host is checked as well.
# A port that is taken already is left to its service.

param([string] $Destination = '')
$ErrorActionPreference = 'Stop'

# Number, destination, protocol, port. Nothing here is a command.
$list = @'
#LIST#
'@

$rows = @($list -split '\r?\n' | Where-Object { $_ } | ForEach-Object { , ($_ -split "`t") })
$wanted = @($rows | Where-Object { $_[0] -eq $Destination -or $_[1] -eq ('"' + $Destination + '"') })
if (-not $wanted) {
    Write-Output 'Which destination is this? Give its number or name:'
    $rows | ForEach-Object { '{0,4} {1}' -f $_[0], $_[1] } | Select-Object -Unique
    exit 2
}

function Write-Call([string] $Text) { Write-Output ('{0:HH:mm:ss} {1}' -f [DateTime]::Now, $Text) }

$open = New-Object Collections.Generic.List[object]
foreach ($row in $wanted) {
    $name = $row[2] + '/' + $row[3]
    foreach ($anywhere in @([Net.IPAddress]::Any, [Net.IPAddress]::IPv6Any)) {
        try {
            if ($row[2] -eq 'tcp') {
                $one = New-Object Net.Sockets.TcpListener($anywhere, [int] $row[3])
                if ($anywhere.AddressFamily -eq 'InterNetworkV6') { $one.Server.DualMode = $false }
                $one.Start()
            } else {
                $one = New-Object Net.Sockets.UdpClient($anywhere.AddressFamily)
                if ($anywhere.AddressFamily -eq 'InterNetworkV6') { $one.Client.DualMode = $false }
                $one.Client.Bind((New-Object Net.IPEndPoint($anywhere, [int] $row[3])))
            }
            $open.Add(@{ Name = $name; Protocol = $row[2]; Socket = $one; Anywhere = $anywhere })
        } catch { Write-Call "$name on $anywhere is not opened: $($_.Exception.Message)" }
    }
}
Write-Call "listening on $(@($open | ForEach-Object { $_.Name } | Sort-Object -Unique) -join ' ')"
while ($open.Count) {
    foreach ($one in $open) {
        try {
            while ($one.Protocol -eq 'tcp' -and $one.Socket.Pending()) {
                $call = $one.Socket.AcceptTcpClient()
                Write-Call "$($one.Name) from $($call.Client.RemoteEndPoint)"
                $call.Close()
            }
            while ($one.Protocol -eq 'udp' -and $one.Socket.Available) {
                $caller = New-Object Net.IPEndPoint($one.Anywhere, 0)
                [void] $one.Socket.Receive([ref] $caller)
                [void] $one.Socket.Send([Text.Encoding]::ASCII.GetBytes('here'), 4, $caller)
                Write-Call "$($one.Name) from $caller"
            }
        } catch { Write-Call "$($one.Name): $($_.Exception.Message)" }
    }
    Start-Sleep -Milliseconds 50
}
