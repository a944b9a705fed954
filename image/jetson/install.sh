#!/bin/sh
# Installs the neural synthesizer on a Jetson with JetPack 6 (Ubuntu 22.04): its own Python
# environment under /opt, the same units, rules and accounts as the card's image, data under /var.
# Safe to run again: it brings what is there up to date and keeps the player's files.
#
#   sudo image/jetson/install.sh [--root DIR] [--wheel FILE] [--python PROGRAM]
#
# --root DIR installs into another root, such as Linux_for_Tegra/rootfs before it is flashed, and
# starts nothing. --wheel takes a wheel that was built elsewhere. torch is left to NVIDIA's own
# packages: the instrument plays without it, only the import of new models needs it.
set -eu

root= wheel= python=python3
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a folder}; shift 2 ;;
    --wheel) wheel=${2:?--wheel needs a file}; shift 2 ;;
    --python) python=${2:?--python needs a program}; shift 2 ;;
    *) echo "Usage: $0 [--root DIR] [--wheel FILE] [--python PROGRAM]" >&2; exit 2 ;;
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

# What the system must have; present packages are left alone.
missing=
for package in libasound2 libusb-1.0-0 libsndfile1 alsa-utils ca-certificates; do
  in_root dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing="$missing $package"
done
if [ -n "$missing" ]; then
  say "installing$missing"
  in_root apt-get update -qq
  # shellcheck disable=SC2086
  in_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
fi

# JetPack's Python is 3.10; without a newer one, uv brings an interpreter that belongs to us alone.
mkdir -p "$root$place"
newer='import sys; sys.exit(sys.version_info < tuple(map(int, sys.argv[1].split("."))))'
if in_root "$python" -c "$newer" "$least" 2>/dev/null; then
  [ -x "$root$place/venv/bin/python" ] || in_root "$python" -m venv "$place/venv"
  pip="$place/venv/bin/python -m pip --disable-pip-version-check --quiet"
else
  say "$python is older than $least: taking an interpreter of our own"
  if [ ! -x "$root$place/uv/bin/uv" ]; then
    in_root "$python" -m pip --disable-pip-version-check --quiet install --target "$place/uv" uv
  fi
  [ -x "$root$place/venv/bin/python" ] ||
    in_root env UV_PYTHON_INSTALL_DIR=$place/python PYTHONPATH=$place/uv \
      "$place/uv/bin/uv" venv --quiet --python 3.12 "$place/venv"
  pip="env PYTHONPATH=$place/uv $place/uv/bin/uv pip --quiet --python $place/venv/bin/python"
fi

if [ -z "$wheel" ]; then
  say "building the wheel"
  mkdir -p "$project/dist"
  python3 -m pip --disable-pip-version-check --quiet wheel --no-deps --wheel-dir "$project/dist" "$project"
  wheel=$(ls -t "$project"/dist/neural_synth_appliance-*.whl | head -n 1)
fi
new=$(sha256sum "$wheel" | cut -d ' ' -f 1)
if [ "$(cat "$root$place/installed" 2>/dev/null)" != "$new" ]; then
  say "installing $(basename "$wheel")"
  cp "$wheel" "$root$place/"
  # shellcheck disable=SC2086
  in_root $pip install --upgrade "$place/$(basename "$wheel")[push,oled,footswitch]"
  rm -f "$root$place/$(basename "$wheel")"
  echo "$new" >"$root$place/installed"
fi
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
