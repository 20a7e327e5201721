# Every verb is one script, so each also works where there is no make. Options for the tests: make test ARGS="-k flows"
.PHONY: help run test check setup lint format bench load faults golden docs demo audit coverage screenshots container prove postgres sbom mutate site

help: ## List the verbs
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

run: ## Serve on http://127.0.0.1:8000/ (another address: PLANNER_BIND=host:port)
	@scripts/run.sh

demo: ## The same, with the example plan loaded
	@scripts/run.sh --demo

test: ## Everything that must pass before a change goes in
	@scripts/test.sh $(ARGS)

postgres: ## Tests of what is stored, on a PostgreSQL server of their own. ARGS="tests/web" for others
	@scripts/postgres.sh $(ARGS)

check: ## What is worth knowing before every commit, in two minutes: static checks, tests without a browser
	@scripts/check.sh $(ARGS)

coverage: ## Show which lines and branches no test without a browser takes; fails where engine, plan or matrix has one
	@scripts/coverage.sh $(ARGS)

mutate: ## Change single places of engine, plan, links and accounts, and see whether a test notices. ARGS="--map --write"
	@scripts/dev.sh python scripts/mutate.py $(ARGS)

setup: ## Install what the other verbs need; they call it themselves
	@scripts/setup.sh --test

lint: ## The static checks alone
	@scripts/lint.sh

format: ## Bring the code into the house style
	@scripts/dev.sh sh -c 'ruff check --fix . && ruff format . && biome check --write --config-path=scripts/web static'

golden: ## Rewrite the golden files; review the diff before committing it
	@scripts/dev.sh env UPDATE_GOLDEN=1 python -m pytest -k golden

docs: ## Write docs/document-table.md anew: the vendor's document, row by row, beside the matrix
	@scripts/dev.sh python scripts/document_table.py

site: ## Build the documentation as a site, into tests/artifacts/documentation
	@scripts/dev.sh python scripts/documentation.py tests/artifacts/documentation

bench: ## Measure the engine, the pages, and several people on one plan
	@scripts/dev.sh python scripts/bench.py
	@scripts/dev.sh python scripts/bench_edits.py
	@scripts/dev.sh python scripts/bench_pages.py
	@scripts/dev.sh python scripts/bench_together.py
	@scripts/dev.sh python scripts/bench_table.py
	@scripts/dev.sh python scripts/bench_results.py
	@scripts/dev.sh python scripts/bench_gap.py

load: ## Put the service under load, on SQLite and PostgreSQL: nothing may fail, and nothing acknowledged be lost. ARGS="--write"
	@scripts/dev.sh python scripts/load.py $(ARGS)

faults: ## Break the service while people write, and see that nothing acknowledged is lost; root for disks. ARGS="--kills 20"
	@scripts/dev.sh python scripts/faults.py $(ARGS)

prove: ## Load the files of plans into a laboratory of network namespaces and send packets; needs root. ARGS="--plan FILE"
	@scripts/dev.sh python scripts/prove.py $(ARGS)

screenshots: ## Take the pictures that the README and the tutorial show
	@scripts/dev.sh python scripts/screenshots.py
	@UPDATE_PICTURES=1 scripts/dev.sh python -m pytest -q tests/e2e/test_tutorial.py

container: ## Carry the Dockerfile out in a bare Debian tree, and try what comes of it; needs root and debootstrap
	@scripts/container.sh $(ARGS)

audit: ## Look for known vulnerabilities in the locked dependencies
	@scripts/dev.sh uv audit --frozen $(ARGS)

sbom: ## Write what the service is made of, with versions and hashes, to sbom.json (CycloneDX 1.5)
	@scripts/dev.sh uv export --quiet --frozen --no-dev --format cyclonedx1.5 --output-file sbom.json
