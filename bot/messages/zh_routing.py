"""Chinese: what the tiers would choose for words."""

WORDS = {
    "route.memory": "记忆：按整条告警的指纹识别，不看散句；真出故障时最先问它。",
    "route.found": "话里提到：{values}",
    "route.found.none": "话里没有提到主机、服务、路径、端口等具体值",
    "route.looks": "只查看",
    "route.acts": "会动手，先请示",
    "route.clear": "路由：明确。第一名达到 {clear}，领先 {margin}（要求 {lead}）。",
    "route.choices": "路由：不够明确，会列成选项。要达到 {clear} 且领先 {lead} 才算明确，这里领先 {margin}。",
    "route.nothing": "路由：没有对应的技能，都没达到 {floor}。",
    "route.meaning.on": "语义：已一并比较。",
    "route.meaning.off": "语义：未比较；在 nightshift.toml 的 [router] 里写 semantic = true 即可开启。",
    "route.meaning.missing": "语义：已设置但未安装；pip install 'nightshift[semantic]'",
    "route.meaning.learning": "语义：还没准备好，先只按字面判断（{why}）。",
    "route.missing": "还不能执行：{why}",
    "route.cerebellum.off": "小脑：未配置；见 .env 里的 CEREBELLUM_MODEL。",
    "route.cerebellum.unasked": "小脑：没有可选的技能，未询问。",
    "route.cerebellum.silent": "小脑：没有及时回答，或因连续失败暂不询问。",
    "route.cerebellum.voted": "小脑：{said}",
    "route.cerebellum.unsure": "小脑：把握不够（{said}）",
    "route.brain.off": "大脑：未配置；见 .env 里的 BRAIN_MODEL。",
    "route.brain.on": "大脑：这里不询问。以上各层都定不下来时才会问它。",
}
