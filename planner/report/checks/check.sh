#!/usr/bin/env bash
# Checks of a port plan, made from one source. Run it on that machine, by anybody: it needs no rights and changes
# nothing. It tries what the list at its end names, and nothing else. `--help` says what it can be told.
#
# What comes of an attempt:
#   open        the connection was accepted, or the service answered
#   refused     an answer that nobody listens: the way is open, the service isn't there
#   filtered    no answer in time, or a firewall said no
#   unresolved  the name is not known here
#   unproven    UDP that nobody has to answer: sent, and nothing came back
#   skipped     not tried, and why
#   error       it could not be tried, in the words of the system

usage() {
  cat <<'TEXT'
Options:
  --timeout SECONDS  how long an attempt waits for an answer (default 3)
  --parallel N       how many attempts are made side by side (default 32)
  --host ADDRESS     a host in a network of the list, to be tried in its place; may be given several times
  --output FILE      where the results go (default: standard output)
  --upload URL       an address of the plan that takes results; curl sends them there
  --help             this text
Results are one JSON document. Exit status: 0 if all that was tried is open, refused or unproven and nothing is open
that must be closed, 3 if not or if nothing was tried, 1 if the checks can't be made, 2 for wrong usage.
TEXT
}

fail() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 403)); then
  fail 1 "This needs bash 4.3 or newer; here is $BASH_VERSION."
fi
export LC_ALL=C
patience=3 parallel=32 output='' upload='' hosts=()
while (($#)); do
  case $1 in
    --help) usage; exit 0 ;;
    --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}"; continue ;;
    --timeout)
      [[ ${2-} =~ ^[0-9]{1,4}([.][0-9]{1,3})?$ && $2 =~ [1-9] ]] || fail 2 '--timeout takes seconds, from 0.1 to 9999.'
      patience=$2 ;;
    --parallel)
      [[ ${2-} =~ ^[1-9][0-9]{0,3}$ ]] || fail 2 '--parallel takes a number from 1 to 9999.'
      parallel=$2 ;;
    --host)
      [[ ${2-} =~ ^([0-9]+[.]){3}[0-9]+$ || ${2-} =~ ^[0-9A-Fa-f:]*:[0-9A-Fa-f:]*$ ]] ||
        fail 2 '--host takes an IPv4 or IPv6 address.'
      hosts+=("$2") ;;
    --upload)
      [[ ${2-} =~ ^https?://[^[:space:]]+$ ]] || fail 2 '--upload takes an address, https:// or http://.'
      upload=$2 ;;
    --output)
      [[ -n ${2-} ]] || fail 2 '--output takes the name of a file.'
      output=$2 ;;
    *) printf 'There is no option %s.\n' "$1" >&2; usage >&2; exit 2 ;;
  esac
  shift 2
done

# Text as JSON: what isn't plain ASCII becomes a space; quotes and backslashes are escaped.
json_text() {
  local text=${1//[^ -~]/ }
  text=${text//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

milliseconds() {
  if [[ -n ${EPOCHREALTIME-} ]]; then
    local now=${EPOCHREALTIME/[.,]/}
    printf '%s' "${now%???}"
  else
    date +%s%3N
  fi
}

# An address as binary digits, so that one in a network begins as the network does.
binary() {
  local part number bit digits='' left=$1 right='' parts
  if [[ $1 == *:* ]]; then
    if [[ $1 == *::* ]]; then left=${1%%::*} right=${1#*::}; fi
    IFS=: read -ra parts <<<"$left"
    local after
    IFS=: read -ra after <<<"$right"
    while ((${#parts[@]} + ${#after[@]} < 8)); do parts+=(0); done
    parts+=("${after[@]}")
    parts=("${parts[@]/#/0x}")
    local width=16
  else
    IFS=. read -ra parts <<<"$1"
    parts=("${parts[@]/#/10#}")
    local width=8
  fi
  for part in "${parts[@]}"; do
    number=$((part))
    for ((bit = width - 1; bit >= 0; bit--)); do digits+=$((number >> bit & 1)); done
  done
  printf '%s' "$digits"
}

# Whether address $1 is in network $2.
is_within() {
  [[ $1 == *:* && $2 == *:* || $1 != *:* && $2 != *:* ]] || return 1
  local length=${2#*/} one other
  one=$(binary "$1") other=$(binary "${2%/*}")
  [[ ${one:0:length} == "${other:0:length}" ]]
}

# The addresses of a name, as the machine itself looks for them.
resolve() {
  if command -v getent >/dev/null; then
    timeout 15 getent ahosts "$1" | while read -r address _; do printf '%s\n' "$address"; done | sort -u
  else
    printf '%s\n' "$1"
  fi
}

# What the system said of a connection to an address, as an outcome and its words. Over IPv6 it says of a prohibition
# from afar what it says of its own.
judge() {
  case $1 in
    *'onnection refused'*) printf 'refused\tConnection refused' ;;
    *'imed out'*) printf 'filtered\tConnection timed out' ;;
    *'o route to host'*) printf 'filtered\tNo route to host' ;;
    *'etwork is unreachable'*) printf 'filtered\tNetwork is unreachable' ;;
    *'ermission denied'*)
      if [[ $2 == *:* ]]; then printf 'filtered\ta firewall forbids it'
      else printf 'filtered\tthe firewall of this host forbids it'; fi ;;
    *'peration not permitted'*) printf 'filtered\tthe firewall of this host forbids it' ;;
    *) printf 'error\t%s' "${1##*: }" ;;
  esac
}

# A UDP socket is opened without sending anything: it fails where this host has no route to the address.
has_route() {
  local said
  said=$( (: >"/dev/udp/$1/9") 2>&1) && return 0
  [[ $said != *'etwork is unreachable'* && $said != *'ot assign requested address'* && $said != *'not supported'* ]]
}

try_tcp() {
  local said status
  said=$(timeout "$patience" bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)
  status=$?
  case $status in
    0) printf 'open\t' ;;
    124) printf 'filtered\tno answer in %s s' "$patience" ;;
    *) judge "$said" "$1" ;;
  esac
}

