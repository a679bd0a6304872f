"""English: what `nightshift hosts` says."""

WORDS = {
    "hosts.head": "host             reach   address                groups                mode     from",
    "hosts.line": "{name:16} {reach:7} {address:22} {groups:21} {mode:8} {origin}",
    "hosts.left": "Left out: {name}: {why}",
    "hosts.left.file": "Not read: {why}",
    "hosts.key": (
        "The host key of {name} ({where}) is\n  {fingerprint}\n"
        "Compare it with what stands on that machine: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    ),
    "hosts.key.was": "Until now the host key of {name} ({where}) was\n  {fingerprint}",
    "hosts.ask": "Is that its key? Type yes: ",
    "hosts.noask": "nobody can be asked here; look at the key on {name} itself, then add --fingerprint {fingerprint}",
    "hosts.no": "the key of {name} was not accepted; nothing was changed",
    "hosts.differs": "the key of {name} is {fingerprint} and not the one you expect; nothing was accepted",
    "hosts.changed": (
        "the key of {name} is {now}, but {was} was accepted: either it was set up anew, or somebody stands in between; "
        "find out which, then run: nightshift hosts trust {name}"
    ),
    "hosts.same": "{name} still has the key that was accepted, {fingerprint}; nothing was changed",
    "hosts.trusted": "From now on the key of {name} is {fingerprint}.",
    "hosts.table": (
        "# In nightshift.toml. Without a group that says more it is only observed, and nothing is measured there without [[checks]]:"
    ),
    "hosts.accounts": (
        "# On {name}, as root: who looks there ({look}) and who changes something ({hand}), without passwords.\n"
        '# Where our own address is fixed, write restrict,from="OUR-ADDRESS" in place of restrict.'
    ),
    "hosts.accounts.look": "# On {name}, as root: who looks there ({look}), without a password; nobody changes anything.",
    "hosts.rules": "# What {hand} may do as root, to the letter:",
    "hosts.norules": "# No sudoers line is needed for the skills that may run there.",
    "hosts.folders": "# Whose files {hand} may change (setfacl is in the package acl):",
    "hosts.needs": "# Not written here, because only the run knows what it is about; allow it by hand where you want it:",
    "hosts.next": "# Then: nightshift hosts check {name}",
    "hosts.forgot": "Forgotten: the host key of {name} and our keys for it. Remove [hosts.{name}] from nightshift.toml.",
    "hosts.undone": "# On {name}, as root:",
    "hosts.notssh": '{name} has reach = "{reach}"; this is for hosts with reach = "ssh"',
    "hosts.missing": "# Missing on {name}, to be added as root to /etc/sudoers.d/nightshift:",
    "check.late": "{name} has not answered within {seconds} s",
    "check.local": "{name} needs no connection",
    "check.container": "{count} processes seen",
    "check.keys": "private, and its host key is accepted",
    "check.nokey": "no host key was accepted for it; run: nightshift hosts add {name}",
    "check.look": "reached as {look}; {python}; its clock is {skew} s off",
    "check.nopython": "no Python, so plain commands are used",
    "check.clock": "its clock is {skew} s off; set it, or what happens there is told at the wrong time",
    "check.lookroot": "{look} may run commands as root; whoever only looks must not",
    "check.lookroot.advice": "take that line out of sudoers over there",
    "check.rights": "{look} has none",
    "check.nohand": "none: this host is only looked at",
    "check.hand": "reached as {hand}, now closed again",
    "check.pty": "sudo there gives {hand}'s commands no terminal of their own, so one that hangs may not be stopped",
    "check.pty.advice": "add to /etc/sudoers.d/nightshift: {line}",
    "check.wide": "{hand} may do more there as root than single commands to the letter: {what}",
    "check.wide.advice": "write each command out",
    "check.unseen": "what it needs could not be seen: {error}",
    "check.missing": "{count} sudoers lines are missing for {hand}",
    "check.missing.advice": "nightshift hosts check {name} prints them",
    "check.whose": "who runs {names} there could not be seen",
    "check.whose.advice": "{look} is not allowed to ask",
    "check.sudo": "{count} lines, none missing",
}
