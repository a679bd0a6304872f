"""Nothing on the never list is reached by any grant, whatever stands in it and whatever it is filled with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.capability import Risk, Verb
from core.errors import InvalidError, NeverError, NightshiftError
from core.grant import Grant, fill, risk_of
from core.grant_target import CHANGING, WEB, why_never_touched
from core.never_list import why_never_fetched, why_never_read, why_never_run, why_never_served, why_never_written
from core.paths import parts_of
from tests.core.grant_texts import FS, GRANT_TEXT, grant_or_none
from tests.core.hostile_grants import COMMAND, LOCKED, SECRET_FILES, TEMPLATES, VALUE, spelled


def filled_with(template: str, value: object) -> tuple[Grant, ...]:
    """The grants that come of it; none where it is refused, and nothing but our own errors."""
    try:
        return fill([Grant.parse(template)], {"x": value})  # type: ignore[dict-item]
    except NightshiftError:
        return ()


def is_one_spelling(path: str) -> bool:
    try:
        return "/" + "/".join(parts_of(path)) == path
    except InvalidError:
        return False


# ---- commands -----------------------------------------------------------------------------------------------------------------------


@settings(max_examples=600)
@given(COMMAND)
@example("/usr/bin/python3.11 -c x")
@example("perl5.36.0 -e 1")
@example("/lib64/ld-linux-x86-64.so.2 /bin/sh")
@example("busybox sh")
@example("x86_64-linux-gnu-gcc-12 x.c")
@example("vim.basic -c x")
def test_what_runs_other_code_is_never_granted(line: str) -> None:
    grant = grant_or_none(f"exec:{line}")
    assert grant is None, f"{line} is granted as {risk_of(grant).word}"
    assert why_never_run(line.split(" "))


@given(COMMAND, st.sampled_from(["exec:findmnt -J", "exec:/opt/app/bin/check", "exec:df -Pk {path}", "exec:ls /srv"]))
def test_no_other_grant_reaches_such_a_command(line: str, text: str) -> None:
    assert not Grant.parse(text).covers(Verb.EXEC, {"argv": line.split(" ")})


ABBREVIATED = """journalctl --vac=1s|journalctl --rota|journalctl --flus|journalctl --root=/x|journalctl --file=/x|journalctl -D /x
ip netn exec x sh|ip net exec x sh|ip vr exec x id|ip r flush all|ip route fl all|ip -ba x|ip -bat x|ip -all netns exec id|ip -n x link
ip route add default encap bpf in obj /srv/x|iptables --flu|iptables --del|iptables -vF|iptables -nZ|iptables-restore /srv/x
iptables-legacy-restore /srv/x|iptables-apply -c /srv/x|ip6tables -wF|nft -f x|nft --fil x|nft dest table x|nft res rules|ss --ki|ss -tK
ss --dia=x|dmesg --cle|dmesg -TC|sort -uo x y|sort -ox y|sort --outp=x y|sort --compress-prog=x y|firewall-cmd --list-all --panic-on
ufw status disable|conntrack -L -F|grep -r x /etc|grep -nr x /|grep --recur x /|egrep -R x /|diff -r /root /srv|du --files0-from=/x
wc --files0-from=/x|tail --fol=name /x|file -C -m x|lsof -F x -r|dig -f /srv/x|certbot renew --deploy-hook x|certbot renew --pre-h=x
certbot certonly|haproxy -f /tmp/x|nginx -g x|nginx -T -c /x|ethtool eth0 wol d|ethtool --set-eee x|resolvectl dns eth0 1.1.1.1|tc -b x
tc qdisc add dev x root netem|hostname -F x|date -s x|postconf -e x=y|last -f /x|last -xf /x|lastlog -C -u a|ntpq -c x"""


def test_neither_abbreviated_nor_combined_options_get_through() -> None:
    lines = ABBREVIATED.replace("\n", "|").split("|")
    assert [line for line in lines if grant_or_none(f"exec:{line}") is not None] == []


# ---- paths --------------------------------------------------------------------------------------------------------------------------

WIDE = [
    "/**",
    "/srv/**",
    "/etc/*",
    "/etc/*/*",
    "/etc/**",
    "/root/**",
    "/root/*/*",
    "/var/**",
    "/var/lib/**",
    "/proc/*/*",
    "/home/**",
    "/opt/**",
]


@settings(max_examples=600)
@given(FS, st.sampled_from(WIDE), st.one_of(spelled(LOCKED), spelled(SECRET_FILES)))
def test_no_width_of_a_grant_and_no_spelling_of_a_path_reaches_what_is_never_touched(
    verb: Verb, wide: str, path: str
) -> None:
    grant = grant_or_none(f"{verb}:{wide}")
    is_reached = grant is not None and grant.covers(verb, {"path": path, "to": path})
    assert not is_reached or is_one_spelling(path)
    assert not is_reached or why_never_touched(verb, path) is None


@given(spelled(LOCKED))
def test_a_locked_place_is_locked_in_every_spelling(path: str) -> None:
    assert why_never_written(path) is not None or is_one_spelling(path)


@given(st.sampled_from(LOCKED), st.integers(0, 1 << 20), st.sampled_from(["", "/x", "/x/y.log"]))
def test_what_is_locked_is_locked_below_as_well_and_in_either_case(path: str, mask: int, below: str) -> None:
    swapped = "".join(letter.swapcase() if mask >> at & 1 else letter for at, letter in enumerate(path))
    assert why_never_written(swapped + below)


@given(st.sampled_from(SECRET_FILES), st.integers(0, 1 << 20), st.sampled_from(["", "/x"]))
def test_what_is_secret_is_secret_below_as_well(path: str, mask: int, below: str) -> None:
    swapped = "".join(
        letter.swapcase() if mask >> at & 1 and not path.startswith("/proc") else letter
        for at, letter in enumerate(path)
    )
    assert why_never_read(swapped + below)


# ---- filling ------------------------------------------------------------------------------------------------------------------------


@settings(max_examples=1500)
@given(TEMPLATES, VALUE)
@example("fs.read:{x}", "/etc/shadow")
@example("fs.truncate:{x}", "/proc/1/fd/0")
@example("fs.delete:{x}/*;rotated", "/var/log/**")
@example("service.restart:{x}", "sshd")
@example("exec:systemctl status --no-pager -- {x:unit}", "-H")
@example("http.GET:{x}", "http://169.254.169.254/")
def test_no_value_makes_a_grant_of_something_else(template: str, value: object) -> None:
    for grant in filled_with(template, value):
        assert grant.parameters == ()
        assert Grant.parse(str(grant)) == grant
        assert grant.verb == template.partition(":")[0]
        assert list(grant.options) == template.split(";")[1:]
        assert grant.target.count("*") == template.count("*")
        assert reaches_nothing_forbidden(grant)


def reaches_nothing_forbidden(grant: Grant) -> bool:
    """The filled target itself, taken as a call."""
    verb, target = grant.verb, grant.target.replace("**", "x").replace("*", "x")
    if verb.startswith("service."):
        return why_never_served(target, verb.split(".")[1]) is None
    rules: dict[Verb, Callable[[str], object]] = {
        Verb.EXEC: lambda line: why_never_run(line.split(" ")),
        Verb.FS_READ: why_never_read,
        **dict.fromkeys(CHANGING, why_never_written),
        Verb.FS_TRUNCATE: lambda path: why_never_touched(Verb.FS_TRUNCATE, path),
        **dict.fromkeys(WEB, why_never_fetched),
    }
    return verb not in rules or rules[verb](target) is None


@settings(max_examples=500)
@given(GRANT_TEXT, VALUE, VALUE)
def test_hostile_calls_raise_nothing_and_are_reached_only_by_what_they_are(
    text: str, first: object, second: object
) -> None:
    grant = grant_or_none(text)
    names = ("path", "to", "argv", "name", "url", "key", "pid", "process", "open_file")
    calls: list[dict[str, object]] = [
        dict.fromkeys(names, first),
        dict.fromkeys(names, second),
        {"path": first, "to": second},
    ]
    for verb in Verb:
        for args in calls:
            is_reached = grant is not None and grant.covers(verb, args)
            assert not is_reached or grant is None or grant.verb is verb


@given(st.text(max_size=60), st.sampled_from(sorted(Verb)))
def test_any_text_behind_any_verb_is_read_back_or_refused(text: str, verb: Verb) -> None:
    grant = grant_or_none(f"{verb}:{text}")
    assert grant is None or str(grant) == f"{verb}:{text}"


def test_a_refusal_says_what_and_why() -> None:
    with pytest.raises(NeverError, match=r"python3\.11.*any code"):
        Grant.parse("exec:/usr/bin/python3.11 -c x")


# ---- what a change of an innocent looking file does -------------------------------------------------------------------------------------


WHAT_RUNS_OR_WHO_ENTERS = """/run/polkit-1/rules.d/x.rules /run/userdb/x.user /run/faillock/root /run/initramfs/shutdown /run/tmpfiles.d/x
/run/sysctl.d/x /run/modprobe.d/x /run/NetworkManager/resolv.conf /run/resolvconf/resolv.conf /srv/jail/etc/resolv.conf /run/service/x/run
/run/s6/x/run /run/wrappers/bin/x /var/cache/debconf/config.dat /var/cache/salt/minion/extmods/x /var/lib/extensions/x /etc/default/ssh
/etc/vsftpd.userlist /home/u/.config/environment.d/x /var/log/remote/web1/secure-1 /var/log/remote/web1/audit/x /var/log/bastion/auth.log.1
/var/log/authlog /srv/logs/secure/x /var/log/x/remote.journal"""


@pytest.mark.parametrize("path", WHAT_RUNS_OR_WHO_ENTERS.split())
@pytest.mark.parametrize("verb", ["fs.write", "fs.delete", "fs.truncate", "fs.move"])
def test_nothing_opens_what_runs_at_a_start_who_may_enter_and_evidence(verb: str, path: str) -> None:
    assert grant_or_none(f"{verb}:{path}") is None


@pytest.mark.parametrize(
    "path", ["/run/app.pid", "/run/app/**", "/var/cache/app/code.php", "/var/cache/apt/archives/x.deb", "/run/x.sock"]
)
def test_writing_below_run_and_into_caches_is_high_because_programs_believe_what_they_find_there(path: str) -> None:
    assert risk_of(Grant.parse(f"fs.write:{path}")) is Risk.HIGH
    assert risk_of(Grant.parse(f"fs.move:{path}")) is Risk.HIGH


# ---- values that the code of a skill chooses --------------------------------------------------------------------------------------------


CHOSEN = """getent hosts {host}|getent ahosts {name:host}|ping -n -c 1 -W 1 {addr}|arping -c 1 -w 1 -I {iface} {addr}
tracepath -n -m 5 {addr}|ip route replace default via {addr} dev {iface}
ip -6 route add default via {addr} dev {iface}|redis-cli -p {port} bgsave
redis-cli -p {port} info memory"""


@pytest.mark.parametrize("line", CHOSEN.replace("\n", "|").split("|"))
def test_a_name_that_is_looked_up_or_a_gateway_is_high_where_no_parameter_says_which(line: str) -> None:
    grant = Grant.parse(f"exec:{line}")
    assert risk_of(grant) is Risk.HIGH
    assert risk_of(grant, to_fill=grant.parameters) < Risk.HIGH


READS_TOO_MUCH = """ps auxe|ps e|ps axe|ps -o pid,environ|diff /etc /tmp/x|diff -u /root /srv|redis-cli -p 8470 info memory
supervisorctl -c /tmp/evil.conf status|systemctl show -- api|rpm -Va|utmpdump -r -o /etc/x /var/log/wtmp"""


@pytest.mark.parametrize("line", READS_TOO_MUCH.replace("\n", "|").split("|"))
def test_no_command_shows_environments_whole_folders_or_runs_a_file_it_is_given(line: str) -> None:
    assert grant_or_none(f"exec:{line}") is None


OTHER_NAMES = """irb erb lksh posh sash xonsh elvish jrunscript c99 rcp netkit-ftp lzmore zipgrep run-one tini gosu setarch linux64 x86_64
stap torsocks proxychains4 valgrind dbus-launch systemd-socket-activate remove-shell faillock a2enmod deb-systemd-invoke corepack mvnw
opt-14
x86_64-linux-gnu-gold x86_64-linux-gnu-objcopy update-java-alternatives utmpdump slapadd ldapmodify"""


@pytest.mark.parametrize("program", OTHER_NAMES.split())
def test_programs_that_run_others_are_known_by_their_other_names_too(program: str) -> None:
    assert grant_or_none(f"exec:{program} x") is None
    assert grant_or_none(f"exec:/usr/bin/{program} x;adopted") is None


STORES = """/etc/apt/auth.conf.d/x.conf /etc/sssd/sssd.conf /root/.authinfo /root/.msmtprc /home/u/.subversion/auth/svn.simple/x /etc/x.psk
/var/lib/cloud/instances/i-1/user-data.txt /run/cloud-init/instance-data-sensitive.json /root/.viminfo /srv/www/htpasswd /srv/a/store.jceks
/root/.config/op/config /home/u/.oci/config /etc/hostapd/hostapd.conf /etc/gitlab/gitlab.rb"""


@pytest.mark.parametrize("path", STORES.split())
def test_where_programs_keep_credentials_is_read_by_no_verb(path: str) -> None:
    assert grant_or_none(f"fs.read:{path}") is None
    assert grant_or_none(f"exec:cat {path}") is None
    assert not Grant.parse("fs.read:/root/**").covers(Verb.FS_READ, {"path": path})


@pytest.mark.parametrize("signal", ["TERM", "KILL", "USR1", "USR2"])
@pytest.mark.parametrize("name", ["sshd", "auditd", "systemd-journald", "fail2ban-server"])
def test_no_signal_that_could_end_it_reaches_what_must_not_be_stopped(name: str, signal: str) -> None:
    assert grant_or_none(f"process.signal:{name};{signal}") is None
    call = {"pid": 700, "started": 1, "name": signal, "process": name}
    assert not Grant.parse(f"process.signal:700;{signal}").covers(Verb.PROCESS_SIGNAL, call)
