"""Hostile grants as strategies: programs by all their names, paths by all their spellings, values that want to be more than that."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

_INTERPRETERS = """sh bash dash
 zsh ksh busybox toybox python python3 perl ruby node lua php tclsh expect gdb vim vi view ed ex nano emacs awk
 gawk mawk nawk sed find xargs env nice ionice timeout nohup setsid stdbuf time watch script flock make gcc cc go java psql mysql sqlite3
 mongo redis-cli openssl gpg git crontab at batch systemd-run run0 ld.so ld-linux-x86-64.so.2 strace ltrace perf tar cpio dd tee cp mv ln
 rm chmod chown install touch truncate rsync ssh scp sftp nc ncat socat curl wget telnet ftp docker podman kubectl nerdctl ctr runc lxc
 chroot unshare nsenter setpriv capsh sudo su doas pkexec runuser apt apt-get dpkg yum dnf rpm pip npm gem cargo snap umount mkfs
 fdisk parted lvremove reboot shutdown kill pkill killall systemctl service sv supervisorctl sysctl insmod modprobe useradd passwd visudo

 nightshift bc dc less more man info jq xmllint top tcpdump tshark start-stop-daemon run-parts bwrap firejail proot fakeroot dotnet
 mono pwsh ansible terraform helm aws nmap mail sendmail screen tmux"""
INTERPRETERS = _INTERPRETERS.split()
VERSIONS = st.sampled_from(
    [
        "",
        "3",
        "3.11",
        "-12",
        "5.36.0",
        "2",
        "-5.4",
        "8.2",
        ".basic",
        ".tiny",
        ".openbsd",
        ".traditional",
        "-static",
        "-legacy",
    ]
)
FOLDERS = st.sampled_from(
    ["", "/usr/bin/", "/bin/", "/sbin/", "/usr/sbin/", "/usr/local/bin/", "/opt/x/bin/", "/usr/lib/x/"]
)
_SPELLINGS: list[Callable[[str], str]] = [str, str.upper, str.capitalize]
CASES = st.sampled_from(_SPELLINGS)
ARGUMENTS = st.lists(
    st.sampled_from(
        [
            "-c",
            "x",
            "-e",
            "1",
            "-exec",
            "id",
            "--help",
            "-",
            "/srv/x",
            "--checkpoint-action=exec=id",
            "-R",
            "status",
            "-n",
        ]
    ),
    max_size=4,
)
COMMAND = st.tuples(FOLDERS, st.sampled_from(INTERPRETERS), VERSIONS, CASES, ARGUMENTS).map(
    lambda drawn: " ".join([drawn[0] + drawn[3](drawn[1] + drawn[2]), *drawn[4]])
)
"""A command line that runs other code, changes things behind the verbs, reaches out, or becomes somebody else."""

_LOCKED = """/etc/passwd /etc/shadow /etc/sudoers.d/x /etc/pam.d/sshd /etc/cron.d/x /etc/crontab /var/spool/cron/crontabs/root
 /etc/systemd/system/x.service /etc/init.d/x /etc/ld.so.preload /etc/nsswitch.conf /etc/hosts /etc/profile.d/x.sh /etc/bash.bashrc
 /root/.ssh/authorized_keys /root/.bashrc /home/a/.profile /usr/bin/x /bin/sh /lib/x.so /usr/lib/x.so /boot/vmlinuz /dev/sda /proc/1/mem
 /proc/self/mem /proc/1/root/etc/passwd /sys/kernel/x /var/log/auth.log /var/log/audit/audit.log /var/log/wtmp /var/log/btmp
 /var/lib/postgresql/15/main/base/1 /srv/db/pg_wal/0001 /var/lib/mysql/ibdata1 /srv/mysql-bin.000001 /var/lib/docker/x /run/docker.sock
 /var/run/docker.sock /etc/iptables/rules.v4 /etc/apt/sources.list /srv/nightshift/x /root/.config/nightshift/key /etc/ssh/sshd_config
 /etc/aliases /root/.forward /root/.gitconfig /srv/app/sitecustomize.py /etc/wireguard/wg0.conf /srv/backups/a.tar"""
LOCKED = _LOCKED.split()
_SECRET_FILES = """/etc/shadow /etc/gshadow- /root/.ssh/id_ed25519 /srv/app/.env /srv/tls/server.key /srv/tls/a.pem /proc/1/environ
 /proc/self/environ /proc/12/task/13/mem /proc/1/root/etc/shadow /proc/1/cwd/x /proc/12/fd/3 /dev/mem /dev/fd/3 /dev/stdin /proc/kcore
 /run/credentials/x /var/run/secrets/token /root/.aws/credentials /root/.kube/config /root/.pgpass /root/.netrc /root/.bash_history
 /etc/ssl/private/a /etc/letsencrypt/live/x/privkey.pem /srv/wp-config.php /etc/wireguard/wg0.conf /srv/x.tfstate /swapfile
 /etc/NetworkManager/system-connections/x"""
SECRET_FILES = _SECRET_FILES.split()
PIECES = st.sampled_from(
    [
        "",
        ".",
        "..",
        "*",
        "**",
        "?",
        "[a]",
        "{x}",
        "%2e%2e",
        "\u2025",
        "\uff0e\uff0e",
        "\u200b",
        "\n",
        "\x00",
        "\\",
        ";rotated",
        "-rf",
        "~",
        "a" * 300,
    ]
)


@st.composite
def spelled(draw: st.DrawFn, paths: list[str]) -> str:
    """A path with something put between or behind its components, or as it is in another case."""
    parts = draw(st.sampled_from(paths)).split("/")
    at = draw(st.integers(1, len(parts)))
    piece = draw(PIECES)
    kind = draw(st.sampled_from(["as it is", "between", "behind", "before", "case"]))
    if kind == "between":
        parts.insert(at, piece)
    if kind == "behind":
        parts[-1] += piece
    if kind == "before":
        parts[1] = piece + parts[1]
    text = "/".join(parts)
    return text.swapcase() if kind == "case" else text


VALUE = st.one_of(
    spelled(LOCKED),
    spelled(SECRET_FILES),
    COMMAND,
    PIECES,
    st.text(max_size=30),
    st.integers(-5, 5),
    st.floats(allow_nan=True),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    st.sampled_from(
        ["../x", "-H", "root@db", "a.socket", "app@", "@", "a b", "*", "sshd", "nightshift", "auditd", "init", "1", "0"]
    ),
    st.sampled_from(
        [
            "http://169.254.169.254/",
            "http://localhost:8470/",
            "http://u:p@h/",
            "http://0x7f.1/",
            "https://h/*",
            "http://[::ffff:a9fe:a9fe]/",
        ]
    ),
)
"""What a parameter may be given."""

TEMPLATES = st.sampled_from(
    [
        *(f"fs.{verb}:{{x}}" for verb in ("read", "list", "stat", "write", "delete", "move", "truncate")),
        *(f"fs.{verb}:{{x}}/**" for verb in ("read", "list", "write", "delete")),
        "fs.read:/srv/{x}",
        "fs.delete:/srv/app/{x}",
        "fs.write:/etc/{x}/conf",
        "fs.delete:{x}/*;rotated",
        "fs.delete:{x};marker",
        "exec:df -Pk {x:path}",
        "exec:ping -n -c 1 -W 1 {x:addr}",
        "exec:ip link set dev {x:iface} up",
        "exec:systemctl status --no-pager -- {x:unit}",
        *(f"service.{verb}:{{x}}" for verb in ("status", "start", "stop", "restart", "reload")),
        "process.signal:{x};KILL",
        "http.GET:{x}",
        "http.POST:{x};private",
        "kv:{x}",
        "notify:{x}",
    ]
)