try_icmp() {
  local said status
  if ! command -v ping >/dev/null; then
    printf 'skipped\tping is not installed'
    return
  fi
  said=$(ping -n -c 1 -W "$((10#${patience%.*} + 1))" "$1" 2>&1)
  status=$?
  case "$status $said" in
    0*) printf 'open\t' ;;
    *rohibited* | *nreachable* | *iltered*) printf 'filtered\tan answer that it is not reached' ;;
    1*'packets transmitted'*) printf 'filtered\tno answer in %s s' "$patience" ;;
    *) printf 'error\t%s' "${said##*: }" ;;
  esac
}

# What a service answers to, in the notation of printf, and whether it must: then no answer is filtered.
question() {
  case $1 in
#QUESTIONS#
    *) printf 'may\t.' ;;
  esac
}

try_udp() {
  local must payload said status
  IFS=$'\t' read -r must payload <<<"$(question "$2")"
  # printf of the shell would send a packet for each line break, that of the system sends one. Only what waits is
  # ended in time: of a shell with programs in it, ended as it starts one, that one would go on waiting.
  said=$( {
    exec 3<>"/dev/udp/$1/$2" || exit 9
    env printf "$payload" >&3 || exit 9
    timeout "$patience" head -c 1 <&3 | wc -c
    exit "${PIPESTATUS[0]}"
  } 2>&1)
  status=$?
  case "$status $must $said" in
    0*1) printf 'open\t' ;;
    124' 'must*) printf 'filtered\tno answer in %s s' "$patience" ;;
    124*) printf 'unproven\tno answer in %s s' "$patience" ;;
    *) judge "${said%$'\n'*}" "$1" ;;
  esac
}

# One attempt: what is told of it goes out as one line, so that attempts side by side don't mix.
attempt() {
  local number=$1 id=$2 must=$3 protocol=$4 port=$5 address=$6 destination=$7 outcome error started took
  started=$(milliseconds)
  if [[ -n $8 ]]; then
    IFS=$'\t' read -r outcome error <<<"$8"
  elif ! has_route "$address"; then
    outcome=skipped error='this host has no route to such an address'
  else
    IFS=$'\t' read -r outcome error <<<"$("try_$protocol" "$address" "$port")"
  fi
  # Somebody may have set the clock back meanwhile.
  took=$(($(milliseconds) - started))
  ((took >= 0)) || took=0
  local shape='%s\t%s\t%s\t{"id": "%s", "destination": %s, "address": "%s", "protocol": "%s", "port": %s'
  shape+=', "outcome": "%s", "milliseconds": %s, "error": %s}\n'
  printf "$shape" "$number" "$must" "$outcome" "$id" "$destination" "$address" "$protocol" \
    "$([[ $port == - ]] && printf null || printf '"%s"' "$port")" "$outcome" \
    "$([[ -n $8 || $outcome == skipped ]] && printf null || printf '%s' "$took")" \
    "$([[ -z $error ]] && printf null || json_text "${error:0:200}")"
}

