"""Command lines that were reviewed once and may be granted with placeholders: a table for a person to read (TRUST 5).

A shape not in this table can only be granted word by word, and is high; interpreters and their like cannot be granted at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.argv_pattern import Part, covers, is_within, parse_argv
from core.capability import Risk

_LOOKS = """
df -P
df -Pk
df -Pkl
df -PkT
df -Pi
df -Pil
df -P -B1
df -P -B1 -l
df -P -k
df -P -i
df -Pk {path}
df -Pi {path}
df -P -B1 {path}
df -P -k {path}
df -P -i {path}
du -x -s -B1 {path}
du -xs {path}
du -xsk {path}
du -xk -d1 {path}
du -x -k -d 1 {path}
du -x -B1 -d 1 {path}
du -x -B1 -d 2 {path}
du -x -B1 -d 3 {path}
du -x --inodes -d 1 {path}
du -x --inodes -d 2 {path}
du -x --inodes -d 3 {path}
du -x --inodes -s {path}
findmnt -J
findmnt -J -b
findmnt -J -l
findmnt -J -T {path}
findmnt -J -M {path}
findmnt -J -b -T {path}
findmnt -n -o SOURCE,FSTYPE,OPTIONS -T {path}
lsblk -J
lsblk -J -b
mount
lsof -nP +L1
lsof -nP -F pcfsnL +L1
lsof -nP -i
free -b
uptime
uname -a
uname -r
nproc
vmstat 1 2
who
who -u
w -h
last -n {int}
hostname
date +%s
date -u +%s
timedatectl show
chronyc tracking
ps -e -o pid,ppid,stat,comm
ps -eo pid,ppid,stat,comm
ps -eo pid,ppid,state,rss,comm
ps -o pid,ppid,stat,lstart,comm -p {pid}
dmesg -T
dmesg --level=emerg,alert,crit,err
sysctl -n {word}
ss -ltn
ss -ltnp
ss -ltnpH
ss -Hltn
ss -Hltnp
ss -H -l -t -n -p
ss -lunp
ss -Hlunp
ss -tn
ss -tnp
ss -Htnp
ss -tan
ss -Htan
ss -tanp
ss -s
ip -j link show
ip -j -s link show
ip -j link show dev {iface}
ip -j -s link show dev {iface}
ip -j -d link show
ip -br link
ip -j link
ip -j addr
ip -j route
ip -j neigh
ip -j addr show
ip -j addr show dev {iface}
ip -j -4 addr show
ip -j -6 addr show
ip -j neigh show
ip -j neigh show dev {iface}
ip -j neigh show {addr}
ip -j route show
ip -j route show default
ip -j -4 route show
ip -j -4 route show default
ip -j -6 route show
ip -j -6 route show default
ip -j route show table main
ip -j route show table all
ip -j route get {addr}
ip -j rule show
ip route show
ip route show default
ip route get {addr}
iptables -S
iptables -S INPUT
iptables -S OUTPUT
iptables -w -S
iptables -nL
iptables -nvL
iptables-save
ip6tables -S
ip6tables-save
nft list ruleset
nft -j list ruleset
ethtool {iface}
tc qdisc show
tc -j qdisc show
resolvectl status
resolvectl dns
resolvectl statistics
getent hosts {host}
getent ahosts {host}
getent ahostsv4 {host}
getent ahostsv6 {host}
ping -n -c 1 -W 1 {addr}
ping -n -c 2 -W 1 {addr}
ping -c 1 -W 1 {addr}
ping -n -c {int} -W {int} {addr}
arping -c 1 -w 1 -I {iface} {addr}
tracepath -n -m 5 {addr}
systemctl show --property=ActiveState,SubState,Result,NRestarts,MainPID -- {unit}
systemctl status --no-pager -- {unit}
systemctl is-active -- {unit}
systemctl is-failed -- {unit}
systemctl list-units --failed --no-legend --plain
systemctl list-units --type=service --no-legend --plain --all
systemctl list-timers --all --no-legend
journalctl --disk-usage
journalctl -n {int} --no-pager -o short-iso -u {unit}
journalctl --no-pager -o short-iso -n {int} -u {unit}
journalctl -k -n {int} --no-pager -o short-iso
sv status {path}
supervisorctl status
supervisorctl status {unit}
supervisorctl -c /etc/supervisor/supervisord.conf status
supervisorctl -c /etc/supervisor/supervisord.conf status {unit}
supervisorctl -c /etc/supervisord.conf status
rc-service {unit} status
service {unit} status
monit summary
nginx -t
nginx -t -q
nginx -v
apachectl -t
apache2ctl -t
sshd -t
named-checkconf
haproxy -v
docker ps -a
redis-cli -p {port} info persistence
redis-cli -p {port} info memory
redis-cli -p {port} info clients
redis-cli -p {port} info server
redis-cli -p {port} info stats
haproxy -c -f /etc/haproxy/haproxy.cfg
tail -c 60000 /var/log/nginx/error.log
tail -c 60000 /var/log/nginx/access.log
tail -c 60000 /var/log/auth.log
tail -c 60000 /var/log/secure
tail -c 60000 /var/log/syslog
tail -c 60000 /var/log/cron.log
dpkg -V
dpkg -V {word}
rpm -Va --noscripts
find /usr /opt -xdev -type f -perm /6000
"""

_SELF_TESTS = frozenset(
    {
        "nginx -t",
        "apachectl -t",
        "apache2ctl -t",
        "sshd -t",
        "named-checkconf",
        "haproxy -c -f /etc/haproxy/haproxy.cfg",
    }
)
"""How a program tests its own configuration, before it is asked to load it."""

_MEDIUM_UNDONE = """
ip route add default via {addr} dev {iface}
ip route replace default via {addr} dev {iface}
ip route add default via {addr}
ip -4 route add default via {addr} dev {iface}
ip -6 route add default via {addr} dev {iface}
ip -6 route replace default via {addr} dev {iface}
ip route add default via {addr} dev {iface} metric {int}
ip route replace default via {addr} dev {iface} metric {int}
"""

_MEDIUM_FOR_GOOD = """
apt-get clean
apt-get autoclean
dnf clean packages
yum clean packages
apk cache clean
zypper --non-interactive clean
journalctl --vacuum-time=7d
journalctl --vacuum-time=14d
journalctl --vacuum-time=30d
redis-cli -p {port} bgsave
"""

_HIGH_UNDONE = """
ip link set dev {iface} up
ip link set dev {iface} mtu {int}
ip route del default via {addr} dev {iface}
ip route del default via {addr}
iptables -D INPUT -p tcp -m tcp --dport {port} -j DROP
iptables -D INPUT -p tcp -m tcp --dport {port} -j REJECT --reject-with icmp-port-unreachable
iptables -D INPUT {int}
iptables -w -D INPUT {int}
"""

_HIGH_FOR_GOOD = """
ip neigh del {addr} dev {iface}
systemctl reset-failed -- {unit}
"""

_ASKING = frozenset({"getent", "ping", "arping", "tracepath", "redis-cli"})

_SYSTEM_FOLDERS = ("/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")


@dataclass(frozen=True, slots=True)
class Shape:
    """One reviewed command line, what it may cost, and whether the journal can take it back."""

    pattern: tuple[Part, ...]
    risk: Risk
    is_reversible: bool

    @property
    def asks_others(self) -> bool:
        """True where the arguments travel: a name that is looked up, an address that is called, can carry what was read here."""
        return self.pattern[0] in _ASKING

    def __str__(self) -> str:
        return " ".join(map(str, self.pattern))


def _shapes(lines: str, risk: Risk, *, is_reversible: bool) -> tuple[Shape, ...]:
    return tuple(Shape(parse_argv(line), risk, is_reversible) for line in lines.split("\n") if line)


VETTED: tuple[Shape, ...] = (
    *_shapes(_LOOKS, Risk.LOW, is_reversible=True),
    *_shapes(_MEDIUM_UNDONE, Risk.MEDIUM, is_reversible=True),
    *_shapes(_MEDIUM_FOR_GOOD, Risk.MEDIUM, is_reversible=False),
    *_shapes(_HIGH_UNDONE, Risk.HIGH, is_reversible=True),
    *_shapes(_HIGH_FOR_GOOD, Risk.HIGH, is_reversible=False),
)


def is_self_test(argv: tuple[str, ...]) -> bool:
    """True for a program's own test of the configuration on disk: what it says depends on changes that a dry run only imagines."""
    return " ".join((program_of(argv[0]), *argv[1:])) in _SELF_TESTS


def _by_program() -> Mapping[str, tuple[Shape, ...]]:
    programs = {str(shape.pattern[0]) for shape in VETTED}
    return {program: tuple(shape for shape in VETTED if shape.pattern[0] == program) for program in programs}


_INDEX = _by_program()


def program_of(argv0: str) -> str:
    """The program's name when it is bare or lies in a folder of the system; otherwise the text as it is."""
    for folder in _SYSTEM_FOLDERS:
        if argv0.startswith(folder):
            return argv0.removeprefix(folder)
    return argv0


def shape_of(pattern: tuple[Part, ...]) -> Shape | None:
    """The reviewed shape that a granted pattern lies within; None if there is none."""
    named = (program_of(str(pattern[0])), *pattern[1:])
    return next((shape for shape in _INDEX.get(str(named[0]), ()) if is_within(named, shape.pattern)), None)


def shape_of_argv(argv: tuple[str, ...]) -> Shape | None:
    """The reviewed shape of one concrete command line; None if there is none."""
    named = (program_of(argv[0]), *argv[1:])
    return next((shape for shape in _INDEX.get(named[0], ()) if covers(shape.pattern, named)), None)
