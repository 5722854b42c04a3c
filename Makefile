# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# go.work lists the modules. The tools are in a workspace of their own
# (docs/decisions/0019-workspace.md).
MODULE := github.com/pyfly-go/pyfly
FUZZTIME ?= 30s
# The race detector needs a C compiler; without one the tests run all the same.
RACE := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)
# At exit the race detector waits a second for races of goroutines that still
# run. Every package is checked for leaked goroutines, so that there are none.
export GORACE ?= atexit_sleep_ms=20
# "make lint" runs what "go test" would run of "go vet", and more.
GOTEST := go test -vet=off -timeout 10m

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## Run the catalog example against its embedded service
	@go run ./examples/catalog

.PHONY: console
console: ## The catalog example with the console, under a load that fails and recovers
	@cd examples/console && go run .

.PHONY: screenshots
screenshots: ## Take the pictures of the console anew: docs/images/console-*.png
	@cd tools/screenshots && go run .

# Folders of packages that are tested without the race detector:
#   benchmarks  what calls cost differs under it, and the benchmarks are run once
#               each, one after the other, to see that they work
#   cmd/pyfly   one goroutine, and what it waits for is the go command
UNRACED := benchmarks cmd/pyfly

# The tests of e2e have a target of their own because they need programs.
.PHONY: test
test: ## Run the tests of all modules but e2e, with the race detector
	@$(if $(RACE),,echo "no C compiler ($$(go env CC)): testing without the race detector")
	@$(GOTEST) $(RACE) $$(go list work | grep -vxF $(patsubst %,-e $(MODULE)/%,e2e $(UNRACED))) | tools/times.sh
	@echo "== without the race detector"
	@$(GOTEST) $(UNRACED:%=./%) && $(GOTEST) -run Allocates ./client ./resilience && $(GOTEST) -run "InProportion|LargeFile" ./config
	@$(GOTEST) ./internal/simulation && $(GOTEST) -run TestRandomApplications ./container

# Most of these tests wait, for a browser or for Prometheus. Those that measure
# are not parallel.
.PHONY: e2e
e2e: $(if $(CI),install) ## Run the tests in a browser, with Prometheus, and of a restart under load
	@$(GOTEST) $(RACE) -parallel 4 ./e2e

.PHONY: consumer
consumer: ## Install and use all modules as the tags of a release would publish them; test the tools
	@go -C tools test -vet=off -count=1 -timeout 20m ./... ./screenshots

.PHONY: install
install: ## Install what tests need: Debian's chromium and prometheus, and a C compiler
	@tools/install-e2e.sh

.PHONY: lint
lint: ## Check formatting, and run staticcheck, go vet and a few analyzers more: tools/lint
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	@mkdir -p .tmp && go -C tools build -o ../.tmp/lint ./lint
	@.tmp/lint work && cd tools && ../.tmp/lint work
	@go vet -buildtag -directive work # of files for other systems too

# The database of vulnerabilities is on the network, and changes without us:
# .ci/run does not ask it.
.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities in what the modules call
	@mkdir -p .tmp && go -C tools build -o ../.tmp/govulncheck golang.org/x/vuln/cmd/govulncheck
	@for module in $$(go list -m -f '{{.Dir}}'); do echo "== $$module"; (cd $$module && $(CURDIR)/.tmp/govulncheck ./...); done

.PHONY: tidy
tidy: ## Run go mod tidy in all modules, and give them one version of what they share
	@go -C tools run ./tidy
	@go -C tools mod tidy && go -C tools/screenshots mod tidy

.PHONY: release
release: ## Check, commit and tag a release of all modules: make release VERSION=v0.1.0
	@go -C tools run ./release -version '$(VERSION)'

.PHONY: simulate
simulate: ## Run SEEDS (1000) random worlds from FIRST (1) on; or one, SEED=n, without OFF=features; COLLIDE=1 lets things happen at one instant
	@cd internal/simulation && go test -vet=off -count 1 -v -timeout 0 -run '^TestWorlds$$' . -args -seeds $(or $(SEEDS),1000) -first $(or $(FIRST),1) \
		$(if $(SEED),-seed $(SEED)) $(if $(OFF),-off $(OFF)) $(if $(COLLIDE),-collide) -coverage $(CURDIR)/.tmp/simulation-coverage.csv

.PHONY: plant
plant: ## Plant faults in the product, and see whether the simulator finds them
	@cd internal/simulation && go test -vet=off -count 1 -v -timeout 0 -run '^TestPlanted' . -args -plant

.PHONY: bench
bench: ## Run the benchmarks, side by side with other libraries
	@cd benchmarks && go test -run '^$$' -bench . -benchmem ./...

.PHONY: storm
storm: ## Simulate a service that falls sick under a thousand clients, and draw docs/images/storm-*.svg
	@cd benchmarks && go test -count 1 -v -run Storm ./storm -args -svg $(CURDIR)/docs/images

.PHONY: chaos
chaos: ## 24,000 calls through a network that misbehaves, beside other libraries
	@cd benchmarks && go test -count 1 -v -run Twice -timeout 10m ./chaos -args -calls 24000

DURATION ?= 10m
.PHONY: soak
soak: ## Call a service through a network that misbehaves, with settings that change every second, for DURATION (10m)
	@cd benchmarks && go test -count 1 -v -run Soak -timeout 0 ./chaos -args -soak $(DURATION)

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (30s)
	@for module in . integration; do (cd $$module && for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "== $$package $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done); done

.PHONY: graph
graph: ## Draw the catalog example's beans: an SVG with Graphviz' dot, else Mermaid
	@if command -v dot >/dev/null; then \
		go run ./examples/catalog -graph dot | dot -Tsvg -o docs/catalog-graph.svg && echo "drawn: docs/catalog-graph.svg"; \
	else \
		go run ./examples/catalog -graph mermaid > docs/catalog-graph.mmd && echo "no dot here, written: docs/catalog-graph.mmd"; \
	fi

.PHONY: golden
golden: ## Write the golden files of reports and graphs anew
	@go test ./container -run 'TestReports|TestGraphs' -update
