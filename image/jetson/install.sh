#!/bin/sh
# Installs the neural synthesizer on a Jetson with JetPack 6 (Ubuntu 22.04): its own Python
# environment under /opt, the same units, rules and accounts as the card's image, data under /var.
# Safe to run again: it brings what is there up to date and keeps the player's files.
#
#   sudo image/jetson/install.sh [--root DIR] [--wheel FILE] [--python PROGRAM] [--units-only]
#
# --root DIR installs into another root, such as Linux_for_Tegra/rootfs before it is flashed, and
# starts nothing; on a PC that needs QEMU's user emulation for the Jetson's programs. --wheel takes a
# wheel that was built elsewhere. --units-only leaves packages and Python environment as they are.
# torch is left to NVIDIA's own packages: the instrument plays without it, only the import of new
# models needs it.
set -eu

root= wheel= python=python3 units_only=
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --wheel) wheel=${2:?--wheel needs a file}; shift 2 ;;
    --python) python=${2:?--python needs a program}; shift 2 ;;
    --units-only) units_only=yes; shift ;;
    *) echo "Usage: $0 [--root DIR] [--wheel FILE] [--python PROGRAM] [--units-only]" >&2; exit 2 ;;
  esac
done
project=$(cd "$(dirname "$0")/../.." && pwd)
place=/opt/neural-synth
least=3.11

say() { echo "neural-synth: $*"; }
# in_root COMMAND...: run in the root that is installed into
in_root() { if [ -n "$root" ]; then chroot "$root" "$@"; else "$@"; fi; }

[ "$(id -u)" = 0 ] || { say "This writes to /opt and /usr: run it with sudo." >&2; exit 1; }
[ -z "$root" ] || [ -d "$root/usr" ] || { say "$root is no root: it has no usr." >&2; exit 1; }

# What the system must have; present packages are left alone. The sound card's module has no wheel,
# so a compiler is among them.
bring_packages() {
  missing=
  for package in libasound2-dev libusb-1.0-0 libsndfile1 alsa-utils ca-certificates gcc libc6-dev \
    python3-dev python3-pip python3-venv; do
    in_root dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  say "installing$missing"
  in_root apt-get update -qq
  # shellcheck disable=SC2086
  in_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

# JetPack's Python is 3.10; without a newer one, uv brings an interpreter that belongs to us alone.
bring_python() {
  mkdir -p "$root$place"
  newer='import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))'
  if in_root "$python" -c "$newer" "$least" 2>/dev/null; then
    [ -x "$root$place/venv/bin/python" ] || in_root "$python" -m venv "$place/venv"
    pip="$place/venv/bin/python -m pip --disable-pip-version-check --quiet"
  else
    say "$python is older than $least: taking an interpreter of our own"
    [ -x "$root$place/uv/bin/uv" ] ||
      in_root "$python" -m pip --disable-pip-version-check --quiet install --target "$place/uv" uv
    [ -e "$root$place/venv/pyvenv.cfg" ] ||
      in_root env UV_PYTHON_INSTALL_DIR=$place/python PYTHONPATH=$place/uv \
        "$place/uv/bin/uv" venv --quiet --python 3.12 "$place/venv"
    pip="env PYTHONPATH=$place/uv VIRTUAL_ENV=$place/venv $place/uv/bin/uv pip --quiet"
  fi
}

bring_instrument() {
  if [ -z "$wheel" ]; then
    say "building the wheel"
    mkdir -p "$project/dist"
    rm -f "$project"/dist/neural_synth_appliance-*.whl
    # It holds no code for one version or processor: whatever Python is here can pack it.
    python3 -m pip --disable-pip-version-check --quiet wheel --no-deps --ignore-requires-python \
      --wheel-dir "$project/dist" "$project"
    wheel=$(ls "$project"/dist/neural_synth_appliance-*.whl)
  fi
  new=$(sha256sum "$wheel" | cut -d ' ' -f 1)
  [ "$(cat "$root$place/installed" 2>/dev/null)" != "$new" ] || return 0
  say "installing $(basename "$wheel")"
  cp "$wheel" "$root$place/"
  # The same version may have other content: it is replaced, what it depends on only if need be.
  file="$place/$(basename "$wheel")"
  # shellcheck disable=SC2086
  in_root $pip install "$file[push,web,oled,footswitch]"
  # shellcheck disable=SC2086
  in_root $pip install --force-reinstall --no-deps "$file"
  rm -f "$root$file"
  echo "$new" >"$root$place/installed"
}

# A root that is not running asks the names of this machine.
borrow_names() {
  [ -n "$root" ] || return 0
  names=$root/etc/resolv.conf
  kept=$root/etc/resolv.conf.before-neural-synth
  # One that is put aside already was left by a run that was cut off.
  if [ ! -e "$kept" ] && [ ! -L "$kept" ]; then mv "$names" "$kept" 2>/dev/null || true; fi
  cp -L /etc/resolv.conf "$names"
  trap 'rm -f "$names"; [ ! -e "$kept" ] && [ ! -L "$kept" ] || mv "$kept" "$names"' EXIT
}

if [ -z "$units_only" ]; then
  borrow_names
  bring_packages
  bring_python
  bring_instrument
fi
mkdir -p "$root/usr/bin"
ln -sfn "$place/venv/bin/neural-synth" "$root/usr/bin/neural-synth"

# Units, rules, accounts: the same files as on the card's image.
units=$root/etc/systemd/system
mkdir -p "$units" "$root/etc/udev/rules.d" "$root/etc/sysusers.d" "$root/etc/tmpfiles.d" \
  "$root/usr/lib/systemd/system-shutdown"
cp "$project"/systemd/neural-synth* "$units/"
cp "$project"/systemd/*.rules "$root/etc/udev/rules.d/"
cp "$project/systemd/sysusers.conf" "$root/etc/sysusers.d/neural-synth.conf"
cp "$project/systemd/tmpfiles.conf" "$root/etc/tmpfiles.d/neural-synth.conf"
cp "$project"/systemd/shutdown/* "$root/usr/lib/systemd/system-shutdown/"
chmod 755 "$root"/usr/lib/systemd/system-shutdown/neural-synth
systemd-sysusers ${root:+--root="$root"} neural-synth.conf
systemctl ${root:+--root="$root"} enable --quiet neural-synth.target
for unit in "$units"/neural-synth*.service "$units"/neural-synth*.path; do
  case $unit in
    *@.service) ;;
    *) ! grep -q '^\[Install\]' "$unit" ||
      systemctl ${root:+--root="$root"} enable --quiet "$(basename "$unit")" ;;
  esac
done
if [ -z "$root" ]; then
  systemd-tmpfiles --create neural-synth.conf
  systemctl daemon-reload
  udevadm control --reload
  systemctl restart neural-synth.target
  say "plays; 'neural-synth status' tells how"
else
  say "installed into $root; it plays when that system starts"
fi
