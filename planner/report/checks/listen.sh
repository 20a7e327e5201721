#!/usr/bin/env bash
# Stands in for services of a port plan that are not built yet: opens the ports that the plan asks for at one
# destination, says who called, and answers. Run it there, with a number or name of the list that it prints without
# one; Ctrl+C ends it.
# Ports under 1024 need the rights that the system asks for. A port that is taken already is left to its service.
# It listens by python3, else perl, else ncat, else socat, whichever is there.

# Number, destination, protocol, port. Nothing here is a command.
read -r -d '' list <<'END OF LIST'
#LIST#
END OF LIST

wanted=${1-} ports=()
while IFS=$'\t' read -r number destination protocol port; do
  if [[ -n $wanted && ($number == "$wanted" || $destination == "\"$wanted\"") ]]; then ports+=("$protocol/$port"); fi
done <<<"$list"
if ((${#ports[@]} == 0)); then
  echo 'Which destination is this? Give its number or name:' >&2
  cut -f 1,2 <<<"$list" | uniq >&2
  [[ $wanted == --help ]]
  exit $((2 * $?))
fi

read -r -d '' python <<'PYTHON'
import datetime, select, socket, sys

def say(text):
    print(datetime.datetime.now().strftime("%H:%M:%S"), text, flush=True)

# UDP is answered from the address that was asked, which a host with several has to be told: man 7 ip, man 7 ipv6.
LINUX = sys.platform == "linux"

def answer(one):
    text, asked, _, caller = one.recvmsg(65536, 256)
    back = []
    for level, kind, value in asked:
        if level == socket.IPPROTO_IP:
            back.append((level, kind, bytes(4) + value[4:]))
        else:
            back.append((level, kind, value[:16] + bytes(4)))
    one.sendmsg([b"here"], back, 0, caller)
    return caller

open_ports = {}
for wanted in sys.argv[1:]:
    protocol, port = wanted.split("/")
    for family, anywhere in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            one = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if protocol == "tcp":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            elif LINUX and family == socket.AF_INET:
                one.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
            elif LINUX:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            one.bind((anywhere, int(port)))
            if protocol == "tcp":
                one.listen(100)
            open_ports[one] = wanted
        except OSError as error:
            say(f"{wanted} on {anywhere} is not opened: {error.strerror}")
say(f"listening on {' '.join(sorted(set(open_ports.values())))}")
try:
    while open_ports:
        for one in select.select(list(open_ports), [], [])[0]:
            try:
                if one.type == socket.SOCK_STREAM:
                    call, caller = one.accept()
                    call.close()
                else:
                    caller = answer(one)
                say(f"{open_ports[one]} from {caller[0]}")
            except OSError as error:
                say(f"{open_ports[one]}: {error.strerror}")
except KeyboardInterrupt:
    pass
PYTHON

read -r -d '' perl <<'PERL'
use strict; use warnings; use IO::Select; use IO::Socket::INET; use POSIX 'strftime';
$| = 1;
sub say_it { print strftime('%H:%M:%S', localtime), " @_\n" }
my ($all, %name) = (IO::Select->new);
for my $wanted (@ARGV) {
    my ($protocol, $port) = split m{/}, $wanted;
    my $one = IO::Socket::INET->new(Proto => $protocol, LocalPort => $port,
        $protocol eq 'tcp' ? (Listen => 100, ReuseAddr => 1) : ());
    if ($one) { $all->add($one); $name{$one} = $wanted } else { say_it("$wanted is not opened: $!") }
}
say_it('listening on ' . join ' ', sort values %name);
while ($all->count) {
    for my $one ($all->can_read) {
        if ($name{$one} =~ /^tcp/) {
            my $call = $one->accept or next;
            say_it("$name{$one} from " . $call->peerhost); close $call;
        } else {
            defined $one->recv(my $text, 65536) or next;
            $one->send('here'); say_it("$name{$one} from " . $one->peerhost);
        }
    }
}
PERL

if command -v python3 >/dev/null; then exec python3 -c "$python" "${ports[@]}"; fi
if command -v perl >/dev/null; then exec perl -e "$perl" "${ports[@]}"; fi
trap 'kill $(jobs -p) 2>/dev/null' EXIT
for wanted in "${ports[@]}"; do
  protocol=${wanted%/*} port=${wanted#*/}
  if command -v ncat >/dev/null; then
    udp=
    [[ $protocol == tcp ]] || udp=-u
    ncat -vlk $udp "$port" --sh-exec 'echo here' &
  elif command -v socat >/dev/null; then
    socat -d -d "${protocol^^}-LISTEN:$port,fork,reuseaddr" SYSTEM:'echo here' &
  else
    echo 'This needs python3, perl, ncat or socat, and none of them is here.' >&2
    exit 1
  fi
done
wait
