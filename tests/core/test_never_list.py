"""No spelling of what is never done passes: paths, command lines, services, addresses."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.never_list import (
    RESOLVER,
    is_open_file,
    why_data_directory,
    why_never_emptied,
    why_never_fetched,
    why_never_listed,
    why_never_reached,
    why_never_read,
    why_never_run,
    why_never_served,
    why_never_written,
    why_not_resolver,
)

NAME = st.from_regex(r"[a-z0-9_.-]{1,12}", fullmatch=True).filter(lambda name: name not in (".", ".."))
BELOW = st.lists(NAME, max_size=3).map(lambda names: "".join(f"/{name}" for name in names))
ABOVE = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), max_size=2).map(
    lambda names: "".join(f"/{name}" for name in names)
)

ANCHORED_TEXT = """/etc/passwd /etc/passwd- /etc/shadow /etc/gshadow /etc/group /etc/sudoers /etc/sudoers.d /etc/pam.d /etc/pam.conf
 /etc/ssh /etc/security /etc/profile /etc/profile.d /etc/bash.bashrc /etc/zsh /etc/environment /etc/cron.d
 /etc/cron.daily /etc/crontab /etc/anacrontab /var/spool/cron /etc/systemd /run/systemd /etc/init.d /etc/rc.local
 /etc/rc3.d /etc/inittab /etc/sv /etc/runit /etc/supervisor /etc/supervisord.conf /etc/ld.so.preload /etc/ld.so.conf.d
 /etc/nsswitch.conf /etc/hosts /etc/hosts.allow /etc/host.conf /etc/fstab /etc/udev /etc/modprobe.d /etc/sysctl.d
 /etc/sysctl.conf /etc/NetworkManager /etc/netplan /etc/apt /etc/docker /etc/iptables /etc/nftables.conf /etc/ufw
 /etc/apparmor.d /etc/audit /etc/rsyslog.conf /etc/ssl /etc/logrotate.d /bin /sbin /lib /lib64 /usr/bin /usr/lib
 /usr/local/bin /boot /dev /dev/sda /proc /sys /var/lib/dpkg /var/lib/docker /var/lib/postgresql /var/lib/mysql
 /var/log/postgresql /var/log/mysql /var/backups/backup /run/docker.sock /run/sudo"""
ANCHORED = tuple(ANCHORED_TEXT.split())

ANYWHERE_TEXT = """.ssh authorized_keys authorized_keys2 .bashrc .bash_profile .profile .zshrc sudoers sudoers.d pam.d cron.d crontab
 crontabs init.d systemd x.service x.timer ld.so.preload pg_wal pg_xact pg_hba.conf PG_WAL postgresql mysql-bin.000001
 binlog.000042 relay-log.01 ib_logfile0 ibdata1 t.ibd WiredTiger WiredTiger.wt dump.rdb appendonly.aof app.sqlite
 app.sqlite-wal app.db app.db-wal dump.sql dump.sql.gz pgdata backups redis etcd kafka auth.log auth.log.1 wtmp btmp.1
 lastlog .bash_history nightshift nightshift.db nightshift.toml skills.lock"""
ANYWHERE = tuple(ANYWHERE_TEXT.split())

SECRETS_TEXT = """/etc/shadow /etc/shadow- /etc/gshadow /etc/ssh/ssh_host_rsa_key /root/.ssh/id_rsa /home/a/.ssh/config /srv/app/.env
 /srv/.env.prod /srv/app/prod.env /srv/tls/server.pem /srv/tls/server.key /srv/TLS/SERVER.PEM /home/a/.aws/credentials
 /home/a/.netrc /home/a/.pgpass /home/a/.kube/config /home/a/.git-credentials /home/a/.gnupg/x /etc/ssl/private/a
 /etc/letsencrypt/live/x/privkey.pem /etc/krb5.keytab /proc/1/environ /proc/12/mem /proc/12/maps /proc/12/smaps_rollup
 /proc/12/task/13/environ /proc/12/fd/3 /proc/self/environ /proc/self/status /proc/thread-self/maps
 /proc/12/root/etc/hostname /proc/12/cwd/x /proc/12/exe /proc/kcore /proc/keys /dev/mem /dev/sda /sys/kernel/debug/x
 /run/credentials/a /var/run/credentials/a /srv/secrets/x /srv/my_password.txt /etc/nightshift/key
 /home/a/.config/nightshift/key /srv/nightshift.db"""
SECRETS = tuple(SECRETS_TEXT.split())


def spellings(path: str) -> tuple[str, ...]:
    """Other ways to write a path; each must be refused, whatever it means."""
    head, _, tail = path.rpartition("/")
    return (
        f"/{path}",
        f"{path}/",
        f"{head}/./{tail}",
        f"{head}//{tail}",
        f"/x/..{path}",
        f"{path}/../{tail}",
        path.removeprefix("/"),
        f"{path}\x00",
        f"{path}\n",
        f"{head}/\u200b{tail}",
        f"{path}\u202e",
        f"{path}\u3164",
    )


@given(st.sampled_from(ANCHORED), BELOW)
def test_nothing_at_or_below_a_protected_place_is_written(place: str, below: str) -> None:
    assert why_never_written(place + below)


@given(ABOVE, st.sampled_from(ANYWHERE), BELOW)
def test_a_protected_name_is_found_at_every_depth(above: str, name: str, below: str) -> None:
    assert why_never_written(f"{above}/{name}{below}")


@given(st.sampled_from(ANCHORED), st.integers(0, 1 << 20))
def test_upper_and_lower_case_are_one_place(place: str, mask: int) -> None:
    swapped = "".join(letter.upper() if mask >> at & 1 else letter for at, letter in enumerate(place))
    assert why_never_written(swapped)


@pytest.mark.parametrize("path", [*ANCHORED, *SECRETS])
def test_no_other_spelling_is_written_or_read(path: str) -> None:
    for spelled in spellings(path):
        assert why_never_written(spelled), spelled
        assert why_never_read(spelled), spelled
        assert why_never_listed(spelled), spelled


@pytest.mark.parametrize("path", SECRETS)
def test_a_secret_is_never_read(path: str) -> None:
    assert why_never_read(path)


@given(st.text(max_size=60))
def test_what_is_not_a_plain_absolute_path_is_never_touched(text: str) -> None:
    assume(not text.startswith("/") or ".." in text.split("/") or "//" in text)
    assert why_never_written(text)
    assert why_never_read(text)
    assert why_never_listed(text)


@pytest.mark.parametrize("wrong", [None, 3, b"/tmp/x", ["/tmp/x"], ""])
def test_what_is_not_text_is_never_touched(wrong: object) -> None:
    assert why_never_written(wrong)  # type: ignore[arg-type]
    assert why_never_read(wrong)  # type: ignore[arg-type]
    assert not is_open_file(wrong)


@pytest.mark.parametrize("path", ["/var/run/systemd/x", "/var/run/sudo/ts/root", "/var/run/docker.sock"])
def test_var_run_is_run(path: str) -> None:
    assert why_never_written(path)


@pytest.mark.parametrize(
    "path",
    [
        "/var/log/app.log.1",
        "/tmp/app.lock",
        "/run/app.pid",
        "/srv/app/cache/x",
        "/data/app.log",
        "/var/cache/apt/archives/a.deb",
        RESOLVER,
    ],
)
def test_honest_work_is_not_on_the_list(path: str) -> None:
    assert why_never_written(path) is None


@pytest.mark.parametrize(
    "path",
    ["/var/log/syslog", "/etc/nginx/nginx.conf", "/proc/meminfo", "/proc/12/cgroup", "/proc/12/status", RESOLVER],
)
def test_honest_reading_is_not_on_the_list(path: str) -> None:
    assert why_never_read(path) is None


def test_an_open_file_is_emptied_only_when_it_is_deleted_and_unprotected() -> None:
    assert is_open_file("/proc/12/fd/3")
    assert why_never_emptied("/data/app.log (deleted)") is None
    assert why_never_emptied("/data/app.log") == "it is not deleted"
    assert why_never_emptied("/var/lib/postgresql/15/main/base/1 (deleted)")
    assert why_never_emptied("/var/log/auth.log (deleted)")
    assert why_never_emptied("socket:[123]")
    assert why_never_emptied("/memfd:x (deleted) (deleted)") is None


def test_a_database_is_known_by_what_lies_in_its_directory() -> None:
    assert why_data_directory(["base", "PG_VERSION"])
    assert why_data_directory(["x", "ibdata1"])
    assert why_data_directory(["app.log"]) is None


# ---- commands -----------------------------------------------------------------------------------------------------------------------

NEVER = """systemctl restart nginx|systemctl edit nginx status|sv restart /etc/service/app|sv exit status|pg_ctl stop|redis-server x
hostname evil|ethtool -s eth0 speed 10|ip link set eth0 xdp obj x|uniq a b|gawk-5 x|ruby3.1 x|iptables-nft -F|sort -o x y
sh -c x|bash|dash x|python3 x.py|python3.12|perl -e 1|env ls|xargs rm|find / -delete|awk 1|sed -i s/a/b/ x|ssh h|scp a b|sudo ls
su x|nsenter -t 1|chroot /x|docker exec a b|docker ps|podman run x|kubectl delete pod x|rm -rf /x|rm x|mv a b|cp a b|tee x|dd if=a of=b
kill 1|kill -9 5|pkill x|killall x|apt-get install x|apt install x|dpkg -i x|pip install x|npm i|yum remove x|mkfs.ext4 /x|mkfs /x
fdisk /x|parted /x|mount /a /b|mount -o remount,rw /|umount /x|lvremove x|iptables -F|iptables -F INPUT|iptables -t nat -F|iptables -X
iptables -P INPUT ACCEPT|iptables --flush|nft flush ruleset|nft delete table x|nft -f x|ufw disable|ufw reset|ip route flush all
ip addr flush dev eth0|ip netns exec x sh|ip -batch x|ip vrf exec a b|ss -K dst x|reboot|shutdown -h now|init 0|telinit 0
useradd x|usermod -aG x y|passwd root|chpasswd|visudo|crontab -e|at now|systemd-run x|busctl call x|chmod 777 /x|chown a /x|chattr +i /x
ln -s a b|truncate -s 0 x|touch x|curl http://x|wget x|nc -l 1|git pull|make|vi x|less x|tar xf x|nightshift go|journalctl --vacuum-size=1
journalctl --vacuum-time=1d|journalctl --rotate|dmesg -C|sysctl -w a=b|insmod x|getent shadow|openssl enc|psql -c x|mysql -e x|sqlite3 x
redis-cli FLUSHALL|logrotate -f x|systemctl stop ssh|systemctl stop sshd.service|systemctl stop auditd|systemctl mask nginx
systemctl disable nginx|systemctl isolate rescue.target|systemctl stop multi-user.target|systemctl kill nginx|sv down /etc/service/sshd
supervisorctl shutdown|service ssh stop|systemctl restart firewalld|systemctl stop nightshift|systemctl restart nightshift.service
cat /etc/shadow|cat etc/shadow|cat ./etc/shadow|cat //etc/shadow|cat /etc/../etc/shadow|tail -n5 /srv/x.pem|head --bytes=5 /proc/1/environ
grep -r x /root/.ssh|cat -- /dev/sda|du -s /proc/self/root|nginx -s stop|nginx -c /tmp/x|conntrack -F"""


@pytest.mark.parametrize("line", NEVER.replace("\n", "|").split("|"))
def test_a_command_that_does_more_than_one_thing_is_never_run(line: str) -> None:
    program, *arguments = line.split(" ")
    assert why_never_run([program, *arguments]), line
    assert why_never_run([f"/usr/bin/{program}", *arguments]), line
    assert why_never_run([f"/opt/x/{program}", *arguments]), line


@pytest.mark.parametrize(
    "program", ["/tmp/x", "/var/tmp/x", "/home/a/x", "/run/x", "/usr/../tmp/x", "/usr//bin/ss", "./ss", "../ss", "x/ss"]
)
def test_a_program_where_anybody_may_put_one_is_never_run(program: str) -> None:
    assert why_never_run([program, "-s"])


@pytest.mark.parametrize("argv", [[], [""], ["ls", ""], ["ls", "a\nb"], ["ls", 3], ["ls", "\u202ea"], [None]])
def test_what_is_not_a_plain_command_line_is_never_run(argv: list[object]) -> None:
    assert why_never_run(argv)


@pytest.mark.parametrize(
    "line",
    [
        "ss -ltnp",
        "/usr/bin/df -Pkl",
        "ip route add default via 10.0.0.1 dev eth0",
        "apt-get clean",
        "journalctl --vacuum-time=7d",
        "/opt/app/bin/check --quick",
        "systemctl show --property=ActiveState,SubState,Result,NRestarts,MainPID -- ssh",
        "sv status /etc/service/sshd",
        "tail -n 50 /var/log/syslog",
        "iptables -D INPUT 3",
        "findmnt -J",
    ],
)
def test_honest_commands_are_not_on_the_list(line: str) -> None:
    assert why_never_run(line.split(" ")) is None


@pytest.mark.parametrize(
    "unit",
    ["ssh", "sshd", "sshd.service", "sshd@1.service", "auditd", "fail2ban.service", "firewalld", "app:sshd", "SSHD"],
)
@pytest.mark.parametrize("verb", ["stop", "restart"])
def test_what_guards_the_host_is_never_stopped(unit: str, verb: str) -> None:
    assert why_never_served(unit, verb)
    assert why_never_served(unit, "start") is None
    assert why_never_served(unit, "status") is None


@pytest.mark.parametrize(
    "unit",
    ["", "-x", "a b", "a;b", "../x", "ss*", "ssh\n", "a/b", "s\\x73hd", "x.target", "x.mount", "x.slice", None, 3],
)
@pytest.mark.parametrize("verb", ["start", "stop", "restart", "reload"])
def test_what_is_not_the_name_of_a_service_is_not_served(unit: object, verb: str) -> None:
    assert why_never_served(unit, verb)


def test_an_unknown_verb_is_not_served() -> None:
    assert why_never_served("nginx", "mask")
    assert why_never_served("nginx", "stop") is None


# ---- addresses ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8470/",
        "http://localhost:8470/x",
        "http://[::1]:8470/",
        "http://h:8470/",
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://metadata.google.internal/",
        "http://metadata/",
        "http://100.100.100.200/",
        "ftp://h/",
        "file:///etc/passwd",
        "http://u:p@h/",
        "http://h/#x",
        "http://h\\@x/",
        "http://h /",
        "http://h/\n",
        "http:///x",
        "http://%31/",
        "//h/x",
        "",
        "http://h:99999/",
        "http://h:0/",
        "http://h:/",
        "http://h:0080/",
        "http://[::1].evil/",
        "http://[v1.x]/",
        "http://h../",
        "http://./",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://metadata.google.internal./",
        "http://[::1/",
        "http://0.0.0.0/",
        None,
        3,
    ],
)
def test_what_is_never_fetched(url: object) -> None:
    assert why_never_fetched(url)


@given(st.integers(0, 255), st.integers(0, 255), st.integers(1, 65535))
def test_link_local_is_never_reached(a: int, b: int, port: int) -> None:
    assert why_never_reached(f"169.254.{a}.{b}", port)
    assert why_never_reached(f"::ffff:169.254.{a}.{b}", port)
    assert why_never_reached(f"fe80::{a:x}:{b:x}", port)
    assert why_never_fetched(f"http://{(169 << 24) + (254 << 16) + (a << 8) + b}:{port}/")


@given(st.ip_addresses())
def test_our_own_port_is_never_reached(address: object) -> None:
    assert why_never_reached(str(address), 8470)


@pytest.mark.parametrize(
    "url", ["https://example.com/health", "http://127.0.0.1:8080/", "http://localhost/", "http://10.0.0.5:9000/x?y=1"]
)
def test_honest_urls_are_not_on_the_list(url: str) -> None:
    assert why_never_fetched(url) is None


def test_a_resolver_file_holds_resolvers_only() -> None:
    assert why_not_resolver("# x\nnameserver 10.0.0.53\nsearch a.b\noptions timeout:1\n") is None
    assert why_not_resolver("search a.b\n")
    assert why_not_resolver("nameserver x\n")
    assert why_not_resolver("nameserver 10.0.0.1\nsortlist 1\n")
    assert why_not_resolver("nameserver 169.254.169.254\n")
    assert why_not_resolver("nameserver 1.1.1.1\n" * 4)
