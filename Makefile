# What people who change Nightshift type. `./nightshift python` is the environment's Python, with what tests need.
.PHONY: check format test slow bench lock
LOCK = uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --custom-compile-command 'make lock'

check:  ## style, types, import rules, dead code, house rules: all are tests
	./nightshift python -m pytest -q tests/test_house_rules.py

format:
	./nightshift python -m ruff check --fix .
	./nightshift python -m ruff format .

test:
	./nightshift test

slow:
	./nightshift test --slow

bench:  ## make bench ONLY=issue-1
	./nightshift python -m tests.bench $(ONLY)

lock:  ## the newest versions that pyproject.toml allows, with hashes; needs uv
	$(LOCK) -o requirements.lock pyproject.toml
	$(LOCK) -c requirements.lock --extra test -o requirements-test.lock pyproject.toml
