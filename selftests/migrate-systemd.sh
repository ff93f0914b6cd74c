#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nodes: 2
# kernels: newest
# timeout: 1500
# A Debian container with systemd, a web server, a database and cron moves to another host and back while it runs. Clients,
# on the host it leaves first, keep a connection to each of the servers.

# shellcheck disable=SC2029 # what is for node2 may expand here

. "$(dirname "$0")/migrate-lib.sh"

services=(nginx redis-server cron)

end() {
	[[ ! -e $KTAP_TMP/clients ]] || xargs kill <"$KTAP_TMP/clients"
	clean
	hang_up
}
trap 'end 2>/dev/null' EXIT

# count: no number may be missing, and none come twice
# shellcheck disable=SC2016
count='
exec 3<>/dev/tcp/10.99.0.100/6379
for ((n = 1; ; n++)); do
	start=${EPOCHREALTIME/./}
	printf "INCR n\r\n" >&3
	read -r answer <&3
	[[ $answer == ":$n"$'\''\r'\'' ]] || break
	echo "$n $(((${EPOCHREALTIME/./} - start) / 1000))"
	sleep 0.1
done
echo "end after $n: $answer"'

# fetch: a page again and again, over one connection
# shellcheck disable=SC2016
fetch='
import http.client, time
c = http.client.HTTPConnection("10.99.0.100", timeout=600)
c.connect()
s = c.sock
n = 0
while True:
    n += 1
    start = time.monotonic()
    c.request("GET", "/page")
    r = c.getresponse()
    page = r.read()
    if r.status != 200 or len(page) != 100000 or c.sock is not s:
        break
    print(n, int((time.monotonic() - start) * 1000), flush=True)
    time.sleep(0.1)
print("end after", n, r.status, len(page), flush=True)'

is_up() {
	[[ $(on "$1" cloisonctl exec 900 'systemctl is-system-running') == running ]]
}

# look NODE: the services' processes, and how often they were started
look() {
	on "$1" cloisonctl exec 900 "systemctl show -P MainPID -P NRestarts -P ActiveState ${services[*]}"
}

ticks() {
	on "$1" cloisonctl exec 900 'wc -l </root/ticks'
}

ticks_more() {
	[[ $(ticks "$1") -gt $2 ]]
}

works() {
	ssh node2 'modprobe -a cloison cloison_net cloison_view'
	cloisonctl --quiet create 900 --ostemplate services --layout overlay --ipadd 10.99.0.100 --ram 256M
	cloisonctl --quiet start 900 --wait
	cloisonctl exec 900 'head -c 100000 /dev/urandom >/var/www/html/page; touch /root/ticks
		echo "* * * * * root echo tick >>/root/ticks" >/etc/cron.d/tick
		sed -i "s/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/" /etc/redis/redis.conf
		echo "keepalive_requests 1000000;" >/etc/nginx/conf.d/patient.conf
		systemctl restart redis-server nginx'
	wait_for is_up 1
	look 1 >"$KTAP_TMP/before"
	grep -c active "$KTAP_TMP/before"
	bash -c "$count" >"$KTAP_TMP/count" 2>&1 &
	echo $! >"$KTAP_TMP/clients"
	python3 -c "$fetch" >"$KTAP_TMP/fetch" 2>&1 &
	echo $! >>"$KTAP_TMP/clients"
	wait_for is_beyond count 3
	wait_for is_beyond fetch 3
}

# moves FROM TO
moves() {
	on "$1" cloisonctl --verbose migrate --live -v "node$2" 900
	[[ $(on "$2" cloisonctl status 900) == *" running" ]]
	goes_on count
	goes_on fetch
	look "$2" >"$KTAP_TMP/after"
	diff "$KTAP_TMP/before" "$KTAP_TMP/after"
	is_up "$2"
	nowhere_left "$1" 900
}

# serves NODE: what waits for the clock wakes up, what systemd starts anew works
serves() {
	wait_for ticks_more "$1" "$(ticks "$1")"
	on "$1" cloisonctl exec 900 'systemctl restart systemd-logind && redis-cli save && systemd-run -q --wait true'
	goes_on fetch
	[[ $(on "$1" cloisonctl exec 900 'systemctl --failed -q | wc -l') == 0 ]]
}

ktap_plan 5
ktap_run_next "services, and their clients" works
ktap_run_next "to node2" moves 1 2
ktap_run_next "they serve there" serves 2
ktap_run_next "and back" moves 2 1
ktap_run_next "they serve here" serves 1
for client in count fetch; do
	ktap_say "$client: $(longest "$client")"
done
ktap_finish
