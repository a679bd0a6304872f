"""Chinese: what `nightshift hosts` says."""

WORDS = {
    "hosts.head": "主机             接入    地址                   组                    模式     来源",
    "hosts.line": "{name:16} {reach:7} {address:22} {groups:21} {mode:8} {origin}",
    "hosts.left": "未纳入：{name}：{why}",
    "hosts.left.file": "未读取：{why}",
    "hosts.key": "{name}（{where}）的主机密钥是\n  {fingerprint}\n请在那台机器上核对：ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    "hosts.key.was": "此前 {name}（{where}）的主机密钥是\n  {fingerprint}",
    "hosts.ask": "确认是它的密钥吗？请输入 yes：",
    "hosts.noask": "这里没有人可以确认；请在 {name} 上亲自核对密钥，然后加上 --fingerprint {fingerprint}",
    "hosts.no": "没有接受 {name} 的密钥，什么都没有改",
    "hosts.differs": "{name} 的密钥是 {fingerprint}，与您给出的不一致；没有接受任何密钥",
    "hosts.changed": (
        "{name} 的密钥现在是 {now}，而此前接受的是 {was}：要么它重装过，要么中间有人冒充；"
        "请先查清原因，再运行：nightshift hosts trust {name}"
    ),
    "hosts.same": "{name} 的密钥没有变，仍是 {fingerprint}；什么都没有改",
    "hosts.trusted": "从现在起，{name} 的密钥是 {fingerprint}。",
    "hosts.table": "# 写入 nightshift.toml。在它的某个组放宽之前，只观察、不动手：",
    "hosts.accounts": "# 在 {name} 上以 root 运行：负责查看的用户（{look}）和负责改动的用户（{hand}），都没有密码。\n# 如果我们的地址固定，请把 restrict 写成 restrict,from=\"我们的地址\"。",
    "hosts.accounts.look": "# 在 {name} 上以 root 运行：负责查看的用户（{look}），没有密码；没有谁能改动任何东西。",
    "hosts.rules": "# {hand} 能以 root 身份执行的命令，一字不差：",
    "hosts.norules": "# 可以在那里运行的技能不需要 sudoers 规则。",
    "hosts.folders": "# {hand} 可以改动其中文件的目录：",
    "hosts.needs": "# 以下要到运行时才知道具体对象，所以没有写；需要的话请您自己放开：",
    "hosts.next": "# 然后运行：nightshift hosts check {name}",
    "hosts.forgot": "已忘记 {name} 的主机密钥和我们为它准备的密钥。请从 nightshift.toml 中删去 [hosts.{name}]。",
    "hosts.undone": "# 在 {name} 上以 root 运行：",
    "hosts.notssh": "{name} 的 reach 是 \"{reach}\"；这条命令只用于 reach = \"ssh\" 的主机",
    "hosts.missing": "# {name} 上还缺这些规则，请以 root 写入 /etc/sudoers.d/nightshift：",
}
