# The verbs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup clients configure build cuda demo bench bench-gpu report-web screenshots test test-gpu test-clients test-asan fuzz lint format install clean

# One translation unit with torch takes about 1.5 GiB of memory.
JOBS := $(shell awk -v cores=$$(nproc) '/^MemAvailable/ { fit = int($$2 / 1572864) } END { j = fit < cores ? fit : cores; print j < 1 ? 1 : j }' /proc/meminfo)
PRESET ?= release
BUILD := build/$(PRESET)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
# rustup puts cargo where a non-login shell does not look.
export PATH := $(PATH):$(HOME)/.cargo/bin

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the build needs: Debian packages, cargo, pinned wheels in .venv
	@tools/setup.sh

clients: ## install the programs that the tests of `hies export` run, into .venv
	@tools/setup.sh --clients

configure: setup
	@cmake --preset $(PRESET) --log-level=WARNING

build: configure ## build everything, tests included (PRESET=release|debug|asan|tidy)
	@cmake --build $(BUILD) -j $(JOBS)

cuda: ## build the program and its plug-in for NVIDIA GPUs; installs nvcc and CUDA libraries into .venv
	@tools/setup.sh --cuda
	@cmake --preset $(PRESET) --log-level=WARNING -DHIES_CUDA=ON
	@cmake --build $(BUILD) -j $(JOBS) --target hies hies_cuda

bench-gpu: cuda ## on one GPU, compare with Hugging Face's, into bench/results/gpu.json (BENCH=options of tools/bench_gpu.py)
	@tools/bench_gpu.py --hies $(BUILD)/apps/hies/hies --json bench/results/gpu.json --folder build/bench-gpu $(BENCH)

demo: configure ## build the program, prune the bundled example and report a small sweep of it
	@cmake --build $(BUILD) -j $(JOBS) --target hies
	@tools/demo.sh $(BUILD)

bench: configure ## compare the speed with Hugging Face's in pairs, into docs/performance.md (needs ../shared; BENCH=options)
	@cmake --build $(BUILD) -j $(JOBS) --target hies
	@tools/bench_cpu.py --hies $(BUILD)/apps/hies/hies $(BENCH)

report-web: configure ## build the page of `hies report` with npm
	@cmake --build $(BUILD) --target hies_report_web

screenshots: configure ## remake README's image from the page of the demo (needs chromium)
	@cmake --build $(BUILD) -j $(JOBS) --target hies
	@tools/screenshots.sh $(BUILD)

test: clients build ## build and run every test that needs no GPU
	@tools/run_tests.py $(BUILD) --exclude gpu dist clients --also-avx2

test-clients: clients build ## run what `hies export` writes in the programs that take long to install: transformers, llama.cpp
	@mkdir -p build/node-clients && cp tools/clients/package*.json build/node-clients
	@cd build/node-clients && npm install --ignore-scripts --no-audit --no-fund --loglevel=error
	@HIES_REFERENCE_PYTHON=$$(cd tools/bench && python3 -c 'import environment; print(environment.reference_python())') \
	  HIES_NODE_CLIENTS=$(CURDIR)/build/node-clients tools/run_tests.py $(BUILD) --only clients

test-gpu: cuda ## build and run the tests that need an NVIDIA GPU
	@cmake --build $(BUILD) -j $(JOBS)
	@tools/run_tests.py $(BUILD) --only gpu

test-asan: ## the `fast` tests under the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory build PRESET=asan
	@tools/run_tests.py build/asan --only fast

fuzz: ## damaged files for clang's libFuzzer, FUZZ_SECONDS=60 in all (FUZZ_TARGETS: some of tests/fuzz/targets.def)
	@tools/setup.sh --fuzz
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build build/fuzz -j $(JOBS) --target hies_fuzz
	@tools/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

lint: ## clang-format, clang-tidy, shellcheck, Python syntax
	@tools/setup.sh --lint
	@cmake --preset tidy --log-level=WARNING
	@tools/lint.sh build/tidy $(JOBS)

format: ## rewrite the sources with clang-format
	@git ls-files '*.h' '*.cpp' '*.cu' '*.cuh' | xargs clang-format -i

install: build ## install the program, headers and CMake package (PREFIX=/usr/local)
	@cmake --install $(BUILD) --prefix $(PREFIX)

clean: ## remove what was built; .venv stays
	@rm -rf build rust/target
