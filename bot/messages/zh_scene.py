"""Every sentence about what surrounds a trouble, and pages, in Chinese."""

from __future__ import annotations

WORDS = {
    "scene.changed": "此前变更：{list}",
    "scene.nothing": "没看到任何变更",
    "scene.unseen": "看不到",
    "scene.event": "{what} {at}",
    "scene.by": "{what}（{by}，{at}）",
    "scene.mine": "{what}（我做的，{at}）",
    "scene.logins": "登录中：{list}",
    "scene.login": "{user}（{terminal}）",
    "scene.login.idle": "{user}（{terminal}，空闲 {idle}）",
    "scene.because": "询问原因：{why}",
    "scene.forbidden": "原因：{why}",
    # what rules say, word for word as core says it
    "restraint.login.idle": "{who} 正登录在上面（{terminal}，空闲 {minutes} 分钟）",
    "restraint.login": "{who} 正登录在上面（{terminal}）",
    "restraint.logins": "另有 {count} 个登录",
    "restraint.unseen": "看不到谁登录在上面：{why}",
    "list.then": "；",
    "restraint.cap": "一小时内已修复 {done} 次（{where}），上限 {limit}",
    "restraint.relapse": "一小时内已修复 {count} 次，都没有持久，请查明原因",
    "restraint.failed": "在 {where} 上失败过",
    "restraint.rule": "{by} 的规矩 {id}：{said}",
    "restraint.page": "{skill} 读过网页，之后不自行动作",
    "restraint.storm": "{id}：告警风暴中不自行动作",
    "restraint.used": "常令 {id} 今夜已用 {count} 次",
    "restraint.attempt": "{skill} 的结果：{ending}；不再尝试其他",
    "restraint.rejected": "{who} 拒绝了：{why}",
    "restraint.taken": "{who} 接手了",
    "restraint.denied": "不允许：{why}",
    "restraint.blind": "看不到的，我不动手：{why}",
    "restraint.stuck": "我无法继续：{why}",
    # who else, and by what
    "card.ask2.long": "高风险：需两人批准，或在“同意 {id}”后输入完整主机名",
    "card.paused": "{kind}（{by}），直到 {until}",
    "card.more.values": "另有 {count} 个，见：计划 {id}",
    # what people say they changed
    "note.taken": "已记下（{where}）：{text}。接下来一小时的卡片上都会显示。",
    "note.again": "已经记过了。",
    "note.everywhere": "所有主机",
    # a page, for a lock screen
    "page.line": "{host}：{trouble}，{wanted}",
    "page.wanted.severe": "请看",
    "page.wanted.unanswered": "无人答复",
    "page.wanted.handed over": "请您接手",
    "page.wanted.worse": "更糟了，请看",
    "page.wanted.relapse": "反复出现",
    "page.wanted.blind": "我看不到",
    "page.wanted.cut off": "我失联了",
    "page.wanted.drill": "演练，收到即可",
}
