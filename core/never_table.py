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
     /run/faillock /run/userdb /run/polkit* /run/credstore /etc/ftpusers
     /etc/vsftpd* /etc/default/ssh /etc/default/useradd /etc/dropbear /etc/default/dropbear /etc/usbguard /etc/netgroup .k5users
     /etc/ipsec* /etc/swanctl /etc/freeradius /etc/request-key* /var/lib/AccountsService /var/lib/sudo /var/lib/polkit*
     /var/lib/pam /var/lib/sss /run/sudo /run/dbus""",
    "what a shell starts": """/etc/profile* /etc/bash* /etc/zsh* /etc/csh* /etc/fish /etc/environment* /etc/skel .bashrc .bash_*
     .profile .zsh* .zprofile .zlog* .kshrc .mkshrc .cshrc .tcshrc .login .logout .inputrc .xprofile .xsession* .xinitrc
     .screenrc .tmux.conf .vimrc .exrc .nanorc .emacs* .lesskey* .gitconfig .forward .procmailrc .pythonrc* sitecustomize* usercustomize*
     *.pth /etc/inputrc /etc/screenrc /etc/tmux.conf /etc/vim /etc/emacs* /etc/gitconfig /etc/python* /etc/perl* .config/git
     .pam_environment .config/fish .config/autostart .config/environment.d .local/bin .git/hooks""",
    "what starts by itself": """/etc/cron* /etc/anacrontab /etc/at.* /var/spool/cron /var/spool/at* /var/spool/anacron cron.d cron.daily
     cron.hourly cron.weekly cron.monthly crontab* systemd *.service *.timer /etc/init* /etc/rc* init.d /etc/sv /etc/service
     /etc/runit /var/service /etc/s6* /etc/supervisor* /etc/conf.d /etc/monit* /etc/udev /run/udev /etc/mod* /etc/binfmt.d
     /etc/sysctl* /etc/kernel /etc/grub* /etc/fstab* /etc/crypttab /etc/mtab /etc/network* /etc/NetworkManager /etc/netplan
     /etc/netns /etc/dhcp* /etc/ppp /etc/update-motd.d /etc/xdg /etc/acpi /etc/alternatives /etc/logrotate* /etc/aliases*
     /etc/inetd* /etc/xinetd* /etc/mail /etc/tmpfiles.d /etc/sysusers.d /etc/dracut* /etc/initramfs-tools /etc/needrestart /etc/incron*
     /var/spool/incron /etc/periodic /etc/local.d /etc/runlevels /etc/cloud /var/lib/cloud /etc/ansible /etc/salt /etc/puppet* /etc/chef
     /etc/wpa_supplicant /etc/wireguard /etc/openvpn /run/initramfs /run/tmpfiles.d /run/sysctl.d /run/mod*
     /run/binfmt.d /run/sysusers.d environment.d /run/service /run/runit* /run/s6* /run/openrc /run/supervisor* /run/wrappers
     /run/current-system /run/salt /run/cloud-init /run/NetworkManager /run/network /etc/default/grub* /etc/smartmontools /etc/pm
     /var/cache/salt /var/cache/puppet /var/cache/ansible /var/cache/debconf /var/lib/extensions /var/lib/confexts /var/lib/portables
     /var/lib/machines /var/lib/alternatives /var/lib/initramfs-tools /etc/X11 /etc/gdm* /etc/lightdm /etc/cups/cupsd.conf
     /run/initctl""",
    "the loader and name resolution": """/etc/ld.so* ld.so.preload /etc/nsswitch* /etc/hosts /etc/host.conf /etc/resolv*
     resolv.conf* /run/resolvconf /run/connman /run/nscd
     /var/cache/nscd /var/cache/ldconfig nsswitch.conf ld.so.c* /etc/gai.conf""",
    "firewall and security services": """/etc/iptables* /etc/nftables* /etc/ufw /etc/firewalld /etc/fail2ban /etc/apparmor*
     /etc/selinux /etc/audi* /etc/rsyslog* /etc/syslog* /etc/ssl /etc/pki /etc/letsencrypt /etc/ca-certificates* /etc/aide*
     /var/lib/aide /var/ossec /etc/ossec*""",
    "packages and containers": """/etc/apt /etc/dpkg /etc/yum* /etc/dnf /etc/apk /etc/zypp* /var/lib/dpkg /var/lib/apt /var/lib/rpm
     /var/lib/dnf /lib/apk /etc/docker /etc/containerd /etc/containers /etc/kubernetes /etc/cni /var/lib/docker /var/lib/containerd
     /var/lib/containers /var/lib/kubelet /run/docker* /run/containerd /run/podman /run/crio""",
    "evidence": """auth.log* authlog* *.journal wtmp* audit /var/log/cron /var/log/security /var/log/sssd /var/log/samba
     log/secure* log/audit* wtmp* btmp* utmp* lastlog* faillog* tallylog* sudo.log* log/sudo* log/journal
     .*_history /var/account""",
    "a database's own files": f"""{DATABASES} pg_* postmaster.* binlog* *-bin.* *relay-bin* relay-log* ib_logfile* ibdata* ibtmp*
     ib_buffer_pool undo_0* #innodb* aria_log* *.ibd *.frm *.myd *.myi *.mai *.mad *.wt WiredTiger* *.rdb *.aof appendonly* *.sqlite*
     *.db *.db-* *.mdb *.mdf *.ldf *.ndf *.dbf *.dmp *.dump *.sql *.sql.* wal wal_archive archive_status archivelog* barman
     pgbackrest* backup backups""",
    "Nightshift itself": "nightshift .nightshift nightshift.* skills.lock skills.git",
}
"""Reason -> what lies at or below it: a pattern with a slash in front is anchored, any other is found at every depth."""

NEVER_READ: Mapping[str, str] = {
    "a key": """*.pem *.key *.p12 *.pfx *.p8 *.jks *.keystore *.kdb *.kdbx *.ppk *.gpg *.asc
     *.pkcs12 *.jceks *.bks *.keytab *.agekey *.ovpn id_rsa* id_dsa*
     id_ecdsa* id_ed25519* ssh_host_* *_key *_rsa *_ed25519 krb5cc* /etc/ssh .ssh .gnupg ssl/private tls/private pki/private
     /etc/letsencrypt keyrings .password-store""",
    "a secret": """.env* *.env shadow* gshadow* opasswd .netrc _netrc .pgpass pgpass.conf .my.cnf .mylogin.cnf debian.cnf
     .git-credentials .npmrc .pypirc .htpasswd* .vault-token .s3cfg .boto .dockercfg .docker .aws .azure .kube .config/gcloud
     .erlang.cookie *credential* *secret* *password* *.token *_token token tokens .mozilla .thunderbird .config/google-chrome
     .config/chromium /run/credentials /var/lib/sss .*_history /etc/wireguard
     /etc/openvpn wpa_supplicant*.conf system-connections *sasl_passwd* sasldb* passwd.client smbpasswd* /var/lib/samba/private
     userlist.txt wp-config.php *.tfstate* .terraform.d .config/gh .config/hub .config/rclone rclone.conf auth.json .m2 .vnc
     /etc/apt/auth.conf* /etc/sssd /etc/nslcd* /etc/libnss-ldap* /etc/pam_ldap* .authinfo* .msmtprc* msmtprc .fetchmailrc .muttrc
     .subversion/auth *.psk upsd.users /var/lib/cloud/instance* /run/cloud-init/instance-data-sensitive* .config/op .oci
     .databrickscfg .config/doctl .viminfo .vault_pass* htpasswd* /etc/rhsm /etc/dovecot/private /etc/hostapd gitlab.rb .rediscli*
     kubeconfig* /etc/kubernetes/*.conf /etc/rancher wallet.dat *.psafe3 ldap.conf.d /etc/ppp .smbcredentials""",
    "devices and the kernel's memory": """/dev /proc/kcore /proc/kallsyms /proc/kmsg /proc/keys /proc/key-users /proc/kpage*
     /proc/vmcore vmcore* coredump /var/crash *.core swapfile* swap.img hiberfil* /proc/sysrq-trigger /sys/kernel/debug
     /sys/kernel/tracing /sys/kernel/security /sys/firmware""",
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
     clickhouse* cqlsh sqlplus etcdctl ld.so ld-linux* ld-musl* systemd-run run0* at atq atrm batch crontab anacron incrontab openssl gpg*
     whiptail dialog ansible* salt* puppet* chef* terraform packer vagrant certutil certtool keytool *.sh *.py *.pl *.rb *.js *.lua *.php
     *.tcl *-gcc* *-g++* *-cpp* *-ld *-as cpp* as ld ld.* gold ldd ldconfig pldd sotruss catchsegv original-awk bwk busybox* gtar
     gfind bfind
     fd fdfind rg ag jq yq xmllint xsltproc view* rvi* rview* vimdiff vimtutor evim gvim* red jed joe jmacs jstar ne micro nano* editor
     sensible-* select-editor x-terminal-emulator* pager pinfo info mandb apropos groff troff nroff ranger mc mcedit script
     scriptreplay unbuffer
     rlwrap daemon daemonize supervise envdir softlimit chpst setuidgid cgexec cgcreate cpulimit prlimit choom lckdo entr
     inotifywait gtime
     fakeroot* fakechroot proot schroot dchroot debootstrap dtach abduco byobu* tmate dbus-run-session aa-exec systemd-cat systemd-inhibit
     systemd-stdio-bridge systemd-ask-password systemd-analyze runcon newrole pkttyagent prove cpan* pod2* perldoc instmodsh ptar* xsubpp
     corelist enc2xs h2ph h2xs pl2pm splain json_pp zipdetails streamzip shasum piconv libnetcfg 2to3* pydoc* pdb* idle* ipython*
     jupyter* pytest* py.test pipenv poetry virtualenv tsx ts-node electron dotnet mono pwsh* powershell groovy* scala* kotlin*
     julia octave*
     gnuplot* ocaml* elixir* iex erl escript runghc ghc* sbcl clisp ecl racket scheme* gforth swift* rustc zig nim crystal tcc dmd
     gdc gfortran
     fpc bison yacc flex swig meson bazel ant mvn gradle rake top htop atop iotop iftop nethogs crash varnishadm memcached-tool acme* xxd
     zgrep bzgrep xzgrep zless zmore zdiff bzless xzless lesspipe* tput reset infocmp tic toe openvt tzselect debconf*
     rbash pdksh oksh lksh yash posh sash xonsh nu elvish osh oil hush jrunscript jexec irb erb c89* c99* g77* f77*
     f95* lli* opt optscript mvnDebug mvnw gradle* lein clojure clj bsh picolisp newlisp jconsole jar jcmd jmod jhsdb
     jlink scriptlive rgrep bashbug corepack tomlq xq* lzless lzmore lzdiff lzgrep lzegrep lzfgrep lzcmp xzmore xzdiff
     xzcmp xzegrep xzfgrep bzmore bzdiff bzegrep bzfgrep bzcmp zegrep zfgrep zcmp zstdless zstdgrep zforce znew bzexe
     gzexe zipgrep whatis lessfile chronic ts vipe ifne pee run-one* eatmydata tini* dumb-init catatonit gosu su-exec
     execlineb foreground background pipeline uclampset setarch i386 i486 i586 i686 linux32 linux64 x86_64 aarch64
     trickle valgrind* heaptrack* memusage* callgrind* rr uftrace stap* *sysdig dtrace bpfcc* xvfb-run xinit startx
     dbus-* gio gapplication xdg-* run-mailcap see print compose edit spawn-fcgi fcgiwrap cscope* logsave pidproxy
     serialver jdb jpackage msgexec msgfilter msginit gettextize make-* mk-* install-* gcore luit recode-sr-latin
     validlocale *-config pkg-config pkgconf perf* lto* llvm-* *objcopy *strip *ranlib *-nm *-ar *-gcov* gcov* tbl
     grog grops grotty preconv soelim eqn neqn geqn gtbl gresource gsettings pygmentize register-python*
     activate-global* py3* pygettext* rails rackup puma unicorn passenger* pm2 forever nodemon celery foreman honcho
     hivemind overmind circus* gitlab-* jenkins* bolt mco rundeck* facter ohai cf-* cfengine rudder etckeeper tig
     lazygit rcs ci co sccs pijul svn* zellij switch_root pivot_root runit init pidwait watchgnupg pinentry* gp-*
     gprof* ctest cpack not not-* envsubst flatpak-spawn bugpoint* checkrestart easy-rsa""",
    "it is a package tool": """apt* aptitude dpkg* yum* dnf* microdnf rpm* alien checkinstall tasksel apk zypper pacman* emerge
     snap* flatpak pip* pipx uv uvx conda*
     npm npx yarn pnpm gem bundle* cargo composer brew nix* opkg update-alternatives
     unattended-upgrade* do-release-upgrade packagekit* pkcon pkmon fwupd* ubuntu-advantage pro add-apt-repository
     needrestart cron-apt ucf* update-*alternatives kpt""",
    "it reaches another machine": """ssh* scp sftp rsync rsh rlogin rexec bzr cvs darcs fossil guix hub mtr drill whois wbinfo
     google_* systemd-resolve
     telnet ftp tftp lftp nc ncat netcat nc.* socat mosh* curl wget*
     aria2c axel http https httpie xh lynx links elinks w3m mail* mutt sendmail* exim* swaks smbclient nmap masscan hping* nsupdate aws az
     gcloud gsutil doctl hcloud gh glab kubectl* helm k3s k9s minikube kind rclone restic borg* duplicity tshark dumpcap ngrep wireshark
     sshd* autossh sshuttle wg wg-quick openvpn rndc vault consul nomad zkcli* write mesg ntpdate
     rcp netkit-* inetutils-* torsocks torify tsocks proxychains* ldapmodify ldapadd ldapdelete ldappasswd ldapsearch
     rpcclient sshfs sftp* sshpass mosquitto_* nats iscsiadm nbd-client logger pinky finger talk rmt rmt-* rmiregistry
     jstatd dirmngr* gke-* anthos* slattach slogin showmount rpcinfo etcdutl sqlcmd bcp isql impdp expdp rman lsnrctl
     db2 nodetool clevis step wpa_cli ipmitool racadm doveadm pgbench memcached tikv-ctl newaliases rarp age sops op
     bw pass secret-tool keyctl tpm2* ccrypt tang cfssl landscape-client""",
    "it changes who one is": """sudo* su doas pkexec runuser setpriv capsh newgrp sg login chroot nsenter unshare bwrap firejail setcap
     useradd userdel usermod adduser deluser addgroup delgroup groupadd groupdel groupmod gpasswd passwd chpasswd chage chsh chfn
     newusers pwconv visudo vipw vigr sudoedit pam-auth-update adcli realm net pdbedit agetty getty semanage apparmor_parser aa-*
     faillock faillog pam_tally* pam_timestamp_check pam_namespace_helper cpgr cppw grpconv grpunconv pwunconv grpck
     pwck shadowconfig unix_* pwhistory_helper mkhomedir_helper groupmems chgpasswd update-passwd update-shells
     add-shell remove-shell sulogin update-ca-certificates kadmin* ktutil kinit addgnupghome cvtsudoers xauth vlock""",
    "it creates or enters containers": """docker* dockerd podman* nerdctl ctr crictl runc crun lxc* lxd incus machinectl systemd-nspawn
     containerd* buildah skopeo virsh qemu* cloud-init cloud-id waagent amazon-ssm-agent""",
    "files are changed by the fs verbs only": """rm rmdir unlink shred srm wipe mv cp ln tee dd install touch truncate fallocate
     chmod chown
     chgrp chattr setfacl setfattr patch uniq dmidecode blkid mkdir mknod mkfifo mktemp tar bsdtar cpio pax zip unzip 7z* ar gzip
     gunzip bzip2 xz zstd split
     csplit sponge rename link sync shuf iconv iconvconfig localedef zic sdiff diff3 tree unar unrar rar lz4 lzop compress uncompress
     pigz pbzip2 sar sadc col dc3dd ddrescue partclone* testdisk photorec setcap chcon mandb infotocap logrotate tmpreaper tmpwatch
     updatedb restorecon setenforce
     rename.ul hardlink tempfile savelog svlogd multilog rotatelogs cronolog unzipsfx funzip gunzip* bunzip2
     bzip2recover unlzma lzma unxz unlz4 unzstd zipcloak zipnote zipsplit lz4c split-file* rtmon nstat lnstat rtstat
     ctstat arpd rtacct ifstat tzset utmpset utmpdump elfedit makeconv mcookie bleachbit vacuumlo locale-gen update-locale
     update-mime* update-icon* gtk-update* update-catalog update-xmlcatalog fc-cache glib-compile* db_load slapadd
     slapcat socklog ulogd pslog mklost+found tarcat icupkg expiry msgmerge c_rehash catman helpztags accessdb
     sstablescrub migrate-pubring*""",
    "processes are ended by process.signal only": "kill killall* pkill skill snice fuser",
    "it changes disks, partitions or mounts": """mkfs* mke2fs mkswap mkdosfs mkntfs fdisk sfdisk cfdisk gdisk sgdisk cgdisk parted
     partprobe
     wipefs blkdiscard blockdev hdparm sdparm cryptsetup veritysetup lv* vg* pv* dmsetup mdadm losetup mount* umount* fusermount* swapon
     swapoff tune2fs resize2fs e2fsck fsck* e2image debugfs badblocks xfs_* btrfs* zfs zpool zdb growpart nvme sg_* smartctl eject
     fstrim fsfreeze quotaon quotaoff systemd-mount systemd-umount e2label dumpe2fs exportfs
     partx addpart delpart resizepart kpartx multipath* swaplabel e2undo e2scrub* e4crypt e4defrag blkzone
     blkdeactivate dmstats devlink zramctl vdpa rdma""",
    "it changes the kernel or the power": """insmod modprobe rmmod depmod kexec sysctl reboot shutdown poweroff halt init telinit wall
     rtcwake hwclock date timedatectl hostnamectl localectl loginctl busctl dbus-send gdbus udevadm update-grub grub* mkinitrd
     update-initramfs mkinitramfs dracut dkms bootctl efibootmgr setterm setleds loadkeys kbd_mode stty chvt deallocvt chronyc
     chronyd ntpd
     systemd-tmpfiles systemd-sysusers systemd-firstboot systemd-machine-id-setup
     ctrlaltdel runlevel installkernel kernel-install setpci chcpu chmem ldattach tune rfkill renice systemd
     systemd-notify systemd-socket-activate systemd-creds systemd-cryptenroll systemd-dissect systemd-sysext
     systemd-repart ipcrm ipcmk readprofile""",
    "it changes the network for good": """ifconfig route arp brctl bridge ifup ifdown nmcli nmtui netplan dhclient dhcpcd arptables*
     iw iwconfig
     ipmaddr iptunnel tunctl plipconfig nfnl_osf mii-tool iwpriv fail2ban-client dnet hpasmcli""",
    "a service is started by the service verbs only": """apache2 apache2ctl apachectl httpd caddy traefik squid* named unbound*
     dnsmasq varnishd
     kea* postfix postsuper auditd rsyslogd sshd cron crond dockerd uwsgi gunicorn php-fpm*""",
    "supervisors are asked by the service verbs": """systemctl service sv runsv* supervisorctl supervisord rc-service rc-update openrc*
     invoke-rc.d initctl s6-* svc svscan* monit update-rc.d chkconfig
     deb-systemd-* a2en* a2dis* phpen* phpdis* networkctl update-service""",
    "it serves or changes a database": """pg_* postgres* initdb dropdb createdb clusterdb createuser dropuser reindexdb vacuumdb
     createlang droplang varnishlog varnishncsa elasticsearch* minio*
      redis-* valkey-* mysqld* mariadbd* mongod* influx* rabbitmq*
     kafka-* cockroach* neo4j*""",
    "it reads whole folders, whatever lies in them": "diff",
    "it is Nightshift itself": "nightshift*",
}
"""Programs that no grant names, with or without placeholders, unless the whole command line is a vetted shape."""

NEVER_ARGUED: Mapping[str, str] = {
    "ip": r"(?!(?:-(?:[46jsdo]|br|json|details|statistics|brief|oneline) )*"
    r"(?:(?:link|addr|address|neigh|route|rule)(?: (?:show|get)(?: \S+)*)?"
    r"|link set dev \S+ (?:up|mtu \d+)|(?:addr|address|neigh|route|rule) (?:add|replace|change|del|delete) \S+(?: \S+)*)$)(?s:.*)"
    r"|.*\b(?:encap|bpf|xdp|obj|object|netns|vrf)\b.*",
    "*tables*-restore*": r".*",
    "*tables-apply*": r".*",
    "postconf": r"(?!-[nd]$).*",
    "ntpq": r"(?!-pn?$).*",
    "xtables*": r".*",
    "ebtables*": r"(?!-L$).*",
    "nft": r"(?!(?:-[janns] )*(?:list(?: \S+)*|(?:add|insert|delete) (?:rule|element) \S+(?: \S+)*)$).*",
    "ipset": r"(?!(?:-q )?(?:list|test|add|del)(?: [^-]\S*)*$).*",
    "ufw": r"(?!status(?: verbose| numbered)?$).*",
    "firewall-cmd": r"(?!--(?:state|list-[a-z-]+|get-[a-z-]+)(?: --zone=\w+)?$).*",
    "conntrack": r"(?!-[LSC]$).*",
    "auditctl": r"(?!-[sl]$).*",
    "nginx": r"(?!-[tvTV]$|-t -q$).*",
    "haproxy": r"(?!-v{1,2}$|-c -f /etc/haproxy/\S+$).*",
    "certbot": r"(?!renew\b).*",
    "hostname": r".+",
    "ps": r"(?:.*(?<!-o)(?<!-C)(?<!-eo)(?<!-p)(?<!-u) )?[0-9A-Za-z]*e[0-9A-Za-z]*(?: .*)?|.*environ.*",
    "ethtool": r"(?![A-Za-z][A-Za-z0-9._-]*$).*",
    "getent": r"(?:.* )?g?shadow\b.*",
    "resolvectl": r"(?!(?:status|query|statistics)(?: [^-]\S*)?$|dns$|domain$).*",
    "tc": r"(?!(?:-[jsd] )*(?:qdisc|class|filter) show(?: dev \S+)?$).*",
    "file": r"(?:.* )?-(?:[A-Za-z]*[Cfm]|-c|-f|-m).*",
    "date": r"(?!\+\S+$|-u \+\S+$).*",
}
"""Program -> which argument lines (joined by single spaces) are never run although the program may be."""

ONLY_OPTIONS: Mapping[str, str] = {
    "iptables*": """-w -t -A -I -D -C -S -L -n -v -nL -nvL -vnL -p -s -d -i -o -m -j --dport --sport --dports --sports --state --ctstate
     --reject-with --comment --line-numbers --icmp-type --syn --mac-source""",
    "ip6tables*": """-w -t -A -I -D -C -S -L -n -v -nL -nvL -vnL -p -s -d -i -o -m -j --dport --sport --dports --sports --state --ctstate
     --reject-with --comment --line-numbers --icmpv6-type --syn --mac-source""",
    "ss": """-l -t -n -p -u -a -s -o -e -i -m -x -w -4 -6 -H -O -lt -lu -ln -ltn -ltnp -lun -lunp -tn -tnp -tan -tanp -Hltn -Hltnp
     -Hlunp -Htan -Htn""",
    "journalctl": """-n -u -k -b -o -p -r -q -S -U --no-pager --since= --until= --unit= --priority= --lines= --output= --disk-usage
     --list-boots --utc --reverse --quiet""",
    "dmesg": "-T -x -k -u -l -f -t -d -r --level= --facility= --ctime --nopager",
    "last": "-n -x -a -F -i -w",
    "lastb": "-n -a -F -i -w",
    "lastlog": "-u -t -b",
    "sort": "-n -r -u -k -t -h -V -f -b -g -s -nr -rn -hr -rh",
    "grep": "-c -i -v -n -F -E -w -x -h -H -m -A -B -C -o -q -s -a -e --",
    "egrep": "-c -i -v -n -w -x -h -H -m -A -B -C -o -q -s -a -e --",
    "fgrep": "-c -i -v -n -w -x -h -H -m -A -B -C -o -q -s -a -e --",
    "wc": "-l -c -w -m -L --",
    "du": "-x -s -h -k -m -b -a -c -d -B1 -sx -xs -xsk -sh -xk -d1 -d2 -d3 --inodes --apparent-size",
    "head": "-n -c -q -v --lines= --bytes= --",
    "tail": "-n -c -q -v --lines= --bytes= --",
    "dig": "-t -p -x -4 -6",
    "host": "-t -W -4 -6",
    "nslookup": "",
    "strings": "-n -a",
    "lsof": "-n -P -nP -i -p -F -t -u -c",
    "certbot": "renew -q --quiet -n --non-interactive --dry-run --cert-name --no-random-sleep-on-renew",
}
"""Program -> every option it may be given; one that is abbreviated, combined or not named here is never run. `x=` takes any value."""

NEVER_STOPPED = """ssh sshd sshd-* dropbear openssh* audit* apparmor* selinux* fail2ban* sshguard* denyhosts
 elastic-endpoint* elastic-agent* sophos* esets* xagt ds_agent crowdsec* falco* sysdig* ossec* wazuh* osquery*
 clamav* clamd* freshclam* aide* rkhunter* samhain* tripwire* snort* suricata* zeek* falcon* sentinel* mdatp* cbagent* firewalld ufw
 nftables
 iptables* ip6tables* netfilter* ferm shorewall* systemd-* rsyslog* syslog* dbus* polkit* sssd* elogind* getty* serial-getty*
 NetworkManager* networking wpa_supplicant* dhcp*"""
"""Services that are never stopped, nor restarted, which stops them; they may be started and reloaded."""

NEVER_SERVED = "nightshift* init dbus-broker*"
"""Services to which nothing is done at all."""

METADATA_ADDRESSES = frozenset({"100.100.100.200", "192.0.0.192", "fd00:ec2::254", "168.63.129.16"})
"""Where clouds keep their metadata outside the link-local range."""
