"""What is typed on a device to get the file that a reader reads, where one command isn't enough."""

WINDOWS = """\
$ofFilter = @(
    'LocalAddress', 'RemoteAddress', 'Protocol', 'LocalPort', 'RemotePort', 'IcmpType', 'DynamicTarget'
    'Program', 'Package', 'Service', 'InterfaceAlias', 'InterfaceType', 'Authentication', 'Encryption'
    'OverrideBlockRules', 'LocalUser', 'RemoteUser', 'RemoteMachine'
)
$ofProfile = @(
    'Name', 'Enabled', 'DefaultInboundAction', 'AllowInboundRules', 'AllowLocalFirewallRules'
)
$ofRule = @(
    'Name', 'DisplayName', 'Enabled', 'Direction', 'Action', 'Profile', 'Owner', 'PolicyStoreSourceType'
    'Platform', 'PolicyAppId', 'PackageFamilyName', 'RemoteDynamicKeywordAddresses'
    @{ Name = 'Filters'; Expression = { @($filters[$_.InstanceID]) } }
)
$filters = @{}
foreach ($kind in 'Address', 'Port', 'Application', 'Service', 'Interface', 'InterfaceType', 'Security') {
    foreach ($one in & "Get-NetFirewall${kind}Filter" -PolicyStore ActiveStore) {
        $filters[$one.InstanceID] += @($one | Select-Object $ofFilter)
    }
}
[ordered]@{
    computer = $env:COMPUTERNAME
    reachable = @((Get-NetIPAddress).IPAddress)
    connections = @(Get-NetConnectionProfile | ForEach-Object { "$($_.NetworkCategory)" })
    profiles = @(Get-NetFirewallProfile -PolicyStore ActiveStore | Select-Object $ofProfile)
    rules = @(Get-NetFirewallRule -PolicyStore ActiveStore -TracePolicyStore | Select-Object $ofRule)
} | ConvertTo-Json -Depth 8 -Compress | Set-Content -Encoding UTF8 firewall.json
"""
"""For Windows PowerShell 5.1 and 7, as administrator on the host: what is in force, as JSON in UTF-8."""