# Makes the attempts of one line of the list; a name stands for all its addresses, a network for the hosts given.
declare -A known
running=0 number=0
start() {
  while ((running >= parallel)); do wait -n; ((running--)); done
  ((++running, ++number))
  attempt "$number" "$@" &
}

run() {
  local id must protocol port target destination network address found why
  while IFS=$'\t' read -r id must protocol port target destination _; do
    [[ -z $id || $id == '#'* ]] && continue
    case $target in
      -)
        why='the plan has no address'
        [[ $protocol != icmp ]] || why='the plan has no IPv4 address to ping'
        start "$id" "$must" "$protocol" "$port" unknown "$destination" $'skipped\t'"$why" ;;
      any | */*)
        found=
        for address in "${hosts[@]}"; do
          if [[ $target == any ]]; then
            for network in "${networks[@]}"; do is_within "$address" "$network" && continue 2; done
          elif ! is_within "$address" "$target"; then
            continue
          fi
          found=1
          start "$id" "$must" "$protocol" "$port" "$address" "$destination" ''
        done
        [[ -n $found ]] || start "$id" "$must" "$protocol" "$port" "$target" "$destination" \
          $'skipped\ta network; --host names one of its hosts' ;;
      *[!0-9.]*)
        if [[ $target == *:* ]]; then
          start "$id" "$must" "$protocol" "$port" "$target" "$destination" ''
          continue
        fi
        [[ -n ${known[$target]+x} ]] || known[$target]=$(resolve "$target")
        # What is said where nothing is tried.
        why=$'unresolved\tthe name is not known here'
        for address in ${known[$target]}; do
          if [[ $protocol == icmp && $address == *:* ]]; then
            why=${why:+$'skipped\tthe name has no IPv4 address to ping'}
          else
            why=
            start "$id" "$must" "$protocol" "$port" "$address" "$destination" ''
          fi
        done
        [[ -z $why ]] || start "$id" "$must" "$protocol" "$port" "$target" "$destination" "$why" ;;
      *) start "$id" "$must" "$protocol" "$port" "$target" "$destination" '' ;;
    esac
  done <<<"$list"
  wait
}

# Id, what it must be, protocol, port, address, destination, rule. Nothing here is a command.
plan=#PLAN#
report=#REPORT#
source=#SOURCE#
read -r -d '' list <<'END OF LIST'
#LIST#
END OF LIST

networks=()
while IFS=$'\t' read -r _ _ _ _ target _; do [[ $target == */* ]] && networks+=("$target"); done <<<"$list"
if [[ -n $output ]]; then
  : >"$output" || fail 1 "$output can't be written."
  exec >"$output"
fi
began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
results=$(run | sort -n)
shape='{"format": 1, "plan": %s, "report": "%s", "source": %s, "host": %s, "started": "%s",\n "results": ['
printf -v document "$shape" \
  "$plan" "$report" "$source" "$(json_text "$(uname -n)")" "$began"
comma='' status=0 tried=''
declare -A counts
while IFS=$'\t' read -r _ must outcome line; do
  [[ -n $outcome ]] || continue
  document+="$comma"$'\n  '"$line"
  comma=,
  told=$outcome
  [[ $outcome == skipped || $outcome == unresolved ]] || tried=1
  case $must-$outcome in
    closed-open | closed-refused) told='open that must be closed' status=3 ;;
    closed-filtered) told='closed as it must be' ;;
    closed-*) told="$outcome, and must be closed" ;;
    *-open | *-refused | *-unproven | *-skipped) ;;
    *) status=3 ;;
  esac
  counts[$told]=$((${counts[$told]:-0} + 1))
done <<<"$results"
document+=$'\n ]}'
printf '%s\n' "$document"
if [[ -n $upload ]]; then
  if command -v curl >/dev/null; then
    said=$(curl -sS --max-time 60 -w '\n%{http_code}' --data-binary @- -- "$upload" <<<"$document" 2>&1)
    printf '%s\n' "${said%$'\n'*}" >&2
    [[ ${said##*$'\n'} == 200 ]] || fail 1 'The results were not taken.'
  else
    fail 1 "There is no curl here, so nothing was sent. Upload ${output:-what was printed} at $upload"
  fi
fi
for told in "${!counts[@]}"; do printf '%6d %s\n' "${counts[$told]}" "$told"; done | sort -k 2 >&2
[[ -n $tried ]] || fail 3 'Nothing was tried: the results say of each check why.'
exit "$status"
