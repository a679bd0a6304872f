"""Chinese: what skills tell people, and where what a run reads may go."""

from __future__ import annotations

WORDS = {
    "notice.told": "致{to}，{host} 上的 {skill} 通知：\n{text}",
    "notice.oncall": "值班的 {person}",
    "notice.anybody": "值班人员",
    "notice.group": "{group} 组（{people}）",
    "effect.http.POST": "向 {t} 发送数据",
    "effect.kv": "为下次运行记下 {t}",
    "effect.secret": "使用密钥 {t}",
    "flow.line": "它读到的内容（{reads}）可能送往：{outs}。",
    "flow.and": "、",
    "flow.reads.nothing": "不读主机上的内容",
    "flow.reads.more": "{first} 等，另有 {count} 项",
    "flow.out.result": "这里的运行结果",
    "flow.out.web": "{host}",
    "flow.out.secret": "{host}（带密钥 {name}）",
    "flow.out.any": "参数里给出的任意网页",
    "flow.out.listed": "你列出的网站",
    "flow.out.notify": "值班人员",
    "flow.out.group": "{group} 组",
    "flow.out.kept": "它留给下次运行的笔记",
}
