"""The never list as a person reviews it: places, programs and services, each with the reason (TRUST 5). Data only.

A pattern with a slash in front is anchored at the root, any other names a component at every depth; both mean what lies below as
well. `*` is any run of characters inside one component, a leading dot too.
"""

from __future__ import annotations

from collections.abc import Mapping

DATABASES = """postgres* pgsql pgdata mysql* mariadb* mongo* redis* valkey* clickhouse* cassandra* scylla* influx* elasticsearch*
 opensearch* neo4j* couchdb couchbase rabbitmq* kafka* zookeeper* etcd consul oradata oracle mssql sqlserver db2* cockroach* tikv
 prometheus victoria*"""

NEVER_WRITTEN: Mapping[str, str] = {
    "programs, libraries, devices and the kernel": "/bin /sbin /lib* /usr /boot /dev /proc /sys /vmlinuz* /initrd* swapfile* swap.img",
    "accounts and who may enter": """/etc/passwd* /etc/group* /etc/shadow* /etc/gshadow* /etc/subuid* /etc/subgid* /etc/sudo* sudoers*
     /etc/pam* pam.d /etc/security /etc/login* /etc/securetty /etc/shells /etc/ssh .ssh authorized_keys* .rhosts .shosts .k5login
     /etc/hosts.* /etc/krb5* /etc/sssd /etc/ldap* /etc/nslcd* /etc/polkit* /etc/dbus* /etc/doas* nologin .google_authenticator
     /var/lib/AccountsService /var/lib/sudo /var/lib/polkit* /var/lib/pam /var/lib/sss /run/sudo /run/dbus""",
    "what a shell starts": """/etc/profile* /etc/bash* /etc/zsh* /etc/csh* /etc/fish /etc/environment* /etc/skel .bashrc .bash_*
     .profile .zsh* .zprofile .zlog* .kshrc .mkshrc .cshrc .tcshrc .login .logout .inputrc .xprofile .xsession* .xinitrc
     .pam_environment .config/fish .config/autostart .config/environment.d .local/bin .git/hooks""",
    "what starts by itself": """/etc/cron* /etc/anacrontab /etc/at.* /var/spool/cron /var/spool/at* /var/spool/anacron cron.d cron.daily
     cron.hourly cron.weekly cron.monthly crontab* systemd *.service *.timer /etc/init* /etc/rc* init.d /etc/sv /etc/service
     /etc/runit /var/service /etc/s6* /etc/supervisor* /etc/conf.d /etc/monit* /etc/udev /run/udev /etc/mod* /etc/binfmt.d
     /etc/sysctl* /etc/kernel /etc/grub* /etc/fstab* /etc/crypttab /etc/mtab /etc/network* /etc/NetworkManager /etc/netplan
     /etc/netns /etc/dhcp* /etc/ppp /etc/update-motd.d /etc/xdg /etc/acpi /etc/alternatives /etc/logrotate*""",
    "the loader and name resolution": "/etc/ld.so* ld.so.preload /etc/nsswitch* /etc/hosts /etc/host.conf /etc/resolv* /etc/gai.conf",
    "firewall and security services": """/etc/iptables* /etc/nftables* /etc/ufw /etc/firewalld /etc/fail2ban /etc/apparmor*
     /etc/selinux /etc/audi* /etc/rsyslog* /etc/syslog* /etc/ssl /etc/pki /etc/letsencrypt /etc/ca-certificates* /etc/aide*
     /var/lib/aide /var/ossec /etc/ossec*""",
    "packages and containers": """/etc/apt /etc/dpkg /etc/yum* /etc/dnf /etc/apk /etc/zypp* /var/lib/dpkg /var/lib/apt /var/lib/rpm
     /var/lib/dnf /lib/apk /etc/docker /etc/containerd /etc/containers /etc/kubernetes /etc/cni /var/lib/docker /var/lib/containerd
     /var/lib/containers /var/lib/kubelet /run/docker* /run/containerd /run/podman /run/crio""",
    "evidence": """auth.log* log/secure* log/audit* wtmp* btmp* utmp* lastlog* faillog* tallylog* sudo.log* log/sudo* log/journal
     .*_history /var/account""",
    "a database's own files": f"""{DATABASES} pg_* postmaster.* binlog* *-bin.* *relay-bin* relay-log* ib_logfile* ibdata* ibtmp*
     ib_buffer_pool undo_0* #innodb* aria_log* *.ibd *.frm *.myd *.myi *.mai *.mad *.wt WiredTiger* *.rdb *.aof appendonly* *.sqlite*
     *.db *.db-* *.mdb *.mdf *.ldf *.ndf *.dbf *.dmp *.dump *.sql *.sql.* wal wal_archive archive_status archivelog* barman
     pgbackrest* backup backups""",
    "Nightshift itself": "nightshift .nightshift nightshift.* skills.lock skills.git",
}
"""Reason -> what lies at or below it: a pattern with a slash in front is anchored, any other is found at every depth."""

