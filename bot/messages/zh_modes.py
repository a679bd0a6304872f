"""Every sentence about modes and the roster, in Chinese."""

from __future__ import annotations

WORDS = {
    "mode.tightened": "{scope}：从现在起最多到 {mode}（{by}）。只能在本机解除：模式 {word} 重置",
    "head.observed": "{host}：{trouble}，只观察",
    "card.observed": "这台主机只观察（observe 模式），所以没有询问。否则会请您批准以上操作。",
    "report.nottried": "{skill}：没有执行",
    "report.observed": "这里只观察（observe 模式），所以没有询问",
    "mode.same": "{scope} 本来就是 {mode}；没有改变。",
    "mode.loosening": (
        "聊天里只能收紧，所以 {scope} 不会变成 {mode}。请在本机修改 nightshift.toml 里的 mode，或在本机解除收紧：模式 {word} 重置"
    ),
    "mode.machine": "收紧过的模式，只能由管理员在本机解除，或在本机修改 nightshift.toml。",
    "mode.none": "没有人用这个名字收紧过 {scope}；没有改变。现在的模式：模式",
    "mode.newer": "就在那一刻或之后，另有人收紧了 {scope}，以收紧为准。如果仍要解除：模式 {word} 重置",
    "mode.reset": "{scope} 恢复为 nightshift.toml 里的模式（{by}）。",
    "mode.unknown": "没有叫 {scope} 的主机或组。已知的：{known}",
    "mode.tight": "已收紧：{scope} 最多到 {mode}，{by}，自 {since}（在本机解除：模式 {word} 重置）",
    "reply.go.newer": "{by} 在 {since} 说了停或接手，不早于您说继续，所以 {scope} 保持不动。如果仍要继续，请再说一次。",
    "reply.second.asked": "{id}：同意的人（{by}）本身就是提出的人；还需要另一位有权批准的人同意。",
    "reply.tie": "{by} 在同一秒说了同意；以更安全的为准：这个事件不再有新的动作。解除：继续 {id}",
    "roster.nobody": "[people] 里没有列出任何人：只有数据目录的主人能在本终端做决定。",
    "roster.one": "{hosts} 只有一位审批人，所以两条规则不生效：高风险要两人同意，常令要第二人确认。改为在本机输入对象名。",
}
