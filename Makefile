# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Modules of their own keep what only tests, examples and benchmarks need out
# of the main go.mod.
MODULES := . client/zstd actuator examples/custom-adapter examples/testing examples/console integration benchmarks e2e
# These have no tests, but are linted.
TOOLS := tools/screenshots
FUZZTIME ?= 30s
# The race detector needs a C compiler; without one the tests run all the same.
RACE := $(shell command -v $$(go env CC) >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.PHONY: demo
demo: ## Run the catalog example against its embedded service
	@go run ./examples/catalog

.PHONY: console
console: ## The catalog example with the console, under a load that fails and recovers
	@cd examples/console && go run .

.PHONY: screenshots
screenshots: ## Take the pictures of the console anew: docs/images/console-*.png
	@cd tools/screenshots && go run .

.PHONY: test
test: lint $(if $(CI),install) ## Check everything: lint, and all tests with the race detector
	@$(if $(RACE),,echo "no C compiler ($$(go env CC)): testing without the race detector")
	@for module in $(MODULES); do echo "== tests of $$module"; (cd $$module && go test $(RACE) -timeout 10m ./...); done
	@echo "== tests of what calls cost, without the race detector"
	@go test -run 'Allocates' ./client ./resilience && cd benchmarks && go test -run 'Takes' .

.PHONY: install
install: ## Install what the tests in a browser need: Debian's chromium and prometheus
	@tools/install-e2e.sh

.PHONY: lint
lint: ## Check formatting, go vet and staticcheck (pinned in tools/go.mod)
	@unformatted=$$(git ls-files -co --exclude-standard '*.go' | xargs gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	@mkdir -p .tmp && (cd tools && go build -o ../.tmp/staticcheck honnef.co/go/tools/cmd/staticcheck)
	@for module in $(MODULES) $(TOOLS); do echo "== lint of $$module"; (cd $$module && go vet ./... && $(CURDIR)/.tmp/staticcheck ./...); done

.PHONY: bench
bench: ## Run the benchmarks, side by side with other libraries
	@cd benchmarks && go test -run '^$$' -bench . -benchmem ./...

.PHONY: storm
storm: ## Simulate a service that falls sick under a thousand clients, and draw docs/images/storm-*.svg
	@cd benchmarks && go test -count 1 -v -run Storm ./storm -args -svg $(CURDIR)/docs/images

.PHONY: chaos
chaos: ## 24,000 calls through a network that misbehaves, beside other libraries
	@cd benchmarks && go test -count 1 -v -run Twice -timeout 10m ./chaos -args -calls 24000

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
