# make setup   everything to play and import models
# make play    the factory instrument, into neural-synth.wav where there is no sound card
# make test    everything set up, then the tests
# make models  the factory models from nothing, in some hours of one core; it resumes
# make models-quick  the same way in minutes, into build/models-quick, to no musical end
# make conformance  imports every kind of genuine RAVE export, made by the published package
# make damaged  imports 200 damaged files, each in a process of its own
# make image   the card's image; VARIANT=qemu-amd64, pi5-debian, pi5-debian-rt, pi5 (docs/image.md)
# make image-twice  builds it again in a checkout of its own and compares
# make jetson-test  runs the Jetson's installer twice in a root of Arm programs
# make image-test  boots built images in QEMU and puts them through everything a box must do
# make bench   speed against TorchScript, real-time endurance, latency of live input
# make lint    ruff and pyright

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SUDO := $(shell test "$$(id -u)" = 0 || echo "sudo -n")
MACHINE := $(shell uname -m)
# Newer aarch64 wheels bring CUDA along; on x86 the CPU build comes from TORCH_INDEX where given.
TORCH ?= $(if $(filter aarch64,$(MACHINE)),torch==2.10.0,torch==2.13.0)
TORCH_INDEX ?=
ARGS ?=

PLAY_PACKAGES := python3 python3-dev python3-venv gcc libc6-dev libasound2-dev libusb-1.0-0
MODEL_PACKAGES := fluidsynth fluid-soundfont-gm
TEST_PACKAGES := $(PLAY_PACKAGES) $(MODEL_PACKAGES) libasound2-plugins jackd2 chromium chromium-driver systemd

IMAGE_PACKAGES := debian-archive-keyring dpkg xz-utils zstd cpio kmod squashfs-tools dosfstools mtools \
  fdisk e2fsprogs qemu-user-static \
  $(if $(filter aarch64,$(MACHINE)),gcc libc6-dev gcc-x86-64-linux-gnu libc6-dev-amd64-cross, \
  gcc libc6-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
JETSON_PACKAGES := qemu-user-static mmdebstrap arch-test systemd
BENCH_PACKAGES := qemu-system-x86 qemu-system-arm qemu-system-common
VARIANT ?= pi5-debian
ROOT := $(if $(SUDO),$(SUDO) -E,)

.PHONY: setup play test models models-quick conformance damaged image image-packages image-twice image-test jetson-test bench lint clean
setup: $(VENV)/.models

play: $(VENV)/.play
	$(BIN)/neural-synth play --panel $(ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest $(ARGS)

models: $(VENV)/.test
	$(call system,$(MODEL_PACKAGES))
	$(BIN)/python -m models.training

models-quick: $(VENV)/.test
	$(call system,$(MODEL_PACKAGES))
	$(BIN)/python -m models.training --quick --out build/models-quick

conformance: $(VENV)/.test
	$(BIN)/python -m tests.conformance genuine $(ARGS)

damaged: $(VENV)/.test
	$(BIN)/python -m tests.conformance damaged $(ARGS)

image-packages:
	$(call system,$(IMAGE_PACKAGES))

image: $(VENV)/.play image-packages
	$(ROOT) $(BIN)/python image/build $(VARIANT) $(ARGS)

image-twice: $(VENV)/.play image-packages
	$(ROOT) $(BIN)/python -m tests.image.twice $(VARIANT)

jetson-test: $(VENV)/.play
	$(call system,$(JETSON_PACKAGES))
	$(ROOT) $(BIN)/python -m tests.image.jetson

# The quick one first: what fails on x86 need not be waited for on Arm.
image-test: $(VENV)/.test image-packages
	$(call system,$(BENCH_PACKAGES))
	$(ROOT) $(BIN)/python image/build qemu-amd64
	$(ROOT) $(BIN)/python image/build qemu-arm64
	$(BIN)/python -m tests.boot qemu-amd64 --cuts 20 $(ARGS)
	$(BIN)/python -m tests.boot qemu-arm64 $(ARGS)

bench: $(VENV)/.test
	$(BIN)/python -m tests.bench $(ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis

# $(call system,PACKAGES): what Debian or Raspberry Pi OS still lacks, without a question.
define system
@if command -v apt-get >/dev/null; then \
  missing=; for p in $(1); do \
    dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
  done; \
  if [ -n "$$missing" ]; then \
    echo "Installing system packages:$$missing"; \
    export DEBIAN_FRONTEND=noninteractive; \
    { $(SUDO) apt-get update -qq && \
      $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } || \
    { echo "These packages are needed. As root, run: apt-get install$$missing"; exit 1; }; \
  fi; \
fi
endef

$(VENV)/bin/python:
	$(call system,$(PLAY_PACKAGES))
	$(PYTHON) -m venv $(VENV)

$(VENV)/.play: $(VENV)/bin/python pyproject.toml
	$(call system,$(PLAY_PACKAGES))
	$(PIP) install -q -e '.[push,web]'
	@touch $@

$(VENV)/.models: $(VENV)/.play
	$(PIP) install -q $(TORCH) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(PIP) install -q -e '.[models]'
	@touch $@

$(VENV)/.test: $(VENV)/.models Makefile
	$(call system,$(TEST_PACKAGES))
	$(PIP) install -q -e '.[models,training,test,push,web,oled,footswitch,keys]'
	@touch $@