NEVER_READ: Mapping[str, str] = {
    "a key": """*.pem *.key *.p12 *.pfx *.p8 *.jks *.keystore *.kdb *.kdbx *.ppk *.gpg *.asc *.keytab *.agekey *.ovpn id_rsa* id_dsa*
     id_ecdsa* id_ed25519* ssh_host_* *_key *_rsa *_ed25519 krb5cc* /etc/ssh .ssh .gnupg ssl/private tls/private pki/private
     /etc/letsencrypt keyrings .password-store""",
    "a secret": """.env* *.env shadow* gshadow* opasswd .netrc _netrc .pgpass pgpass.conf .my.cnf .mylogin.cnf debian.cnf
     .git-credentials .npmrc .pypirc .htpasswd* .vault-token .s3cfg .boto .dockercfg .docker .aws .azure .kube .config/gcloud
     .erlang.cookie *credential* *secret* *password* *.token *_token token tokens .mozilla .thunderbird .config/google-chrome
     .config/chromium /run/credentials /var/lib/sss .*_history""",
    "devices and the kernel's memory": """/dev /proc/kcore /proc/kallsyms /proc/kmsg /proc/keys /proc/key-users /proc/kpage*
     /proc/vmcore /proc/sysrq-trigger /sys/kernel/debug /sys/kernel/tracing /sys/kernel/security /sys/firmware""",
    "Nightshift itself": "/etc/nightshift* .config/nightshift nightshift.db* nightshift.key skills.git",
}

DATA_FILES = frozenset(
    {"PG_VERSION", "ibdata1", "mysql.ibd", "WiredTiger", "WiredTiger.wt", "mongod.lock", "dump.rdb", "appendonlydir"}
)
"""Names that tell a database's data directory, whatever it is called."""

NEVER_RUN: Mapping[str, str] = {
    "it runs any code it is given": """sh bash dash ash zsh ksh mksh csh tcsh fish rbash busybox
     toybox python* pypy* perl* ruby* node nodejs
     deno bun lua* luajit php* tclsh* wish* expect* guile* R Rscript java* jshell gcc* g++* cc c++ clang* tcc go gdb* lldb* make gmake
     cmake ninja awk gawk mawk nawk sed ed ex vi* vim* nvim emacs* nano pico less more most man view git* hg svn m4 dc bc find xargs
     parallel env nice ionice nohup setsid stdbuf time timeout watch script flock chrt taskset numactl strace ltrace perf bpftrace
     bpftool tcpdump run-parts start-stop-daemon xterm screen tmux psql mysql* mariadb* sqlite* mongo* redis-cli valkey-cli
     clickhouse* cqlsh sqlplus etcdctl ld.so ld-linux* ld-musl* systemd-run at batch crontab openssl gpg* whiptail dialog ansible*
     salt* puppet* chef* terraform certutil""",
    "it is a package tool": """apt* aptitude dpkg* yum* dnf* microdnf rpm* apk zypper pacman* emerge snap* flatpak pip* pipx uv uvx conda*
     npm npx yarn pnpm gem bundle* cargo composer brew nix* opkg update-alternatives""",
    "it reaches another machine": """ssh* scp sftp rsync rsh rlogin rexec telnet ftp tftp lftp nc ncat netcat nc.* socat mosh* curl wget*
     aria2c http https lynx links elinks mail* sendmail* smbclient nmap nsupdate aws az gcloud kubectl* helm""",
    "it changes who one is": """sudo* su doas pkexec runuser setpriv capsh newgrp sg login chroot nsenter unshare bwrap firejail setcap
     useradd userdel usermod adduser deluser addgroup delgroup groupadd groupdel groupmod gpasswd passwd chpasswd chage chsh chfn
     newusers pwconv visudo vipw vigr sudoedit""",
    "it creates or enters containers": """docker* dockerd podman* nerdctl ctr crictl runc crun lxc* lxd incus machinectl systemd-nspawn
     containerd* buildah skopeo virsh qemu*""",
    "files are changed by the fs verbs only": """rm rmdir unlink shred srm wipe mv cp ln tee dd install touch truncate fallocate chmod chown
     chgrp chattr setfacl setfattr patch uniq mkdir mknod mkfifo mktemp tar bsdtar cpio pax zip unzip 7z* ar gzip gunzip bzip2 xz zstd split
     csplit sponge rename logrotate tmpreaper tmpwatch updatedb restorecon setenforce""",
    "processes are ended by process.signal only": "kill killall* pkill skill snice fuser",
    "it changes disks, partitions or mounts": """mkfs* mke2fs mkswap mkdosfs mkntfs fdisk sfdisk cfdisk gdisk sgdisk cgdisk parted partprobe
     wipefs blkdiscard blockdev hdparm sdparm cryptsetup veritysetup lv* vg* pv* dmsetup mdadm losetup mount* umount* fusermount* swapon
     swapoff tune2fs resize2fs e2fsck fsck* e2image debugfs badblocks xfs_* btrfs* zfs zpool zdb growpart nvme sg_* smartctl eject
     fstrim fsfreeze quotaon quotaoff""",
    "it changes the kernel or the power": """insmod modprobe rmmod depmod kexec sysctl reboot shutdown poweroff halt init telinit wall
     rtcwake hwclock date timedatectl hostnamectl localectl loginctl busctl dbus-send gdbus udevadm update-grub grub* mkinitrd
     update-initramfs dracut bootctl efibootmgr setterm stty chvt""",
    "supervisors are asked by the service verbs": """systemctl service sv runsv* supervisorctl supervisord rc-service rc-update openrc*
     invoke-rc.d initctl s6-* svc svscan* monit update-rc.d chkconfig""",
    "it serves or changes a database": """pg_* postgres* initdb dropdb createdb redis-* valkey-* mysqld* mariadbd* mongod* influx* rabbitmq*
     kafka-* cockroach* neo4j*""",
    "it is Nightshift itself": "nightshift*",
}
"""Programs that no grant names, with or without placeholders, unless the whole command line is a vetted shape."""

