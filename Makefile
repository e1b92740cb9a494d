# Everything a developer or CI does, by name. `make help` lists it.

SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0

GO      ?= go
TOOL    := $(GO) tool -modfile=go.tools.mod
HACK    := $(GO) -C hack run
CLUSTER := $(HACK) ./devcluster
STATE   ?= $(CURDIR)/.devcluster
SECOND  ?= $(STATE)-second
export BULKHEAD_STATE := $(STATE)

##@ Use

.PHONY: demo
demo: ## From nothing to a cited answer on a real Kubernetes, and leave it running
	$(HACK) ./demo

.PHONY: devcluster-up
devcluster-up: ## Start the development cluster (STATE=dir; default .devcluster)
	$(CLUSTER) up

.PHONY: devcluster-down
devcluster-down: ## Stop the development cluster and keep its state
	$(CLUSTER) down

.PHONY: devcluster-up-second
devcluster-up-second: ## Start a second one, linked to the first (SECOND=dir; default .devcluster-second)
	$(CLUSTER) --state $(SECOND) --name second up --no-vault --link $(STATE)

.PHONY: devcluster-down-second
devcluster-down-second: ## Stop the second one and keep its state
	$(CLUSTER) --state $(SECOND) down

.PHONY: env
env: ## Print what puts kubectl and the development cluster into a shell: eval "$$(make -s env)"
	@echo "export KUBECONFIG=$(STATE)/kubeconfig"
	@echo "export PATH=$(CURDIR)/bin:$$($(CLUSTER) binaries envtest):\$$PATH"

.PHONY: deploy
deploy: ## Install the operator from config/ into the running cluster
	$(HACK) ./deploy

.PHONY: deploy-second
deploy-second: ## Let the installed operator put cells on the second cluster
	$(HACK) ./deploy remote $(SECOND)

.PHONY: kubectl-bulkhead
kubectl-bulkhead: ## Build the kubectl plugin into bin/, to be put on PATH
	$(GO) build -trimpath -ldflags="-s -w" -o bin/ ./cmd/kubectl-bulkhead

.PHONY: images
images: ## Build the images as archives; a Docker user can `docker build --target manager|runtime .`
	$(CLUSTER) images

##@ Develop

.PHONY: generate
generate: ## Generate deep copies
	$(TOOL) controller-gen object paths=./api/...

.PHONY: manifests
manifests: ## Generate the CustomResourceDefinitions
	$(TOOL) controller-gen crd paths=./api/... output:crd:artifacts:config=config/crd/bases

.PHONY: fmt
fmt: ## Format the code
	gofmt -w $$(git ls-files '*.go')

.PHONY: lint
lint: ## Run the linters
	hack/lint/lint.sh

.PHONY: verify
verify: ## Fail when generated files, formatting, modules or lint are not in order
	hack/verify.sh

##@ Prove

.PHONY: test
test: ## Unit tests, the operator against a real API server, the runtime against real PostgreSQL and OpenBao
	hack/test.sh

.PHONY: test-race
test-race: ## The tests of what goroutines share, under Go's race detector
	hack/test-race.sh

.PHONY: fuzz
fuzz: ## Fuzz every decoder, parser and sanitiser for a while each (FUZZTIME=10s, RUN=regular expression)
	hack/fuzz.sh

.PHONY: e2e
e2e: ## The whole on the development cluster: real kubelet, packets, CloudNativePG, OpenBao
	hack/e2e.sh

.PHONY: bench-demo
bench-demo: ## Time the demo from no cluster to the last answer
	$(CLUSTER) down
	$(HACK) ./demo --fresh

.PHONY: bench-provision
bench-provision: ## Time a Shared tenant from apply to Ready, and count the writes of a quiet operator
	$(HACK) ./bench provision

.PHONY: bench-tiers
bench-tiers: ## Time a tenant of each tier from apply to Ready (needs devcluster-up-second deploy-second)
	$(HACK) ./bench tiers

.PHONY: bench-operator
bench-operator: ## Make 100, 1,000 and 10,000 tenants (TENANTS=n) and count what the operator does (STEADY=10m)
	hack/bench-operator.sh

.PHONY: bench-engine
bench-engine: ## Measure the query engine over HTTP (SIZES=10k,100k,100k-384,1m,1m-384), and beside PostgreSQL with pgvector (RUN=TestPeer)
	hack/bench-engine.sh

.PHONY: bench-quality
bench-quality: ## Measure the ranking on judged collections (BULKHEAD_DATA=dir, DATASET=dir in BEIR layout)
	hack/bench-quality.sh

##@ Help

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
