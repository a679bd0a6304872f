"""Chinese: what the tests of skills say, and adopting a script of the team's own."""

from __future__ import annotations

WORDS: dict[str, str] = {
    "document.made": "文档：{path}  （查看：nightshift documents show {name}）",
    "document.none": "没有生成文档：{why}",
    "document.noplot": "图没有画成；其数据在文档旁的表格文件里。",
    "document.nothing": "还没有文档。make_disk_report 等技能会生成文档。",
    "tests.line": "用例 {cases}  故障 {faults}  变异 {caught}/{mutants}（{percent} %）",
    "tests.gate": "静态检查：{why}",
    "tests.faults": "让每个主机调用各失败一次（{count} 次）",
    "tests.mutants": "{mutants} 个变异中发现 {caught} 个（共可产生 {possible} 个）；至少要发现 80 %，漏掉主机调用的必须全部发现",
    "tests.survivor": "第 {line} 行：没有用例能发现 {change}",
    "tests.summary": "{skills} 个技能，{mutants} 个变异中发现 {caught} 个，用时 {seconds} 秒。",
    "tests.good": "全部合格。",
    "tests.bad": "不合格：{names}",
    "tests.running": "正在沙箱里演练全部技能，需要几分钟 …",
    "proven.looks": "只观察",
    "proven.proven": "已用真实故障验证：{fault}",
    "proven.changed": "验证之后又改过",
    "proven.unproven": "尚未用真实故障验证",
    "proven.action": "自有脚本",
    "adopt.found": "{file}：{size} 字节，所有者 {owner}，首行 {first}",
    "adopt.hash": "SHA-256 {sha256}",
    "adopt.lines": "开头几行：",
    "adopt.risk": "风险多大：medium 还是 high？",
    "adopt.cures": "它能修复哪些信号，例如 http.failed？（回车：没有，仅按要求运行）",
    "adopt.undo": "用什么命令撤销它？（回车：没有）",
    "adopt.sure": "把这些行写入 {path} 吗？",
    "adopt.written": (
        "已写入 {path}；正在运行的 `up` 下次启动时生效。没有运行任何东西。它从试用期开始；"
        "试运行：nightshift run {name} --host localhost --dry-run"
    ),
    "adopt.left": "什么都没有写入。",
}