NEVER_ARGUED: Mapping[str, str] = {
    "ip": r"(?:.* )?(?:netns|vrf|xdp\w*|xfrm|macsec|tuntap) .*|(?:.* )?-(?:b|batch|force|n|netns)\b.*|.* flush\b.*",
    "iptables*": r"(?:.* )?(?:-[A-Za-z]*[FXZEP]|--flush|--delete-chain|--policy|--zero|--rename-chain|--modprobe)(?:[ =].*)?",
    "ip6tables*": r"(?:.* )?(?:-[A-Za-z]*[FXZEP]|--flush|--delete-chain|--policy|--zero|--rename-chain|--modprobe)(?:[ =].*)?",
    "*tables-restore": r".*",
    "xtables*": r".*",
    "ebtables*": r"(?:.* )?-[A-Za-z]*[FXZP](?: .*)?",
    "nft": r"(?:.* )?(?:flush|destroy|reset|delete (?:table|chain)|-[a-z]*[fi]|--file|--interactive)\b.*",
    "ipset": r"(?:.* )?(?:flush|destroy|-F|-X|restore)\b.*",
    "ufw": r"(?!status\b).*",
    "firewall-cmd": r"(?!--state$|--list-|--get-).*",
    "conntrack": r"(?:.* )?(?:-F|--flush|-D|--delete)\b.*",
    "ss": r"(?:.* )?(?:-[A-Za-z]*[KFD]|--kill|--filter|--diag)\b.*",
    "journalctl": r"(?:.* )?--(?:vacuum|rotate|flush|relinquish|setup-keys|sync|smart-relinquish|update-catalog)\S*.*",
    "dmesg": r"(?:.* )?(?:-[A-Za-z]*[cCDEn]|--clear|--read-clear|--console-\S*)(?: .*)?",
    "auditctl": r"(?!-[sl]$).*",
    "nginx": r"(?!-[tvTV]$|-t -q$).*",
    "hostname": r".+",
    "ethtool": r"-.*",
    "getent": r"(?:.* )?g?shadow\b.*",
    "resolvectl": r"(?!status\b|query\b|statistics\b|dns$|domain$).*",
    "tc": r"(?!-?[a-z]* ?(?:qdisc|class|filter) show).*",
    "last": r"(?:.* )?(?:-f|--file)\b.*",
    "sort": r"(?:.* )?(?:-o|--output|--compress-program)\b.*",
}
"""Program -> which argument lines (joined by single spaces) are never run although the program may be."""

NEVER_STOPPED = """ssh sshd sshd-* dropbear openssh* audit* apparmor selinux* fail2ban crowdsec* falco* sysdig* ossec* wazuh* osquery*
 clamav* clamd* freshclam* aide* rkhunter* samhain* tripwire* snort* suricata* zeek* falcon* sentinel* mdatp* cbagent* firewalld ufw
 nftables
 iptables* ip6tables* netfilter* ferm shorewall* systemd-* rsyslog* syslog* dbus* polkit* sssd* elogind* getty* serial-getty*
 NetworkManager* networking wpa_supplicant* dhcp*"""
"""Services that are never stopped, nor restarted, which stops them; they may be started and reloaded."""

NEVER_SERVED = "nightshift* init dbus-broker*"
"""Services to which nothing is done at all."""

METADATA_ADDRESSES = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254", "168.63.129.16"})
"""Where clouds keep their metadata outside the link-local range."""
