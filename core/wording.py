"""What words say beside their subject: whether they ask or order something, and what people want that no skill here serves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

_BEGINNING = 400
"""Characters in which somebody who asks or orders has done so; a log that was pasted goes on."""


class Mood(StrEnum):
    """What somebody wants of a skill: to be told, or to have it done."""

    ASKS = "asks"
    ORDERS = "orders"
    STATES = "states"


_ASKING = re.compile(
    r"\b(?:who|whos|whose|what|whats|which|why|whys|where|how|when|any|list|check|show|look|see|find|count|inspect)\b"
    r"|^(?:is|are|was|did|does|do)\b"
    r"|谁|哪|啥|什么|咋|怎么|为何|几个|多少|是不是|有没有|是否|看看|看下|看一下|查|列出|列一下|吗"
)
_ORDERING = re.compile(
    r"\b(?:restart|reload|bounce|kick|cycle|kill|stop|start|delete|remove|clean|clear|purge|nuke|wipe|drop|restore|revert"
    r"|put|bring|change|set|swap|replace|end|move|get rid|rm|flush|truncate|fix|free up|unblock|reopen|undo|terminate)\b"
    r"(?! (?:of|time|counter|count)\b)"
    r"|重启(?!了|失败)|重载|拉起|启动(?!不|失败|报错)|起起来|起来吧|先停|停掉|停了它|杀掉|干掉|删掉|删除(?!的|了|失败)"
    r"|清一?清|清理|清掉|腾|恢复|还原|回退|撤销|挪走|挪开|换成|换个|改成|改为|改一下|调大|调成|加回|打开|启用|放开|放行"
    r"|断掉|给它|止住"
)


def mood(words: str) -> Mood:
    """What came first counts: 'restart what eats the memory' orders, 'who stopped it' asks."""
    text = words[:_BEGINNING].lower()
    asks, orders = _ASKING.search(text), _ORDERING.search(text)
    if orders and (asks is None or orders.start() < asks.start()):
        return Mood.ORDERS
    return Mood.ASKS if asks else Mood.STATES


_ELSEWHERE = {
    r"deploy|\bship|发布|部署|上线|发版|merge request|pull request|pipeline": (
        "deploy the new version, deploy to production, release to prod, ship it to staging, "
        "roll out the release, roll back the release, rollback the last deployment, promote the build, "
        "merge the pull request, rerun the pipeline, the build is slow in jenkins, 发布新版本, 部署到生产, "
        "上线新版本, 发到生产环境, 发版, 回滚到上一个版本, 回滚发布, 合并代码, 构建很慢"
    ),
    r"refund|invoice|退款|发票": (
        "refund, refund a customer, send an invoice, give the customer the money back, "
        "charge the credit card, 给用户退款, 退款, 开发票, 给客户退钱, 退货"
    ),
    r"dns (?:record|entry)|cname|(?:解析|A|MX|TXT) ?记录|domain regist": (
        "create a dns record, add an A record for a domain, add a CNAME, change the MX or TXT record, "
        "register a domain, 加一条 A 记录, 修改域名解析记录, 添加 CNAME, 改 MX 记录, 注册域名"
    ),
    r"alter table|\bcolumn|schema|migration|字段|表结构|建表|迁移": (
        "add a column to the table, alter table, change the database schema, create an index on the table, "
        "drop the table, run the migration, insert rows into the table, 给表加个字段, 修改表结构, 建索引, "
        "建表, 删表, 删了用户表, 执行数据库迁移"
    ),
    r"replicas\b|\bscale|provision|扩容|缩容|副本|instance type": (
        "scale to 10 replicas, scale the deployment up, increase the number of replicas, "
        "add more nodes to the cluster, change the instance type, resize the machine, "
        "provision a new server, 扩容到 10 个副本, 副本数改成, 缩容, 加机器, 增加节点, 升级机器配置"
    ),
    r"joke|poem|song|weather|translat|笑话|写.?诗|天气|翻译": (
        "tell me a joke, write a poem, sing a song, write a story, how are you today, who won the game, "
        "what is the weather, translate this text, 讲个笑话, 写首诗, 唱首歌, 讲个故事, 天气怎么样, "
        "谁赢了比赛, 翻译一下, 推荐一部电影, 你好吗"
    ),
    r"reset .{0,30}password|new password|password reset|account|vpn|重置.{0,10}密码|改.{0,6}密码|账号|grant permission": (
        "reset the password, i forgot my password, unlock my account, create an account for a new user, "
        "give somebody access, make her an admin, add a user to the group, grant permissions on github, "
        "vpn access, 忘记密码, 重置密码, 改密码, 开个账号, 加权限, 开通 VPN, 给他管理员权限, 解锁账号"
    ),
    r"vacation|holiday|salary|meeting|flight|sick leave|请假|会议|机票|报销": (
        "vacation days left, request sick leave, when do i get my salary, book a meeting room, "
        "book a flight, get us lunch, schedule a meeting, who is on holiday, 请假, 年假还剩几天, 发工资, "
        "订会议室, 订机票, 点外卖, 安排会议, 报销"
    ),
    r"ticket|jira|工单|write (?:a |some )|写代码|写个": (
        "write a script, write some code, explain this code, review my code, create a ticket, "
        "open a jira issue, write an email, 写个脚本, 写段代码, 帮我写代码, 提个工单, 建个 jira, 写封邮件, "
        "代码评审"
    ),
    r"\bbuy |printer|laptop|打印机|显示器": (
        "buy more hardware, my laptop is broken, my mouse is broken, the printer is out of paper, where is the coffee machine, "
        "install a program, 打印机卡纸, 显示器坏了, 电脑蓝屏, 重装电脑, 买新硬件, 装个软件"
    ),
}
"""What is asked of whoever is on call and is none of these skills' business, by the subject that a skill which does it would name."""


def elsewhere(said: str) -> Iterator[tuple[str, ...]]:
    """What nobody serves, as people ask for it: a subject that is in what skills say of themselves is left out."""
    for subject, texts in _ELSEWHERE.items():
        if not re.search(subject, said, re.IGNORECASE):
            yield tuple(texts.split(", "))
